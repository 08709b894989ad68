"""What is entered late: how far back, into which book, and what it may do to the balances since."""

from datetime import timedelta
from typing import Any

import pytest

from services.stock.domain import DiscrepancyFound, VarianceRecorded, book_of
from services.stock.domain.facts import StockCounted
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    MALL,
    MONDAY,
    NOON,
    STORE,
    book,
    card,
    centre_holding,
    consignment,
    facts,
    move,
    names,
    quiet,
    receipt,
    spoiled,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def on(days: float, then: float | None = None) -> dict[str, Any]:
    """Entered so many days after Monday noon; it happened then, or `then` days after."""
    now = NOON + days * DAY
    happened = now if then is None else NOON + then * DAY
    return {"now": now, "occurred_at": happened, "day": MONDAY + timedelta(days=int(days if then is None else then))}


def lowered() -> Scenario:
    """100 in store on Monday; Tuesday 80 go to the mall, Thursday 100 come: the store had 20 in between."""
    return quiet(100).after(move(80, **on(1)), receipt(100, **on(3)))


def test_a_request_that_would_lower_a_later_balance_below_zero_is_refused_naming_the_first_day_and_fact() -> None:
    refusal = lowered().refused(move(30, **on(4, then=0.5)))
    assert refusal.code == "later_balance_below_zero"
    assert refusal.figures == {
        "asked": 30,
        "location_on_hand": 20,
        "at": NOON + DAY,
        "fact": "BlanksMoved",
        "entry": 3,
    }


def test_at_the_moment_itself_there_must_be_enough_too() -> None:
    refusal = lowered().refused(move(30, **on(4, then=2)))
    assert (refusal.code, refusal.figures["location_on_hand"], refusal.figures["fact"]) == (
        "later_balance_below_zero",
        20,
        None,
    )


def test_a_request_that_every_later_balance_can_bear_is_booked() -> None:
    decision = lowered().when(move(20, **on(4, then=0.5)))
    assert names(decision) == ["BlanksMoved"]
    assert book(lowered().given(decision)).shelf(STORE).on_hand == 100


def test_a_dispatch_is_held_to_the_same() -> None:
    centre = centre_holding(100).after(consignment(90, **on(1)), receipt(500, office="00", **on(2)))
    refusal = centre.refused(consignment(20, consignment="c-2", **on(3, then=0.5)))
    assert (refusal.code, refusal.figures["fact"]) == ("later_balance_below_zero", "BlanksDispatched")


def test_a_receipt_that_is_entered_late_is_never_refused_for_what_came_after() -> None:
    assert names(lowered().when(receipt(5, **on(4, then=0.5))))[0] == "BlanksReceived"


@pytest.mark.parametrize(
    ("days", "by_head", "reason", "code"),
    [
        (7, False, None, None),
        (8, False, None, "too_long_ago"),
        (8, True, None, "too_long_ago"),
        (8, False, "Listrik padam", "too_long_ago"),
        (8, True, "Listrik padam", None),
    ],
)
def test_further_back_than_a_week_only_the_head_enters_something_with_a_reason(
    days: int, by_head: bool, reason: str | None, code: str | None
) -> None:
    command = receipt(5, **on(days, then=0), by_head=by_head, late_reason=reason)
    if code is None:
        assert names(quiet(100).when(command))[0] == "BlanksReceived"
    else:
        assert quiet(100).refused(command).code == code


def counted(scenario: Scenario, there: int, days: float) -> Scenario:
    """The store was counted then, and the variance booked."""
    here, moment = book(scenario), on(days)
    expected = here.shelf(STORE).on_hand
    said: dict[str, Any] = {"office": BENGKULU, "item": "KTP_WNI", "location": STORE}
    found = there - expected
    after: dict[str, Any] = {"on_hand": here.on_hand + found, "available": here.available + found}
    variance = VarianceRecorded(**said, **after, quantity=found, reason="COUNT")
    count = StockCounted(
        **said,
        **after,
        count="o-1",
        counted=there,
        expected=expected,
        counters=("p:ani",),
        counted_at=moment["occurred_at"],
    )
    return scenario.given([(BOOK, variance), (BOOK, count)], at=moment["occurred_at"])


def test_a_card_printed_before_the_count_and_told_after_it_changes_nothing_of_what_is_there() -> None:
    shelf = counted(quiet(100), 99, days=1)
    late = facts(shelf.when(card(**on(2, then=0.5))))
    assert [type(fact).__name__ for fact in late] == ["BlankUsed", "VarianceRecorded"]
    assert isinstance(late[1], VarianceRecorded) and (late[1].quantity, late[1].reason) == (1, "COUNTED_SINCE")
    assert book(shelf.after(card(**on(2, then=0.5)))).shelf(STORE).on_hand == 99


def test_a_card_printed_after_the_count_is_one_less() -> None:
    shelf = counted(quiet(100), 99, days=1)
    assert book(shelf.after(card(**on(2, then=1.5)))).shelf(STORE).on_hand == 98


def test_a_request_from_before_the_count_is_refused_naming_it() -> None:
    refusal = counted(quiet(100), 99, days=1).refused(move(5, **on(2, then=0.5)))
    assert (refusal.code, refusal.figures["count"]) == ("counted_since", "o-1")


def test_what_came_to_a_location_before_its_count_was_there_when_it_was_counted() -> None:
    shelf = counted(quiet(100).after(receipt(50, location=MALL)), 99, days=1)
    moved = shelf.after(move(10, location=MALL, to=STORE, **on(2, then=0.5)))
    assert (book(moved).shelf(MALL).on_hand, book(moved).shelf(STORE).on_hand) == (40, 99)
    assert moved.state(book_of(BENGKULU, "KTP_WNI")).on_hand == 139


def test_a_late_fact_that_leaves_the_location_below_zero_for_a_while_is_asked_about_though_there_is_enough_now() -> (
    None
):
    short_then = quiet(5).after(move(4, **on(1)), receipt(50, **on(2)))
    late = facts(short_then.when(spoiled(job=None, quantity=3, **on(3, then=1.5))))
    [asked] = [fact for fact in late if isinstance(fact, DiscrepancyFound)]
    assert (asked.kind, asked.location, asked.figures) == ("BELOW_ZERO", STORE, {"location_on_hand": -2})
    assert book(short_then.after(spoiled(job=None, quantity=3, **on(3, then=1.5)))).shelf(STORE).on_hand == 48
    assert names(short_then.when(card(**on(3, then=1.5)))) == ["BlankUsed"], "one there was"
