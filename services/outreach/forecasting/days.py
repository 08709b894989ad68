"""What the calendar says of each day, as columns of a regression."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from services.outreach.forecasting.series import Holidays, Surge

Floats = NDArray[np.float64]

SATURDAY = 5
AROUND = 45
"""Holidays so many days before and after are looked at: a recess casts its shadow so far."""
RECESS = 6
"""Days off in a row, weekends among them, that only Lebaran's recess has."""
AFTER_RECESS = (7, 14, 28)
BEFORE_RECESS = (7, 28)
HARMONICS = 3

WEEKDAYS = tuple(f"weekday_{number}" for number in range(7))
COLUMNS = (
    *WEEKDAYS,
    "holiday",
    "before_holiday",
    "after_holiday",
    "recess",
    "recess_in_7_days",
    "recess_in_28_days",
    "first_day_after_recess",
    "week_after_recess",
    "2_weeks_after_recess",
    "4_weeks_after_recess",
    *(f"{wave}_{number}" for number in range(1, HARMONICS + 1) for wave in ("sine", "cosine")),
)
PRIOR = (*(7 * (2.0,)), 2.0, 0.3, 0.3, 3.0, 0.3, 0.3, 0.5, 0.5, 0.5, 0.3, *(2 * HARMONICS * (0.02,)))
"""How far from 1 each factor is thought likely to be: standard deviation of its logarithm, before any day is seen.
The year's waves have little room: a level that broke last autumn looks like an autumn."""


def days_off(holidays: Holidays, first: date, count: int) -> frozenset[date]:
    """The holidays from `AROUND` days before `first` to as many after the last of `count` days."""
    if not callable(holidays):
        return holidays if isinstance(holidays, frozenset) else frozenset(holidays)
    span = (first + timedelta(days=number) for number in range(-AROUND, count + AROUND))
    return frozenset(day for day in span if holidays(day))


@lru_cache(maxsize=32)
def calendar(first: date, count: int, holidays: frozenset[date]) -> Floats:
    """Days × `COLUMNS`, read-only, the same for all series of these days."""
    days = [first + timedelta(days=number) for number in range(-AROUND, count + AROUND)]
    off = [day.weekday() >= SATURDAY or day in holidays for day in days]
    recess = _in_long_runs(off)
    table = np.zeros((count, len(COLUMNS)))
    for row in range(count):
        _describe(days, off, recess, row + AROUND, holidays, table[row])
    table.setflags(write=False)
    return table


def _describe(
    days: Sequence[date],
    off: Sequence[bool],
    recess: Sequence[bool],
    at: int,
    holidays: frozenset[date],
    row: Floats,
) -> None:
    day = days[at]
    row[day.weekday()] = 1
    past = next((n for n in range(1, AFTER_RECESS[-1] + 1) if recess[at - n]), None)
    to_come = next((n for n in range(1, BEFORE_RECESS[-1] + 1) if recess[at + n]), None)
    if recess[at]:
        _mark(row, "recess")
    elif day in holidays and day.weekday() < SATURDAY:
        _mark(row, "holiday")
    else:
        if not off[at]:
            if _a_holiday_lies(days, off, holidays, at, 1):
                _mark(row, "before_holiday")
            if past == 1:
                _mark(row, "first_day_after_recess")
            elif _a_holiday_lies(days, off, holidays, at, -1):
                _mark(row, "after_holiday")
        if past is not None:
            names = ("week_after_recess", "2_weeks_after_recess", "4_weeks_after_recess")
            _mark(row, next(name for name, limit in zip(names, AFTER_RECESS, strict=True) if past <= limit))
        if to_come is not None:
            _mark(row, "recess_in_7_days" if to_come <= BEFORE_RECESS[0] else "recess_in_28_days")
    angle = 2 * np.pi * day.timetuple().tm_yday / 365.25
    for number in range(1, HARMONICS + 1):
        row[COLUMNS.index(f"sine_{number}")] = np.sin(number * angle)
        row[COLUMNS.index(f"cosine_{number}")] = np.cos(number * angle)


def _mark(row: Floats, name: str) -> None:
    row[COLUMNS.index(name)] = 1


def _a_holiday_lies(days: Sequence[date], off: Sequence[bool], holidays: frozenset[date], at: int, step: int) -> bool:
    """Whether the days off that begin next to this one hold a holiday within the week, not a weekend alone."""
    at += step
    while 0 <= at < len(days) and off[at]:
        if days[at] in holidays and days[at].weekday() < SATURDAY:
            return True
        at += step
    return False


def _in_long_runs(off: Sequence[bool]) -> list[bool]:
    found = [False] * len(off)
    begin = 0
    for at in range(len(off) + 1):
        if at < len(off) and off[at]:
            continue
        if at - begin >= RECESS:
            found[begin:at] = [True] * (at - begin)
        begin = at + 1
    return found


def surge_columns(surges: Iterable[Surge], first: date, count: int) -> tuple[Floats, dict[str, Floats]]:
    """The logarithm of the declared factors of each day, and for each kind two columns: whether it is such a day,
    and how far the surge is, from −1 on its first day to 1 on its last (0 outside)."""
    declared = np.zeros(count)
    kinds: dict[str, Floats] = {}
    for surge in surges:
        begin, end = (surge.first - first).days, (surge.last - first).days + 1
        inside = slice(max(0, begin), min(count, end))
        if inside.start >= inside.stop:
            continue
        columns = kinds.setdefault(surge.kind, np.zeros((count, 2)))
        declared[inside] += np.log(surge.factor)
        columns[inside, 0] = 1
        columns[inside, 1] = np.linspace(-1, 1, max(2, end - begin))[inside.start - begin : inside.stop - begin]
    return declared, kinds
