"""The toy service's web process: `uvicorn tests.shared.marbles:app`."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field
from sqlalchemy import text

from shared import schema
from shared.auth import Role
from shared.http import (
    Api,
    Body,
    Limit,
    OccurredAt,
    Quantity,
    Reference,
    SafeStr,
    after,
    allow,
    allow_anyone,
    create_app,
    cursor,
    polled,
    write,
)
from shared.http.documents import Written
from shared.settings import Settings
from tests.shared.toy import TOY, Put, Take

# The toy lives among the tests, not among the services.
schema.scripts_of = lambda service: Path(__file__).parent / service / "migrations"

api = Api()


class Colour(StrEnum):
    RED = "RED"
    BLUE = "BLUE"


class Marbles(Body):
    count: Quantity
    colour: Colour
    shelf: Reference
    label: SafeStr = "-"
    bag: UUID | None = None
    bought_on: date | None = None
    occurred_at: OccurredAt


class Taking(Body):
    occurred_at: OccurredAt


class Labels(Body):
    labels: Annotated[list[SafeStr], Field(max_length=2_000)]


@api.post("/offices/{office}/jars/{jar}/marbles", response_model=Written)
@allow(Role.STOREKEEPER, Role.NATIONAL)
async def put(office: str, jar: UUID, body: Marbles, request: Request) -> Response:
    now = datetime.now(UTC)
    command = Put(
        jar=str(jar), office=office, count=body.count, label=body.label, now=now, occurred_at=body.occurred_at
    )
    return await write(request, body, command)


@api.post("/offices/{office}/jars/{jar}/takings", response_model=Written)
@allow(Role.STOREKEEPER)
async def take(office: str, jar: UUID, body: Taking, request: Request) -> Response:
    now = datetime.now(UTC)
    taking = Take(jar=str(jar), office=office, now=now, occurred_at=body.occurred_at)
    return await write(request, body, taking, shown=lambda _, jars: {"before": jars[taking.streams[0]].count})


@api.post("/labels", max_body_size=200_000, response_model=Written)
@allow(Role.STOREKEEPER)
async def count_labels(body: Labels, request: Request) -> Response:
    now = datetime.now(UTC)
    return await write(request, body, Put(jar="labels", count=len(body.labels), now=now, occurred_at=now))


@api.get("/offices/{office}/jars")
@allow(Role.STOREKEEPER, Role.AUDITOR)
async def jars(
    office: str, request: Request, limit: Limit = 50, start: Annotated[str | None, Query(alias="cursor")] = None
) -> Response:
    last = after(start, str)
    async with request.app.state.engine.connect() as connection:
        query = text("select name, count from jars where name > :last order by name limit :limit")
        rows = (await connection.execute(query, {"last": last[0] if last else "", "limit": limit})).all()
    following = cursor(rows[-1].name) if len(rows) == limit else None
    return polled(request, {"jars": [row._asdict() for row in rows], "cursor": following})


@api.get("/colours/{colour}")
@allow_anyone
async def colour(colour: Colour, shade: Annotated[int, Query(ge=0, le=9)] = 0) -> dict[str, str]:
    return {"colour": f"{colour}-{shade}"}


@api.get("/offices/{office}/watch", response_class=EventSourceResponse)
@allow(Role.STOREKEEPER)
async def watch(office: str, request: Request) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(raw_data=office, event="hello")
    await asyncio.wait_for(request.app.state.stopping.wait(), 60)
    yield ServerSentEvent(raw_data="bye", event="bye")


@api.get("/broken")
@allow_anyone
async def broken() -> None:
    raise ValueError("1771010101010001 must not be seen")


@api.get("/slow")
@allow_anyone
async def slow() -> None:
    await asyncio.sleep(30)


app = create_app(TOY, api, settings=Settings())
