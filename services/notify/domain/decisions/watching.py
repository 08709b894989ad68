"""Watching the watchman: the canary, silent offices, what stands still, and what else people must hear of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.notify.domain.commands import CANARY, LISTENING, OfficeCommand, post_of
from services.notify.domain.decisions.telling import alarmed
from services.notify.domain.facts import (
    AlarmSent,
    CanaryHeard,
    CanaryMissed,
    CaughtUp,
    ListeningBegan,
    SilentOfficesReported,
)
from services.notify.domain.facts.post import AlarmKind
from services.notify.domain.state import Canary, Listening, SilentOffices
from services.notify.domain.words import MINISTRY, Desk
from shared.decider import Command, Decision, States

OPS = Desk("ops", MINISTRY)
"""Who is told of notify's own troubles."""
A_NIGHT = timedelta(days=1)
HEARD_WITHIN = timedelta(hours=1, minutes=30)
"""Of the night's day at the centre: stock sings at one, and may have waited ten minutes for news."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BeginListening(Command):
    """`heads` are the last sequences on Kafka, of topics with messages, when this log was empty; else none."""

    heads: Mapping[str, int]

    @property
    def streams(self) -> tuple[str, ...]:
        return (LISTENING,)


@dataclass(frozen=True, kw_only=True, slots=True)
class CatchUp(Command):
    """All of that was read."""

    @property
    def streams(self) -> tuple[str, ...]:
        return (LISTENING,)


@dataclass(frozen=True, kw_only=True, slots=True)
class HearOffice(OfficeCommand):
    """News that means nothing here but that the office is heard of."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RaiseAlarm(OfficeCommand):
    """News of something that is no shortage, for these desks; `id` tells it from others, repeated it is one."""

    id: str
    kind: AlarmKind
    desks: tuple[Desk, ...]
    item: str | None = None
    figures: Mapping[str, int]
    day: date | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        return (*self.heard_in, LISTENING, *map(post_of, self.desks))


@dataclass(frozen=True, kw_only=True, slots=True)
class HearCanary(Command):
    """News: the canary of that night sang at stock. `zone` is the centre's."""

    night: date
    sung_at: datetime
    zone: ZoneInfo

    @property
    def streams(self) -> tuple[str, ...]:
        return (CANARY, LISTENING, post_of(OPS))


@dataclass(frozen=True, kw_only=True, slots=True)
class MissCanary(Command):
    """The time of this wait for the canary is over. `zone` is the centre's."""

    wait: int
    zone: ZoneInfo

    @property
    def streams(self) -> tuple[str, ...]:
        return (CANARY, LISTENING, post_of(OPS))


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportSilent(Command):
    """The offices of a province that are silent now."""

    province: str
    offices: tuple[str, ...]
    today: date

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"silent/{self.province}", post_of(Desk("province", self.province)))


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportStandstill(Command):
    """Open escalations that have no next moment, or one that is long over: there should be none."""

    shortages: tuple[str, ...]
    today: date

    @property
    def streams(self) -> tuple[str, ...]:
        return (post_of(OPS),)


def begin_listening(command: BeginListening, states: States) -> Decision:
    listening: Listening = states[LISTENING]
    if listening.heads is not None:
        return []
    began = ListeningBegan(heads=dict(command.heads), at=command.now)
    caught_up = [] if command.heads else [(LISTENING, CaughtUp(at=command.now))]
    return [(LISTENING, began), *caught_up]


def catch_up(command: CatchUp, states: States) -> Decision:
    listening: Listening = states[LISTENING]
    return [] if listening.caught_up else [(LISTENING, CaughtUp(at=command.now))]


def hear_office(command: HearOffice, states: States) -> Decision:
    return []


