"""Who answers at a desk: heads and officers, those who act for them, and when they are away.

A person is an opaque reference here; names and addresses are elsewhere. What a desk's state holds is
what matters from today on and the recent past: all of history is in the facts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from enum import StrEnum
from typing import Self, TypeVar, assert_never

import msgspec
from msgspec.structs import replace

from shared.decider import Command, Decision, Fact, Refused, State, States

HEAD = "head"
AT_MOST = 12
"""So many appointments, and as many leaves, are within 4 kB if a reference has at most 64 characters."""
REMEMBERED = timedelta(days=400)


class Capacity(StrEnum):
    """As what somebody is at a desk: its holder, or acting while the post is vacant or its holder away."""

    DEFINITIVE = "DEFINITIVE"
    PLT = "PLT"
    PLH = "PLH"


class Appointment(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Somebody's time at a desk. `until` is the last day, None while none is known."""

    person: str
    capacity: Capacity
    since: date
    until: date | None = None


class Leave(msgspec.Struct, frozen=True, gc=False):
    """Days on which somebody is away, the last one included. One leave of a person begins on a day."""

    person: str
    since: date
    until: date


Period = TypeVar("Period", Appointment, Leave)


class DeskFact(Fact, frozen=True, kw_only=True):
    """A fact about who is at a desk: `by` whom it was recorded, and `on` which day, in UTC."""

    role: str
    region: str
    person: str
    by: str
    on: date


class PersonAppointed(DeskFact, frozen=True, kw_only=True):
    capacity: Capacity
    since: date
    until: date | None = None


class AppointmentEnded(DeskFact, frozen=True, kw_only=True):
    """The appointment in this capacity that covers the `last_day` ends with it."""

    capacity: Capacity
    last_day: date
    reason: str


class LeaveRecorded(DeskFact, frozen=True, kw_only=True):
    """A leave; or another last day of the one that begins on that day."""

    since: date
    until: date


class LeaveCancelled(DeskFact, frozen=True, kw_only=True):
    since: date


DirectoryFact = PersonAppointed | AppointmentEnded | LeaveRecorded | LeaveCancelled


class DeskHolders(State, frozen=True, omit_defaults=True):
    """Who is appointed to a desk and who is away. `kept`: somebody was ever appointed here."""

    appointments: tuple[Appointment, ...] = ()
    leave: tuple[Leave, ...] = ()
    kept: bool = False

    def on_duty(self, day: date) -> tuple[str, ...]:
        """Those who answer on that day: who acts for the holder comes first, among equals who came first.

        Whoever is on leave is not on duty, in whatever capacity. Somebody who acts answers beside a
        holder who is back early: better two are told than none.
        """
        away = {leave.person for leave in self.leave if _covers(leave, day)}
        present = [each for each in self.appointments if _covers(each, day) and each.person not in away]
        present.sort(key=lambda each: (each.capacity is Capacity.DEFINITIVE, each.since, each.person))
        return tuple(dict.fromkeys(each.person for each in present))

    def forgetting(self, day: date) -> Self:
        """Without what ended more than 400 days before that day, nor more than the 12 latest to end of each kind."""
        return replace(self, appointments=_latest(self.appointments, day), leave=_latest(self.leave, day))


def desk_of(role: str, region: str) -> str:
    """The stream of those who answer at a desk."""
    return f"desk/{role}/{region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeskCommand(Command):
    """A request about who is at a desk, made `by` an administrator."""

    role: str
    region: str
    person: str
    by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (desk_of(self.role, self.region),)

    @property
    def today(self) -> date:
        """The day of `now` in UTC: nowhere in Indonesia is it an earlier one."""
        return self.now.astimezone(UTC).date()


@dataclass(frozen=True, kw_only=True, slots=True)
class Appoint(DeskCommand):
    """Somebody has the desk from `since` on, `until` that day if it is known."""

    capacity: Capacity
    since: date
    until: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EndAppointment(DeskCommand):
    """The appointment that covers this day ends with it."""

    capacity: Capacity
    last_day: date
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordLeave(DeskCommand):
    """Somebody of the desk is away; asked for again with another last day, the leave gets that one."""

    since: date
    until: date


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelLeave(DeskCommand):
    """The leave that begins on this day is not taken."""

    since: date


DirectoryCommand = Appoint | EndAppointment | RecordLeave | CancelLeave


def decide_directory(command: DirectoryCommand, states: States) -> Decision:
    """What becomes of a desk; nothing, if it is so already. Raises `Refused`."""
    (stream,) = command.streams
    holders: DeskHolders = states[stream]
    match command:
        case Appoint():
            facts = _appoint(command, holders)
        case EndAppointment():
            facts = _end(command, holders)
        case RecordLeave():
            facts = _record_leave(command, holders)
        case CancelLeave():
            facts = _cancel_leave(command, holders)
        case _:
            assert_never(command)
    return [(stream, fact) for fact in facts]


def evolve_directory(holders: DeskHolders, fact: DirectoryFact) -> DeskHolders:
    """The desk after this fact, without what is forgotten by the day on which it was recorded."""
    return _evolved(holders, fact).forgetting(fact.on)


