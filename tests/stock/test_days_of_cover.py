"""Pieces and days of cover together, the night that closes a day, and days on which stock ran out."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.stock.domain import CloseDay, DailyUseEstimated, SetThresholds, StockLow
from services.stock.domain.levels import OwnThresholds, Thresholds, thresholds_of
from shared.decider import Decision
from tests.stock.bengkulu import A_DAY, BENGKULU, MONDAY, WHEN, book, card, count, facts, holding, names, receipt

TUESDAY = MONDAY + timedelta(days=1)


def own(low: int | None = None, critical: int | None = None, days: int | None = None, few: int | None = None) -> Any:
    said = {"low": low, "critical": critical, "recovery": None, "low_days": days, "critical_days": few}
    return SetThresholds(**WHEN | {"office": BENGKULU} | said)


@pytest.mark.parametrize(
    ("set", "holds"),
    [
        ((1_000, 500, None, None, None), Thresholds(1_000, 500, 1_200)),
        ((None, None, None, 7, 3), Thresholds(980, 420, 1_176)),
        ((1_000, 300, None, 7, 3), Thresholds(1_000, 420, 1_200)),
        ((500, 300, None, 7, 1), Thresholds(980, 300, 1_176)),
        ((500, 300, 600, 7, 1), Thresholds(980, 300, 980)),
        ((100, 90, None, 0, 0), Thresholds(100, 90, 120)),
        ((None, None, None, 1, 1), Thresholds(140, 140, 168)),
    ],
)
def test_of_pieces_and_days_the_greater_counts(set: tuple[Any, ...], holds: Thresholds) -> None:
    assert thresholds_of(OwnThresholds(*set), A_DAY) == holds


def test_critical_is_never_above_low_whatever_use_does() -> None:
    assert thresholds_of(OwnThresholds(100, 90, None, 1, 1), 400_000) == Thresholds(400, 400, 480)
    assert thresholds_of(OwnThresholds(None, None, None, 3, 3), 333) == Thresholds(1, 1, 2)


def test_days_of_cover_follow_the_use_and_pieces_stay() -> None:
    office = holding(5_000).after(own(days=20, few=5))
    assert book(office).thresholds.low == 2_800
    busy = office.after(*[card()] * 440, night(MONDAY))
    assert book(busy).daily_use == 170_000 and book(busy).thresholds.low == 3_400


def test_days_out_of_order_are_refused() -> None:
    assert holding(5_000).refused(own(days=5, few=6)).code == "thresholds_out_of_order"
    assert holding(5_000).refused(own(500, 200, days=5, few=6)).code == "thresholds_out_of_order"


def night(day: date, **but: Any) -> CloseDay:
    return CloseDay(**WHEN | {"office": BENGKULU, "day": day} | but)


def test_the_night_takes_the_day_into_the_estimate_without_waiting_for_a_card() -> None:
    office = holding(5_000).after(*[card()] * 240)
    [estimated] = facts(office.when(night(MONDAY)))
    assert estimated == DailyUseEstimated(
        office=BENGKULU, item="KTP_WNI", thousandths=150_000, day=MONDAY, used=240, on_hand=4_760, available=4_760
    )
    assert names(office.after(night(MONDAY)).when(card(day=TUESDAY))) == ["BlankUsed"], "Monday is closed"


def test_the_night_judges_the_level_by_what_the_day_taught() -> None:
    office = holding(1_800).after(*[card()] * 390)
    estimated, low = facts(office.when(night(MONDAY)))
    assert isinstance(estimated, DailyUseEstimated) and isinstance(low, StockLow)
    assert (low.available, low.daily_use) == (1_410, 165.0)


def test_a_day_is_closed_once_and_not_before_it_is_over() -> None:
    office = holding(5_000).after(card(day=TUESDAY))
    assert office.when(night(MONDAY)) == []
    assert office.after(night(TUESDAY)).when(night(TUESDAY)) == []
    assert holding(5_000).when(night(MONDAY)) == []


def estimates(decision: Decision) -> list[tuple[int, int, bool]]:
    return [(f.thousandths, f.used, f.ran_out) for f in facts(decision) if isinstance(f, DailyUseEstimated)]


def test_a_day_on_which_stock_ran_out_shows_what_there_was_and_teaches_nothing() -> None:
    office = holding(20).after(*[card()] * 20)
    assert estimates(office.when(night(MONDAY))) == [(A_DAY, 20, True)]
    restocked = office.after(receipt(1_000), *[card()] * 10)
    assert estimates(restocked.when(night(MONDAY))) == [(A_DAY, 30, True)], "also if it was filled up that day"
    next_day = restocked.after(night(MONDAY), *[card(day=TUESDAY)] * 240)
    assert estimates(next_day.when(night(TUESDAY))) == [(150_000, 240, False)]


def test_a_card_told_after_its_day_was_closed_counts_with_the_next_day_and_does_not_begin_it() -> None:
    late = holding(5_000).after(card(), night(MONDAY), card())
    assert (book(late).used_that_day, book(late).used_late) == (0, 1)
    begun = late.after(card(day=TUESDAY))
    assert (book(begun).used_that_day, book(begun).used_late) == (1, 1)
    assert estimates(begun.when(night(TUESDAY)))[0][1] == 2


def test_a_second_opening_does_not_forget_a_day_under_way() -> None:
    office = holding(5_000).after(card(), count(10, location="mall"))
    assert book(office).used_that_day == 1