def raise_alarm(command: RaiseAlarm, states: States) -> Decision:
    if not states[LISTENING].caught_up:
        return []
    alarms = [
        AlarmSent(
            role=desk.role,
            region=desk.region,
            id=f"{command.id}/{desk.role}/{desk.region}",
            kind=command.kind,
            at=command.now,
            office=command.office,
            item=command.item,
            figures=dict(command.figures),
            day=command.day,
        )
        for desk in command.desks
    ]
    return alarmed(command.now, states, alarms)


def hear_canary(command: HearCanary, states: States) -> Decision:
    """Of the nights before it that have not been heard it is told that they were missed, unless that was told."""
    canary: Canary = states[CANARY]
    if canary.night is not None and command.night <= canary.night:
        return []
    decision: Decision = []
    alarms: list[AlarmSent] = []
    next_by = _by(command.night + A_NIGHT, command.zone)
    if canary.next_by is not None:
        next_by = max(next_by, canary.next_by)
        first, last = _night(canary.next_by, command.zone), command.night - A_NIGHT
        if first <= last:
            until = _by(command.night, command.zone)
            decision.append((CANARY, CanaryMissed(awaited_by=canary.next_by, at=command.now, next_by=until)))
            alarms.append(_missed(command.now, first, last))
    heard = CanaryHeard(night=command.night, sung_at=command.sung_at, at=command.now, next_by=next_by)
    decision.append((CANARY, heard))
    if not states[LISTENING].caught_up:
        return decision
    if command.now < _by(command.night + A_NIGHT, command.zone):
        # It goes the whole way, to the very person on duty.
        alarms.append(_to_ops(AlarmKind.CANARY, command.now, command.night))
    return [*decision, *alarmed(command.now, states, alarms)]


def miss_canary(command: MissCanary, states: States) -> Decision:
    """One alarm for all the nights that are over by now: this clock may have stood still, too."""
    canary: Canary = states[CANARY]
    if command.wait != canary.waits or canary.next_by is None:
        return []
    first = _night(canary.next_by, command.zone)
    last = max(first, _night(command.now - HEARD_WITHIN, command.zone))
    missed = CanaryMissed(awaited_by=canary.next_by, at=command.now, next_by=_by(last + A_NIGHT, command.zone))
    if not states[LISTENING].caught_up:
        return [(CANARY, missed)]
    return [(CANARY, missed), *alarmed(command.now, states, [_missed(command.now, first, last)])]


def report_silent(command: ReportSilent, states: States) -> Decision:
    stream, _ = command.streams
    silent: SilentOffices = states[stream]
    if command.offices == silent.offices:
        return []
    reported = SilentOfficesReported(province=command.province, offices=command.offices, at=command.now)
    if not set(command.offices) - set(silent.offices):
        return [(stream, reported)]
    alarm = AlarmSent(
        role="province",
        region=command.province,
        id=f"silent/{command.province}/{command.today}",
        kind=AlarmKind.SILENT_OFFICES,
        at=command.now,
        offices=command.offices,
        day=command.today,
    )
    return [(stream, reported), *alarmed(command.now, states, [alarm])]


def report_standstill(command: ReportStandstill, states: States) -> Decision:
    if not command.shortages:
        return []
    alarm = _to_ops(AlarmKind.STANDS_STILL, command.now, command.today, shortages=len(command.shortages))
    return alarmed(command.now, states, [alarm])


def _by(night: date, zone: ZoneInfo) -> datetime:
    """Until when the song of this night is awaited."""
    return (datetime.combine(night, time(), zone) + HEARD_WITHIN).astimezone(UTC)


def _night(moment: datetime, zone: ZoneInfo) -> date:
    """The night whose day this is at the centre."""
    return moment.astimezone(zone).date()


def _missed(now: datetime, first: date, last: date) -> AlarmSent:
    return _to_ops(AlarmKind.CANARY_MISSED, now, last, nights=(last - first).days + 1)


def _to_ops(kind: AlarmKind, now: datetime, day: date, **figures: int) -> AlarmSent:
    return AlarmSent(role=OPS.role, region=OPS.region, id=f"{kind}/{day}", kind=kind, at=now, figures=figures, day=day)
