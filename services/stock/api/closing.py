"""HTTP: what the head settles: whose numbers they are, and that a period is over."""

from datetime import UTC
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import HEADS, PromisedOn, api, require_desk, told
from services.stock.domain import CloseBook, ExplainDiscrepancy, Item
from shared.http import Body, NotFound, SafeStr, allow, engine_of, office_of, principal, write


class Explanation(Body):
    """The numbers in question in an entry of the book are this office's own, or rightly those of the other holder."""

    item: Item
    entry: Annotated[int, Field(ge=1, le=2_147_483_647)]
    rightful: Literal["HERE", "ELSEWHERE"]
    reason: SafeStr


class BookClosing(Body):
    """The last day of a period that is over, at most a year ago: every fact since then is recalled to close it."""

    item: Item
    through: PromisedOn


@api.post("/offices/{office}/explanations")
@allow(*HEADS)
async def explain_discrepancy(request: Request, office: str, body: Explanation) -> Response:
    """Says whose the numbers are that two holders claim. They leave their quarantine; what is on hand stays."""
    require_desk(request, office)
    async with engine_of(request).connect() as connection:
        found = await views.discrepancy_of(connection, office, body.item, body.entry)
    recorded_at, serials = (None, None) if found is None else (found[0], found[1].serials)
    if recorded_at is None or serials is None:
        raise NotFound("discrepancy of numbers")
    command = ExplainDiscrepancy(
        **told(request, office, body.item),
        entry=body.entry,
        found_at=recorded_at,
        serials=serials,
        rightful=body.rightful,
        reason=body.reason,
        explained_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/closings")
@allow(*HEADS)
async def close_book(request: Request, office: str, body: BookClosing) -> Response:
    """Closes a book through a day before today. What is told of that time later counts from the first open moment."""
    require_desk(request, office)
    command = CloseBook(
        **told(request, office, body.item),
        through=body.through,
        until=office_of(request, office).end_of(body.through).astimezone(UTC),
        closed_by=principal(request).subject,
    )
    return await write(request, body, command)
