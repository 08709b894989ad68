"""HTTP: a visit from its plan to its end, and the calendar of the teams."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from services.outreach import views
from services.outreach.api.common import READERS, WORKERS, SchoolNumber, TeamName, api
from services.outreach.domain import (
    CloseVisit,
    ConfirmVisit,
    Equipment,
    Item,
    Outcome,
    PlaceKind,
    PlanVisit,
    ReconcileVisit,
    RequestEquipment,
    Stage,
    StartVisit,
    Tally,
    Visit,
    differences_of,
)
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    NotFound,
    Quantity,
    SafeStr,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    entered,
    fault_at,
    office_of,
    polled,
    principal,
    write,
)
from shared.http.bodies import Moment, OccurredAt, SomeDay
from shared.http.documents import Written
from shared.moments import utcnow

LONGEST = timedelta(days=7)
FORTNIGHT, QUARTER = timedelta(days=13), timedelta(days=92)
"""How much of a calendar is looked at, unless asked, and at most."""


class VisitPlan(Body):
    """A team at a place, for so many people. `visit` is an id that the caller made; `school` its number (NPSN)."""

    visit: UUID
    team: TeamName
    place: SafeStr
    place_kind: PlaceKind
    school: SchoolNumber | None = None
    starts_at: Moment
    ends_at: Moment
    expected: Quantity


class Confirmation(Body):
    """The number of the letter or message in which the place confirmed, and how many it expects, if it says."""

    reference: Annotated[SafeStr, Field(max_length=64)]
    expected: Quantity | None = None


class Wish(Body):
    """So many blanks of an item."""

    item: Item
    quantity: Quantity


class EquipmentWish(Body):
    """What the visit is to carry; each item once."""

    blanks: Annotated[list[Wish], Field(min_length=1, max_length=3)]


class Started(Body):
    """When the team began; now, unless it says."""

    occurred_at: OccurredAt


class Reconciliation(Body):
    """Why something differs; needed if anything does."""

    explanation: SafeStr | None = None


class Closure(Body):
    """The visit was held and is over."""


class CallingOff(Body):
    """Why the visit is not held."""

    reason: SafeStr


@api.post("/offices/{office}/visits", response_model=Written)
@allow(*WORKERS)
async def plan_visit(request: Request, office: str, body: VisitPlan) -> Response:
    """Plans a visit. The same plan again is the same visit; another one under its id is refused.

    409 `team_busy` if the team is elsewhere then, with the other visit and its hours; `school_unknown`. A visit
    that has begun is planned whatever the calendar says: what was recorded there needs it.
    """
    here = office_of(request, office)
    if not timedelta(0) < body.ends_at - body.starts_at <= LONGEST:
        raise fault_at("/body/ends_at", "hours", "A visit should end after it starts, and last a week at most")
    if body.school is not None and body.place_kind != "SCHOOL":
        raise fault_at("/body/school", "school", "Only a place of kind SCHOOL has a school's number")
    first, last = here.day_at(body.starts_at), here.day_at(body.ends_at - timedelta(microseconds=1))
    command = PlanVisit(
        **entered(request, office),
        visit=str(body.visit),
        team=body.team,
        place=body.place,
        place_kind=body.place_kind,
        school=body.school,
        starts_at=body.starts_at,
        ends_at=body.ends_at,
        days=tuple(first + timedelta(days=n) for n in range((last - first).days + 1)),
        expected=body.expected,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/visits/{visit}/confirmation", response_model=Written)
@allow(*WORKERS)
async def confirm_visit(request: Request, office: str, visit: UUID, body: Confirmation) -> Response:
    """The school or village has confirmed."""
    command = ConfirmVisit(
        **entered(request, office),
        visit=str(visit),
        reference=body.reference,
        expected=body.expected,
        confirmed_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/visits/{visit}/equipment", response_model=Written)
@allow(*WORKERS)
async def request_equipment(request: Request, office: str, visit: UUID, body: EquipmentWish) -> Response:
    """Asks stock to keep blanks for a confirmed visit until a day after its end. Stock's answer follows by itself:
    `GET` the visit. What it refused or let go may be asked for again."""
    lines = tuple((wish.item, wish.quantity) for wish in body.blanks)
    if len({item for item, _ in lines}) < len(lines):
        raise fault_at("/body/blanks", "twice", "Each item should be named once")
    command = RequestEquipment(**entered(request, office), visit=str(visit), lines=lines)
    return await write(request, body, command)


@api.post("/offices/{office}/visits/{visit}/start", response_model=Written)
@allow(*WORKERS)
async def start_visit(request: Request, office: str, visit: UUID, body: Started) -> Response:
    """The team is there. 409 `visit_not_equipped` unless stock keeps all that was asked for, or nothing was."""
    return await write(request, body, StartVisit(**entered(request, office, body), visit=str(visit)))


@api.post("/offices/{office}/visits/{visit}/reconciliation", response_model=Written)
@allow(Role.HEAD)
async def reconcile_visit(request: Request, office: str, visit: UUID, body: Reconciliation) -> Response:
    """Stands by the tallies. 409 `differences_unexplained` with what differs, `same_person` as who sent them."""
    command = ReconcileVisit(
        **entered(request, office),
        visit=str(visit),
        explanation=body.explanation,
        reconciled_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/visits/{visit}/closure", response_model=Written)
@allow(*WORKERS)
async def close_visit(request: Request, office: str, visit: UUID, body: Closure) -> Response:
    """A reconciled visit is over; what stock still keeps for it is free."""
    return await write(request, body, await _end(request, office, visit, "HELD", None))


@api.post("/offices/{office}/visits/{visit}/cancellation", response_model=Written)
@allow(*WORKERS)
async def cancel_visit(request: Request, office: str, visit: UUID, body: CallingOff) -> Response:
    """Calls off a visit that has not begun: its blanks and its team's time are free."""
    return await write(request, body, await _end(request, office, visit, "CANCELLED", body.reason))


