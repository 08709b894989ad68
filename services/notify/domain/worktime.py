"""Working time: what passes during office hours of working days, in the office's own zone.

No zone of Indonesia (WIB, WITA, WIT) moves its clocks, so a local day has 24 hours here. The calendar is
a value that comes with the command: the official list, and what an administrator declared.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

SATURDAY = 5
MIDNIGHT = 24 * 60
DAY = timedelta(days=1)
LONGEST_PAUSE = timedelta(days=731)
"""Whoever finds no working day in two years has a calendar that somebody broke."""

Works = Callable[[date], bool]
"""Whether a day is a working day."""


class OfficeHours(msgspec.Struct, frozen=True):
    """From when to when an office works, in minutes after its midnight. Raises `ValueError` if that is no time at all.

    The default is eight hours: so much working time makes a working day.
    """

    opens: int = 8 * 60
    closes: int = 16 * 60

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= MIDNIGHT:
            raise ValueError("an office opens before it closes, within one day")

    @property
    def working_day(self) -> timedelta:
        """The working time of one day."""
        return timedelta(minutes=self.closes - self.opens)

    def opening(self, day: date) -> datetime:
        """When it opens on that day, by its own clock and without a zone."""
        return datetime.combine(day, time()) + timedelta(minutes=self.opens)


def monday_to_friday(day: date) -> bool:
    """What is worked where nobody keeps a list of holidays."""
    return day.weekday() < SATURDAY


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """Which days are worked. What an administrator declared (True: worked) overrides the official list."""

    days: Mapping[date, bool] = field(default_factory=dict)
    official: Works = monday_to_friday

    def works(self, day: date) -> bool:
        """Whether that day is a working day."""
        declared = self.days.get(day)
        return self.official(day) if declared is None else declared


def after(since: datetime, span: timedelta, zone: ZoneInfo, hours: OfficeHours, works: Works) -> datetime:
    """The moment, in UTC, at which so much working time has passed since then. Outside office hours time stands still.

    No span ends at once, whenever that is; one that ends as the office closes ends then, not as it
    opens again. Raises `ValueError` for a negative span, and when no working day is found in two years.
    """
    if span < timedelta():
        raise ValueError("working time does not run backwards")
    if not span:
        return since.astimezone(UTC)
    here = _by_the_clock(since, zone)
    left = span + _of_its_day(here, hours, works)
    day = last = here.date()
    while True:
        if works(day):
            if left <= hours.working_day:
                return (hours.opening(day) + left).replace(tzinfo=zone).astimezone(UTC)
            left -= hours.working_day
            last = day
        elif day - last >= LONGEST_PAUSE:
            raise ValueError("no working day within two years")
        day += DAY


def worked(since: datetime, until: datetime, zone: ZoneInfo, hours: OfficeHours, works: Works) -> timedelta:
    """How much working time passed between these moments: none, if `until` is not the later one."""
    if until <= since:
        return timedelta()
    start, end = _by_the_clock(since, zone), _by_the_clock(until, zone)
    first = start.date()
    days = sum(works(first + n * DAY) for n in range((end.date() - first).days))
    return days * hours.working_day + _of_its_day(end, hours, works) - _of_its_day(start, hours, works)


def _by_the_clock(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _of_its_day(here: datetime, hours: OfficeHours, works: Works) -> timedelta:
    """The working time that has passed of the moment's own day."""
    if not works(here.date()):
        return timedelta()
    return min(max(here - hours.opening(here.date()), timedelta()), hours.working_day)
