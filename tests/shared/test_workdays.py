"""Which days count as working days, since when somebody is silent, and how much time was worked."""

from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from shared.workdays import is_working_day, silent_since, worked, worked_since, working_days_before

JAKARTA, JAYAPURA = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Jayapura")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


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


def test_whoever_keeps_days_of_their_own_asks_by_them() -> None:
    monday_off = date(2026, 11, 23)

    def works(day: date) -> bool:
        return is_working_day(day) and day != monday_off

    assert working_days_before(date(2026, 11, 25), 2, works) == date(2026, 11, 20)
    wednesday = datetime(2026, 11, 25, 3, tzinfo=UTC)
    assert silent_since(wednesday, JAKARTA, 2, works) == datetime(2026, 11, 20, tzinfo=JAKARTA)


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2024: the 15th is a Friday, the 27th was the regional election."""
    return datetime(2024, 11, day, hour, minute, tzinfo=JAKARTA)


def test_only_time_of_working_days_is_worked_and_all_of_it() -> None:
    assert worked(wib(20, 8), wib(21, 8), JAKARTA) == DAY
    assert worked(wib(15, 15), wib(18, 9), JAKARTA) == 18 * HOUR, "Friday afternoon to Monday morning"
    assert worked(wib(16, 9), wib(17, 9), JAKARTA) == timedelta(), "a weekend"
    assert worked(wib(26, 12), wib(28, 12), JAKARTA) == DAY, "over the election"
    assert worked(wib(21, 8), wib(20, 8), JAKARTA) == timedelta(), "backwards"
    assert worked(wib(20, 8), wib(20, 8), JAKARTA) == timedelta()


def test_working_time_goes_over_the_new_year_and_over_years() -> None:
    begin, end = datetime(2023, 12, 29, 12, tzinfo=JAKARTA), datetime(2025, 1, 2, 12, tzinfo=JAKARTA)
    days = [date(2023, 12, 30) + n * DAY for n in range((date(2025, 1, 2) - date(2023, 12, 30)).days)]
    assert worked(begin, end, JAKARTA) == sum(map(is_working_day, days)) * DAY + DAY


def test_the_zone_says_which_day_it_is() -> None:
    friday_evening = wib(15, 22)
    assert worked(friday_evening, friday_evening + 3 * HOUR, JAKARTA) == 2 * HOUR
    assert worked(friday_evening, friday_evening + 3 * HOUR, JAYAPURA) == timedelta()


def test_whoever_came_before_the_moment_saw_more_work_and_nobody_after_it_did() -> None:
    assert worked_since(wib(20, 12), DAY, JAKARTA) == wib(19, 12)
    assert worked_since(wib(18, 9), DAY, JAKARTA) == wib(15, 9)
    # At midnight everybody who came on the weekend has waited one whole Monday, as whoever came late on Friday did.
    assert worked_since(wib(19, 0), DAY, JAKARTA) == wib(16, 0)
    assert worked_since(wib(17, 12), timedelta(), JAKARTA) == wib(16, 0)
    chance = Random(3)
    for _ in range(500):
        until = datetime(2024, 3, 1, tzinfo=JAKARTA) + chance.random() * 300 * DAY
        time, zone = chance.random() * 9 * DAY, chance.choice([JAKARTA, JAYAPURA])
        since = worked_since(until, time, zone)
        assert worked(since, until, zone) == time < worked(since - timedelta(microseconds=1), until, zone)
