"""What outreach knows of the need for blanks, and what it expects of it."""

from datetime import date, datetime

import msgspec

from services.outreach.domain.words import Item, Level, Method, Source, SurgeKind
from shared.decider import Fact


class DayNoted(Fact, frozen=True, kw_only=True):
    """So many pieces were used on a day that is over. `ran_out`: it shows what there was, not what was needed."""

    office: str
    item: Item
    day: date
    used: int
    ran_out: bool
    source: Source


class StockNoted(Fact, frozen=True, kw_only=True):
    """What stock has there, in pieces, as of that moment. `empty_since`: while it is EMPTY, and when that ends."""

    office: str
    item: Item
    day: date
    level: Level
    on_hand: int
    available: int
    as_of: datetime
    empty_since: date | None


class DebtNoted(Fact, frozen=True, kw_only=True):
    """Printing owes so many cards there for want of blanks, since `behind_since`; that is there when it ends, too."""

    office: str
    item: Item
    day: date
    owed: int
    behind_since: date | None


class DemandForecast(Fact, frozen=True, kw_only=True):
    """What will be needed on each of the 90 days from `first_day` on.

    `median`, `low` and `high` are the 50th, 10th and 90th percentile of each day, in thousandths of
    a piece. `cumulative_median` and `cumulative_high` are the 50th and 90th percentile of the first n
    days together, in pieces: no sums of the days' own, for days share what is not known of the level.
    `inputs` are what was known besides the days of use (pieces, factors in thousandths), and days left out.
    """

    office: str
    item: Item
    made_on: date
    first_day: date
    method: Method
    history_days: int
    median: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    cumulative_median: tuple[int, ...]
    cumulative_high: tuple[int, ...]
    inputs: dict[str, int]


class Score(msgspec.Struct, frozen=True, gc=False):
    """How well a method would have done: mean absolute scaled error and share within the 80 % interval.

    Both in thousandths; `mae` in thousandths of a piece a day.
    """

    mase: int
    coverage: int
    mae: int
    days: int


class ForecastJudged(Fact, frozen=True, kw_only=True):
    """The backtest: what each method scored where the choice was made, and on later months that it never saw."""

    office: str
    item: Item
    judged_on: date
    chosen: Method
    chosen_by: dict[Method, Score]
    judged_by: dict[Method, Score]


class SurgeDeclared(Fact, frozen=True, kw_only=True):
    """From a day to a day, both included, the need is `factor` thousandths of the ordinary.

    `office` is the region it is for: an office's id, a province's code, or 00 for everybody; no
    `item` means all of them.
    """

    office: str
    surge: str
    version: int
    kind: SurgeKind
    name: str
    first_day: date
    last_day: date
    factor: int
    item: Item | None
    declared_on: date
    declared_by: str


class SurgeWithdrawn(Fact, frozen=True, kw_only=True):
    """It is not expected any more."""

    office: str
    surge: str
    version: int
    withdrawn_by: str


class YouthCounted(Fact, frozen=True, kw_only=True):
    """So many 16- and 17-year-olds live there, by this source, from that day on."""

    office: str
    people: int
    source: str
    valid_from: date


class SchoolRegistered(Fact, frozen=True, kw_only=True):
    """A school with so many pupils of 16 and 17; with none it is closed. `school` is its number (NPSN)."""

    office: str
    school: str
    name: str
    pupils: int


DemandFact = DayNoted | StockNoted | DebtNoted
ForecastFact = DemandForecast | ForecastJudged
SurgeFact = SurgeDeclared | SurgeWithdrawn
CoverageFact = YouthCounted
SchoolFact = SchoolRegistered
