"""Silences: for a while nothing is sent of an office's shortages. They climb all the same, and inboxes have them."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import ANSWERERS, READERS, Item, api
from services.notify.domain import Level, LiftSilence, SetSilence, StockLevel
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    SafeStr,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    polled,
    principal,
    require_own,
    write,
)
from shared.http.bodies import Moment
from shared.http.documents import Written
from shared.moments import utcnow

LEVELS = {Role.HEAD: Level.CITY, Role.PROVINCE: Level.PROVINCE}
"""Up to which level somebody silences; an administrator and the ministry all of them."""


class Quiet(Body):
    """Nothing is sent of shortages of this item (None: of any) that are no worse than `at_most`, until that moment."""

    silence: UUID
    item: Item | None
    at_most: StockLevel
    until: Moment
    reason: SafeStr


class Lifting(Body):
    """The silence is over."""


@api.post("/offices/{office}/silences", response_model=Written)
@allow(*ANSWERERS, Role.ADMIN)
async def set_silence(request: Request, office: str, body: Quiet) -> Response:
    """Sets a silence, of a month at most, under an id of the client's. It holds for desks up to the caller's level.

    409 `silence_is_past`, `silence_too_long`, `too_many_silences`.
    """
    command = SetSilence(
        **_said(request, office),
        silence=str(body.silence),
        item=body.item,
        at_most=body.at_most,
        level=LEVELS.get(principal(request).role, Level.NATIONAL),
        until=body.until,
        reason=body.reason,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/silences/{silence}/lifting", response_model=Written)
@allow(*ANSWERERS, Role.ADMIN)
async def lift_silence(request: Request, office: str, silence: UUID, body: Lifting) -> Response:
    """Ends a silence before its time, whoever set it. 409 `no_such_silence`."""
    return await write(request, body, LiftSilence(**_said(request, office), silence=str(silence)))


@api.get("/offices/{office}/silences")
@allow(*READERS, Role.ADMIN)
async def list_silences(request: Request, office: str, start: Start = None, limit: Limit = 50) -> Response:
    """An office's silences, those that hold and those of the past, the latest first: by whom, why, who lifted it."""
    before, now = after(start, str), utcnow()
    async with engine_of(request).connect() as connection:
        rows = await views.silences_of(connection, office, before[0] if before else None, limit)
    silences = [{**row, "holds": row["lifted_at"] is None and now < row["until"]} for row in rows]
    following = cursor(rows[-1]["silence"]) if len(rows) == limit else None
    return polled(request, {"office": office, "silences": silences, "next": following})


def _said(request: Request, office: str) -> dict[str, Any]:
    require_own(request, office)
    now = utcnow()
    return {"now": now, "occurred_at": now, "office": office, "by": principal(request).subject}
