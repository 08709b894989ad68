"""A closed period stays as it was closed."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.stock.domain import BookClosed, CloseBook, on_hand_at
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BOOK,
    HERE,
    MALL,
    MONDAY,
    NOON,
    STORE,
    book,
    card,
    count,
    facts,
    move,
    nothing,
    quiet,
    receipt,
)

SUNDAY = MONDAY - timedelta(days=1)
UNTIL = NOON - timedelta(hours=12)
"""Monday began at Bengkulu (WIB) twelve hours before noon there."""


def closing(through: date = SUNDAY, until: datetime = UNTIL, **but: Any) -> CloseBook:
    said: dict[str, Any] = {"through": through, "until": until, "closed_by": "p:head", "by_head": True}
    return CloseBook(**{key: value for key, value in HERE.items() if key != "location"} | said | but)


def days(n: float, told: float | None = None) -> dict[str, Any]:
    """So many days before noon, told then or later."""
    moment, now = NOON - timedelta(days=n), NOON - timedelta(days=n if told is None else told)
    return {"occurred_at": moment, "now": now, "day": moment.date()}


def office() -> Scenario:
    """A hundred on Friday, and fifty more on Monday morning."""
    opened = nothing.after(count(100, daily_use_default=0, **days(3)), move(30, **days(2)))
    return opened.after(receipt(50, **days(0.25)))


def closed(scenario: Scenario, command: CloseBook) -> BookClosed:
    (fact,) = facts(scenario.when(command))
    assert isinstance(fact, BookClosed)
    return fact


def held(scenario: Scenario, at: datetime) -> dict[str, int]:
    return on_hand_at(book(scenario), scenario.past[BOOK], at)


def test_a_closing_keeps_what_each_location_held_when_the_period_ended() -> None:
    fact = closed(office(), closing())
    assert fact.locations == {STORE: 70, MALL: 30}
    assert (fact.until, fact.previous_until, fact.on_hand) == (UNTIL, None, 150)


def test_what_happened_in_the_first_moment_of_the_next_day_is_not_of_the_period() -> None:
    at_midnight = office().after(receipt(7, occurred_at=UNTIL, now=NOON))
    assert closed(at_midnight, closing()).locations[STORE] == 70
    a_moment_before = office().after(receipt(7, occurred_at=UNTIL - timedelta(microseconds=1), now=NOON))
    assert closed(a_moment_before, closing()).locations[STORE] == 77


@pytest.mark.parametrize("through", [MONDAY, MONDAY + timedelta(days=1)])
def test_a_day_that_is_not_over_is_not_closed(through: date) -> None:
    assert office().refused(closing(through)).code == "not_over"


def test_a_book_is_closed_further_and_never_back() -> None:
    once = office().after(closing())
    assert once.refused(closing()).code == "already_closed"
    assert once.refused(closing(SUNDAY - timedelta(days=1))).code == "already_closed"
    tuesday = {"now": NOON + timedelta(days=1), "occurred_at": NOON + timedelta(days=1), "day": MONDAY + timedelta(1)}
    assert closed(once, closing(MONDAY, UNTIL + timedelta(days=1), **tuesday)).previous_until == UNTIL


def test_a_book_in_question_is_not_closed() -> None:
    questioned = quiet(0).after(card())
    refusal = questioned.refused(closing())
    assert (refusal.code, refusal.figures["asked"]) == ("in_question", {STORE: ["BELOW_ZERO"]})


def test_a_book_that_nobody_opened_is_not_closed() -> None:
    assert nothing.after(receipt(5)).refused(closing()).code == "not_on_board"


def test_nothing_is_entered_into_a_closed_period() -> None:
    once = office().after(closing())
    assert once.refused(receipt(5, **days(1, told=0))).code == "book_closed"
    assert once.refused(move(5, **days(1, told=0))).code == "book_closed"


def test_a_card_told_late_counts_from_the_first_open_moment_and_the_closed_period_stays() -> None:
    late = office().after(closing(), card(**days(1, told=-1)))
    the_last_of_it = UNTIL - timedelta(microseconds=1)
    assert held(late, the_last_of_it) == {STORE: 70, MALL: 30}
    assert held(late, UNTIL) == {STORE: 69, MALL: 30}
    assert held(late, NOON - timedelta(days=1.5)) == {STORE: 70, MALL: 30}
    assert book(late).on_hand == 149


def test_what_was_told_late_before_the_closing_is_of_the_period() -> None:
    late = office().after(card(**days(1, told=0)), closing())
    assert held(late, UNTIL - timedelta(microseconds=1))[STORE] == 69
    assert closed(office().after(card(**days(1, told=0))), closing()).locations[STORE] == 69
