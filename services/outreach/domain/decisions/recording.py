"""People recorded at a visit: each becomes one card, and not before the 17th birthday.

Of a birthday only its month is known, and of that only the cipher is kept: the month is in the
commands, in memory, and in no fact.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from services.outreach.domain.commands import OutreachCommand, VisitCommand, recording_of, visit_of
from services.outreach.domain.decisions.planning import planned_here
from services.outreach.domain.facts import (
    PersonRecorded,
    RecordingPrintReady,
    RecordingsArrived,
    VisitMonthsErased,
)
from services.outreach.domain.state import Recording, Visit
from services.outreach.domain.words import ErasedBecause, Item
from shared.decider import Decision, Fact, States

ERASED = ""
"""What stands for a month whose visit's key was erased before the recording came."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One person recorded. `turns_17` is the month of the 17th birthday ("YYYY-MM"), `sealed` the same, encrypted.

    Both None for who is past it.
    """

    recording: str
    applicant: str
    item: Item
    location: str
    turns_17: str | None
    sealed: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordPersons(VisitCommand):
    """A fact: the people recorded at a visit, some or all of whom may have been told before."""

    timezone: str
    lines: tuple[Line, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        return (visit_of(self.visit), *dict.fromkeys(recording_of(line.recording) for line in self.lines))


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkPrintReady(OutreachCommand):
    """The month of this person's birthday is over: as unsealed, or None where the log has it in clear."""

    recording: str
    turns_17: str | None

    @property
    def streams(self) -> tuple[str, ...]:
        return (recording_of(self.recording),)


@dataclass(frozen=True, kw_only=True, slots=True)
class EraseMonths(VisitCommand):
    """Nobody shall read this visit's birth months again. The key goes with the fact.

    `recorded` is how many recordings the visit had when nobody waited: if more came since, somebody may.
    """

    because: ErasedBecause
    recorded: int | None = None


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


def record(command: RecordPersons, states: States) -> Decision:
    visit = planned_here(command, states)
    facts = list(_recorded(command, visit, states))
    fresh = sum(isinstance(fact, PersonRecorded) for _, fact in facts)
    if not fresh:
        return facts
    arrived = RecordingsArrived(office=command.office, visit=command.visit, recorded=fresh)
    return [*facts, (visit_of(command.visit), arrived)]


def _recorded(command: RecordPersons, visit: Visit, states: States) -> Iterator[tuple[str, Fact]]:
    told = set()
    for line in command.lines:
        stream = recording_of(line.recording)
        # Told before, in this sync or an earlier one. What the line says now changes nothing.
        if line.recording in told or states[stream].progress != "UNKNOWN":
            continue
        if line.turns_17 is not None and not old_enough(line.turns_17, command.now):
            continue
        told.add(line.recording)
        ready = line.turns_17 is None or printable_from(line.turns_17, command.timezone) <= command.now
        yield stream, _person(command, line, _kept(line, visit, ready=ready))
        if ready:
            yield stream, _print_ready(command.office, command.visit, line)


def _kept(line: Line, visit: Visit, *, ready: bool) -> str | None:
    """What is kept of the month: nothing of who may have a card now, and nothing once the key is gone."""
    if ready:
        return None
    return ERASED if visit.months_erased else line.sealed


def _person(command: RecordPersons, line: Line, sealed: str | None) -> PersonRecorded:
    return PersonRecorded(
        office=command.office,
        recording=line.recording,
        visit=command.visit,
        applicant=line.applicant,
        item=line.item,
        location=line.location,
        timezone=command.timezone,
        sealed=sealed,
    )


def mark_ready(command: MarkPrintReady, states: States) -> Decision:
    recording: Recording = states[recording_of(command.recording)]
    turns_17 = command.turns_17 or recording.turns_17
    if (
        recording.progress != "WAITING"
        or turns_17 is None
        or command.now < printable_from(turns_17, recording.timezone)
    ):
        return []
    line = Line(
        recording=command.recording,
        applicant=recording.applicant,
        item=recording.item,  # type: ignore[arg-type]
        location=recording.location,
        turns_17=None,
        sealed=None,
    )
    return [(recording_of(command.recording), _print_ready(recording.office, recording.visit, line))]


def _print_ready(office: str, visit: str, line: Line) -> RecordingPrintReady:
    return RecordingPrintReady(
        office=office,
        recording=line.recording,
        visit=visit,
        applicant=line.applicant,
        item=line.item,
        location=line.location,
    )


def erase_months(command: EraseMonths, states: States) -> Decision:
    visit = planned_here(command, states)
    if visit.months_erased or command.recorded not in (None, visit.recorded):
        return []
    erased = VisitMonthsErased(office=command.office, visit=command.visit, because=command.because)
    return [(visit_of(command.visit), erased)]
