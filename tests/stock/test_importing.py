"""The paper book of an office, taken over as a whole or not at all."""

from datetime import timedelta
from typing import Any

import pytest

from services.stock.domain import BlanksReceived, ImportPaperBook, PaperLine, SerialRange, book_of
from tests.stock.bengkulu import (
    A_DAY,
    BENGKULU,
    MALL,
    MONDAY,
    NOON,
    STORE,
    book,
    card,
    count,
    facts,
    names,
    nothing,
    receipt,
)
from tests.stock.test_premises import closing, opening


def line(number: int, counted: int, **but: Any) -> PaperLine:
    said: dict[str, Any] = {"item": "KTP_WNI", "location": STORE, "kind": "STORE"}
    return PaperLine(**said | {"number": number, "counted": counted} | but)


def paper(*lines: PaperLine, **but: Any) -> ImportPaperBook:
    said: dict[str, Any] = {
        "now": NOON,
        "occurred_at": NOON,
        "day": MONDAY,
        "office": BENGKULU,
        "counters": ("p:ani", "p:budi"),
        "minutes": "BA-1/2024",
        "recorded_by": "p:citra",
        "daily_use_defaults": {"KTP_WNI": A_DAY, "RIBBON": 280, "KIA": 0},
    }
    return ImportPaperBook(lines=lines, **said | but)


WHOLE = paper(
    line(2, 5_000), line(3, 60, location=MALL, kind="MALL"), line(4, 12, item="RIBBON"), line(5, 0, item="KIA")
)


def test_a_paper_book_brings_every_location_and_item_in_it_on_board() -> None:
    office = nothing.after(WHOLE)
    assert book(office).on_hand == 5_060
    for item in ("KTP_WNI", "RIBBON", "KIA"):
        assert office.state(book_of(BENGKULU, item)).onboard
    assert set(office.state(f"premises/{BENGKULU}").locations) == {STORE, MALL}


def test_it_does_what_the_counts_of_it_would_have_done_one_by_one() -> None:
    by_form = nothing.after(count(5_000), count(60, location=MALL))
    assert book(nothing.after(paper(line(2, 5_000), line(3, 60, location=MALL)))) == book(by_form)


def test_the_level_is_judged_once_for_all_lines() -> None:
    assert names(nothing.when(paper(line(2, 700), line(3, 5_000, location=MALL)))).count("StockLow") == 0
    assert names(nothing.when(paper(line(2, 700), line(3, 5, location=MALL)))).count("StockLow") == 1


def test_several_boxes_of_a_location_are_added_up_and_keep_their_numbers() -> None:
    first, second = SerialRange("KT0101", "KT0150"), SerialRange("KT0201", "KT0230")
    boxes = paper(line(2, 50, serials=first, blank_version="4.8"), line(3, 30, serials=second, blank_version="5"))
    office = nothing.after(boxes)
    assert (book(office).on_hand, book(office).versions) == (80, {"4.8": 50, "5": 30})
    opened = [fact for fact in facts(nothing.when(boxes)) if isinstance(fact, BlanksReceived)]
    assert [fact.serials for fact in opened] == [first, second]


@pytest.mark.parametrize(("before", "on_hand"), [(70, 80), (100, 80), (0, 80)])
def test_what_was_booked_before_is_part_of_what_was_counted(before: int, on_hand: int) -> None:
    office = nothing.after(receipt(before)) if before else nothing
    assert book(office.after(paper(line(2, 50), line(3, 30)))).on_hand == on_hand


def test_one_line_that_does_not_fit_stops_them_all_and_each_such_line_is_named() -> None:
    office = nothing.after(count(10), opening(), closing(), opening("van", kind="VAN"))
    refusal = office.refused(
        paper(
            line(2, 5_000),
            line(3, 60, location=MALL, kind="MALL"),
            line(4, 12, item="RIBBON"),
            line(5, 9, location="van"),
            line(6, 9, location="buffer", kind="BUFFER"),
        )
    )
    assert refusal.code == "lines_refused"
    assert [(fault["line"], fault["code"]) for fault in refusal.figures["lines"]] == [
        (2, "already_on_board"),
        (3, "location_closed"),
        (5, "another_kind"),
        (6, "kind_does_not_fit"),
    ]


@pytest.mark.parametrize(
    ("counters", "code"),
    [(("p:ani", "p:ani"), "counters_are_one"), (("p:ani", "p:citra"), "counter_is_storekeeper")],
)
def test_two_people_counted_and_neither_of_them_keeps_the_store(counters: tuple[str, str], code: str) -> None:
    assert nothing.refused(paper(line(2, 5), counters=counters)).code == code


def test_a_known_location_is_not_opened_again() -> None:
    office = nothing.after(opening(STORE, kind="STORE"))
    assert "LocationOpened" not in names(office.when(paper(line(2, 5))))


def test_what_happened_since_a_paper_book_that_is_entered_later_is_not_part_of_it() -> None:
    printed = [card(job=f"job-{n}", occurred_at=NOON - timedelta(hours=1)) for n in range(5)]
    office = nothing.after(*printed, paper(line(2, 100), occurred_at=NOON - timedelta(hours=3)))
    assert book(office).on_hand == 95
