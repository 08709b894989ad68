"""HTTP: what an office's store says and asks, and what the centre gives."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import Request
from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.stock import views
from services.stock.domain import (
    CENTRE,
    ApproveAllocation,
    DispatchBlanks,
    Item,
    ReceiveBlanks,
    RecordOpeningCount,
    SerialRange,
    SetThresholds,
    daily_use_default,
    days_of_cover,
    projected_empty_on,
)
from shared.auth import Role
from shared.http import (
    Api,
    Body,
    Limit,
    NotFound,
    OccurredAt,
    Problem,
    Quantity,
    Reference,
    SafeStr,
    after,
    allow,
    polled,
    principal,
    write,
)
from shared.http import cursor as mark
from shared.offices import Office, Offices

READERS = tuple(role for role in Role if role is not Role.OPS)
A_YEAR = timedelta(days=366)


def _about_now(day: date) -> date:
    if abs(day - datetime.now(UTC).date()) > A_YEAR:
        raise PydanticCustomError("too_far_away", "What is promised should be at most a year away")
    return day


Pieces = Annotated[int, Field(ge=0, le=100_000_000)]
"""A number that may be none, or all that the centre holds."""
Location = Annotated[SafeStr, Field(max_length=64)]
"""A place of the office, by the name it always has: part of the state of each command, hence short."""
PromisedOn = Annotated[date, AfterValidator(_about_now)]
Serial = Annotated[str, StringConstraints(pattern=r"^[A-Z]{0,8}[0-9]{1,12}$")]


class Serials(Body):
    """The numbers on a box, both ends included: the same letters before as many digits."""

    first: Serial
    last: Serial

    @property
    def range(self) -> SerialRange:
        return SerialRange(self.first, self.last)

    def __len__(self) -> int:
        (letters, first), (same, last) = (_parts(self.first), _parts(self.last))
        return int(last) - int(first) + 1 if letters == same and len(first) == len(last) else 0


def _parts(serial: str) -> tuple[str, str]:
    letters = serial.rstrip("0123456789")
    return letters, serial[len(letters) :]


class OpeningCount(Body):
    """What two people, neither of whom keeps the store, found at a location. `minutes` is the number of theirs."""

    item: Item
    location: Location
    quantity: Pieces
    counters: tuple[Reference, Reference]
    minutes: SafeStr
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        if self.counters[0] == self.counters[1]:
            raise PydanticCustomError("counters_are_one", "An opening count needs two different counters")
        return self


class Receipt(Body):
    """Blanks that arrived: `quantity` of them good. `rejected` and `missing` ones are their consignment's."""

    item: Item
    location: Location
    quantity: Pieces
    source: Literal["PROCUREMENT", "CENTRE", "PROVINCE", "LOAN", "GRANT"]
    bast: SafeStr
    serials: Serials | None = None
    consignment: UUID | None = None
    rejected: Pieces = 0
    missing: Pieces = 0
    reason: SafeStr | None = None
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
        _fits(self.serials, self.quantity + short)
        return self


class OwnThresholds(Body):
    """In pieces of the office's available stock; all null goes back to days of cover."""

    item: Item
    low: Pieces | None
    critical: Pieces | None
    recovery: Pieces | None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.low is None) != (self.critical is None) or (self.low is None and self.recovery is not None):
            raise PydanticCustomError("thresholds_incomplete", "Low and critical should be set together, or none")
        return self


class Allotment(Body):
    """Blanks that the centre will give to an office. `allocation` is an id that the caller made."""

    allocation: UUID
    item: Item
    quantity: Quantity
    promised_on: PromisedOn
    reason: SafeStr


class Dispatch(Body):
    """Blanks that leave for another office. `consignment` is an id that the caller made."""

    consignment: UUID
    to: SafeStr
    item: Item
    location: Location
    quantity: Quantity
    promised_on: PromisedOn
    allocation: UUID | None = None
    serials: Serials | None = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        _fits(self.serials, self.quantity)
        return self


def _fits(serials: Serials | None, quantity: int) -> None:
    if serials is not None and len(serials) != quantity:
        raise PydanticCustomError("serials_do_not_fit", "A serial range should be as long as the quantity")


api = Api(tags=["stock"])


@api.post("/offices/{office}/opening-counts")
@allow(Role.STOREKEEPER)
async def record_opening_count(request: Request, office: str, body: OpeningCount) -> Response:
    """Opens a location's books with what was counted; the first one brings the office on board for this item."""
    here = _office(request, office)
    command = RecordOpeningCount(
        now=datetime.now(UTC),
        occurred_at=body.occurred_at,
        office=office,
        item=body.item,
        day=_day(here, body.occurred_at),
        location=body.location,
        counted=body.quantity,
        counters=body.counters,
        minutes=body.minutes,
        recorded_by=principal(request).subject,
        daily_use_default=daily_use_default(here.population, body.item),
    )
    return await write(request, body, command)


