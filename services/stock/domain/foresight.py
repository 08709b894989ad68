"""How long stock will last, and when it is low though its shelf is not: what the forecast adds to `levels`.

Outreach forecasts, day by day, what an office will need. Its book keeps of that what a decision needs:

    weeks          the pieces of each full week: what it adds to the median of the days together
    reorder point  what the lead time and one day more may need, at most nine times in ten; of the last seven forecasts
                   the greatest, for a week has days of every kind, and an uncertain forecast comes and goes
    lead time      days from asking to having: estimate ← (3 × estimate + 1000 × days) ÷ 4, in thousandths,
                   rounded down, from 7 days on, of at most 60 days each time

A forecast counts for seven days. After that, and where the head has switched it off, `levels` alone holds.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import msgspec

from services.stock.domain.facts import CoverFrom
from services.stock.domain.levels import Thresholds, days_of_cover, with_margin

COUNTS_FOR = timedelta(days=7)
LEAD_DAYS, LEAD_DAYS_AT_MOST, REVIEW_DAYS = 7, 60, 1
WEEK = 7
REMEMBERED = 7
"""Forecasts whose reorder points count: a week of them, as they come daily."""


class Outlook(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a book keeps of the newest forecast: see `ForecastNoted`."""

    made_on: date
    first_day: date
    weeks: tuple[int, ...]
    reorder_points: tuple[int, ...]

    @property
    def reorder_point(self) -> int:
        """At or below so many available pieces the next request should have been made."""
        return max(self.reorder_points, default=0)

    def counts_on(self, day: date) -> bool:
        """Whether it is new enough to be believed on that day."""
        return day - self.made_on <= COUNTS_FOR


class Cover(msgspec.Struct, frozen=True):
    """How long the available stock lasts, and what that follows from: see `cover_of`."""

    days: float | None
    empty_on: date | None
    source: CoverFrom


def weeks_of(cumulative_median: Sequence[int]) -> tuple[int, ...]:
    """What each full week adds to the days together. Seldom needed pieces have a median of none on every single day."""
    return tuple(end - begin for begin, end in pairwise((0, *cumulative_median[WEEK - 1 :: WEEK])))


def reorder_point_of(cumulative_high: Sequence[int], lead_days: int) -> int:
    """What the lead time and the day until somebody looks again may need; a short forecast knows its last day only."""
    return cumulative_high[min(lead_days + REVIEW_DAYS, len(cumulative_high)) - 1] if cumulative_high else 0


def lead_days_of(lead_time: int | None) -> int:
    """Days from asking to having, rounded up, at least one."""
    return LEAD_DAYS if lead_time is None else max(-(-lead_time // 1000), 1)


def next_lead_time(lead_time: int | None, days: int) -> int:
    """The lead time believed, in thousandths of a day, after blanks came so many days after they were asked for."""
    believed = LEAD_DAYS * 1000 if lead_time is None else lead_time
    return (3 * believed + 1000 * min(max(days, 0), LEAD_DAYS_AT_MOST)) // 4


def foreseeing(own: Thresholds, reorder_point: int) -> Thresholds:
    """These thresholds, low no later than at the reorder point. Critical stays the shelf's own."""
    if reorder_point <= own.low and with_margin(reorder_point) <= own.recovery:
        return own
    low = max(own.low, reorder_point)
    return Thresholds(low, own.critical, max(own.recovery, with_margin(reorder_point)))


def cover_of(available: int, daily_use: int | None, outlook: Outlook | None, today: date) -> Cover:
    """How long the available stock lasts: by the forecast if there is one that counts today, else by the daily use.

    By the forecast a day needs a seventh of its week, and beyond the last week as much as on the average.
    By the use (in thousandths) each calendar day is one of use, which errs on the early side. `days` in tenths, rounded
    down; None when nothing is believed to be used, `empty_on` also beyond the calendar.
    """
    days: float | None = None
    source: CoverFrom = "FORECAST"
    if outlook is not None and outlook.counts_on(today):
        days = _lasts(available, outlook.weeks, max((today - outlook.first_day).days, 0))
    if days is None:
        days, source = days_of_cover(available, daily_use), "USE"
    if days is None or days > (date.max - today).days:
        return Cover(days, None, source)
    return Cover(days, today + timedelta(days=int(days)), source)


def _lasts(available: int, weeks: Sequence[int], begun: int) -> float | None:
    """Days from the day with this number on, the first being 0; None if the forecast sees no need at all."""
    total = sum(weeks)
    if not total:
        return None
    # In sevenths of a piece, so that a day of a week is a whole number of them.
    left, tenths = 7 * max(available, 0), 0
    if not left:
        return 0.0
    for number, week in enumerate(weeks):
        days = min(WEEK * (number + 1) - begun, WEEK)
        if days <= 0:
            continue
        if left < week * days:
            return (tenths + left * 10 // week) / 10
        left -= week * days
        tenths += 10 * days
    return (tenths + left * 10 * len(weeks) // total) / 10
