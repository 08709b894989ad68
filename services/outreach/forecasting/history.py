"""A series as numbers, together with what the calendar knows of its days and of those ahead."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from services.outreach.forecasting.days import COLUMNS, Floats, calendar, surge_columns
from services.outreach.forecasting.series import Series, Surge

MANY = 8.0
"""A weekday without one piece is closed once so many would have been used if it were like the others."""


@dataclass(frozen=True, slots=True)
class History:
    """`used`: pieces of each day, NaN where it tells nothing; the tables go on for the days ahead."""

    used: Floats
    weekdays: NDArray[np.intp]
    calendar: Floats
    declared: Floats
    kinds: dict[str, Floats]
    expected: float

    @property
    def days(self) -> int:
        return len(self.used)

    @property
    def told(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.used)

    def open_days(self) -> NDArray[np.bool_]:
        """Which days, those ahead too, are of a weekday on which anything is ever used."""
        told, weekdays = self.told, self.weekdays[: self.days]
        used = np.bincount(weekdays[told], self.used[told], minlength=7)
        count = np.bincount(weekdays[told], minlength=7)
        ordinary = used.sum() / max(1, count.sum())
        weekdays = np.asarray((used > 0) | (count * ordinary < MANY), dtype=np.bool_)
        return np.asarray(weekdays[self.weekdays], dtype=np.bool_)

    def closed(self) -> NDArray[np.bool_]:
        """Which days are holidays, weekends within Lebaran's recess among them."""
        return np.asarray(
            self.calendar[:, [COLUMNS.index("holiday"), COLUMNS.index("recess")]].any(axis=1), dtype=np.bool_
        )

    def until(self, days: int, horizon: int) -> "History":
        """What was known after so many days, with that many ahead."""
        end = days + horizon
        kinds = {kind: columns[:end] for kind, columns in self.kinds.items()}
        return History(
            self.used[:days], self.weekdays[:end], self.calendar[:end], self.declared[:end], kinds, self.expected
        )


def history_of(series: Series, surges: Iterable[Surge], holidays: frozenset[date], ahead: int) -> History:
    count = len(series.used) + ahead
    declared, kinds = surge_columns(surges, series.first, count)
    return History(
        as_numbers(series.used),
        (np.arange(count) + series.first.weekday()) % 7,
        calendar(series.first, count, holidays),
        declared,
        kinds,
        series.expected,
    )


def as_numbers(used: Sequence[int | None]) -> Floats:
    return np.array([np.nan if pieces is None else pieces for pieces in used], dtype=np.float64)