@api.post("/offices/{office}/visits/{visit}/no-show", response_model=Written)
@allow(*WORKERS)
async def report_no_show(request: Request, office: str, visit: UUID, body: CallingOff) -> Response:
    """The team was there and nobody came: its blanks are free."""
    return await write(request, body, await _end(request, office, visit, "NO_SHOW", body.reason))


@api.get("/offices/{office}/visits")
@allow(*READERS)
async def list_visits(
    request: Request,
    office: str,
    stage: Stage | None = None,
    school: Annotated[str | None, Query(pattern=r"^[0-9]{8}$")] = None,
    start: Start = None,
    limit: Limit = 50,
) -> Response:
    """The office's visits with what came of them, the latest first; `next` is the cursor of the next page."""
    last = after(start, str)
    async with engine_of(request).connect() as connection:
        found = await views.visits_by_day(
            connection, office, last[0] if last else None, limit, stage=stage, school=school
        )
    following = cursor(found[-1]["visit"]) if len(found) == limit else None
    return polled(request, {"visits": [shown(visit) for visit in found], "next": following})


@api.get("/offices/{office}/visits/{visit}")
@allow(*READERS)
async def get_visit(request: Request, office: str, visit: UUID) -> Response:
    """One visit: its stage, what stock said, who was expected and recorded, and how many of these wait for their
    birthday, are print ready, or had their month erased. `differences` are what reconciling it needs explained."""
    async with engine_of(request).connect() as connection:
        found = await views.visit(connection, office, str(visit))
    if found is None:
        raise NotFound("visit")
    return polled(request, shown(found))


@api.get("/offices/{office}/calendar")
@allow(*READERS)
async def show_calendar(
    request: Request,
    office: str,
    from_: Annotated[SomeDay | None, Query(alias="from")] = None,
    to: SomeDay | None = None,
    team: Annotated[str | None, Query(pattern=r"^[A-Z0-9][A-Z0-9-]{0,15}$")] = None,
) -> Response:
    """Where the office's teams are, by day: this week and the next, unless `from` and `to` say otherwise."""
    today = office_of(request, office).day_at(utcnow())
    first = from_ or today
    last = to or first + FORTNIGHT
    if not timedelta(0) <= last - first <= QUARTER:
        raise fault_at("/query/to", "days", "Should be at most 92 days after `from`, and not before it")
    async with engine_of(request).connect() as connection:
        found = await views.calendar_of(connection, office, first, last, team)
    return polled(request, {"office": office, "from": first, "to": last, "visits": [dict(visit) for visit in found]})


def shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A visit as it is answered: what stock said by item, by name; and what differs, once it is synced."""
    equipment = {item: Equipment(*each) for item, each in row["equipment"].items()}
    tallies = tuple(Tally(**tally) for tally in row["tallies"])
    said = Visit(recorded=row["recorded"], counted=row["counted"], tallies=tallies, equipment=equipment)
    return {
        **{name: value for name, value in row.items() if name != "days"},
        "equipment": {
            item: {"quantity": each.quantity, "answer": each.answer, "reason": each.reason}
            for item, each in equipment.items()
        },
        "differences": {} if row["counted"] is None else differences_of(said),
    }


async def _end(request: Request, office: str, visit: UUID, outcome: Outcome, reason: str | None) -> CloseVisit:
    told = entered(request, office)
    async with engine_of(request).connect() as connection:
        found = await views.visit(connection, office, str(visit))
    return CloseVisit(
        **told,
        visit=str(visit),
        outcome=outcome,
        reason=reason,
        team=None if found is None else found["team"],
        days=() if found is None else tuple(date.fromisoformat(day) for day in found["days"]),
    )
