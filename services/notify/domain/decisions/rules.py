"""What an administrator, the ministry or a head decides about rules, days and silences."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from services.notify.domain.commands import CALENDAR, policies_of, silences_of
from services.notify.domain.facts import DayDeclared, EscalationPolicySet, SilenceLifted, SilenceSet
from services.notify.domain.policy import EscalationPolicy, still_needed
from services.notify.domain.state import DeclaredDays, Policies, Silences
from services.notify.domain.words import Level, StockLevel
from shared.decider import Command, Decision, Refused, States

TO_COME = 1
"""So many policies at once may wait for their day."""
DAYS_AT_MOST = 120
SILENCES_AT_MOST = 20
LONGEST_SILENCE = timedelta(days=31)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetPolicy(Command):
    """A request: the rules of a region (a province, or `00`) from that day on; without terms, the nation's again.

    The version in `policy` is not looked at: the next one is given. `today` is the ministry's day.
    """

    region: str
    policy: EscalationPolicy
    by: str
    today: date

    @property
    def streams(self) -> tuple[str, ...]:
        return (policies_of(self.region),)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclareDay(Command):
    """A request: that day is a working day or not; None: as the official list says."""

    day: date
    works: bool | None
    note: str
    by: str
    today: date

    @property
    def streams(self) -> tuple[str, ...]:
        return (CALENDAR,)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetSilence(Command):
    """A request: until then nothing is sent of such shortages of the office. They climb all the same."""

    office: str
    silence: str
    item: str | None
    at_most: StockLevel
    level: Level
    until: datetime
    reason: str
    by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (silences_of(self.office),)


@dataclass(frozen=True, kw_only=True, slots=True)
class LiftSilence(Command):
    """A request: the silence is over."""

    office: str
    silence: str
    by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (silences_of(self.office),)


def set_policy(command: SetPolicy, states: States) -> Decision:
    (stream,) = command.streams
    policies: Policies = states[stream]
    policy = command.policy
    if policy.starts_on < command.today:
        raise Refused("starts_in_the_past", "A policy holds from today on, or from a later day.", today=command.today)
    waiting = sum(each.starts_on > command.today for each in still_needed(policies.policies, command.today))
    if policy.starts_on > command.today and waiting >= TO_COME:
        raise Refused("policies_waiting", "So many policies already wait for their day.", waiting=waiting)
    numbered = replace(policy, version=policies.version + 1)
    fact = EscalationPolicySet(region=command.region, policy=numbered, set_on=command.today, set_by=command.by)
    return [(stream, fact)]


def declare_day(command: DeclareDay, states: States) -> Decision:
    declared: DeclaredDays = states[CALENDAR]
    if command.day < command.today:
        raise Refused("day_is_past", "A day that is over stays what it was.", today=command.today)
    if declared.days.get(command.day) == command.works:
        return []
    if len(declared.days) >= DAYS_AT_MOST and command.works is not None:
        raise Refused("too_many_days", "So many days are declared already.", declared=len(declared.days))
    fact = DayDeclared(
        day=command.day, works=command.works, note=command.note, declared_on=command.today, declared_by=command.by
    )
    return [(CALENDAR, fact)]


def set_silence(command: SetSilence, states: States) -> Decision:
    (stream,) = command.streams
    silences: Silences = states[stream]
    if command.until <= command.now:
        raise Refused("silence_is_past", "A silence ends later than now.", until=command.until)
    if command.until > command.now + LONGEST_SILENCE:
        raise Refused("silence_too_long", "A silence ends within a month.", at_most=command.now + LONGEST_SILENCE)
    if sum(each.until > command.now for each in silences.silences) >= SILENCES_AT_MOST:
        raise Refused("too_many_silences", "The office has so many silences already.", silences=SILENCES_AT_MOST)
    fact = SilenceSet(
        office=command.office,
        silence=command.silence,
        item=command.item,
        at_most=command.at_most,
        level=command.level,
        until=command.until,
        reason=command.reason,
        by=command.by,
        at=command.now,
    )
    return [(stream, fact)]


def lift_silence(command: LiftSilence, states: States) -> Decision:
    (stream,) = command.streams
    silences: Silences = states[stream]
    if not any(each.id == command.silence and each.until > command.now for each in silences.silences):
        raise Refused("no_such_silence", "No silence of this id holds at this office.")
    return [(stream, SilenceLifted(office=command.office, silence=command.silence, by=command.by, at=command.now))]
