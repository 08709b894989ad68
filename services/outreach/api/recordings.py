"""HTTP: what comes home from a visit, and the end of what it knows of birthdays.

A device sends up to 2,000 recordings at once, hours later and over a weak network, and sends again what it does not
know to have arrived. Of a month nothing is kept but its cipher, not even in the fingerprint of the request.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Annotated, Any, Literal, NotRequired, Self
from uuid import UUID

import msgspec
from fastapi import Query, Request
from pydantic import Field, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError
from starlette.responses import Response
from typing_extensions import TypedDict

from services.outreach import domain, views
from services.outreach.api.common import WORKERS, Location, api
from services.outreach.domain import (
    ERASED,
    CompleteSync,
    EraseMonths,
    Item,
    Line,
    PersonRecorded,
    RecordingPrintReady,
    RecordPersons,
    printable_from,
    visit_unknown,
)
from services.outreach.sealing import CannotOpen, Keyring, MonthKey, key_for
from shared.auth import Role
from shared.decider import Fact, Refused
from shared.http import (
    Body,
    NotFound,
    PersonReference,
    Problem,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    entered,
    office_of,
    once,
    polled,
    principal,
    write,
)
from shared.http.answers import context_of, in_parts, is_dry_run
from shared.http.bodies import UnreadableLine, on_its_own
from shared.http.documents import Written
from shared.ledger import Committed, Ledger

LINES = 2_000
"""Recordings in one sync."""
AT_ONCE = 500
"""Recordings that are stored together. All at once would be no faster, and others would wait five times as long."""
SYNC_AT_MOST = 786_432
"""Bytes of a sync's body."""

KNOWN = ("visit", "applicant", "item", "location", "turns_17", "sealed")
CONTENT = ("applicant", "item", "location")
"""What, with the visit and the month, makes two lines with one id the same line."""

Outcome = Literal["PRINT_READY", "WAITING", "MONTH_ERASED", "ALREADY_RECORDED", "CONFLICT", "TOO_YOUNG", "INVALID"]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class RecordingLine(Body):
    """One person recorded; `turns_17` is the month of the 17th birthday, null for who is past it."""

    recording: UUID
    applicant: PersonReference
    item: Item
    location: Location
    # Excluded: there are but twelve months, so whoever has a hash of all the rest and of one of them knows which.
    turns_17: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")] | None = Field(exclude=True, repr=False)


AnyLine = Annotated[RecordingLine, on_its_own(RecordingLine)] | SkipJsonSchema[UnreadableLine]


class Blanks(Body):
    """Blanks of an item, in pieces, as the team counted them in the evening."""

    item: Item
    taken: Count
    printed: Count
    spoiled: Count
    returned: Count


class Tally(Body):
    """The team's device has sent everything: so many people recorded and turned away, and the blanks of each item."""

    recorded: Count
    turned_away: Count
    blanks: Annotated[list[Blanks], Field(max_length=3)]

    @model_validator(mode="after")
    def _each_item_once(self) -> Self:
        if len({blanks.item for blanks in self.blanks}) < len(self.blanks):
            raise PydanticCustomError("twice", "Each item should be counted once")
        return self


class Sync(Body):
    """A visit's recordings, some or all; with `tally` they are all."""

    lines: Annotated[list[AnyLine], Field(max_length=LINES)]
    tally: Tally | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.lines and self.tally is None:
            raise PydanticCustomError("nothing", "There should be a line, or a tally")
        return self


class Erasure(Body):
    """The birth months of the visit's recordings shall be unreadable from now on. Why is said elsewhere."""


class LineAnswer(TypedDict):
    """What became of one line.

    `CONFLICT`: recorded before with another content, which stands. `MONTH_ERASED`: recorded, but the visit's months
    had been erased before it came, so that nobody will know when the card is due.
    """

    recording: Annotated[str, Field(json_schema_extra={"format": "uuid"})] | None
    outcome: Outcome
    faults: NotRequired[Sequence[Mapping[str, str]]]


class TallyAnswer(TypedDict):
    """What became of the tally. Refused, with `code` and `detail`, it holds up no line."""

    outcome: Literal["SYNCED", "REFUSED"]
    code: NotRequired[str]
    detail: NotRequired[str]


class SyncAnswer(TypedDict):
    """One answer for each line, in the order of the lines."""

    position: int
    lines: list[LineAnswer]
    tally: NotRequired[TallyAnswer]


