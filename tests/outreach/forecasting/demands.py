"""Demand with known causes, made for these tests: seeded, Monday to Friday."""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

import numpy as np

from services.outreach.forecasting import Ahead, Method, Projection, Series, Surge, project

MONDAY = date(2023, 1, 2)
WEEK = (1.2, 1.1, 1.0, 0.9, 0.8, 0.0, 0.0)
EID = frozenset(date(2024, 4, 8) + timedelta(days=number) for number in range(5))
"""Lebaran of 2024 with its collective leave, Monday to Friday."""


def demand(
    days: int,
    level: float = 100.0,
    *,
    factor: Callable[[int, date], float] = lambda number, day: 1.0,
    first: date = MONDAY,
    excess: float = 0.02,
    seed: int = 7,
) -> list[int | None]:
    """Negative-binomial around level × weekday × factor(number of the day, day)."""
    random = np.random.default_rng(seed)
    found: list[int | None] = []
    for number in range(days):
        day = first + timedelta(days=number)
        mean = level * WEEK[day.weekday()] * factor(number, day)
        found.append(int(random.poisson(mean * random.gamma(1 / excess, excess))) if mean else 0)
    return found


def projected(
    used: Iterable[int | None],
    *,
    surges: Iterable[Surge] = (),
    holidays: frozenset[date] = frozenset(),
    ahead: Ahead = Ahead(),  # noqa: B008 - frozen
    method: Method = "POISSON",
    first: date = MONDAY,
    expected: float = 0.0,
) -> Projection:
    series = Series("17.71", "KTP_WNI", first, tuple(used), expected)
    return project(series, list(surges), holidays, ahead, method)


def within(surge: Surge, factor: float) -> Callable[[int, date], float]:
    return lambda number, day: factor if surge.first <= day <= surge.last else 1.0
