"""What the forecast is told and what it answers. A day is a calendar day at the office."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Method = Literal["POISSON", "SEASONAL_NAIVE", "MOVING_AVERAGE", "WEEKDAY_MEAN", "POPULATION"]
CANDIDATES: tuple[Method, ...] = ("POISSON", "WEEKDAY_MEAN", "SEASONAL_NAIVE", "MOVING_AVERAGE")
"""The methods that compete for a series whose history is long enough, the one preferred at a tie first."""

HORIZON = 90
SHORT = 56
"""Below so many days told there is nothing to learn a shape from: POPULATION."""

Holidays = Callable[[date], bool] | Collection[date]
"""Says of a day whether it is a public holiday or collective leave, or holds all such days. Weekends may be in it."""


@dataclass(frozen=True, slots=True)
class Series:
    """What an office used of an item, one value a calendar day from `first` on.

    None stands for a day that tells nothing of demand: there were no blanks, a backlog was worked off, or nobody
    reported. `expected` is the office's share of the nation's prints by its population, in pieces a working day; it
    counts while the history is short, and 0 says that it is not known.
    """

    office: str
    item: str
    first: date
    used: tuple[int | None, ...]
    expected: float = 0.0

    @property
    def next_day(self) -> date:
        """The first day that is not history."""
        return self.first + timedelta(days=len(self.used))


@dataclass(frozen=True, slots=True)
class Surge:
    """Days, `first` and `last` among them, on which demand is expected to be `factor` (> 0) times the ordinary.

    A kind that the history has seen is learned from it and drawn towards the factor; of another one the factor
    holds. A surge unknown before the day `declared` is not used by a backtest that stands earlier.
    """

    kind: str
    first: date
    last: date
    factor: float
    declared: date = date.min


@dataclass(frozen=True, slots=True)
class Ahead:
    """Pieces that are known to be wanted besides what the history goes on to, by day; `owed` is the backlog."""

    visits: Mapping[date, float] = field(default_factory=dict)
    birthdays: Mapping[date, float] = field(default_factory=dict)
    owed: int = 0


@dataclass(frozen=True, slots=True)
class Projection:
    """Days ahead, the first of them `Series.next_day`.

    `median`, `low`, `high`: 50th, 10th and 90th percentile of each day, in thousandths of a piece.
    `cumulative_median`, `cumulative_high`: of the first n+1 days together, in pieces. They are not sums of the
    days' percentiles: days share the doubt about the level, and rare demand has a median of 0 on every single day.
    """

    method: Method
    history_days: int
    median: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    cumulative_median: tuple[int, ...]
    cumulative_high: tuple[int, ...]
    inputs: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Score:
    """How a method did on `days` days that it had not seen.

    `mae`: mean absolute error of the median, pieces a day. `mase`: that ÷ the mean absolute difference between days
    a week apart in what came before (Hyndman & Koehler 2006); 0 when nothing ever differed. `coverage`: share of
    the days on which the office is open at all, by weekday, that lay in the 80 % interval; 1 without any.
    """

    mase: float
    coverage: float
    mae: float
    days: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which method was chosen on earlier months, and how each did there and on later months that the choice did not
    know. Both are empty when the history is too short to be parted."""

    chosen: Method
    chosen_on: Mapping[Method, Score]
    judged_on: Mapping[Method, Score]
