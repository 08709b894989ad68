"""What moves demand in Indonesia, 2023 to 2027, by date. From the joint decrees on public holidays (SKB 3 Menteri), the
election commission's calendar, and the civil service agency's announcements; 2027 as far as it is known.

This table is the simulator's own. The forecast has its calendars elsewhere, and must not be tested on what it reads.
"""

from datetime import date, timedelta
from typing import NamedTuple

ONE_DAY = timedelta(days=1)


class Span(NamedTuple):
    first: date
    last: date


def _days(year: int, text: str) -> set[date]:
    """`"1-1 3-22..23"` is 1 January, and 22 and 23 March."""
    found = set()
    for word in text.split():
        month, days = word.split("-")
        start, _, end = days.partition("..")
        found |= {date(year, int(month), day) for day in range(int(start), int(end or start) + 1)}
    return found


CLOSED: frozenset[date] = frozenset(
    # Public holidays, then the days that offices close together (cuti bersama).
    _days(2023, "1-1 1-22 2-18 3-22 4-7 4-22..23 5-1 5-18 6-1 6-4 6-29 7-19 8-17 9-28 12-25")
    | _days(2023, "1-23 3-23 4-19..21 4-24..25 6-2 6-28 6-30 12-26")
    | _days(2024, "1-1 2-8 2-10 2-14 3-11 3-29 4-10..11 5-1 5-9 5-23 6-1 6-17 7-7 8-17 9-16 11-27 12-25")
    | _days(2024, "2-9 3-12 4-8..9 4-12 4-15 5-10 5-24 6-18 12-26")
    | _days(2025, "1-1 1-27 1-29 3-29 3-31 4-1 4-18 5-1 5-12 5-29 6-1 6-6 6-27 8-17 9-5 12-25")
    | _days(2025, "1-28 3-28 4-2..4 4-7 5-13 5-30 6-9 8-18 12-26")
    | _days(2026, "1-1 1-16 2-17 3-19 3-21..22 4-3 5-1 5-14 5-27 5-31 6-1 6-16 8-17 8-25 12-25")
    | _days(2026, "2-16 3-18 3-20 3-23..24 5-15 5-28 12-24")
    | _days(2027, "1-1 1-5 2-6 3-8 3-10..11 3-26 5-1 5-6 5-17 5-20 6-1 6-6 8-15 8-17 12-25 12-26")
    | _days(2027, "2-5 3-9 3-12 3-15 3-25 5-18..19 12-24")
)
"""Days on which no office works."""

LEBARAN = (date(2023, 4, 22), date(2024, 4, 10), date(2025, 3, 31), date(2026, 3, 21), date(2027, 3, 10))
"""The first day of Idul Fitri of each year."""

ELECTIONS = (date(2024, 2, 14), date(2024, 11, 27))
"""The general election and the regional one (Pilkada)."""

VOTED_AGAIN = {
    "19.01": date(2025, 8, 27),
    "19.71": date(2025, 8, 27),
    "16.11": date(2025, 4, 19),
    "63.72": date(2025, 4, 19),
    "91": date(2025, 8, 6),
}
"""Where the regional election was held once more: two cities, two regencies, a province."""

RECRUITMENT = (
    Span(date(2023, 9, 20), date(2023, 10, 11)),
    Span(date(2024, 8, 20), date(2024, 9, 10)),
    Span(date(2024, 10, 1), date(2024, 10, 20)),
    Span(date(2024, 11, 17), date(2024, 12, 31)),
    Span(date(2026, 8, 3), date(2026, 8, 24)),
    Span(date(2027, 8, 9), date(2027, 8, 30)),
)
"""When one could apply for CPNS or PPPK; that a card is missing is found in the weeks before."""

ENROLMENT = tuple(Span(date(year, 5, 25), date(year, 7, 20)) for year in range(2023, 2028))
"""Schools take pupils in, and the school year begins."""

NO_BLANKS_ANYWHERE = Span(date(2023, 7, 3), date(2023, 8, 4))
"""The centre had none to give."""


def works(day: date, saturdays: bool) -> bool:
    """Whether an office is open on a day; `saturdays`, if it serves on them."""
    return day not in CLOSED and (day.weekday() < 5 or (saturdays and day.weekday() == 5))
