"""Counts: blind, given while printing goes on, booked as of their beginning."""

from datetime import timedelta
from typing import Any

import pytest

from services.stock.domain import (
    ApproveCount,
    CountApproved,
    CountStarted,
    DiscardCount,
    RepeatCount,
    StartCount,
    StockCounted,
    SubmitCount,
    VarianceRecorded,
    tolerance,
)
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    HERE,
    MALL,
    NOON,
    STORE,
    WHEN,
    book,
    card,
    count,
    facts,
    move,
    names,
    nothing,
    quiet,
    receipt,
)

OURS: dict[str, Any] = WHEN | {"office": BENGKULU, "count": "o-1"}


def minutes(n: float) -> dict[str, Any]:
    """So long after the count began, told at once."""
    return {"now": NOON + timedelta(minutes=n), "occurred_at": NOON + timedelta(minutes=n)}


def told(at: float, of: float) -> dict[str, Any]:
    """Told `at` so many minutes after the count began, of what happened at `of`."""
    return minutes(at) | {"occurred_at": NOON + timedelta(minutes=of)}


def start(**but: Any) -> StartCount:
    said: dict[str, Any] = {"count": "o-1", "counter": "p:ani", "started_by": "p:citra"}
    return StartCount(**HERE | said | but)


def result(counted: int, at: float = 30, **but: Any) -> SubmitCount:
    return SubmitCount(**OURS | told(at, 0) | {"counted": counted, "submitted_by": "p:citra"} | but)


def second(counted: int, of: float = 60, **but: Any) -> RepeatCount:
    said: dict[str, Any] = {"counted": counted, "counter": "p:budi", "entered_by": "p:citra"}
    return RepeatCount(**OURS | minutes(of) | said | but)


def approval(at: float = 90, **but: Any) -> ApproveCount:
    return ApproveCount(**OURS | told(at, 0) | {"approved_by": "p:kepala", "by_head": True} | but)


def discard(**but: Any) -> DiscardCount:
    return DiscardCount(**OURS | minutes(95) | {"reason": "Salah rak", "discarded_by": "p:citra"} | but)


def counting(there: int = 1_000) -> Scenario:
    """The store has so many by the book since yesterday, and Ani is counting it."""
    return nothing.after(count(there, daily_use_default=0, **minutes(-24 * 60)), start())


def test_a_count_begins_blind_and_keeps_where_the_book_stood() -> None:
    (begun,) = facts(quiet(1_000).when(start()))
    assert begun == CountStarted(
        office=BENGKULU,
        item="KTP_WNI",
        location=STORE,
        count="o-1",
        entry=book(quiet(1_000)).entry,
        started_at=NOON,
        counter="p:ani",
    )


@pytest.mark.parametrize(
    ("but", "code"),
    [
        ({"counter": "p:citra"}, "counter_is_storekeeper"),
        ({"location": MALL}, "not_on_board"),
    ],
)
def test_a_count_that_may_not_begin(but: dict[str, Any], code: str) -> None:
    assert quiet(1_000).refused(start(**but)).code == code


def test_a_count_begins_once() -> None:
    assert counting().refused(start()).code == "count_exists"


def test_a_count_that_fits_the_book_is_booked_at_once() -> None:
    assert names(counting().when(result(1_000))) == ["CountSubmitted", "StockCounted", "CountApproved"]


def test_a_count_within_tolerance_is_booked_at_once_with_its_variance() -> None:
    decision = facts(counting().when(result(995)))
    assert [type(fact).__name__ for fact in decision] == [
        "CountSubmitted",
        "VarianceRecorded",
        "StockCounted",
        "CountApproved",
    ]
    assert isinstance(decision[1], VarianceRecorded) and (decision[1].quantity, decision[1].reason) == (-5, "COUNT")
    counted = decision[2]
    assert isinstance(counted, StockCounted)
    assert (counted.counted, counted.expected, counted.counted_at) == (995, 1_000, NOON)
    assert isinstance(decision[3], CountApproved) and decision[3].approved_by is None
    assert book(counting().after(result(995))).on_hand == 995


