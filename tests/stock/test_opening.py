"""Getting on board."""

from datetime import timedelta

import msgspec
import pytest

from services.stock.domain import BlanksReceived, StockLow
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    MALL,
    NOON,
    STORE,
    book,
    card,
    count,
    facts,
    holding,
    names,
    nothing,
    receipt,
)
from tests.stock.test_premises import closing, opening


def test_an_opening_count_opens_the_books_with_what_was_found() -> None:
    decision = nothing.when(count(5_000))
    assert names(decision) == ["DailyUseEstimated", "BlanksReceived"]
    assert decision[1] == (
        BOOK,
        BlanksReceived(
            office=BENGKULU,
            item="KTP_WNI",
            location=STORE,
            quantity=5_000,
            source="OPENING",
            bast="BA-1/2024",
            counters=("p:ani", "p:budi"),
            counted_at=NOON,
            location_on_hand=5_000,
            on_hand=5_000,
            available=5_000,
        ),
    )


def test_an_office_is_not_on_board_before_its_opening_count_however_much_it_received() -> None:
    office = nothing.after(receipt(100))
    assert (book(office).on_hand, book(office).onboard) == (100, False)
    assert book(office.after(count(100))).onboard


def test_an_office_that_is_not_on_board_raises_no_alarm_until_it_is_counted() -> None:
    assert "StockLow" not in names(nothing.when(card()))
    assert names(nothing.after(receipt(3), card()).when(count(2)))[-1] == "StockLow"


def test_an_opening_count_of_nothing_is_an_empty_store_and_says_so_at_once() -> None:
    low = facts(nothing.when(count(0)))[-1]
    assert isinstance(low, StockLow)
    assert (low.level, low.previous_level, low.episode) == ("EMPTY", "OK", 1)


def test_what_was_booked_before_the_opening_count_is_part_of_what_was_counted() -> None:
    office = nothing.after(receipt(100), card()).after(count(500))
    assert book(office).on_hand == 500


def test_an_opening_count_that_finds_less_than_was_booked_is_a_variance() -> None:
    before = nothing.after(receipt(100))
    assert names(before.when(count(80))) == ["DailyUseEstimated", "BlanksReceived", "VarianceRecorded", "StockLow"]
    assert book(before.after(count(80))).on_hand == 80


def test_an_opening_count_answers_what_was_in_question() -> None:
    office = nothing.after(card())
    assert book(office).in_question
    assert not book(office.after(count(40))).in_question


def test_a_location_is_opened_once() -> None:
    assert holding(500).refused(count(600)).code == "already_on_board"


def test_each_location_has_an_opening_count_of_its_own() -> None:
    office = holding(5_000).after(count(60, location=MALL))
    assert book(office).on_hand == 5_060


@pytest.mark.parametrize(
    ("counters", "code"),
    [(("p:ani", "p:ani"), "counters_are_one"), (("p:ani", "p:citra"), "counter_is_storekeeper")],
)
def test_two_people_count_and_neither_of_them_keeps_the_store(counters: tuple[str, str], code: str) -> None:
    assert nothing.refused(count(500, counters=counters)).code == code


def test_the_largest_office_fits_into_a_state() -> None:
    office = nothing.after(*[count(60_000, location=f"kecamatan-{n:02}-nama-yang-panjang") for n in range(50)])
    office = office.after(*[card(location=f"kecamatan-{n:02}-nama-yang-panjang") for n in range(50)])
    assert len(msgspec.json.encode(book(office))) <= 4_096


def test_what_happened_since_an_opening_count_that_is_entered_later_is_not_part_of_what_was_counted() -> None:
    morning, at_ten = NOON - timedelta(hours=3), NOON - timedelta(hours=1)
    printed = [card(job=f"job-{n}", occurred_at=at_ten) for n in range(5)]
    told_first = nothing.after(*printed, receipt(20, occurred_at=at_ten), count(100, occurred_at=morning))
    counted_first = nothing.after(count(100, occurred_at=morning), *printed, receipt(20, occurred_at=at_ten))
    assert book(told_first).on_hand == book(counted_first).on_hand == 115
    short = nothing.after(*printed, count(3, occurred_at=morning))
    assert book(short).shelf(STORE).questions == ("BELOW_ZERO",)


def test_no_books_are_opened_at_a_location_that_was_closed() -> None:
    closed = nothing.after(opening(MALL), closing(MALL))
    assert closed.refused(count(5, location=MALL)).code == "location_closed"