@dataclass(frozen=True, slots=True)
class Visited:
    """What lines are compared with what is known by: their visit, its key if it has one, and where and when."""

    visit: str
    key: MonthKey | None
    timezone: str
    now: datetime

    def sealed(self, line: RecordingLine) -> Line:
        """The line as it is recorded."""
        sealed = None
        if line.turns_17 is not None:
            sealed = ERASED if self.key is None else self.key.seal(str(line.recording), line.turns_17)
        return Line(
            recording=str(line.recording),
            applicant=line.applicant,
            item=line.item,
            location=line.location,
            turns_17=line.turns_17,
            sealed=sealed,
        )

    def agrees(self, line: Line, known: Mapping[Any, Any]) -> bool:
        """Whether the line says what is known, as far as that can be told still."""
        return (
            known["visit"] == self.visit
            and all(known[name] == getattr(line, name) for name in CONTENT)
            and self._same_month(line, known)
        )

    def _same_month(self, line: Line, known: Mapping[Any, Any]) -> bool:
        if known["turns_17"] is not None:
            # A log from before months were sealed.
            return bool(known["turns_17"] == line.turns_17)
        if known["state"] == "PRINT_READY":
            # Of the month nothing is kept but that it is over.
            return line.turns_17 is None or printable_from(line.turns_17, self.timezone) <= self.now
        if line.turns_17 is None:
            return False
        # Sealed as this very line was, or not to be opened by anybody.
        if known["sealed"] == line.sealed or known["state"] == "MONTH_ERASED" or self.key is None:
            return True
        try:
            return self.key.unseal(line.recording, known["sealed"]) == line.turns_17
        except CannotOpen:
            return True


@api.post("/offices/{office}/visits/{visit}/recordings", response_model=SyncAnswer, max_body_size=SYNC_AT_MOST)
@allow(*WORKERS)
async def record_persons(request: Request, office: str, visit: UUID, body: Sync) -> Response:
    """Takes a visit's recordings, each line on its own: whatever was sent before may be sent again.

    It is stored 500 lines at a time: after a 503, or none at all, the same request with the same key finishes it, and
    `GET` lists what has arrived. `tally` says that this was everything; once somebody stands by the visit's tallies, it
    is answered as refused, and a 409 if it came alone.
    """
    ask = entered(request, office) | {"visit": str(visit)}
    timezone = office_of(request, office).timezone.key
    visited = Visited(str(visit), await _key(request, office, str(visit), body.lines), timezone, ask["now"])
    sent = [visited.sealed(line) if isinstance(line, RecordingLine) else line for line in body.lines]
    lines = [line for line in sent if isinstance(line, Line)]
    if is_dry_run(request):
        return await write(request, body, RecordPersons(**ask, timezone=timezone, lines=tuple(lines)))
    ledger: Ledger = request.app.state.ledger
    done: list[Committed] = []
    contexts = in_parts(context_of(request, body))
    for part in _parts(lines, even_none=body.tally is None):
        command = RecordPersons(**ask, timezone=timezone, lines=part)
        done.append(await ledger.execute(command, next(contexts)))
    answer: SyncAnswer = {"position": 0, "lines": []}
    if body.tally is not None:
        try:
            done.append(await ledger.execute(_completed(request, ask, body.tally), next(contexts)))
            answer["tally"] = {"outcome": "SYNCED"}
        except Refused as refusal:
            if not lines:
                raise
            answer["tally"] = {"outcome": "REFUSED", "code": refusal.code, "detail": refusal.detail}
    facts = [recorded.fact for committed in done for recorded in committed.facts]
    answer["position"] = done[-1].position
    answer["lines"] = list(answers(sent, visited, facts, await _known_besides(request, lines, facts)))
    headers = {"Idempotency-Replayed": "true"} if all(committed.replayed for committed in done) else None
    return Response(msgspec.json.encode(answer), 201, headers, media_type="application/json")


@api.get("/offices/{office}/visits/{visit}/recordings")
@allow(*WORKERS)
async def list_recordings(
    request: Request,
    office: str,
    visit: UUID,
    start: Start = None,
    limit: Annotated[int, Query(ge=1, le=LINES)] = AT_ONCE,
) -> Response:
    """The ids of the recordings that have arrived and how far each is, so that a device sends what is missing."""
    last = after(start, str)
    async with engine_of(request).connect() as connection:
        if await views.visit(connection, office, str(visit)) is None:
            raise NotFound("visit")
        rows = await views.recordings_of(connection, office, str(visit), last[0] if last else "", limit)
    following = cursor(rows[-1]["recording"]) if len(rows) == limit else None
    return polled(request, {"recordings": [dict(row) for row in rows], "next": following})


