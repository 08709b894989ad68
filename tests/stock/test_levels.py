"""When stock is low, and when it is not any more."""

from datetime import date
from itertools import pairwise

import pytest

from services.stock.domain import Level, StockLow, StockRecovered, daily_use_default
from services.stock.domain.levels import Thresholds, level_after
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    agreed,
    book,
    card,
    consignment,
    count,
    facts,
    holding,
    names,
    nothing,
    receipt,
    thresholds,
)


def test_stock_low_is_said_at_the_crossing_with_the_figures_needed_to_act() -> None:
    _, low = holding(1_401).when(card())
    assert low == (
        BOOK,
        StockLow(
            office=BENGKULU,
            item="KTP_WNI",
            level="LOW",
            previous_level="OK",
            episode=1,
            on_hand=1_400,
            available=1_400,
            daily_use=140.0,
            days_of_cover=10.0,
            projected_empty_on=date(2024, 11, 14),
            thresholds_version=0,
        ),
    )


def test_stock_low_is_said_once_a_level_and_not_on_every_card_below_it() -> None:
    office = holding(1_401).after(card())
    assert names(office.when(card())) == ["BlankUsed"]


def test_worse_levels_are_said_within_the_same_episode() -> None:
    office = holding(5_000).after(thresholds(10, 5), *agreed(4_989), consignment(4_989, office=BENGKULU, to="17.01"))
    said: list[tuple[Level, Level, int]] = []
    for _ in range(11):
        decision = office.when(card())
        said += [(low.level, low.previous_level, low.episode) for low in facts(decision) if isinstance(low, StockLow)]
        office = office.given(decision)
    assert said == [("LOW", "OK", 1), ("CRITICAL", "LOW", 1), ("EMPTY", "CRITICAL", 1)]


def test_a_level_may_be_skipped() -> None:
    low = facts(holding(5_000).after(*agreed(5_000)).when(consignment(5_000, office=BENGKULU, to="17.01")))[-2:]
    assert [f.level for f in low if isinstance(f, StockLow)] == ["EMPTY"]


def test_a_receipt_that_helps_but_does_not_end_the_shortage_is_a_better_level_of_the_same_episode() -> None:
    _, low = facts(holding(0).when(receipt(1_500)))
    assert isinstance(low, StockLow)
    assert (low.level, low.previous_level, low.episode) == ("LOW", "EMPTY", 1)


def test_a_receipt_of_fifty_against_a_shortage_of_thousands_changes_nothing() -> None:
    office = holding(600)
    assert names(office.when(receipt(50))) == ["BlanksReceived"]


@pytest.mark.parametrize(("received", "over"), [(1_680, False), (1_681, True)])
def test_a_shortage_is_over_only_above_the_recovery_level(received: int, over: bool) -> None:
    assert ("StockRecovered" in names(holding(0).when(receipt(received)))) is over


def test_recovery_names_the_episode_and_the_next_crossing_opens_another() -> None:
    office = holding(1_000)
    _, recovered = facts(office.when(receipt(1_000)))
    assert recovered == StockRecovered(
        office=BENGKULU, item="KTP_WNI", previous_level="LOW", episode=1, on_hand=2_000, available=2_000
    )
    assert names(office.after(receipt(1_000)).when(thresholds(2_500, 100))) == ["ThresholdsSet", "StockLow"]
    assert book(office.after(receipt(1_000), thresholds(2_500, 100))).episode == 2


def test_own_thresholds_win_over_days_of_cover_until_they_are_given_up() -> None:
    office = holding(1_000).after(thresholds(500, 250))
    assert book(office).level == "OK", "a thousand are well above five hundred and a fifth"
    again = facts(office.when(thresholds(None, None)))
    assert [type(fact).__name__ for fact in again] == ["ThresholdsSet", "StockLow"]
    assert isinstance(again[1], StockLow) and again[1].thresholds_version == 2


def test_setting_the_same_thresholds_again_changes_nothing() -> None:
    assert holding(5_000).after(thresholds(500, 250)).when(thresholds(500, 250)) == []


@pytest.mark.parametrize(("low", "critical", "recovery"), [(500, 501, 600), (500, 250, 499)])
def test_thresholds_out_of_order_are_refused(low: int, critical: int, recovery: int) -> None:
    assert holding(5_000).refused(thresholds(low, critical, recovery)).code == "thresholds_out_of_order"


def test_an_estimate_that_rises_can_make_a_stock_low_without_a_movement_of_its_own() -> None:
    office = holding(1_800).after(*[card()] * 390)
    assert book(office).level == "OK"
    said = names(office.when(card(day=date(2024, 11, 5))))
    assert said == ["DailyUseEstimated", "BlankUsed", "StockLow"], "165 a day now, and 1,409 blanks"


def test_without_any_use_there_is_no_day_on_which_stock_runs_out() -> None:
    low = facts(nothing.when(count(0, daily_use_default=0)))[-1]
    assert isinstance(low, StockLow)
    assert (low.level, low.days_of_cover, low.projected_empty_on) == ("EMPTY", None, None)


def test_kota_bengkulu_starts_from_its_share_of_the_nations_cards() -> None:
    assert daily_use_default(400_533, "KTP_WNI") == 143_361
    assert daily_use_default(400_533, "RIBBON") == 286


THRESHOLDS = Thresholds(100, 50, 130)


@pytest.mark.parametrize(
    ("level", "available", "after"),
    [
        ("OK", 101, "OK"),
        ("OK", 100, "LOW"),
        ("OK", 50, "CRITICAL"),
        ("OK", 0, "EMPTY"),
        ("OK", -3, "EMPTY"),
        ("LOW", 130, "LOW"),
        ("LOW", 131, "OK"),
        ("LOW", 50, "CRITICAL"),
        ("CRITICAL", 60, "CRITICAL"),
        ("CRITICAL", 61, "LOW"),
        ("CRITICAL", 131, "OK"),
        ("EMPTY", 1, "CRITICAL"),
        ("EMPTY", 61, "LOW"),
    ],
)
def test_worse_at_the_threshold_better_only_above_its_margin(level: Level, available: int, after: Level) -> None:
    assert level_after(level, available, THRESHOLDS) == after


def test_above_the_recovery_level_a_shortage_is_over_however_near_critical_is() -> None:
    assert level_after("CRITICAL", 105, Thresholds(100, 95, 104)) == "OK"


def test_a_stock_that_hovers_around_its_threshold_does_not_flap() -> None:
    levels: list[Level] = ["OK"]
    for available in (101, 100, 101, 100, 120, 99, 131, 130, 101, 100):
        levels.append(level_after(levels[-1], available, THRESHOLDS))
    assert sum(before != after for before, after in pairwise(levels)) == 3
