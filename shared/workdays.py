"""Working days of Indonesia: Monday to Friday, without public holidays and the government's collective leave.

Days are announced, and sometimes added, by decree: those of a coming year may still be estimates. Good
for what is asked again every day: whatever rests on them is told anew when they turn out to be others.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

SATURDAY = 5
DAY = timedelta(days=1)


CATEGORIES = ("public", "government")


@cache
def _holidays() -> HolidayBase:
    return country_holidays("ID", categories=CATEGORIES)


@cache
def holidays_of(year: int) -> Mapping[date, str]:
    """The year's public holidays and collective leave by day, in order, with their names in Bahasa Indonesia."""
    return dict(sorted(country_holidays("ID", years=year, categories=CATEGORIES, language="id").items()))


@cache
def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in _holidays()


def working_days_before(day: date, count: int, works: Callable[[date], bool] = is_working_day) -> date:
    """The first of the last `count` working days that were over when `day` began."""
    while count:
        day -= timedelta(days=1)
        count -= works(day)
    return day


def silent_since(
    now: datetime, timezone: ZoneInfo, days: int, works: Callable[[date], bool] = is_working_day
) -> datetime:
    """Whoever was not heard of since this moment was silent for so many whole working days.

    `works` says which days are: the official list, unless somebody keeps a better one.
    """
    first = working_days_before(now.astimezone(timezone).date(), days, works)
    return datetime.combine(first, time(), timezone)


def worked(since: datetime, until: datetime, timezone: ZoneInfo) -> timedelta:
    """How much of the time between these moments belongs to working days, which last from midnight to midnight there.

    Nothing, if `until` is not the later one.
    """
    if until <= since:
        return timedelta()
    start, end = since.astimezone(timezone), until.astimezone(timezone)
    return _working_days(start.date(), end.date()) * DAY + _of_its_day(end) - _of_its_day(start)


def worked_since(until: datetime, time_worked: timedelta, timezone: ZoneInfo) -> datetime:
    """The earliest moment from which no more than this much was `worked` until then: whatever is older saw more."""
    here = until.astimezone(timezone)
    day, left, of_day = here.date(), time_worked, _of_its_day(here)
    while left >= of_day:
        left -= of_day
        day -= DAY
        of_day = DAY if is_working_day(day) else timedelta()
    return datetime.combine(day, time(), timezone) + of_day - left


def _of_its_day(moment: datetime) -> timedelta:
    """What has passed of the moment's own day, if that is a working day. No zone of Indonesia moves its clocks."""
    if not is_working_day(moment.date()):
        return timedelta()
    return moment.replace(tzinfo=None) - datetime.combine(moment.date(), time())


def _working_days(first: date, day: date) -> int:
    """Working days from `first` on and before `day`."""
    whole = sum(_counted(year)[-1] for year in range(first.year, day.year))
    return whole + _counted(day.year)[_of_year(day)] - _counted(first.year)[_of_year(first)]


@cache
def _counted(year: int) -> tuple[int, ...]:
    """For each day of a year, and the one after its last, how many working days of the year came before it."""
    count, counted = 0, [0]
    day = date(year, 1, 1)
    while day.year == year:
        count += is_working_day(day)
        counted.append(count)
        day += DAY
    return tuple(counted)


def _of_year(day: date) -> int:
    return day.toordinal() - date(day.year, 1, 1).toordinal()