@pytest.mark.parametrize(("expected", "allowed"), [(0, 2), (-7, 2), (599, 2), (600, 3), (1_000, 5), (10_000, 50)])
def test_the_tolerance_is_two_pieces_or_half_a_percent(expected: int, allowed: int) -> None:
    assert tolerance(expected) == allowed


def test_a_count_above_tolerance_moves_nothing_by_itself() -> None:
    assert names(counting().when(result(994))) == ["CountSubmitted"]
    assert book(counting().after(result(994))).on_hand == 1_000


def test_whoever_counted_does_not_enter_the_count() -> None:
    assert counting().refused(result(1_000, submitted_by="p:ani")).code == "counter_is_storekeeper"


def test_a_count_given_after_movements_is_refused_and_names_them() -> None:
    moved = counting().after(card(**minutes(5)), receipt(50, **minutes(6)), receipt(9, location=MALL, **minutes(7)))
    refusal = moved.refused(result(1_000))
    assert refusal.code == "moved_meanwhile"
    assert [(m["fact"], m["quantity"]) for m in refusal.figures["movements"]] == [
        ("BlankUsed", -1),
        ("BlanksReceived", 50),
    ]
    assert "expected" not in refusal.figures and "location_on_hand" not in refusal.figures


def test_given_again_with_the_last_movement_it_knows_of_the_count_has_them_reckoned_in() -> None:
    moved = counting().after(card(**minutes(5)), receipt(50, **minutes(6)))
    rebase = moved.refused(result(998)).figures["rebase_to"]
    after = moved.after(result(998, through_entry=rebase))
    assert book(after).shelf(STORE).on_hand == 998 - 1 + 50


def test_a_further_movement_refuses_it_again() -> None:
    moved = counting().after(card(**minutes(5)))
    rebase = moved.refused(result(1_000)).figures["rebase_to"]
    again = moved.after(card(job="job-2", **minutes(6))).refused(result(1_000, through_entry=rebase))
    assert (again.code, again.figures["rebase_to"] > rebase) == ("moved_meanwhile", True)


def test_a_guess_at_later_entries_is_no_knowledge_of_them() -> None:
    moved = counting().after(card(**minutes(5)))
    assert moved.refused(result(1_000, through_entry=10_000)).code == "moved_meanwhile"


def test_a_card_told_late_had_left_the_shelf_when_it_was_counted() -> None:
    late = counting().after(card(**told(5, -60)))
    rebase = late.refused(result(999)).figures["rebase_to"]
    decision = late.when(result(999, through_entry=rebase))
    assert "VarianceRecorded" not in names(decision)
    assert book(late.after(result(999, through_entry=rebase))).on_hand == 999


def test_what_is_told_after_a_count_of_the_time_before_it_changes_nothing_of_what_is_there() -> None:
    counted = counting().after(result(1_000))
    assert book(counted.after(card(**told(60, -60)))).on_hand == 1_000


def test_above_tolerance_a_second_counter_and_the_head_book_it() -> None:
    decision = counting().after(result(900), second(900)).when(approval())
    assert names(decision) == ["VarianceRecorded", "StockCounted", "CountApproved"]
    after = counting().after(result(900), second(900), approval())
    assert book(after).on_hand == 900
    counted = facts(decision)[1]
    assert isinstance(counted, StockCounted)
    assert (counted.counters, counted.approved_by) == (("p:ani", "p:budi"), "p:kepala")


def test_the_head_does_not_approve_before_the_second_count() -> None:
    assert counting().after(result(900)).refused(approval()).code == "count_not_so_far"


@pytest.mark.parametrize(
    ("but", "code"),
    [
        ({"counter": "p:ani"}, "counter_is_the_same"),
        ({"counter": "p:citra"}, "counter_is_storekeeper"),
        ({"counter": "p:dedi", "entered_by": "p:dedi"}, "counter_is_storekeeper"),
        ({"entered_by": "p:ani"}, "counter_is_storekeeper"),
        ({"of": -5}, "before_the_count"),
    ],
)
def test_the_second_counter_is_somebody_else_and_later(but: dict[str, Any], code: str) -> None:
    assert counting().after(result(900)).refused(second(900, **but)).code == code


