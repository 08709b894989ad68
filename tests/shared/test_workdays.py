"""Which days count as working days, and since when somebody is silent."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.workdays import is_working_day, silent_since, working_days_before

JAKARTA, JAYAPURA = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Jayapura")


def test_weekends_public_holidays_and_collective_leave_are_no_working_days() -> None:
    assert is_working_day(date(2026, 11, 25))
    assert not is_working_day(date(2026, 11, 28)) and not is_working_day(date(2026, 11, 29))
    assert not is_working_day(date(2024, 11, 27)), "the regional election"
    assert not is_working_day(date(2026, 12, 24)), "collective leave before Christmas"


def test_working_days_are_counted_back_from_the_day_before() -> None:
    assert working_days_before(date(2026, 11, 25), 2) == date(2026, 11, 23)
    assert working_days_before(date(2026, 11, 23), 2) == date(2026, 11, 19), "over a weekend"
    assert working_days_before(date(2024, 11, 28), 2) == date(2024, 11, 25), "over the election"


def test_a_working_day_begins_at_midnight_where_the_office_is() -> None:
    late_on_tuesday_in_jakarta = datetime(2026, 11, 24, 23, 30, tzinfo=JAKARTA)
    assert silent_since(late_on_tuesday_in_jakarta, JAKARTA, 2) == datetime(2026, 11, 20, tzinfo=JAKARTA)
    assert silent_since(late_on_tuesday_in_jakarta, JAYAPURA, 2) == datetime(2026, 11, 23, tzinfo=JAYAPURA)
