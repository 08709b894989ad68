"""The words of a shortage: how bad it is, who is waited for, and what is known and promised."""

from datetime import date, datetime
from enum import StrEnum

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
    FORWARDED = "FORWARDED"
    WORSE = "WORSE"
    NOBODY_THERE = "NOBODY_THERE"
    UNREACHED = "UNREACHED"


class NoticeKind(StrEnum):
    """What a notice says."""

    SHORTAGE = "SHORTAGE"
    CLIMBED = "CLIMBED"
    ANSWERED = "ANSWERED"
    RESOLVED = "RESOLVED"
    CLOSED = "CLOSED"


class Held(StrEnum):
    """Why a notice is in the inbox, and is sent to nobody."""

    SILENCED = "SILENCED"
    CATCHING_UP = "CATCHING_UP"


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
LEVEL_OF = {role: level for level, role in ROLES.items()}
SEVERITY = list(StockLevel)
LADDER = list(Level)
AT_LEAST = {StockLevel.LOW: Level.CITY, StockLevel.CRITICAL: Level.PROVINCE, StockLevel.EMPTY: Level.NATIONAL}


class Patience(msgspec.Struct, frozen=True):
    """Seconds that an answer may take at each level; at the last one, until the notice is repeated.

    What escalations of the first version of this service were opened with. Their time is absolute.
    """

    city: int
    province: int
    national: int


class Figures(msgspec.Struct, frozen=True):
    """What stock said at the last change of level: blanks, blanks a day, days. `as_of` is when it said so.

    `cover_from` is `FORECAST` or `USE`: how long stock lasts follows from what will be needed, or from what was used.
    `foreseen`: it is not low yet, and a forecast says that more may be needed (`reorder_point`) until help can come.
    """

    on_hand: int
    available: int
    as_of: datetime
    daily_use: float | None = None
    days_of_cover: float | None = None
    projected_empty_on: date | None = None
    cover_from: str = "USE"
    foreseen: bool = False
    reorder_point: int | None = None


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


class ReliefLine(msgspec.Struct, frozen=True):
    """Who could give how many blanks, how far away (km)."""

    office: str
    quantity: int
    distance_km: int | None = None


class Proposal(msgspec.Struct, frozen=True):
    """Who could help, as stock proposed it: the province's buffer, then neighbours, nearest first.

    `wanted` would end the shortage; `covered` is what they could give together. `as_of` is when stock said so.
    """

    wanted: int
    covered: int
    lines: tuple[ReliefLine, ...] = ()
    as_of: datetime | None = None


class Relief(msgspec.Struct, frozen=True):
    """Blanks allocated or on the way: promised for a day, which ends at `until` in the office's zone."""

    kind: ReliefKind
    quantity: int
    promised_on: date
    until: datetime


class Promise(msgspec.Struct, frozen=True, array_like=True):
    """Relief under the name of its allocation or consignment, if it has one; `step` was counted when it was noted."""

    name: str | None
    relief: Relief
    step: int


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """When the term that runs began, when its level was told last, of how short a stock, and with which step."""

    began: datetime
    at: datetime
    stock_level: StockLevel
    step: int


def desk(level: Level, office: str, province: str) -> Desk:
    """Who answers at this level for an office that belongs to this province."""
    return Desk(ROLES[level], region_of(level, office, province))


def region_of(level: Level, office: str, province: str) -> str:
    """The region that somebody of this level is responsible for, as the office sees it."""
    return {Level.CITY: office, Level.PROVINCE: province, Level.NATIONAL: MINISTRY}[level]


def up_to(level: Level) -> list[Level]:
    """This level and all below it, from the city upwards."""
    return LADDER[: LADDER.index(level) + 1]
