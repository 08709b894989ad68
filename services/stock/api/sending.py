"""HTTP: blanks between offices, and between the places of one."""

from typing import Self
from uuid import UUID

from fastapi import Request
from pydantic import model_validator
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import (
    READERS,
    BlankVersion,
    LateReason,
    Location,
    PromisedOn,
    Serials,
    affected,
    api,
    fits,
    in_scope,
    known_office,
    name_of,
    range_of,
    require_desk,
    told,
)
from services.stock.domain import (
    ApproveAllocation,
    ApproveConsignment,
    DispatchBlanks,
    GrantLoan,
    Item,
    MoveBlanks,
    ReleaseAllocation,
    RequestConsignment,
)
from shared.auth import Role
from shared.http import (
    Body,
    NotFound,
    OccurredAt,
    Problem,
    Quantity,
    Reference,
    SafeStr,
    allow,
    engine_of,
    polled,
    principal,
    write,
)


class Allotment(Body):
    """Blanks that the centre will give to an office. `allocation` is an id that the caller made."""

    allocation: UUID
    item: Item
    quantity: Quantity
    promised_on: PromisedOn
    reason: SafeStr


class Release(Body):
    """What has not left of an allocation is taken back."""

    item: Item
    reason: SafeStr


class Wish(Body):
    """Blanks that this office asks another one for. `consignment` is an id that the caller made."""

    consignment: UUID
    sender: SafeStr
    item: Item
    quantity: Quantity
    reason: SafeStr


class Approval(Body):
    """So many of what this office was asked for may leave it."""

    item: Item
    quantity: Quantity


class Dispatch(Body):
    """Blanks that leave for another office. `consignment` is an id that the caller made."""

    consignment: UUID
    to: SafeStr
    item: Item
    location: Location
    quantity: Quantity
    promised_on: PromisedOn
    allocation: UUID | None = None
    loan: UUID | None = None
    request: UUID | None = None
    serials: Serials | None = None
    blank_version: BlankVersion | None = None
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        fits(self.quantity, self.serials)
        return self


class Move(Body):
    """Blanks that go from one place of the office to another."""

    item: Item
    location: Location
    to: Location
    quantity: Quantity
    serials: Serials | None = None
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        fits(self.quantity, self.serials)
        return self


class Loan(Body):
    """Blanks that this office may have of another one. `loan` is an id that the caller made."""

    loan: UUID
    lender: SafeStr
    item: Item
    quantity: Quantity
    return_by: PromisedOn
    requested_by: Reference


@api.post("/offices/{office}/allocations")
@allow(Role.NATIONAL)
async def approve_allocation(request: Request, office: str, body: Allotment) -> Response:
    """Promises the office blanks of the centre, which are set aside for it. Refused beyond what the centre has left."""
    command = ApproveAllocation(
        **told(request, office, body.item),
        allocation=str(body.allocation),
        quantity=body.quantity,
        promised_on=body.promised_on,
        reason=body.reason,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/allocations/{allocation}/releases")
@allow(Role.PROVINCE, Role.NATIONAL)
async def release_allocation(request: Request, office: str, allocation: UUID, body: Release) -> Response:
    """Takes back what has not left of this desk's promise to the office: it is free for others again."""
    command = ReleaseAllocation(
        **told(request, office, body.item),
        allocation=str(allocation),
        reason=body.reason,
        released_by=principal(request).subject,
        from_office=principal(request).region,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/consignment-requests")
@allow(Role.STOREKEEPER, Role.HEAD)
async def request_consignment(request: Request, office: str, body: Wish) -> Response:
    """Asks another office for blanks. Somebody else there approves it before they may leave."""
    command = RequestConsignment(
        **told(request, office, body.item),
        consignment=str(body.consignment),
        sender=known_office(request, body.sender, "/body/sender").id,
        quantity=body.quantity,
        reason=body.reason,
        requested_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/consignments/{consignment}/approvals")
@allow(Role.HEAD, Role.PROVINCE)
async def approve_consignment(request: Request, office: str, consignment: UUID, body: Approval) -> Response:
    """Lets blanks of this office leave for who asked. Whoever asked for them does not approve."""
    command = ApproveConsignment(
        **told(request, office, body.item),
        consignment=str(consignment),
        quantity=body.quantity,
        approved_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/consignments")
@allow(Role.STOREKEEPER, Role.HEAD, Role.PROVINCE, Role.NATIONAL)
async def dispatch_blanks(request: Request, office: str, body: Dispatch) -> Response:
    """Sends blanks from this office to another one. Refused when they are not there, or promised to somebody else."""
    require_desk(request, office)
    answers = name_of(body.request)
    if answers is None and body.allocation is not None:
        async with engine_of(request).connect() as connection:
            answers = await views.answered_by(connection, str(body.allocation))
    command = DispatchBlanks(
        **told(request, office, body.item, body),
        location=body.location,
        quantity=body.quantity,
        to=known_office(request, body.to, "/body/to").id,
        consignment=str(body.consignment),
        promised_on=body.promised_on,
        allocation=name_of(body.allocation),
        loan=name_of(body.loan),
        request=answers,
        serials=range_of(body.serials),
        blank_version=body.blank_version,
    )
    return await write(request, body, command, shown=affected(command))


@api.post("/offices/{office}/moves")
@allow(Role.STOREKEEPER, Role.HEAD)
async def move_blanks(request: Request, office: str, body: Move) -> Response:
    """Books blanks from one place of the office to another. Refused when they are not there."""
    command = MoveBlanks(
        **told(request, office, body.item, body),
        location=body.location,
        to=body.to,
        quantity=body.quantity,
        serials=range_of(body.serials),
    )
    return await write(request, body, command, shown=affected(command))


@api.post("/offices/{office}/loans")
@allow(Role.PROVINCE, Role.NATIONAL)
async def grant_loan(request: Request, office: str, body: Loan) -> Response:
    """Lets this office have blanks of another one, until they are returned. Whoever asked for it does not grant it."""
    lender = known_office(request, body.lender, "/body/lender").id
    if not in_scope(request, lender):
        raise Problem(403, "not_allowed", "A province lends the blanks of its own offices only.")
    command = GrantLoan(
        **told(request, office, body.item),
        loan=str(body.loan),
        lender=lender,
        quantity=body.quantity,
        return_by=body.return_by,
        requested_by=body.requested_by,
        granted_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.get("/consignments/{consignment}")
@allow(*READERS)
async def get_consignment(request: Request, consignment: UUID) -> Response:
    """One consignment, for those who may see its sender or its receiver."""
    async with engine_of(request).connect() as connection:
        row = await views.consignment(connection, str(consignment))
    if row is None or not in_scope(request, row["sender"], row["receiver"]):
        raise NotFound("consignment")
    return polled(request, dict(row))
