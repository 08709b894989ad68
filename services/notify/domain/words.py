"""The words of a shortage: how bad it is, who is waited for, and what is known and promised."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import assert_never

import msgspec


class StockLevel(StrEnum):
    """How short an office is, from bad to worse."""

    LOW = "LOW"
    CRITICAL = "CRITICAL"
    EMPTY = "EMPTY"


class Level(StrEnum):
    """Whose answer is awaited, from the nearest to the last."""

    CITY = "CITY"
    PROVINCE = "PROVINCE"
    NATIONAL = "NATIONAL"


class Cause(StrEnum):
    """Why somebody is told again, or somebody higher is told."""

    NO_ANSWER = "NO_ANSWER"
    PROMISE_BROKEN = "PROMISE_BROKEN"
    DECLINED = "DECLINED"
    WORSE = "WORSE"


class NoticeKind(StrEnum):
    """What a notice says."""

    SHORTAGE = "SHORTAGE"
    CLIMBED = "CLIMBED"
    ANSWERED = "ANSWERED"
    RESOLVED = "RESOLVED"


class ReliefKind(StrEnum):
    """What is done about a shortage elsewhere."""

    ALLOCATED = "ALLOCATED"
    ANNOUNCED = "ANNOUNCED"
    RECEIVED = "RECEIVED"


class WaitKind(StrEnum):
    """What an open escalation waits for."""

    ANSWER = "ANSWER"
    PROMISE = "PROMISE"
    REPEAT = "REPEAT"


MINISTRY = "00"
ROLES = {Level.CITY: "head", Level.PROVINCE: "province", Level.NATIONAL: "national"}
SEVERITY = list(StockLevel)
LADDER = list(Level)
ABOVE = {Level.CITY: Level.PROVINCE, Level.PROVINCE: Level.NATIONAL}
AT_LEAST = {StockLevel.LOW: Level.CITY, StockLevel.CRITICAL: Level.PROVINCE, StockLevel.EMPTY: Level.NATIONAL}


class Patience(msgspec.Struct, frozen=True):
    """Seconds that an answer may take at each level; at the last one, until the notice is repeated."""

    city: int
    province: int
    national: int

    def at(self, level: Level) -> timedelta:
        """How long this level may take."""
        match level:
            case Level.CITY:
                return timedelta(seconds=self.city)
            case Level.PROVINCE:
                return timedelta(seconds=self.province)
            case Level.NATIONAL:
                return timedelta(seconds=self.national)
        assert_never(level)


class Policy(msgspec.Struct, frozen=True):
    """How a shortage climbs. An escalation keeps the policy it was opened with."""

    version: int
    patience: Patience


class Figures(msgspec.Struct, frozen=True):
    """What stock said at the last change of level: blanks, blanks a day, days. `as_of` is when it said so."""

    on_hand: int
    available: int
    as_of: datetime
    daily_use: float | None = None
    days_of_cover: float | None = None
    projected_empty_on: date | None = None


class Desk(msgspec.Struct, frozen=True):
    """Whom a notice is for: the bearers of a role in a region."""

    role: str
    region: str


class Answer(msgspec.Struct, frozen=True):
    """What somebody has undertaken to do. It covers the level at which it was given."""

    level: Level
    role: str
    by: str
    action: str
    promised_by: datetime


class Relief(msgspec.Struct, frozen=True):
    """Blanks allocated or on the way: promised for a day, which ends at `until` in the office's zone."""

    kind: ReliefKind
    quantity: int
    promised_on: date
    until: datetime


def desk(level: Level, office: str, province: str) -> Desk:
    """Who answers at this level for an office that belongs to this province."""
    regions = {Level.CITY: office, Level.PROVINCE: province, Level.NATIONAL: MINISTRY}
    return Desk(ROLES[level], regions[level])


def up_to(level: Level) -> list[Level]:
    """This level and all below it, from the city upwards."""
    return LADDER[: LADDER.index(level) + 1]
