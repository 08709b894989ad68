"""Picking up the ball: visits to schools and villages, and the people recorded there.

Who is recorded at sixteen gets a card at seventeen. A recording waits until its birthday is surely
past and becomes print ready once, whichever way and however often it is told.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, assert_never
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from shared.decider import Command, Decision, Fact, Refused, State, States

MAX_LINES = 500
"""Recordings in one sync: with two facts each they fill one append."""

Progress = Literal["UNKNOWN", "WAITING", "PRINT_READY"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanVisit(Command):
    """Go there on that day and expect so many people."""

    office: str
    visit: str
    place: str
    held_on: date
    expected: int

    @property
    def streams(self) -> tuple[str, ...]:
        return (visit_stream(self.visit),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One person recorded. `turns_17` is the month of the 17th birthday as "YYYY-MM", None for who is past it."""

    recording: str
    applicant: str
    item: str
    location: str
    turns_17: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordPersons(Command):
    """The people recorded at a visit, some or all of whom may have been told before."""

    office: str
    visit: str
    timezone: str
    lines: tuple[Line, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        return (visit_stream(self.visit), *dict.fromkeys(recording_stream(line.recording) for line in self.lines))


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkPrintReady(Command):
    """The month of this person's birthday is over."""

    recording: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (recording_stream(self.recording),)


OutreachCommand = PlanVisit | RecordPersons | MarkPrintReady


class VisitPlanned(Fact, frozen=True):
    office: str
    visit: str
    place: str
    held_on: date
    expected: int


class PersonRecorded(Fact, frozen=True):
    """Never published: it knows a month of birth, and nothing more of the person."""

    office: str
    recording: str
    visit: str
    applicant: str
    item: str
    location: str
    turns_17: str | None
    timezone: str


class RecordingPrintReady(Fact, frozen=True):
    """One person, one card."""

    office: str
    recording: str
    visit: str
    applicant: str
    item: str
    location: str


OutreachFact = VisitPlanned | PersonRecorded | RecordingPrintReady


class Visit(State, frozen=True):
    """A visit; without an office it was never planned."""

    office: str = ""
    place: str = ""
    held_on: date | None = None
    expected: int = 0


class Recording(State, frozen=True):
    """A person recorded, and how far this one is on the way to a card."""

    progress: Progress = "UNKNOWN"
    office: str = ""
    visit: str = ""
    applicant: str = ""
    item: str = ""
    location: str = ""
    turns_17: str | None = None
    timezone: str = ""


def visit_stream(visit: str) -> str:
    """The stream of one visit."""
    return f"visit/{visit}"


def recording_stream(recording: str) -> str:
    """The stream of one recording."""
    return f"recording/{recording}"


def printable_from(turns_17: str, timezone: str) -> datetime:
    """When a person who turns 17 in this month ("YYYY-MM") may have a card: not before the 17th birthday.

    Of the birthday only its month is known, so it is the first midnight after that month at the office.
    """
    year, month = map(int, turns_17.split("-"))
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def old_enough(turns_17: str, now: datetime) -> bool:
    """Recording begins at sixteen, so the 17th birthday is at most twelve months away."""
    year, month = map(int, turns_17.split("-"))
    return (year - now.year) * 12 + month - now.month <= 12


def decide(command: OutreachCommand, states: States) -> Decision:
    """What follows from a command. Raises `Refused`."""
    match command:
        case PlanVisit():
            return _plan(command, states[visit_stream(command.visit)])
        case RecordPersons():
            return list(_record(command, states))
        case MarkPrintReady():
            return _mark_ready(command, states[recording_stream(command.recording)])
    assert_never(command)


def _plan(command: PlanVisit, visit: Visit) -> Decision:
    planned = VisitPlanned(
        office=command.office,
        visit=command.visit,
        place=command.place,
        held_on=command.held_on,
        expected=command.expected,
    )
    if not visit.office:
        return [(visit_stream(command.visit), planned)]
    if evolve(visit, planned) != visit:
        raise Refused("visit_id_taken", "a visit with this id was planned before with another content")
    return []


def _record(command: RecordPersons, states: States) -> Iterator[tuple[str, Fact]]:
    if states[visit_stream(command.visit)].office != command.office:
        raise Refused("visit_unknown", "this office has planned no such visit: plan it, then send the recordings again")
    told = set()
    for line in command.lines:
        stream = recording_stream(line.recording)
        # Told before, in this sync or an earlier one. What the line says now changes nothing.
        if line.recording in told or states[stream].progress != "UNKNOWN":
            continue
        if line.turns_17 is not None and not old_enough(line.turns_17, command.now):
            continue
        told.add(line.recording)
        recorded = PersonRecorded(
            office=command.office,
            recording=line.recording,
            visit=command.visit,
            applicant=line.applicant,
            item=line.item,
            location=line.location,
            turns_17=line.turns_17,
            timezone=command.timezone,
        )
        yield stream, recorded
        if line.turns_17 is None or printable_from(line.turns_17, command.timezone) <= command.now:
            yield stream, _print_ready(line.recording, _evolve_recording(states[stream], recorded))


def _mark_ready(command: MarkPrintReady, recording: Recording) -> Decision:
    if recording.progress != "WAITING":
        return []
    if recording.turns_17 is not None and command.now < printable_from(recording.turns_17, recording.timezone):
        return []
    return [(recording_stream(command.recording), _print_ready(command.recording, recording))]


def _print_ready(recording: str, known: Recording) -> RecordingPrintReady:
    return RecordingPrintReady(
        office=known.office,
        recording=recording,
        visit=known.visit,
        applicant=known.applicant,
        item=known.item,
        location=known.location,
    )


def evolve(state: Any, fact: OutreachFact) -> Visit | Recording:
    """The state after a fact."""
    if isinstance(fact, VisitPlanned):
        return Visit(office=fact.office, place=fact.place, held_on=fact.held_on, expected=fact.expected)
    return _evolve_recording(state, fact)


def _evolve_recording(recording: Recording, fact: PersonRecorded | RecordingPrintReady) -> Recording:
    match fact:
        case PersonRecorded():
            return Recording(
                progress="WAITING",
                office=fact.office,
                visit=fact.visit,
                applicant=fact.applicant,
                item=fact.item,
                location=fact.location,
                turns_17=fact.turns_17,
                timezone=fact.timezone,
            )
        case RecordingPrintReady():
            return replace(recording, progress="PRINT_READY")
    assert_never(fact)
