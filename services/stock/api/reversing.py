"""HTTP: a movement that was entered by mistake."""

from typing import Annotated

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import HEADS, affected, api
from services.stock.domain import Item, ReverseMovement
from shared.auth import Role
from shared.http import Body, NotFound, SafeStr, allow, engine_of, office_of, principal, require_own, write
from shared.moments import utcnow


class Reversal(Body):
    """`entry` is the number of the mistaken line on the book's stock card."""

    item: Item
    entry: Annotated[int, Field(ge=1, le=2_147_483_647)]
    reason: SafeStr


@api.post("/offices/{office}/reversals")
@allow(Role.STOREKEEPER, Role.HEAD)
async def reverse_movement(request: Request, office: str, body: Reversal) -> Response:
    """Undoes one movement, as of its own moment: once, and not if its location was counted since."""
    require_own(request, office)
    async with engine_of(request).connect() as connection:
        entry = await views.entry_of(connection, office, body.item, body.entry)
    if entry is None:
        raise NotFound("entry")
    occurred_at, consignment = entry
    command = ReverseMovement(
        now=utcnow(),
        occurred_at=occurred_at,
        office=office,
        item=body.item,
        day=office_of(request, office).day_at(occurred_at),
        by_head=principal(request).role in HEADS,
        late_reason=body.reason,
        reverses=body.entry,
        reason=body.reason,
        reversed_by=principal(request).subject,
        consignment=consignment,
    )
    return await write(request, body, command, shown=affected(command))
