"""What notify knows of itself, of the offices' silence, and of the canary."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import assert_never

from services.notify.domain.facts import (
    CanaryHeard,
    CanaryMissed,
    CaughtUp,
    ListeningBegan,
    OfficeHeard,
    SilentOfficesReported,
)
from shared.decider import State


class Listening(State, frozen=True):
    """Whether people are told yet: not before all was read that lay on Kafka when this log was empty."""

    heads: Mapping[str, int] | None = None
    caught_up: bool = False


def evolve_listening(listening: Listening, fact: ListeningBegan | CaughtUp) -> Listening:
    match fact:
        case ListeningBegan():
            return Listening(heads=fact.heads)
        case CaughtUp():
            return Listening(heads={}, caught_up=True)
    assert_never(fact)


class Heard(State, frozen=True):
    """The last day on which an office was heard of."""

    day: date | None = None


def evolve_heard(heard: Heard, fact: OfficeHeard) -> Heard:
    return Heard(day=fact.day)


class SilentOffices(State, frozen=True):
    """The silent offices of a province, as its desk was told last."""

    offices: tuple[str, ...] = ()


def evolve_silent(silent: SilentOffices, fact: SilentOfficesReported) -> SilentOffices:
    return SilentOffices(offices=fact.offices)


class Canary(State, frozen=True):
    """The last night on which it was heard, and until when the next is awaited; `waits` tells its timers apart."""

    night: date | None = None
    next_by: datetime | None = None
    waits: int = 0


def evolve_canary(canary: Canary, fact: CanaryHeard | CanaryMissed) -> Canary:
    night = fact.night if isinstance(fact, CanaryHeard) else canary.night
    return Canary(night=night, next_by=fact.next_by, waits=canary.waits + 1)
