"""A movement that never was: undone once, as of its own moment, and only while no count has seen it."""

from datetime import timedelta
from typing import Any

from services.stock.domain import BlanksMoved, BlankSpoiled, BlanksReceived, MovementReversed, ReverseMovement, book_of
from services.stock.domain.facts import Change
from shared.decider import Refused
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    CENTRES_BOOK,
    MALL,
    STORE,
    book,
    card,
    centre_holding,
    consignment,
    count,
    facts,
    move,
    names,
    quiet,
    receipt,
    spoiled,
)
from tests.stock.test_late import counted, on
from tests.stock.test_premises import closing, opening

KIA = book_of(BENGKULU, "KIA")


def reversal(scenario: Scenario, entry: int, days: float = 2, stream: str = BOOK, **but: Any) -> ReverseMovement:
    """Entry `entry` of the book was a mistake, found so many days after Monday."""
    (happened,) = [r for r in scenario.past[stream] if r.version == entry]
    _, office, _ = stream.split("/")
    return ReverseMovement(
        **{
            **on(days),
            "occurred_at": happened.occurred_at,
            "office": office,
            "item": "KTP_WNI",
            "reverses": entry,
            "reason": "Salah ketik",
            "reversed_by": "p:kepala",
            **but,
        }
    )


typed_twice = quiet(100).after(receipt(50, **on(1)), receipt(50, **on(1)))


def test_a_receipt_that_never_was_is_undone_as_of_its_own_moment() -> None:
    command = reversal(typed_twice, 4)
    [undone] = facts(typed_twice.when(command))
    assert isinstance(undone, MovementReversed)
    assert (undone.reverses, undone.kind, undone.changes) == (4, "BlanksReceived", (Change(STORE, "received", -50),))
    assert command.occurred_at == on(1)["occurred_at"]
    assert book(typed_twice.after(command)).on_hand == 150


def test_once_and_not_again() -> None:
    once = typed_twice.after(reversal(typed_twice, 4))
    refusal = once.refused(reversal(once, 4))
    assert (refusal.code, refusal.figures) == ("already_reversed", {"entry": 5})
    assert once.refused(reversal(once, 5)).code == "not_reversible", "a reversal is not reversed"


def test_a_move_is_undone_at_both_places() -> None:
    moved = quiet(100).after(move(30, **on(1)))
    after = book(moved.after(reversal(moved, 3)))
    assert (after.shelf(STORE).on_hand, after.shelf(MALL).on_hand, after.on_hand) == (100, 0, 100)


def test_a_blank_that_was_not_spoiled_awaits_no_destruction() -> None:
    wrong = quiet(100).after(spoiled(job=None, **on(1)))
    after = book(wrong.after(reversal(wrong, 3)))
    assert (after.on_hand, after.shelf(STORE).spoiled, after.spoiled) == (100, 0, 0)


def test_what_a_count_has_seen_is_not_reversed_and_the_count_is_named() -> None:
    seen = counted(typed_twice, 150, days=1.5)
    refusal = seen.refused(reversal(seen, 4))
    assert (refusal.code, refusal.figures["count"]) == ("counted_since", "o-1")


def test_a_receipt_whose_blanks_are_gone_is_not_reversed_and_the_fact_that_took_them_is_named() -> None:
    gone = quiet(10).after(receipt(50, **on(1)), move(55, **on(1.5)), receipt(100, **on(1.7)))
    refusal = gone.refused(reversal(gone, 3))
    assert (refusal.code, refusal.figures["fact"], refusal.figures["entry"]) == (
        "later_balance_below_zero",
        "BlanksMoved",
        4,
    )


def test_a_consignment_that_was_typed_by_mistake_is_not_in_transit_any_more() -> None:
    sent = centre_holding(5_000).after(consignment(2_000, **on(1)))
    undone = sent.after(reversal(sent, 3, stream=CENTRES_BOOK, consignment="c-1"))
    assert (undone.state(CENTRES_BOOK).on_hand, undone.state("consignment/c-1").in_transit) == (5_000, 0)


