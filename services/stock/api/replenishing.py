"""HTTP: an office's request for more, from asking to closing. Each step names who takes it; the figures are ours."""

from datetime import date, timedelta
from typing import Any, Literal
from uuid import UUID

from fastapi import Request
from sqlalchemy import RowMapping
from starlette.responses import PlainTextResponse, Response

from services.stock import views
from services.stock.api.common import READERS, PromisedOn, api, ids_in_scope, told
from services.stock.domain import (
    ApproveReplenishment,
    CloseReplenishment,
    DeclineReplenishment,
    FillReplenishment,
    FillWithLoan,
    ForwardReplenishment,
    IssuePickUpLetter,
    Item,
    RequestReplenishment,
    VerifyReplenishment,
)
from services.stock.wording import pick_up_letter
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    NotFound,
    Quantity,
    SafeStr,
    after,
    allow,
    engine_of,
    office_of,
    polled,
    principal,
    write,
)
from shared.http import cursor as mark

DAYS_OF_USE = 30
Status = Literal["REQUESTED", "VERIFIED", "FILLED", "FORWARDED", "APPROVED", "DECLINED", "CLOSED"]
HERE = "/offices/{office}/replenishments"


class Wanted(Body):
    """What the office asks for. `request` is an id that the caller made."""

    request: UUID
    item: Item
    quantity: Quantity
    reason: SafeStr


class Verification(Body):
    """What the province found when it looked into it."""

    note: SafeStr


class Buffer(Body):
    """Blanks of the province's own. `allocation` is an id that the caller made."""

    allocation: UUID
    quantity: Quantity
    promised_on: PromisedOn


class Lent(Body):
    """A loan that was granted to the office for this."""

    loan: UUID
    promised_on: PromisedOn


class Forwarding(Body):
    """Why the province cannot give all of it."""

    reason: SafeStr


class Answer(Body):
    """All or a part of what was forwarded. `allocation` is an id that the caller made."""

    allocation: UUID
    quantity: Quantity
    promised_on: PromisedOn
    reason: SafeStr


class No(Body):
    """Why nothing is given."""

    reason: SafeStr


class Letter(Body):
    """The number of the letter, and where the blanks are fetched."""

    letter: SafeStr
    collect_at: SafeStr


class Closing(Body):
    """Nothing more will come of it."""


