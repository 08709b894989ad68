"""Who is short, how far it has climbed, whose answer is awaited; and all that has happened to one shortage."""

from fastapi import Request
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import READERS, Item, api
from services.notify.domain import Level, shortage_of
from shared.http import (
    Limit,
    NotFound,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    offices_in_scope,
    polled,
)


@api.get("/escalations")
@allow(*READERS)
async def list_escalations(
    request: Request, level: Level | None = None, open: bool = True, start: Start = None, limit: Limit = 50
) -> Response:
    """The escalations in the caller's scope, at one level or at any, by office and item.

    `level` is the highest that was reached; `awaited` whose answer is awaited, lower after it was handed back.
    """
    scope = [office.id for office in offices_in_scope(request)]
    async with engine_of(request).connect() as connection:
        rows = await views.escalations_at(connection, level, open, scope, after(start, str, str), limit)
    following = cursor(rows[-1]["office"], rows[-1]["item"]) if len(rows) == limit else None
    return polled(request, {"escalations": [dict(row) for row in rows], "next": following})


@api.get("/offices/{office}/escalations/{item}")
@allow(*READERS)
async def get_escalation(request: Request, office: str, item: Item) -> Response:
    """The latest escalation of this item at this office, open or over."""
    async with engine_of(request).connect() as connection:
        row = await views.escalation(connection, office, item)
    if row is None:
        raise NotFound("escalation")
    return polled(request, dict(row))


@api.get("/offices/{office}/escalations/{item}/history")
@allow(*READERS)
async def get_history(request: Request, office: str, item: Item, start: Start = None, limit: Limit = 50) -> Response:
    """All that has happened to the shortages of this item at this office, newest first, comments among it.

    `by` is who wrote it down: a person by reference, or a part of this service, as its clock.
    """
    before = after(start, int)
    async with engine_of(request).connect() as connection:
        facts, more = await views.history(connection, shortage_of(office, item), before[0] if before else None, limit)
    content = {
        "office": office,
        "item": item,
        "history": facts,
        "next": None if more is None else cursor(more),
    }
    return polled(request, content)
