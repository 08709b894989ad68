"""What notify observes of itself, of the offices, and of the way from stock to here."""

from datetime import date, datetime

from shared.decider import Fact


class ListeningBegan(Fact, frozen=True, kw_only=True):
    """What was on Kafka at that moment is the past: nothing is sent of it. `heads` are the last sequences by topic."""

    heads: dict[str, int]
    at: datetime


class CaughtUp(Fact, frozen=True, kw_only=True):
    """All of that was read; from now on people are told."""

    at: datetime


class OfficeHeard(Fact, frozen=True, kw_only=True):
    """The first news of an office on that day."""

    office: str
    day: date
    at: datetime


class SilentOfficesReported(Fact, frozen=True, kw_only=True):
    """The offices of a province that have been silent for two working days, as its desk was told."""

    province: str
    offices: tuple[str, ...]
    at: datetime


class CanaryHeard(Fact, frozen=True, kw_only=True):
    """The canary of that night sang at stock at `sung_at` and was heard here. The next is awaited until `next_by`.

    `next_by` is on the next night's day at the centre.
    """

    night: date
    sung_at: datetime
    at: datetime
    next_by: datetime


class CanaryMissed(Fact, frozen=True, kw_only=True):
    """No canary was heard in time, of the night of `awaited_by` up to the one before that of `next_by`.

    Shortages may not arrive either.
    """

    awaited_by: datetime
    at: datetime
    next_by: datetime


WatchFact = ListeningBegan | CaughtUp | OfficeHeard | SilentOfficesReported | CanaryHeard | CanaryMissed
