"""Working days of Indonesia: Monday to Friday, without public holidays and the government's collective leave.

Days are announced, and sometimes added, by decree: those of a coming year may still be estimates. Good
for what is asked again every day; nothing that is stored follows from them.
"""

from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from holidays import HolidayBase, country_holidays

SATURDAY = 5


@cache
def _holidays() -> HolidayBase:
    return country_holidays("ID", categories=("public", "government"))


def is_working_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in _holidays()


def working_days_before(day: date, count: int) -> date:
    """The first of the last `count` working days that were over when `day` began."""
    while count:
        day -= timedelta(days=1)
        count -= is_working_day(day)
    return day


def silent_since(now: datetime, timezone: ZoneInfo, days: int) -> datetime:
    """Whoever was not heard of since this moment was silent for so many whole working days."""
    first = working_days_before(now.astimezone(timezone).date(), days)
    return datetime.combine(first, time(), timezone)