def test_a_consignment_that_somebody_received_is_not_reversed() -> None:
    sent = centre_holding(5_000).after(consignment(2_000, **on(1)), receipt(1_500, consignment="c-1", **on(1.5)))
    assert sent.refused(reversal(sent, 3, stream=CENTRES_BOOK, consignment="c-1")).code == "already_received"


def test_a_receipt_of_a_consignment_is_in_transit_again() -> None:
    sent = centre_holding(5_000).after(
        count(0), consignment(2_000, **on(1)), receipt(1_500, consignment="c-1", **on(1.5))
    )
    entry = sent.past[BOOK][-2].version
    undone = sent.after(reversal(sent, entry, consignment="c-1"))
    assert (undone.state(BOOK).on_hand, undone.state("consignment/c-1").in_transit) == (0, 2_000)


def test_what_printing_told_counts_and_openings_are_not_reversed() -> None:
    told = quiet(100).after(card(**on(1)), spoiled(**on(1)))
    assert isinstance(told.past[BOOK][3].fact, BlankSpoiled)
    assert [_code(told, entry) for entry in (2, 3, 4)] == ["not_reversible"] * 3
    assert names(told.when(card(**on(2)))) == ["DailyUseEstimated", "BlankUsed"]


def test_what_never_happened_is_not_reversed() -> None:
    command = reversal(typed_twice, 4, reverses=99)
    assert typed_twice.refused(command).code == "not_reversible"


def test_beyond_a_week_the_head_reverses_with_the_reason() -> None:
    assert typed_twice.refused(reversal(typed_twice, 4, days=9)).code == "too_long_ago"
    by_head = reversal(typed_twice, 4, days=9, by_head=True, late_reason="Salah ketik")
    assert names(typed_twice.when(by_head)) == ["MovementReversed"]
    assert by_head.now - by_head.occurred_at > timedelta(days=7)


def _code(scenario: Scenario, entry: int) -> str:
    refusal: Refused = scenario.refused(reversal(scenario, entry))
    return refusal.code


def test_what_came_instead_of_a_consignments_item_takes_nothing_from_it_when_it_is_reversed() -> None:
    mixed_up = centre_holding(500).after(consignment(100), receipt(40, item="KIA", consignment="c-1"))
    [entry] = [r.version for r in mixed_up.past[KIA] if isinstance(r.fact, BlanksReceived)]
    undone = mixed_up.after(reversal(mixed_up, entry, 0, KIA, item="KIA", consignment="c-1"))
    assert undone.state("consignment/c-1").parts == (0, 0, 0, 100)


def test_nothing_comes_back_to_a_location_that_was_closed_since() -> None:
    emptied = quiet(100).after(opening(STORE), opening(MALL), move(10), move(90))
    [first, _] = [r.version for r in emptied.past[BOOK] if isinstance(r.fact, BlanksMoved)]
    refusal = emptied.after(closing(STORE)).refused(reversal(emptied, first, 0))
    assert refusal.code == "location_closed"


def test_what_was_undone_before_is_not_in_the_way() -> None:
    """A move, its reversal, then the receipt it came from: between the first two nothing was ever short."""
    moved = quiet(10).after(receipt(50, **on(1)), move(55, **on(1.5)))
    undone = moved.after(reversal(moved, 4))
    assert names(undone.when(reversal(undone, 3))) == ["MovementReversed"]


def test_a_dispatch_that_was_undone_may_be_dispatched_as_it_should_have_been() -> None:
    sent = centre_holding(5_000).after(consignment(2_000, **on(1)))
    undone = sent.after(reversal(sent, 3, stream=CENTRES_BOOK, consignment="c-1"))
    again = undone.after(consignment(1_500, **on(2)))
    assert again.state("consignment/c-1").in_transit == 1_500
