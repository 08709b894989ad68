"""What the calendar says of a day."""

from datetime import date, timedelta

import numpy as np
import pytest

from services.outreach.forecasting import Surge
from services.outreach.forecasting.days import COLUMNS, calendar, days_off, surge_columns
from shared.workdays import holidays_of, is_working_day
from tests.outreach.forecasting.demands import EID

FIRST = date(2024, 1, 1)
HOLIDAYS = EID | {date(2024, 5, 1), date(2024, 8, 17)}


def said_of(day: date, holidays: frozenset[date] = HOLIDAYS) -> set[str]:
    row = calendar(FIRST, 366, holidays)[(day - FIRST).days]
    return {
        name
        for name, value in zip(COLUMNS, row, strict=True)
        if value == 1 and not name.startswith(("weekday", "sine", "cosine"))
    }


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2024, 5, 1), {"holiday"}),
        (date(2024, 6, 12), set()),
        (date(2024, 4, 30), {"before_holiday", "4_weeks_after_recess"}),
        (date(2024, 5, 2), {"after_holiday", "4_weeks_after_recess"}),
        (date(2024, 4, 6), {"recess"}),
        (date(2024, 4, 10), {"recess"}),
        (date(2024, 4, 14), {"recess"}),
        (date(2024, 4, 15), {"first_day_after_recess", "week_after_recess"}),
        (date(2024, 4, 16), {"week_after_recess"}),
        (date(2024, 4, 22), {"2_weeks_after_recess"}),
        (date(2024, 4, 5), {"before_holiday", "recess_in_7_days"}),
        (date(2024, 3, 11), {"recess_in_28_days"}),
    ],
)
def test_a_day_is_described_by_the_days_off_around_it(day: date, said: set[str]) -> None:
    assert said_of(day) == said


def test_a_holiday_on_a_weekend_changes_nothing() -> None:
    assert said_of(date(2024, 8, 16)) == said_of(date(2024, 8, 19)) == said_of(date(2024, 8, 17)) == set()


@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_lebaran_is_the_only_recess_of_a_year(year: int) -> None:
    first = date(year, 1, 1)
    recess = calendar(first, 365, days_off(holidays_of(year), first, 365))[:, COLUMNS.index("recess")]
    (begins,) = np.flatnonzero(np.diff(recess) == 1)
    eid = next(day for day, name in holidays_of(year).items() if "Idul Fitri" in name and "Cuti" not in name)
    assert recess[(eid - first).days] == 1 and recess.sum() == recess[begins + 1 : begins + 13].sum() >= 6


def test_a_function_says_what_a_set_says() -> None:
    def holiday(day: date) -> bool:
        return not is_working_day(day) and day.weekday() < 5

    off = frozenset(day for year in (2023, 2024, 2025) for day in holidays_of(year))
    assert np.array_equal(calendar(FIRST, 366, days_off(holiday, FIRST, 366)), calendar(FIRST, 366, off))


def test_weekends_may_be_told_as_holidays() -> None:
    weekends = {FIRST + timedelta(days=number) for number in range(-60, 430)}
    weekends = {day for day in weekends if day.weekday() >= 5}
    assert np.array_equal(calendar(FIRST, 366, frozenset(HOLIDAYS | weekends)), calendar(FIRST, 366, HOLIDAYS))


def test_surges_multiply_and_each_kind_rises_from_its_first_day_to_its_last() -> None:
    surges = [
        Surge("CPNS", date(2023, 12, 30), date(2024, 1, 3), 2.0),
        Surge("PILKADA", date(2024, 1, 3), date(2024, 1, 9), 1.5),
        Surge("PEMILU", date(2025, 1, 1), date(2025, 1, 2), 9.0),
    ]
    declared, kinds = surge_columns(surges, FIRST, 5)
    assert np.exp(declared) == pytest.approx([2, 2, 3, 1.5, 1.5])
    assert kinds.keys() == {"CPNS", "PILKADA"}
    assert kinds["CPNS"].tolist() == [[1, 0], [1, 0.5], [1, 1], [0, 0], [0, 0]]
    assert kinds["PILKADA"][:, 1] == pytest.approx([0, 0, -1, -2 / 3, -1 / 3])
