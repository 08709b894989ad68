"""HTTP: visits as they are planned, and what comes home from them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Request
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from services.outreach import views
from services.outreach.domain import MAX_LINES, Line, PersonRecorded, PlanVisit, RecordingPrintReady, RecordPersons
from shared.auth import Role
from shared.http import (
    Api,
    Body,
    Limit,
    NotFound,
    PersonReference,
    Quantity,
    SafeStr,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    office_of,
    polled,
    write,
)
from shared.http.bodies import UnreadableLine, on_its_own
from shared.http.documents import Written

SYNC_AT_MOST = 262_144
"""Bytes of a sync's body."""

CONTENT = ("applicant", "item", "location", "turns_17")
"""What makes two lines with one id the same line."""

Outcome = Literal["PRINT_READY", "WAITING", "ALREADY_RECORDED", "CONFLICT", "TOO_YOUNG", "INVALID"]

Location = Annotated[SafeStr, Field(max_length=64)]
"""A place of the office, by the name that its stock is booked under."""

api = Api(tags=["outreach"])


class VisitPlan(Body):
    """A day at a place, with so many people expected. `visit` is an id that the caller made."""

    visit: UUID
    place: SafeStr
    held_on: date
    expected: Quantity


class RecordingLine(Body):
    """One person recorded; `turns_17` is the month of the 17th birthday, null for who is past it."""

    recording: UUID
    applicant: PersonReference
    item: Literal["KTP_WNI", "KTP_WNA", "KIA"]
    location: Location
    turns_17: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] | None


AnyLine = Annotated[RecordingLine, on_its_own(RecordingLine)] | SkipJsonSchema[UnreadableLine]


class Sync(Body):
    """A visit's recordings."""

    lines: Annotated[list[AnyLine], Field(min_length=1, max_length=MAX_LINES)]


class LineAnswer(BaseModel):
    """What became of one line. `CONFLICT`: recorded before with another content, which stands."""

    recording: UUID | None
    outcome: Outcome
    faults: tuple[Mapping[str, str], ...] = ()


class SyncAnswer(BaseModel):
    """One answer for each line, in the order of the lines."""

    position: int
    lines: list[LineAnswer]


class _Written(msgspec.Struct):
    position: int
    facts: list[PersonRecorded | RecordingPrintReady]


@api.post("/offices/{office}/visits", response_model=Written)
@allow(Role.OPERATOR, Role.HEAD)
async def plan_visit(request: Request, office: str, body: VisitPlan) -> Response:
    """Plans a visit. The same plan again is the same visit; another one under its id is refused."""
    now = datetime.now(UTC)
    command = PlanVisit(
        now=now,
        occurred_at=now,
        office=office,
        visit=str(body.visit),
        place=body.place,
        held_on=body.held_on,
        expected=body.expected,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/visits/{visit}/recordings", response_model=SyncAnswer, max_body_size=SYNC_AT_MOST)
@allow(Role.OPERATOR)
async def record_persons(request: Request, office: str, visit: UUID, body: Sync) -> Response:
    """Takes a visit's recordings, each line on its own: whatever was sent before may be sent again."""
    now = datetime.now(UTC)
    lines = tuple(_line(line) for line in body.lines if isinstance(line, RecordingLine))
    command = RecordPersons(
        now=now,
        occurred_at=now,
        office=office,
        visit=str(visit),
        timezone=office_of(request, office).timezone.key,
        lines=lines,
    )
    response = await write(request, body, command)
    if response.status_code != 201:
        return response
    written = msgspec.json.decode(response.body, type=_Written)
    async with engine_of(request).connect() as connection:
        known = await views.recordings_among(connection, [line.recording for line in lines])
    told = list(answers(body.lines, str(visit), written.facts, known))
    answer = SyncAnswer(position=written.position, lines=told)
    headers = {name: value for name, value in response.headers.items() if name.startswith("idempotency")}
    return Response(answer.model_dump_json(exclude_defaults=True), 201, headers, media_type="application/json")


@api.get("/offices/{office}/visits")
@allow(Role.OPERATOR, Role.HEAD, Role.PROVINCE, Role.NATIONAL, Role.AUDITOR, Role.SERVICE)
async def list_visits(request: Request, office: str, start: Start = None, limit: Limit = 50) -> Response:
    """The office's visits with what came of them, the latest first; `next` is the cursor of the next page."""
    last = after(start, str)
    async with engine_of(request).connect() as connection:
        visits = await views.visits_by_day(connection, office, last[0] if last else None, limit)
    following = cursor(visits[-1]["visit"]) if len(visits) == limit else None
    return polled(request, {"visits": [dict(visit) for visit in visits], "next": following})


@api.get("/offices/{office}/visits/{visit}")
@allow(Role.OPERATOR, Role.HEAD, Role.PROVINCE, Role.NATIONAL, Role.AUDITOR, Role.SERVICE)
async def get_visit(request: Request, office: str, visit: UUID) -> Response:
    """One visit: expected, recorded, and of these how many wait for their birthday and how many are print ready."""
    async with engine_of(request).connect() as connection:
        found = await views.visit(connection, office, str(visit))
    if found is None:
        raise NotFound("visit")
    return polled(request, dict(found))


def _line(line: RecordingLine) -> Line:
    return Line(
        recording=str(line.recording),
        applicant=line.applicant,
        item=line.item,
        location=line.location,
        turns_17=line.turns_17,
    )


def answers(
    lines: Iterable[RecordingLine | UnreadableLine],
    visit: str,
    facts: Iterable[PersonRecorded | RecordingPrintReady],
    known: Mapping[str, Mapping[Any, Any]],
) -> Iterator[LineAnswer]:
    """What became of each line: `facts` are what this sync led to, `known` is what is recorded by now."""
    fresh: dict[str, Outcome] = {}
    for fact in facts:
        fresh[fact.recording] = "WAITING" if isinstance(fact, PersonRecorded) else "PRINT_READY"
    for line in lines:
        if isinstance(line, UnreadableLine):
            yield LineAnswer(recording=None, outcome="INVALID", faults=line.faults)
            continue
        recorded = known.get(str(line.recording))
        outcome: Outcome
        if recorded is None:
            outcome = "TOO_YOUNG"
        elif recorded["visit"] != visit or any(getattr(line, name) != recorded[name] for name in CONTENT):
            outcome = "CONFLICT"
        else:
            outcome = fresh.pop(str(line.recording), "ALREADY_RECORDED")
        yield LineAnswer(recording=line.recording, outcome=outcome)