@api.post(HERE)
@allow(Role.STOREKEEPER, Role.HEAD)
async def request_replenishment(request: Request, office: str, body: Wanted) -> Response:
    """Asks for more. Balance, print debt, 30-day use and days left are filled in from the books."""
    entered = told(request, office, body.item)
    since = entered["day"] - timedelta(days=DAYS_OF_USE - 1)
    async with engine_of(request).connect() as connection:
        in_transit = await views.on_its_way(connection, office, body.item)
        used_before = await views.used_since(connection, office, body.item, since)
    command = RequestReplenishment(
        **entered,
        request=str(body.request),
        asked=body.quantity,
        reason=body.reason,
        in_transit=in_transit,
        used_before=used_before,
        requested_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/verifications")
@allow(Role.PROVINCE)
async def verify_replenishment(request: Request, office: str, replenishment: UUID, body: Verification) -> Response:
    """The province stands by the request's figures."""
    command = VerifyReplenishment(
        **await about(request, office, replenishment), note=body.note, verified_by=principal(request).subject
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/fillings")
@allow(Role.PROVINCE)
async def fill_replenishment(request: Request, office: str, replenishment: UUID, body: Buffer) -> Response:
    """The province promises blanks of its buffer: all that is asked for, or a part."""
    who = principal(request)
    command = FillReplenishment(
        **await about(request, office, replenishment),
        quantity=body.quantity,
        allocation=str(body.allocation),
        from_office=who.region,
        promised_on=body.promised_on,
        filled_by=who.subject,
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/loans")
@allow(Role.PROVINCE)
async def fill_with_loan(request: Request, office: str, replenishment: UUID, body: Lent) -> Response:
    """The province answers with a loan that it has arranged for the office."""
    command = FillWithLoan(
        **await about(request, office, replenishment),
        loan=str(body.loan),
        promised_on=body.promised_on,
        filled_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/forwardings")
@allow(Role.PROVINCE)
async def forward_replenishment(request: Request, office: str, replenishment: UUID, body: Forwarding) -> Response:
    """Asks the centre for what the province has not promised."""
    command = ForwardReplenishment(
        **await about(request, office, replenishment), reason=body.reason, forwarded_by=principal(request).subject
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/approvals")
@allow(Role.NATIONAL)
async def approve_replenishment(request: Request, office: str, replenishment: UUID, body: Answer) -> Response:
    """Promises all or a part of it out of the centre's blanks, which are set aside."""
    command = ApproveReplenishment(
        **await about(request, office, replenishment),
        quantity=body.quantity,
        allocation=str(body.allocation),
        promised_on=body.promised_on,
        reason=body.reason,
        approved_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/refusals")
@allow(Role.NATIONAL)
async def decline_replenishment(request: Request, office: str, replenishment: UUID, body: No) -> Response:
    """Says no, and why."""
    command = DeclineReplenishment(
        **await about(request, office, replenishment), reason=body.reason, declined_by=principal(request).subject
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/pick-up-letters")
@allow(Role.PROVINCE, Role.NATIONAL)
async def issue_pick_up_letter(request: Request, office: str, replenishment: UUID, body: Letter) -> Response:
    """Issues the letter with which the office may fetch what was promised."""
    command = IssuePickUpLetter(
        **await about(request, office, replenishment),
        letter=body.letter,
        collect_at=body.collect_at,
        issued_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post(HERE + "/{replenishment}/closings")
@allow(Role.HEAD, Role.PROVINCE, Role.NATIONAL)
async def close_replenishment(request: Request, office: str, replenishment: UUID, body: Closing) -> Response:
    """Ends it, with what was asked, promised and received. Refused while some of it is on its way."""
    row = await found(request, office, replenishment)
    async with engine_of(request).connect() as connection:
        came = await views.came_of(connection, row)
    command = CloseReplenishment(
        **told(request, office, row["item"]),
        request=row["request"],
        received=came["received"],
        in_transit=came["in_transit"],
        closed_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.get(HERE + "/{replenishment}")
@allow(*READERS)
async def get_replenishment(request: Request, office: str, replenishment: UUID) -> Response:
    """One request: its figures, each step with who took it, and what of it was sent and received."""
    row = await found(request, office, replenishment)
    async with engine_of(request).connect() as connection:
        came = await views.came_of(connection, row)
        steps = await views.steps_of(connection, row["request"])
    taken = [{"recorded_at": recorded_at, "fact": fact} for recorded_at, fact in steps]
    return polled(request, shown(row) | came | {"steps": taken})


@api.get(HERE + "/{replenishment}/pick-up-letter", response_class=PlainTextResponse)
@allow(*READERS)
async def print_pick_up_letter(request: Request, office: str, replenishment: UUID) -> Response:
    """The letter as it is printed: plain text in Bahasa Indonesia, without a person's name."""
    row = await found(request, office, replenishment)
    async with engine_of(request).connect() as connection:
        steps = await views.steps_of(connection, row["request"])
    letter = pick_up_letter(steps, office_of(request, office), request.app.state.offices)
    if letter is None:
        raise NotFound("letter")
    return PlainTextResponse(letter, headers={"Cache-Control": "private, no-cache"})


@api.get("/replenishments")
@allow(*READERS)
async def list_replenishments(
    request: Request, status: Status | None = None, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Requests of the offices in the caller's scope, the oldest first, of one status or of all."""
    last = after(cursor, int, str)
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        rows = await views.requests_of(
            connection,
            ids_in_scope(request),
            status,
            None if last is None else (_day_of(last[0]), last[1]),
            limit,
        )
    following = mark(rows[-1]["requested_on"].toordinal(), rows[-1]["request"]) if len(rows) == limit else None
    return polled(request, {"replenishments": [shown(row) for row in rows], "next": following, "position": position})


def _day_of(ordinal: int) -> date:
    # A cursor that we did not make may hold a day that there is not.
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))


async def found(request: Request, office: str, replenishment: UUID) -> RowMapping:
    """The request of this office. Raises `NotFound`."""
    async with engine_of(request).connect() as connection:
        row = await views.request(connection, str(replenishment))
    if row is None or row["office"] != office:
        raise NotFound("replenishment")
    return row


async def about(request: Request, office: str, replenishment: UUID) -> dict[str, Any]:
    """What every step of a request has."""
    row = await found(request, office, replenishment)
    return told(request, office, row["item"]) | {"request": row["request"]}


def shown(row: RowMapping) -> dict[str, Any]:
    """A request: what was asked, and what was promised by the province and by the centre."""
    return dict(row) | {"promised": row["filled"] + row["approved"]}
