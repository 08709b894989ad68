"""HTTP: the count that opens a location's books, and blanks that arrive."""

from typing import Annotated, Literal, Self
from uuid import UUID, uuid5

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
    fits,
    name_of,
    range_of,
    told,
)
from services.stock.domain import CENTRE, Item, ReceiveBlanks, RecordOpeningCount, daily_use_default
from shared.auth import Role
from shared.http import Body, OccurredAt, Problem, Reference, SafeStr, allow, engine_of, office_of, principal, write

FROM_AN_OFFICE = ("CENTRE", "PROVINCE", "LOAN")
"""Blanks from there left another office's book: they belong to a consignment, announced or not."""
UNANNOUNCED = UUID("5b1f6a52-0d0e-4b6f-9a55-0c0b1a2f7d31")
"""The namespace of their names."""


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


def refuse_entry(request: Request, office: str, body: Receipt) -> None:
    """Raises a 422 `Problem` for who may not have counted, and for a source that is not this office's."""
    faults = []
    if principal(request).subject in body.counters:
        detail = "Whoever enters a receipt did not count it"
        faults.append({"at": "/body/counters", "code": "counter_is_storekeeper", "detail": detail})
    if body.source == "PROCUREMENT" and office != CENTRE:
        faults.append({"at": "/body/source", "code": "not_the_centre", "detail": "Only the centre procures blanks"})
    if faults:
        raise Problem(422, "invalid", "The request is not as it should be.", errors=faults)


def unannounced(office: str, body: Receipt) -> str:
    """The name of a consignment that came without one, by its minutes: its sender dispatches it under this name."""
    return str(uuid5(UNANNOUNCED, f"{office} {body.item} {body.bast}"))


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
    refuse_entry(request, office, body)
    consignment = name_of(body.consignment)
    if consignment is None and body.source in FROM_AN_OFFICE:
        consignment = unannounced(office, body)
    loan = None
    # Whatever the paper calls it: what comes back of a loan is owed no more. Most comes from the centre, no borrower.
    if consignment is not None and body.source not in ("PROCUREMENT", "CENTRE"):
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