@api.post("/offices/{office}/visits/{visit}/months/erasure", response_model=Written)
@allow(Role.HEAD, Role.ADMIN)
async def erase_months(request: Request, office: str, visit: UUID, body: Erasure) -> Response:
    """Destroys the key to the visit's birth months, once and for all: nobody can read them again, from no copy.

    Who still waits then is no longer made print ready by itself, and asks at the counter.
    """
    command = EraseMonths(**entered(request, office), visit=str(visit), because="REQUESTED")
    return await write(request, body, command)


def keyring_of(request: Request) -> Keyring:
    """The service's keys, as the environment says."""
    return once(request, "keyring", Keyring.of_settings)


async def _key(
    request: Request, office: str, visit: str, lines: Iterable[RecordingLine | UnreadableLine]
) -> MonthKey | None:
    """The visit's key if a line has a month. On a dry run one that is kept nowhere: it stores nothing."""
    if not any(isinstance(line, RecordingLine) and line.turns_17 is not None for line in lines):
        return None
    if is_dry_run(request):
        return MonthKey.passing(visit)
    try:
        async with engine_of(request).connect() as connection:
            return await key_for(connection, keyring_of(request), office, visit)
    except LookupError:
        raise visit_unknown() from None
    except CannotOpen:
        detail = "The key to this visit's birth months cannot be opened: nothing was stored. An engineer is needed."
        raise Problem(503, "sealed_elsewhere", detail, reason="month_key_cannot_be_opened") from None


def _parts(lines: Sequence[Line], *, even_none: bool) -> Iterator[tuple[Line, ...]]:
    """The lines as they are stored; one empty part if there are none but the visit should be looked at all the same."""
    rest = iter(lines)
    while part := tuple(islice(rest, AT_ONCE)):
        yield part
    if not lines and even_none:
        yield ()


def _completed(request: Request, ask: Mapping[str, Any], tally: Tally) -> CompleteSync:
    return CompleteSync(
        **ask,
        recorded=tally.recorded,
        turned_away=tally.turned_away,
        tallies=tuple(domain.Tally(**blanks.model_dump()) for blanks in tally.blanks),
        synced_by=principal(request).subject,
    )


async def _known_besides(
    request: Request, lines: Iterable[Line], facts: Iterable[Fact]
) -> Mapping[str, Mapping[Any, Any]]:
    """What is known of those lines that these facts do not tell of."""
    told = {fact.recording for fact in facts if isinstance(fact, PersonRecorded)}
    asked = {line.recording for line in lines} - told
    if not asked:
        return {}
    async with engine_of(request).connect() as connection:
        return await views.recordings_among(connection, asked)


def answers(
    lines: Iterable[Line | UnreadableLine],
    visited: Visited,
    facts: Iterable[Fact],
    known: Mapping[str, Mapping[Any, Any]],
) -> Iterator[LineAnswer]:
    """What became of each line: `facts` are what this sync led to, `known` is what was recorded before."""
    fresh: dict[str, Outcome] = {}
    recorded = dict(known)
    for fact in facts:
        match fact:
            case PersonRecorded():
                fresh[fact.recording] = "MONTH_ERASED" if fact.sealed == ERASED else "WAITING"
                recorded[fact.recording] = {name: getattr(fact, name) for name in KNOWN} | {"state": "WAITING"}
            case RecordingPrintReady():
                fresh[fact.recording] = "PRINT_READY"
                recorded[fact.recording] = {**recorded[fact.recording], "state": "PRINT_READY"}
            case _:
                pass
    for line in lines:
        if isinstance(line, UnreadableLine):
            yield {"recording": None, "outcome": "INVALID", "faults": line.faults}
            continue
        before = recorded.get(line.recording)
        outcome: Outcome
        if before is None:
            outcome = "TOO_YOUNG"
        elif not visited.agrees(line, before):
            outcome = "CONFLICT"
        else:
            outcome = fresh.pop(line.recording, "ALREADY_RECORDED")
        yield {"recording": line.recording, "outcome": outcome}
