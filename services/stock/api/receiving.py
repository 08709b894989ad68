"""HTTP: the count that opens a location's books, and blanks that arrive."""

from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import Request
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import (
    BlankVersion,
    LateReason,
    Location,
    Pieces,
    Serials,
    affected,
    api,
    engine_of,
    fits,
    name_of,
    office_of,
    range_of,
    told,
)
from services.stock.domain import Item, ReceiveBlanks, RecordOpeningCount, daily_use_default
from shared.auth import Role
from shared.http import Body, OccurredAt, Reference, SafeStr, allow, principal, write


class OpeningCount(Body):
    """What two people, neither of whom keeps the store, found at a location. `minutes` is the number of theirs."""

    item: Item
    location: Location
    quantity: Pieces
    counters: tuple[Reference, Reference]
    minutes: SafeStr
    serials: Serials | None = None
    blank_version: BlankVersion | None = None
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        if self.counters[0] == self.counters[1]:
            raise PydanticCustomError("counters_are_one", "An opening count needs two different counters")
        fits(self.quantity, self.serials)
        return self


class Receipt(Body):
    """Blanks that arrived: `quantity` of them good. `rejected` and `missing` ones are their consignment's.

    Two people count, by reference; serial ranges are of the good ones.
    """

    item: Item
    location: Location
    quantity: Pieces
    source: Literal["PROCUREMENT", "CENTRE", "PROVINCE", "LOAN", "GRANT"]
    bast: SafeStr
    counters: tuple[Reference, Reference]
    serials: Serials | None = None
    further_serials: Annotated[tuple[Serials, ...], Field(max_length=50)] = ()
    blank_version: BlankVersion | None = None
    consignment: UUID | None = None
    rejected: Pieces = 0
    missing: Pieces = 0
    reason: SafeStr | None = None
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        short = self.rejected + self.missing
        if self.quantity + short == 0:
            raise PydanticCustomError("nothing_received", "A receipt should be of one piece at least")
        if short and self.consignment is None:
            raise PydanticCustomError("no_consignment", "What is rejected or missing should name its consignment")
        if short and self.reason is None:
            raise PydanticCustomError("no_reason", "What is rejected or missing should have a reason")
        if self.counters[0] == self.counters[1]:
            raise PydanticCustomError("counters_are_one", "A receipt is counted by two different people")
        fits(self.quantity, self.serials, *self.further_serials)
        return self


@api.post("/offices/{office}/opening-counts")
@allow(Role.STOREKEEPER, Role.HEAD)
async def record_opening_count(request: Request, office: str, body: OpeningCount) -> Response:
    """Opens a location's books with what was counted; the first one brings the office on board for this item."""
    command = RecordOpeningCount(
        **told(request, office, body.item, body),
        location=body.location,
        counted=body.quantity,
        counters=body.counters,
        minutes=body.minutes,
        recorded_by=principal(request).subject,
        daily_use_default=daily_use_default(office_of(request, office).population, body.item),
        serials=range_of(body.serials),
        blank_version=body.blank_version,
    )
    return await write(request, body, command, shown=affected(command))


@api.post("/offices/{office}/receipts")
@allow(Role.STOREKEEPER, Role.HEAD)
async def receive_blanks(request: Request, office: str, body: Receipt) -> Response:
    """Books blanks that arrived. Never refused: what does not fit its consignment becomes a discrepancy."""
    consignment = name_of(body.consignment)
    loan = None
    if body.source == "LOAN" and consignment is not None:
        async with engine_of(request).connect() as connection:
            known = await views.consignment(connection, consignment)
        loan = None if known is None else known["loan"]
    command = ReceiveBlanks(
        **told(request, office, body.item, body),
        location=body.location,
        quantity=body.quantity,
        source=body.source,
        bast=body.bast,
        counters=body.counters,
        serials=range_of(body.serials),
        further_serials=tuple(each.range for each in body.further_serials),
        blank_version=body.blank_version,
        consignment=consignment,
        loan=loan,
        rejected=body.rejected,
        missing=body.missing,
        reason=body.reason,
    )
    return await write(request, body, command, shown=affected(command))
