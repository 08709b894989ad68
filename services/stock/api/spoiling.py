"""HTTP: blanks spoiled by hand, lost or stolen, rejected by their receiver; and what is destroyed before witnesses."""

from typing import Annotated, Self
from uuid import UUID

from fastapi import Request
from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import (
    READERS,
    LateReason,
    Location,
    Serial,
    Serials,
    affected,
    api,
    fits,
    range_of,
    require_desk,
    told,
)
from services.stock.domain import (
    Cause,
    DestroyBlanks,
    DestroyOldCards,
    Item,
    ReportLost,
    ReturnRejected,
    SpoilBlank,
)
from shared.auth import Role
from shared.http import Body, OccurredAt, Quantity, Reference, SafeStr, allow, engine_of, polled, principal, write

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of the signed minutes, as they were scanned."""
Few = Annotated[int, Field(ge=1, le=1_000)]


class Spoilage(Body):
    """Blanks that were spoiled without a job: dropped, wet, dead out of the box. One with a number is told alone."""

    item: Item
    location: Location
    cause: Cause
    quantity: Few = 1
    serial: Serial | None = None
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.serial is not None and self.quantity != 1:
            raise PydanticCustomError("serials_do_not_fit", "A numbered blank is told alone")
        return self


class Witnessed(Body):
    """Minutes of a destruction, and the two who saw it, by reference. Neither of them keeps the store."""

    item: Item
    minutes: SafeStr
    witnesses: tuple[Reference, Reference]
    document_sha256: Digest
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        if self.witnesses[0] == self.witnesses[1]:
            raise PydanticCustomError("witnesses_are_one", "A destruction needs two different witnesses")
        return self


class Destruction(Witnessed):
    """Spoiled blanks that were burned, by cause; `serials` are numbers among them, as far as they could be read."""

    location: Location
    by_cause: Annotated[dict[Cause, Quantity], Field(min_length=1)]
    serials: Annotated[tuple[Serials, ...], Field(max_length=50)] = ()
    late_reason: LateReason = None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not all(map(len, self.serials)) or sum(map(len, self.serials)) > sum(self.by_cause.values()):
            raise PydanticCustomError("serials_do_not_fit", "There should be at most as many numbers as blanks")
        return self


class OldCardDestruction(Witnessed):
    """Withdrawn cards that were destroyed."""

    quantity: Quantity


class Loss(Body):
    """Blanks that are gone, and the number of the police report."""

    item: Item
    location: Location
    quantity: Quantity
    police_report: SafeStr
    serials: Serials | None = None
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        fits(self.quantity, self.serials)
        return self


class Return(Body):
    """Rejected blanks of a consignment that are back with their sender; or `spoiled`, for that cause."""

    item: Item
    location: Location
    quantity: Quantity
    bast: SafeStr
    spoiled: Cause | None = None
    serials: Serials | None = None
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        fits(self.quantity, self.serials)
        return self


@api.post("/offices/{office}/spoilages")
@allow(Role.OPERATOR, Role.STOREKEEPER, Role.HEAD)
async def spoil_blanks(request: Request, office: str, body: Spoilage) -> Response:
    """Books blanks that were spoiled by hand: they wait for their destruction."""
    command = SpoilBlank(
        **told(request, office, body.item, body),
        location=body.location,
        job=None,
        cause=body.cause,
        quantity=body.quantity,
        serial=body.serial,
    )
    return await write(request, body, command, shown=affected(command))


@api.post("/offices/{office}/destructions")
@allow(Role.STOREKEEPER, Role.HEAD)
async def destroy_blanks(request: Request, office: str, body: Destruction) -> Response:
    """Books the destruction of spoiled blanks. Refused beyond what waits, by cause and at this location."""
    command = DestroyBlanks(
        **told(request, office, body.item, body),
        location=body.location,
        by_cause=dict(body.by_cause),
        minutes=body.minutes,
        witnesses=body.witnesses,
        document_sha256=body.document_sha256,
        recorded_by=principal(request).subject,
        serials=tuple(each.range for each in body.serials),
    )
    return await write(request, body, command)


@api.post("/offices/{office}/losses")
@allow(Role.STOREKEEPER, Role.HEAD)
async def report_lost(request: Request, office: str, body: Loss) -> Response:
    """Books blanks that were lost or stolen. Never refused; their numbers are blocked, and province and centre told."""
    command = ReportLost(
        **told(request, office, body.item, body),
        location=body.location,
        quantity=body.quantity,
        police_report=body.police_report,
        reported_by=principal(request).subject,
        serials=range_of(body.serials),
    )
    return await write(request, body, command, shown=affected(command))


@api.post("/offices/{office}/consignments/{consignment}/returns")
@allow(Role.STOREKEEPER, Role.HEAD, Role.PROVINCE, Role.NATIONAL)
async def return_rejected(request: Request, office: str, consignment: UUID, body: Return) -> Response:
    """Takes back what the receiver of this consignment rejected, or has it spoiled where it is."""
    require_desk(request, office)
    async with engine_of(request).connect() as connection:
        known = await views.consignment(connection, str(consignment))
    command = ReturnRejected(
        **told(request, office, body.item, body),
        consignment=str(consignment),
        location=body.location,
        quantity=body.quantity,
        bast=body.bast,
        spoiled=body.spoiled,
        serials=range_of(body.serials),
        loan=None if known is None else known["loan"],
    )
    return await write(request, body, command, shown=affected(command))


@api.post("/offices/{office}/old-card-destructions")
@allow(Role.STOREKEEPER, Role.HEAD)
async def destroy_old_cards(request: Request, office: str, body: OldCardDestruction) -> Response:
    """Books the destruction of withdrawn cards. Refused beyond what waits."""
    command = DestroyOldCards(
        **told(request, office, body.item, body),
        quantity=body.quantity,
        minutes=body.minutes,
        witnesses=body.witnesses,
        document_sha256=body.document_sha256,
        recorded_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/old-cards")
@allow(*READERS)
async def get_old_cards(request: Request, office: str) -> Response:
    """Withdrawn cards that wait here for their destruction, since when, and how many were destroyed."""
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        rows = await views.old_cards_of(connection, office)
    return polled(request, {"office": office, "items": [dict(row) for row in rows], "position": position})