def _appoint(command: Appoint, holders: DeskHolders) -> list[DirectoryFact]:
    new = Appointment(command.person, command.capacity, command.since, command.until)
    _refuse_backwards(new)
    if new in holders.appointments:
        return []
    for known in holders.appointments:
        if known.capacity is not new.capacity or not _overlap(known, new):
            continue
        if known.person == new.person:
            raise Refused(
                "appointment_overlaps",
                "This person is appointed in this capacity on some of these days.",
                since=known.since,
                until=known.until,
            )
        if command.role == HEAD and new.capacity is Capacity.DEFINITIVE:
            raise Refused(
                "second_definitive",
                "An office has one definitive head on a day; whoever stands in is acting.",
                since=known.since,
                until=known.until,
            )
    _refuse_crowd((*holders.appointments, new), command.today)
    return [
        PersonAppointed(
            role=command.role,
            region=command.region,
            person=command.person,
            capacity=command.capacity,
            since=command.since,
            until=command.until,
            by=command.by,
            on=command.today,
        )
    ]


def _end(command: EndAppointment, holders: DeskHolders) -> list[DirectoryFact]:
    theirs = [each for each in holders.appointments if _is_of(each, command.person, command.capacity)]
    ending = next((each for each in theirs if _covers(each, command.last_day)), None)
    if ending is None:
        later = min((each.since for each in theirs if each.since > command.last_day), default=None)
        if later is not None:
            raise Refused("ends_before_it_begins", "The appointment begins after that day.", since=later)
        raise Refused("not_appointed", "This person is not appointed in this capacity on that day.")
    if ending.until == command.last_day:
        return []
    return [
        AppointmentEnded(
            role=command.role,
            region=command.region,
            person=command.person,
            capacity=command.capacity,
            last_day=command.last_day,
            by=command.by,
            reason=command.reason,
            on=command.today,
        )
    ]


def _record_leave(command: RecordLeave, holders: DeskHolders) -> list[DirectoryFact]:
    new = Leave(command.person, command.since, command.until)
    _refuse_backwards(new)
    if new in holders.leave:
        return []
    if not any(each.person == new.person and _overlap(each, new) for each in holders.appointments):
        raise Refused("not_appointed", "This person is not appointed here on any of these days.")
    _refuse_crowd((*_without(holders.leave, command.person, command.since), new), command.today)
    return [
        LeaveRecorded(
            role=command.role,
            region=command.region,
            person=command.person,
            since=command.since,
            until=command.until,
            by=command.by,
            on=command.today,
        )
    ]


def _cancel_leave(command: CancelLeave, holders: DeskHolders) -> list[DirectoryFact]:
    if len(_without(holders.leave, command.person, command.since)) == len(holders.leave):
        raise Refused("no_such_leave", "No leave of this person begins on that day.")
    return [
        LeaveCancelled(
            role=command.role,
            region=command.region,
            person=command.person,
            since=command.since,
            by=command.by,
            on=command.today,
        )
    ]


def _evolved(holders: DeskHolders, fact: DirectoryFact) -> DeskHolders:
    match fact:
        case PersonAppointed():
            new = Appointment(fact.person, fact.capacity, fact.since, fact.until)
            return replace(holders, appointments=(*holders.appointments, new), kept=True)
        case AppointmentEnded():
            ended = (
                replace(each, until=fact.last_day)
                if _is_of(each, fact.person, fact.capacity) and _covers(each, fact.last_day)
                else each
                for each in holders.appointments
            )
            return replace(holders, appointments=tuple(ended))
        case LeaveRecorded():
            leave = Leave(fact.person, fact.since, fact.until)
            return replace(holders, leave=(*_without(holders.leave, fact.person, fact.since), leave))
        case LeaveCancelled():
            return replace(holders, leave=_without(holders.leave, fact.person, fact.since))
    assert_never(fact)


def _refuse_backwards(new: Appointment | Leave) -> None:
    if _last_day(new) < new.since:
        raise Refused("ends_before_it_begins", "The last day is not before the first.", since=new.since)


def _refuse_crowd(periods: Iterable[Appointment | Leave], today: date) -> None:
    if sum(_last_day(each) >= today for each in periods) > AT_MOST:
        raise Refused("at_most_so_many", "So many of this desk are not over yet.", at_most=AT_MOST)


def _is_of(appointment: Appointment, person: str, capacity: Capacity) -> bool:
    return appointment.person == person and appointment.capacity is capacity


def _without(leaves: Iterable[Leave], person: str, since: date) -> tuple[Leave, ...]:
    return tuple(each for each in leaves if (each.person, each.since) != (person, since))


def _last_day(period: Appointment | Leave) -> date:
    return period.until or date.max


def _covers(period: Appointment | Leave, day: date) -> bool:
    return period.since <= day <= _last_day(period)


def _overlap(one: Appointment | Leave, other: Appointment | Leave) -> bool:
    return one.since <= _last_day(other) and other.since <= _last_day(one)


def _latest(periods: Iterable[Period], day: date) -> tuple[Period, ...]:
    remembered = [each for each in periods if _last_day(each) >= day - REMEMBERED]
    # What is not over ends later than all that is, so the last ones hold it entirely.
    return tuple(sorted(remembered, key=_last_day)[-AT_MOST:])
