"""Cards are printed and blanks are spoiled, whatever the books say."""

from datetime import date
from typing import Any

from services.stock.domain import BlankSpoiled, BlankUsed, DailyUseEstimated, DiscrepancyFound
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    MALL,
    MONDAY,
    STORE,
    book,
    card,
    facts,
    holding,
    names,
    receipt,
    spoiled,
)

TUESDAY = date(2024, 11, 5)


def test_a_printed_card_has_used_its_blank() -> None:
    used = BlankUsed(
        office=BENGKULU,
        item="KTP_WNI",
        location=STORE,
        quantity=1,
        job="job-1",
        used_on=MONDAY,
        location_on_hand=4_999,
        on_hand=4_999,
        available=4_999,
    )
    assert holding(5_000).when(card()) == [(BOOK, used)]


def test_a_card_is_printed_though_the_books_hold_no_blank_and_the_location_is_in_question() -> None:
    used, question = facts(holding(5_000).when(card(location=MALL)))
    assert isinstance(used, BlankUsed) and used.location_on_hand == -1 and used.on_hand == 4_999
    assert isinstance(question, DiscrepancyFound)
    assert (question.kind, question.location, question.figures) == ("BELOW_ZERO", MALL, {"location_on_hand": -1})


def test_a_location_below_zero_is_asked_about_once_while_the_question_is_open() -> None:
    office = holding(5_000).after(card(location=MALL))
    assert names(office.when(card(location=MALL))) == ["BlankUsed"]
    assert names(office.after(receipt(5, location=MALL)).when(card(location=MALL))) == ["BlankUsed"]
    assert book(office.after(receipt(5, location=MALL))).in_question, "only a count answers it"


def test_a_spoiled_blank_leaves_the_shelf_and_awaits_its_destruction() -> None:
    office = holding(5_000)
    (fact,) = facts(office.when(spoiled()))
    assert isinstance(fact, BlankSpoiled) and (fact.cause, fact.on_hand) == ("MISPRINT", 4_999)
    assert book(office.after(spoiled())).shelf(STORE).spoiled == 1


def test_a_spoiled_blank_below_zero_is_in_question_too() -> None:
    assert names(holding(5_000).when(spoiled(location=MALL))) == ["BlankSpoiled", "DiscrepancyFound"]


def test_a_day_of_use_moves_the_estimate_by_a_tenth_when_the_next_one_begins() -> None:
    office = holding(5_000).after(*[card()] * 240)
    estimated, _ = facts(office.when(card(day=TUESDAY)))
    day: dict[str, Any] = {"day": MONDAY, "used": 240, "on_hand": 4_760, "available": 4_760}
    assert estimated == DailyUseEstimated(office=BENGKULU, item="KTP_WNI", thousandths=150_000, **day), (
        "(9 x 140 + 240) / 10"
    )


def test_a_card_reported_late_counts_on_the_day_under_way() -> None:
    office = holding(5_000).after(card(day=TUESDAY))
    assert names(office.when(card(day=MONDAY))) == ["BlankUsed"]
    assert book(office.after(card(day=MONDAY))).used_that_day == 2
    assert names(office.after(card(day=MONDAY)).when(card(day=TUESDAY))) == ["BlankUsed"], "Tuesday goes on"
