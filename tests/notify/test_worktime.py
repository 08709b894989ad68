"""Working time: it passes during office hours of working days, where the office is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.worktime import Calendar, OfficeHours, after, monday_to_friday, worked
from shared.workdays import is_working_day

WIB, WITA, WIT = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Makassar"), ZoneInfo("Asia/Jayapura")
AHEAD = {WIB: 7, WITA: 8, WIT: 9}
NINE_TO_FIVE = OfficeHours(9 * 60, 17 * 60)
HOURS = OfficeHours()
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
NONE = timedelta()
INDONESIA = Calendar(official=is_working_day)

Works = Callable[[date], bool]


def at(day: str, clock: str, zone: ZoneInfo = WIB) -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone)


def wib(since: datetime, span: timedelta, works: Works = INDONESIA.works) -> datetime:
    return after(since, span, WIB, HOURS, works)


def test_eight_working_hours_make_a_working_day() -> None:
    assert HOURS.working_day == 8 * HOUR
    assert wib(at("2026-11-24", "10:30"), HOURS.working_day) == at("2026-11-25", "10:30")
    assert wib(at("2026-11-24", "10:30"), 2 * HOUR) == at("2026-11-24", "12:30")


def test_outside_office_hours_time_stands_still() -> None:
    for clock in ("16:00", "16:01", "23:59:59"):
        assert wib(at("2026-11-24", clock), HOUR) == at("2026-11-25", "09:00")
    assert wib(at("2026-11-25", "00:00"), HOUR) == wib(at("2026-11-25", "08:00"), HOUR) == at("2026-11-25", "09:00")


def test_no_span_ends_at_once_even_at_night() -> None:
    at_night = at("2026-11-28", "23:11:07")
    assert wib(at_night, NONE) == at_night
    assert wib(at_night, NONE).tzinfo is UTC and wib(at_night, MINUTE).tzinfo is UTC


def test_a_span_that_ends_as_the_office_closes_does_not_wait_for_the_next_morning() -> None:
    assert wib(at("2026-11-27", "14:00"), 2 * HOUR) == at("2026-11-27", "16:00")
    assert wib(at("2026-11-27", "14:00"), 2 * HOUR + MINUTE) == at("2026-11-30", "08:01")
    assert wib(at("2026-11-27", "18:00"), 2 * HOURS.working_day) == at("2026-12-01", "16:00")


def test_friday_afternoon_goes_on_on_monday() -> None:
    assert wib(at("2026-11-27", "15:30"), HOUR) == at("2026-11-30", "08:30")
    assert worked(at("2026-11-27", "15:30"), at("2026-11-30", "08:30"), WIB, HOURS, INDONESIA.works) == HOUR


def test_who_is_asked_before_idul_fitri_answers_after_it() -> None:
    """2026: Nyepi and Idul Fitri with their collective leave, 18 to 24 March; offices open on Wednesday the 25th."""
    tuesday = at("2026-03-17", "15:00")
    assert wib(tuesday, 2 * HOUR) == at("2026-03-25", "09:00")
    assert wib(tuesday, HOURS.working_day) == at("2026-03-25", "15:00")
    assert wib(tuesday, 2 * HOUR, monday_to_friday) == at("2026-03-18", "09:00")
    holidays = at("2026-03-17", "16:00"), at("2026-03-25", "08:00")
    assert worked(*holidays, WIB, HOURS, INDONESIA.works) == NONE


def test_a_saturday_declared_a_working_day_is_worked() -> None:
    works = Calendar(days={date(2026, 11, 28): True}, official=is_working_day).works
    assert wib(at("2026-11-27", "15:00"), 3 * HOUR, works) == at("2026-11-28", "10:00")
    assert wib(at("2026-11-27", "15:00"), 9 * HOUR, works) == at("2026-11-28", "16:00")
    assert wib(at("2026-11-27", "15:00"), 10 * HOUR, works) == at("2026-11-30", "09:00")


def test_a_monday_declared_free_is_not_worked() -> None:
    works = Calendar(days={date(2026, 11, 30): False}, official=is_working_day).works
    assert wib(at("2026-11-27", "15:00"), 2 * HOUR, works) == at("2026-12-01", "09:00")


def test_what_an_administrator_declares_comes_before_the_official_list_and_nothing_else_changes() -> None:
    christmas, monday = date(2026, 12, 25), date(2026, 11, 30)
    declared = Calendar(days={christmas: True, monday: False}, official=is_working_day)
    assert declared.works(christmas) and not is_working_day(christmas)
    assert not declared.works(monday) and is_working_day(monday)
    others = (christmas + n * DAY for n in range(1, 365))
    assert all(declared.works(day) == is_working_day(day) for day in others)
    plain = Calendar()
    assert plain.works(christmas) and not plain.works(date(2026, 11, 28)), "a Friday, a Saturday, by no list at all"


def test_the_office_is_open_by_its_own_clock() -> None:
    asked = at("2026-11-24", "14:30", WIB)
    assert after(asked, HOUR, WIB, HOURS, is_working_day) == at("2026-11-24", "15:30", WIB)
    assert after(asked, HOUR, WITA, HOURS, is_working_day) == at("2026-11-25", "08:30", WITA)
    assert after(asked, HOUR, WIT, HOURS, is_working_day) == at("2026-11-25", "09:00", WIT)
    # Sunday, 23:30 in Bengkulu, is Monday there already.
    assert after(at("2026-11-29", "23:30", WIB), HOUR, WIT, HOURS, is_working_day) == at("2026-11-30", "09:00", WIT)


def test_no_zone_of_indonesia_moves_its_clocks() -> None:
    for zone, ahead in AHEAD.items():
        noons = (datetime(2020, 1, 1, 12, tzinfo=zone) + n * DAY for n in range(20 * 365))
        assert {noon.utcoffset() for noon in noons} == {timedelta(hours=ahead)}


def test_a_calendar_without_a_working_day_is_an_error_and_not_forever() -> None:
    with pytest.raises(ValueError, match="no working day within two years"):
        wib(at("2026-11-24", "10:00"), HOUR, lambda _: False)
    only_today = Calendar(days={date(2026, 11, 24): True}, official=lambda _: False)
    assert wib(at("2026-11-24", "10:00"), 6 * HOUR, only_today.works) == at("2026-11-24", "16:00")
    with pytest.raises(ValueError, match="no working day within two years"):
        wib(at("2026-11-24", "10:00"), 6 * HOUR + MINUTE, only_today.works)
    two_years_on = Calendar(days={date(2028, 11, 24): True}, official=lambda _: False)
    assert wib(at("2026-11-24", "10:00"), HOUR, two_years_on.works) == at("2028-11-24", "09:00")
    a_day_later = Calendar(days={date(2028, 11, 25): True}, official=lambda _: False)
    with pytest.raises(ValueError, match="no working day within two years"):
        wib(at("2026-11-24", "10:00"), HOUR, a_day_later.works)
    assert worked(at("2026-11-24", "10:00"), at("2031-11-24", "10:00"), WIB, HOURS, lambda _: False) == NONE


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        wib(at("2026-11-24", "10:00"), -MINUTE)
    assert worked(at("2026-11-24", "10:00"), at("2026-11-24", "09:00"), WIB, HOURS, is_working_day) == NONE
    assert worked(at("2026-11-24", "10:00"), at("2026-11-20", "09:00"), WIB, HOURS, is_working_day) == NONE


@pytest.mark.parametrize(("opens", "closes"), [(600, 600), (600, 480), (-1, 480), (480, 1441)])
def test_an_office_that_never_opens_is_no_office(opens: int, closes: int) -> None:
    with pytest.raises(ValueError, match="opens before it closes"):
        OfficeHours(opens, closes)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"opens": %d, "closes": %d}' % (opens, closes), type=OfficeHours)


def minute_by_minute(since: datetime, span: int, ahead: int, hours: OfficeHours, works: Works) -> datetime:
    """The same, as one would do it with a wall clock and patience: no zone, no day, no shortcut."""
    clock = since.astimezone(timezone(timedelta(hours=ahead)))
    while span:
        span -= hours.opens <= clock.hour * 60 + clock.minute < hours.closes and works(clock.date())
        clock += MINUTE
    return clock


moments = st.integers(0, 700 * 24 * 60).map(lambda minute: datetime(2025, 6, 1, tzinfo=UTC) + minute * MINUTE)
exact = st.datetimes(datetime(2025, 6, 1), datetime(2027, 6, 1), timezones=st.just(UTC))
spans = st.timedeltas(NONE, 90 * HOURS.working_day)
zones = st.sampled_from(list(AHEAD))
ROUND_THE_CLOCK = OfficeHours(0, 1440)
office_hours = st.one_of(
    st.sampled_from([HOURS, NINE_TO_FIVE, ROUND_THE_CLOCK]),
    st.builds(lambda opens, length: OfficeHours(opens, opens + length), st.integers(0, 720), st.integers(60, 720)),
)
calendars = st.dictionaries(st.dates(date(2025, 6, 1), date(2027, 12, 31)), st.booleans(), max_size=60).map(
    lambda days: Calendar(days=days, official=is_working_day).works
)


@settings(max_examples=150, deadline=None)
@given(moments, st.integers(0, 3 * 480), zones, office_hours, calendars)
def test_it_is_as_a_walk_minute_by_minute(
    since: datetime, span: int, zone: ZoneInfo, hours: OfficeHours, works: Works
) -> None:
    walked = minute_by_minute(since, span, AHEAD[zone], hours, works)
    assert after(since, span * MINUTE, zone, hours, works) == walked
    assert worked(since, walked, zone, hours, works) == span * MINUTE


@settings(max_examples=300, deadline=None)
@given(exact, spans, spans, zones, office_hours, calendars)
def test_a_span_may_be_waited_for_in_parts_and_measured_again(
    since: datetime, one: timedelta, other: timedelta, zone: ZoneInfo, hours: OfficeHours, works: Works
) -> None:
    def on(begin: datetime, span: timedelta) -> datetime:
        return after(begin, span, zone, hours, works)

    end = on(since, one + other)
    assert end == on(on(since, one), other)
    assert worked(since, end, zone, hours, works) == one + other
    # It ends as soon as it can: a moment earlier, less was worked.
    tick = timedelta.resolution
    assert one + other == NONE or worked(since, end - tick, zone, hours, works) == one + other - tick


@settings(max_examples=300, deadline=None)
@given(exact, exact, spans, spans, zones, office_hours, calendars)
def test_who_is_asked_later_or_given_longer_need_not_answer_earlier(
    a: datetime, b: datetime, one: timedelta, other: timedelta, zone: ZoneInfo, hours: OfficeHours, works: Works
) -> None:
    earlier, later = sorted((a, b))
    short, long = sorted((one, other))
    first = after(earlier, short, zone, hours, works)
    assert first >= earlier
    assert first <= after(later, short, zone, hours, works)
    assert first <= after(earlier, long, zone, hours, works)


@settings(max_examples=300, deadline=None)
@given(st.tuples(exact, exact, exact), zones, office_hours, calendars)
def test_what_was_worked_adds_up(
    moments: tuple[datetime, datetime, datetime], zone: ZoneInfo, hours: OfficeHours, works: Works
) -> None:
    a, b, c = sorted(moments)
    parts = worked(a, b, zone, hours, works) + worked(b, c, zone, hours, works)
    assert worked(a, c, zone, hours, works) == parts
    assert worked(c, a, zone, hours, works) == NONE
