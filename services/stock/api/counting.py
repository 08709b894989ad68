"""HTTP: counts of a location (opname), blind from beginning to result."""

from collections.abc import Mapping
from typing import Any, Literal
from uuid import UUID

from fastapi import Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import HEADS, READERS, Location, Pieces, api, require_desk, told
from services.stock.domain import ApproveCount, DiscardCount, Item, RepeatCount, StartCount, SubmitCount
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    NotFound,
    OccurredAt,
    Problem,
    Reference,
    SafeStr,
    allow,
    engine_of,
    office_of,
    polled,
    principal,
    write,
)

Status = Literal["STARTED", "SUBMITTED", "REPEATED", "APPROVED", "DISCARDED"]
SECRET = ("counted", "expected", "tolerance", "repeated", "repeated_at")
"""What nobody who still has to count may see."""


class Start(Body):
    """Somebody, by reference, goes to count a location now. `count` is an id that the caller made."""

    count: UUID
    item: Item
    location: Location
    counter: Reference


class Result(Body):
    """What was there when the count began, and the last movement since then that the caller knows of."""

    counted: Pieces
    through_entry: Pieces | None = None


class Repetition(Body):
    """What a second counter found, and when."""

    counted: Pieces
    counter: Reference
    occurred_at: OccurredAt


class Approval(Body):
    """The head stands by the count; where the two numbers differ, by `counted`."""

    counted: Pieces | None = None


class Discard(Body):
    """Why the count leads to nothing."""

    reason: SafeStr


@api.post("/offices/{office}/counts")
@allow(Role.STOREKEEPER, Role.HEAD)
async def start_count(request: Request, office: str, body: Start) -> Response:
    """Begins a count. The answer says where the book stands, and not what it says."""
    command = StartCount(
        **told(request, office, body.item),
        count=str(body.count),
        location=body.location,
        counter=body.counter,
        started_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/counts/{count}/results")
@allow(Role.STOREKEEPER)
async def submit_count(request: Request, office: str, count: UUID, body: Result) -> Response:
    """Gives the result of a count. Within tolerance it is booked at once, as of the count's beginning.

    Above tolerance a second counter and the head follow. Refused when blanks came or went since the count
    began, with those movements: `through_entry` names the last of them to have them reckoned in.
    """
    if request.scope["query_string"]:
        raise Problem(422, "no_dry_run", "A count is blind: its result cannot be tried against the book.")
    command = SubmitCount(
        **await _begun(request, office, count),
        counted=body.counted,
        through_entry=body.through_entry,
        submitted_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/counts/{count}/repetitions")
@allow(Role.STOREKEEPER)
async def repeat_count(request: Request, office: str, count: UUID, body: Repetition) -> Response:
    """Gives what a second, different counter found."""
    row = await _count(request, office, count)
    command = RepeatCount(
        **told(request, office, row["item"], body),
        count=str(count),
        counted=body.counted,
        counter=body.counter,
        entered_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/counts/{count}/approvals")
@allow(*HEADS)
async def approve_count(request: Request, office: str, count: UUID, body: Approval) -> Response:
    """Books a count that differs from the book, as of its beginning. Whoever took part in it does not approve it."""
    require_desk(request, office)
    command = ApproveCount(
        **await _begun(request, office, count), counted=body.counted, approved_by=principal(request).subject
    )
    return await write(request, body, command)


@api.post("/offices/{office}/counts/{count}/discards")
@allow(Role.STOREKEEPER, *HEADS)
async def discard_count(request: Request, office: str, count: UUID, body: Discard) -> Response:
    """Ends a count that leads to nothing. Once it was given, it is the head's to discard."""
    require_desk(request, office)
    row = await _count(request, office, count)
    command = DiscardCount(
        **told(request, office, row["item"]),
        count=str(count),
        reason=body.reason,
        discarded_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/counts")
@allow(*READERS)
async def list_counts(
    request: Request, office: str, item: Item | None = None, status: Status | None = None, limit: Limit = 50
) -> Response:
    """The office's counts, newest first."""
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        rows = await views.counts_of(connection, office, item, status, limit)
    return polled(request, {"office": office, "counts": [_shown(row) for row in rows], "position": position})


@api.get("/offices/{office}/counts/{count}")
@allow(*READERS)
async def get_count(request: Request, office: str, count: UUID) -> Response:
    """One count. Its numbers are shown once nobody has to count any more."""
    return polled(request, _shown(await _count(request, office, count)))


def _shown(row: RowMapping) -> Mapping[str, Any]:
    blind = row["status"] in ("STARTED", "SUBMITTED") or (row["status"] == "DISCARDED" and row["repeated"] is None)
    return {name: None if blind and name in SECRET else value for name, value in row.items()}


async def _count(request: Request, office: str, count: UUID) -> RowMapping:
    async with engine_of(request).connect() as connection:
        row = await views.count_of(connection, office, str(count))
    if row is None:
        raise NotFound("count")
    return row


async def _begun(request: Request, office: str, count: UUID) -> dict[str, Any]:
    """What a command has that may book this count: it happened when the count began."""
    row = await _count(request, office, count)
    began = {"occurred_at": row["started_at"], "day": office_of(request, office).day_at(row["started_at"])}
    return told(request, office, row["item"]) | began | {"count": str(count)}