@pytest.mark.parametrize("who", ["p:ani", "p:budi", "p:citra", "p:eka"])
def test_whoever_took_part_in_a_count_does_not_approve_it(who: str) -> None:
    counted = counting().after(result(900), second(900, entered_by="p:eka"))
    assert counted.refused(approval(approved_by=who)).code == "approver_took_part"


def test_what_left_between_the_two_counts_is_in_the_second_number_only() -> None:
    counted = counting().after(result(900), card(**minutes(40)), second(899, of=60), card(job="job-2", **minutes(70)))
    assert book(counted.after(approval())).on_hand == 898


def test_two_counts_that_differ_are_the_heads_to_choose_from() -> None:
    counted = counting().after(result(900), second(910))
    refusal = counted.refused(approval())
    assert (refusal.code, refusal.figures) == ("counts_differ", {"counted": 900, "repeated": 910})
    assert counted.refused(approval(counted=905)).code == "not_counted"
    assert book(counted.after(approval(counted=910))).on_hand == 910
    assert book(counted.after(approval(counted=900))).on_hand == 900


def test_the_approval_may_come_days_later_and_everything_since_is_reckoned_in() -> None:
    counted = counting().after(result(900), second(900), receipt(100, **minutes(60 * 24 * 9)))
    assert book(counted.after(approval(at=60 * 24 * 10))).on_hand == 1_000


def test_a_count_answers_what_was_in_question() -> None:
    office = nothing.after(count(0, daily_use_default=0), card())
    assert book(office).in_question
    later = office.after(start(**minutes(10)))
    booked = later.after(result(0, at=30, occurred_at=NOON + timedelta(minutes=10)))
    assert not book(booked).in_question and book(booked).on_hand == 0


def test_a_count_after_which_less_than_nothing_is_left_asks_again() -> None:
    office = counting(2).after(*(card(job=f"job-{n}", **minutes(5)) for n in range(3)))
    rebase = office.refused(result(1)).figures["rebase_to"]
    decision = names(office.when(result(1, through_entry=rebase)))
    assert decision.index("DiscrepancyFound") > decision.index("StockCounted")


def test_a_count_that_another_one_overtook_is_not_booked() -> None:
    two = counting().after(start(count="o-2", counter="p:budi", **minutes(2)))
    overtaken = two.after(result(1_000, count="o-2", occurred_at=NOON + timedelta(minutes=2)))
    assert overtaken.refused(result(1_000)).code == "counted_since"
    above = two.after(result(900), second(900, counter="p:eka"))
    above = above.after(result(1_000, count="o-2", occurred_at=NOON + timedelta(minutes=2)))
    assert above.refused(approval()).code == "counted_since"


def test_a_count_is_given_once() -> None:
    assert counting().after(result(1_000)).refused(result(1_000)).code == "count_not_so_far"
    assert counting().after(discard()).refused(result(1_000)).code == "count_not_so_far"
    assert quiet(5).refused(result(5)).code == "count_not_so_far"
    assert counting().refused(second(1_000)).code == "count_not_so_far"


def test_a_count_that_differs_is_not_the_storekeepers_to_discard() -> None:
    assert names(counting().when(discard())) == ["CountDiscarded"]
    given = counting().after(result(900))
    assert given.refused(discard()).code == "head_discards"
    assert names(given.when(discard(by_head=True))) == ["CountDiscarded"]
    assert counting().after(result(1_000)).refused(discard(by_head=True)).code == "count_not_so_far"


def test_a_move_to_the_location_is_a_movement_of_it() -> None:
    office = quiet(1_000).after(count(10, location=MALL, daily_use_default=0), start(location=MALL))
    moved = office.after(move(5, **minutes(5)))
    assert moved.refused(result(10)).figures["movements"][0]["quantity"] == 5


def test_a_count_above_tolerance_leaves_the_book_where_it_was_for_others() -> None:
    given = counting().after(result(900))
    assert given.past[BOOK] == counting().past[BOOK]