@api.post("/offices/{office}/receipts")
@allow(Role.STOREKEEPER)
async def receive_blanks(request: Request, office: str, body: Receipt) -> Response:
    """Books blanks that arrived. Never refused: what does not fit its consignment becomes a discrepancy."""
    command = ReceiveBlanks(
        now=datetime.now(UTC),
        occurred_at=body.occurred_at,
        office=office,
        item=body.item,
        day=_day(_office(request, office), body.occurred_at),
        location=body.location,
        quantity=body.quantity,
        source=body.source,
        bast=body.bast,
        serials=None if body.serials is None else body.serials.range,
        consignment=None if body.consignment is None else str(body.consignment),
        rejected=body.rejected,
        missing=body.missing,
        reason=body.reason,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/thresholds")
@allow(Role.HEAD)
async def set_thresholds(request: Request, office: str, body: OwnThresholds) -> Response:
    """Sets the office's own thresholds. Its level is judged by them at once."""
    now = datetime.now(UTC)
    command = SetThresholds(
        now=now,
        occurred_at=now,
        office=office,
        item=body.item,
        day=_day(_office(request, office), now),
        low=body.low,
        critical=body.critical,
        recovery=body.recovery,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/allocations")
@allow(Role.NATIONAL)
async def approve_allocation(request: Request, office: str, body: Allotment) -> Response:
    """Promises the office blanks of the centre, which are set aside for it. Refused beyond what the centre has left."""
    now = datetime.now(UTC)
    command = ApproveAllocation(
        now=now,
        occurred_at=now,
        office=office,
        item=body.item,
        day=_day(_office(request, office), now),
        allocation=str(body.allocation),
        quantity=body.quantity,
        promised_on=body.promised_on,
        reason=body.reason,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/consignments")
@allow(Role.STOREKEEPER, Role.NATIONAL)
async def dispatch_blanks(request: Request, office: str, body: Dispatch) -> Response:
    """Sends blanks from this office to another one. Refused when they are not there, or promised to somebody else."""
    if principal(request).role is Role.NATIONAL and office != CENTRE:
        raise Problem(403, "not_allowed", "The national desk sends the centre's blanks only.")
    offices: Offices = request.app.state.offices
    if offices.get(body.to) is None:
        fault = {"at": "/body/to", "code": "unknown_office", "detail": "Should be the id of an office"}
        raise Problem(422, "invalid", "The request is not as it should be.", errors=[fault])
    command = DispatchBlanks(
        now=datetime.now(UTC),
        occurred_at=body.occurred_at,
        office=office,
        item=body.item,
        day=_day(_office(request, office), body.occurred_at),
        location=body.location,
        quantity=body.quantity,
        to=body.to,
        consignment=str(body.consignment),
        promised_on=body.promised_on,
        allocation=None if body.allocation is None else str(body.allocation),
        serials=None if body.serials is None else body.serials.range,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/balances")
@allow(*READERS)
async def get_balances(request: Request, office: str) -> Response:
    """What the office holds of each item, and how long it lasts. An item that was never counted is not on board."""
    async with request.app.state.engine.connect() as connection:
        position = await views.position(connection)
        rows = await views.balances_of(connection, [office])
    return polled(request, _balances(_office(request, office), rows) | {"position": position})


@api.get("/balances")
@allow(*READERS)
async def list_balances(
    request: Request, province: str | None = None, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """The offices in the caller's scope, of one province or of all, by id; also those that are not on board yet."""
    offices: Offices = request.app.state.offices
    region, now = principal(request).region, datetime.now(UTC)
    last = after(cursor, str)
    wanted = [
        office
        for office in sorted(offices.all(), key=lambda office: office.id)
        if offices.within(region, office.id, now)
        and (province is None or office.province(now) == province)
        and (last is None or office.id > last[0])
    ][:limit]
    async with request.app.state.engine.connect() as connection:
        position = await views.position(connection)
        rows = await views.balances_of(connection, [office.id for office in wanted])
    held = {office: list(of_office) for office, of_office in groupby(rows, key=lambda row: row["office"])}
    page = [_balances(office, held.get(office.id, ())) for office in wanted]
    following = mark(wanted[-1].id) if len(wanted) == limit else None
    return polled(request, {"balances": page, "next": following, "position": position})


@api.get("/consignments/{consignment}")
@allow(*READERS)
async def get_consignment(request: Request, consignment: UUID) -> Response:
    """One consignment, for those who may see its sender or its receiver."""
    async with request.app.state.engine.connect() as connection:
        row = await views.consignment(connection, str(consignment))
    offices: Offices = request.app.state.offices
    region, now = principal(request).region, datetime.now(UTC)
    if row is None or not any(offices.within(region, end, now) for end in (row["sender"], row["receiver"]) if end):
        raise NotFound("consignment")
    return polled(request, dict(row))


def _office(request: Request, id: str) -> Office:
    office: Office | None = request.app.state.offices.get(id)
    assert office is not None, "the edge has judged the office in the path"
    return office


def _day(office: Office, moment: datetime) -> date:
    return moment.astimezone(office.timezone).date()


def _balances(office: Office, rows: Sequence[RowMapping]) -> dict[str, Any]:
    today = _day(office, datetime.now(UTC))
    items = [_balance(row, today) for row in rows]
    return {"office": office.id, "onboard": any(item["onboard"] for item in items), "items": items}


def _balance(row: RowMapping, today: date) -> dict[str, Any]:
    available, daily_use = row["available"], row["daily_use"]
    return {
        "item": row["item"],
        "onboard": row["onboard"],
        "on_hand": row["on_hand"],
        "reserved": row["reserved"],
        "available": available,
        "level": row["level"],
        "episode": row["episode"],
        "daily_use": None if daily_use is None else daily_use / 1000,
        "days_of_cover": days_of_cover(available, daily_use),
        "projected_empty_on": projected_empty_on(available, daily_use, today),
        "thresholds": {name: row[name] for name in ("low", "critical", "recovery")}
        | {"version": row["thresholds_version"]},
        "in_question": row["in_question"],
        "locations": [
            {"location": name, "on_hand": on_hand, "spoiled": spoiled, "counted": counted, "questions": questions}
            for name, (on_hand, spoiled, counted, questions) in row["locations"].items()
        ],
    }
