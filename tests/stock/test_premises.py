"""An office's places open and close with dates; its printers take what they take."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.stock.domain import (
    CloseLocation,
    LocationClosed,
    LocationOpened,
    OpenLocation,
    Premises,
    RegisterPrinter,
    RetirePrinter,
)
from tests.stock.bengkulu import (
    BENGKULU,
    MALL,
    MONDAY,
    NOON,
    STORE,
    facts,
    holding,
    move,
    names,
    nothing,
    quiet,
    receipt,
    spoiled,
)

THERE: dict[str, Any] = {"now": NOON, "occurred_at": NOON, "day": MONDAY, "office": BENGKULU}
LONG_AGO = date(2019, 3, 1)


def opening(location: str = MALL, **but: Any) -> OpenLocation:
    return OpenLocation(**THERE | {"location": location, "kind": "MALL", "opened_on": LONG_AGO} | but)


def closing(location: str = MALL, **but: Any) -> CloseLocation:
    return CloseLocation(**THERE | {"location": location} | but)


def printer(*takes: str, name: str = "pr-1") -> RegisterPrinter:
    return RegisterPrinter(**THERE, printer=name, takes=takes)


def test_a_place_opens_on_its_day() -> None:
    assert facts(nothing.when(opening())) == [
        LocationOpened(office=BENGKULU, location=MALL, kind="MALL", opened_on=LONG_AGO)
    ]


def test_a_place_is_opened_once() -> None:
    assert nothing.after(opening()).refused(opening()).code == "already_open"


@pytest.mark.parametrize(
    ("office", "kind", "fits"),
    [
        (BENGKULU, "BUFFER", False),
        ("17", "BUFFER", True),
        ("00", "BUFFER", False),
        ("17", "CENTRE", False),
        ("00", "CENTRE", True),
        (BENGKULU, "VAN", True),
        ("17", "STORE", True),
    ],
)
def test_buffers_are_the_provinces_and_the_centres_store_is_the_centres(office: str, kind: str, fits: bool) -> None:
    command = opening(office=office, kind=kind)
    if fits:
        assert names(nothing.when(command)) == ["LocationOpened"]
    else:
        assert nothing.refused(command).code == "kind_does_not_fit"


def test_an_empty_place_closes() -> None:
    office = holding(5_000).after(opening(), move(20), move(20, location=MALL, to=STORE))
    assert facts(office.when(closing())) == [LocationClosed(office=BENGKULU, location=MALL, closed_on=MONDAY)]


@pytest.mark.parametrize("item", ["KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"])
def test_a_place_does_not_close_while_one_of_the_five_books_holds_something_there(item: str) -> None:
    refusal = nothing.after(opening(), receipt(2, location=MALL, item=item)).refused(closing())
    assert (refusal.code, refusal.figures["item"]) == ("location_not_empty", item)


def test_a_place_does_not_close_while_spoiled_blanks_wait_there_for_their_destruction() -> None:
    refusal = nothing.after(opening(), receipt(1, location=MALL), spoiled(location=MALL)).refused(closing())
    assert (refusal.figures["location_on_hand"], refusal.figures["awaiting_destruction"]) == (0, 1)


def test_a_place_that_owes_blanks_does_not_close_either() -> None:
    office = nothing.after(opening(), spoiled(location=MALL), receipt(1, location=MALL))
    assert office.refused(closing()).figures["awaiting_destruction"] == 1
    assert nothing.after(opening(), spoiled(location=MALL)).refused(closing()).figures["location_on_hand"] == -1


def test_a_place_that_is_not_open_does_not_close() -> None:
    assert nothing.refused(closing()).code == "not_open"
    assert nothing.after(opening(), closing()).refused(closing()).code == "not_open"
    assert nothing.after(opening(opened_on=MONDAY + timedelta(1))).refused(closing()).code == "not_open_yet"


def test_a_closing_entered_later_is_refused_if_the_place_was_used_since() -> None:
    friday = NOON - timedelta(days=3)
    used = quiet(5_000).after(opening(), move(20), move(20, location=MALL, to=STORE))
    late = closing(occurred_at=friday, day=friday.date())
    assert used.refused(late).code == "used_since"
    assert names(quiet(5_000).after(opening()).when(late)) == ["LocationClosed"]


def test_a_closing_is_not_entered_for_so_long_ago() -> None:
    then = NOON - timedelta(days=9)
    assert nothing.after(opening()).refused(closing(occurred_at=then, day=then.date())).code == "too_long_ago"


def test_what_comes_to_a_closed_place_is_booked_and_in_question_and_no_move_goes_there() -> None:
    office = holding(5_000).after(opening(), closing())
    assert "DiscrepancyFound" in names(office.when(receipt(5, location=MALL)))
    assert office.refused(move(5)).code == "location_closed"


def test_a_closed_place_opens_again_from_a_later_day() -> None:
    office = nothing.after(opening(), closing())
    assert office.refused(opening()).code == "closed_until"
    again: Premises = office.after(opening(opened_on=MONDAY)).state(f"premises/{BENGKULU}")
    assert not again.closed(MALL, MONDAY)


def test_the_latest_word_on_a_printer_holds() -> None:
    office = nothing.after(printer("4.8"), printer("5", name="pr-2"), printer("4.8", "5"))
    premises: Premises = office.state(f"premises/{BENGKULU}")
    assert premises.takes == {"4.8", "5"}
    assert office.when(printer("4.8", "5")) == []
    retired: Premises = office.after(RetirePrinter(**THERE, printer="pr-1")).state(f"premises/{BENGKULU}")
    assert retired.takes == {"5"}


def test_only_a_known_printer_is_retired() -> None:
    assert nothing.refused(RetirePrinter(**THERE, printer="pr-1")).code == "unknown_printer"


def test_blanks_are_not_moved_to_a_place_that_nobody_opened_where_places_are_kept() -> None:
    office = quiet(100).after(opening())
    assert office.refused(move(10, to="Maal")).code == "location_unknown"
    assert names(office.when(move(10, to=MALL))) == ["BlanksMoved"]
