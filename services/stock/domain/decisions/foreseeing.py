"""What outreach forecasts, noted in the book it is about: the level is judged anew by it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.stock.domain.commands import StockCommand
from services.stock.domain.facts import ForecastNoted
from services.stock.domain.foresight import REMEMBERED, lead_days_of, reorder_point_of, weeks_of
from services.stock.domain.open_book import OpenBook
from shared.decider import Decision, States

A_DAY = timedelta(days=1)
"""By so much the days of two places may differ."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteForecast(StockCommand):
    """A fact: the office will need so much on each day from `first_day` on.

    In pieces, of the first day, the first two, and so on together: `cumulative_median`, and `cumulative_high`, which
    nine times in ten is not exceeded.
    """

    made_on: date
    first_day: date
    cumulative_median: Sequence[int]
    cumulative_high: Sequence[int]


def note_forecast(command: NoteForecast, states: States) -> Decision:
    """Nothing, if a forecast of that day or a later one is known. One of a day to come would keep out all others."""
    entry = OpenBook(command.office, command.item, command.day, states)
    last = entry.book.outlook
    if command.made_on > command.day + A_DAY or (last is not None and command.made_on <= last.made_on):
        return []
    earlier = last.reorder_points if last is not None and last.counts_on(command.made_on) else ()
    lead_days = lead_days_of(entry.book.lead_time)
    newest = reorder_point_of(command.cumulative_high, lead_days)
    entry.write(
        ForecastNoted(
            office=command.office,
            item=command.item,
            made_on=command.made_on,
            first_day=command.first_day,
            weeks=weeks_of(command.cumulative_median),
            reorder_points=(*earlier, newest)[-REMEMBERED:],
            lead_days=lead_days,
        )
    )
    return entry.close()
