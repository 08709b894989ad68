"""Ribbons and films: a roll leaves the shelf when it is put into a printer, and lasts until the next one is."""

from datetime import date, timedelta
from typing import Any

from services.stock.domain import BlankUsed, CloseDay, DailyUseEstimated, StockLow, UseBlank, book_of
from shared.testing import Scenario
from tests.stock.bengkulu import BENGKULU, HERE, MONDAY, STORE, WHEN, count, facts, names, nothing

A_ROLL_IN_FOUR_DAYS = 250


def put_in(day: date = MONDAY, **but: Any) -> UseBlank:
    """A ribbon went into a printer."""
    said = {"item": "RIBBON", "job": "change-1", "day": day, "daily_use_default": A_ROLL_IN_FOUR_DAYS}
    return UseBlank(**HERE | said | but)


def shelf_of(rolls: int) -> Scenario:
    return nothing.after(count(rolls, item="RIBBON", daily_use_default=A_ROLL_IN_FOUR_DAYS))


def on_day(n: int) -> date:
    return MONDAY + timedelta(days=n)


def test_a_roll_that_was_put_in_has_left_the_shelf() -> None:
    used = BlankUsed(
        office=BENGKULU,
        item="RIBBON",
        location=STORE,
        quantity=1,
        job="change-1",
        used_on=MONDAY,
        location_on_hand=9,
        on_hand=9,
        available=9,
    )
    assert shelf_of(10).when(put_in()) == [(book_of(BENGKULU, "RIBBON"), used)]


def test_a_roll_is_put_in_though_the_books_hold_none() -> None:
    assert names(nothing.when(put_in())) == ["BlankUsed", "DiscrepancyFound"]


def test_the_estimate_follows_how_long_rolls_lasted_and_not_how_many_a_day_of_changes_took() -> None:
    office = shelf_of(10).after(put_in())
    [learned, _] = facts(office.when(put_in(on_day(5))))
    day: dict[str, Any] = {"day": MONDAY, "used": 1, "on_hand": 9, "available": 9}
    assert learned == DailyUseEstimated(office=BENGKULU, item="RIBBON", thousandths=245, **day), (
        "(9 x 250 + 1000 / 5) / 10"
    )
    two = office.after(put_in(job="change-2"))
    [learned, _] = facts(two.when(put_in(on_day(5))))
    assert isinstance(learned, DailyUseEstimated) and (learned.thousandths, learned.used) == (265, 2)


def test_a_night_does_not_tell_how_long_a_roll_lasts() -> None:
    night = CloseDay(**WHEN | {"office": BENGKULU, "item": "RIBBON"})
    assert shelf_of(10).after(put_in()).when(night) == []


def test_rolls_run_low_by_the_days_that_they_last() -> None:
    office = shelf_of(5).after(put_in())
    assert names(office.when(put_in(on_day(4)))) == ["DailyUseEstimated", "BlankUsed", "StockLow"]
    *_, low = facts(office.when(put_in(on_day(4))))
    assert isinstance(low, StockLow) and (low.available, low.daily_use, low.days_of_cover) == (3, 0.25, 12.0)


def test_a_month_of_changes_every_four_days_leaves_the_estimate_where_it_is() -> None:
    office = shelf_of(30).after(*(put_in(on_day(4 * n), job=f"change-{n}") for n in range(8)))
    [learned, _] = facts(office.when(put_in(on_day(32))))
    assert isinstance(learned, DailyUseEstimated) and learned.thousandths == A_ROLL_IN_FOUR_DAYS
