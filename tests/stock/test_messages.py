"""What printing and outreach say besides cards: old cards, rolls, print debt, visits; and numbers read from blanks."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from services.stock.domain import (
    ITEMS,
    BookOldCard,
    NotePrintDebt,
    ReleaseReservation,
    ReserveBlanks,
    SpoilBlank,
    UseBlank,
    book_of,
)
from services.stock.reactions import READS, react
from tests.stock.test_reactions import NOW, heard

CARD = {"item": "KTP_WNI", "location": "store", "job": "j-1", "cause": "MISPRINT"}


def told(type: str, service: str = "printing", **data: Any) -> Any:
    message = replace(heard(type, msgspec.json.encode(data)), service=service)
    return react(message, NOW)


def test_stock_reads_printing_and_outreach() -> None:
    assert READS == ("printing", "outreach")


@pytest.mark.parametrize(
    ("read", "serial"),
    [
        ("KT00010001", "KT00010001"),
        ("123", "123"),
        (None, None),
        ("", None),
        ("kt0001", None),
        ("KT-0001", None),
        ("ABCDEFGHI1", None),
        ("1234567890123", None),
        ("A1\n", None),
        (17, None),
    ],
)
def test_a_blanks_number_is_taken_when_it_looks_like_one(read: Any, serial: str | None) -> None:
    for type, command in (("CardPrinted", UseBlank), ("CardSpoiled", SpoilBlank)):
        found = told(type, **CARD, blank_serial=read)
        assert isinstance(found, command) and found.serial == serial
    assert told("CardPrinted", **CARD).serial is None


def test_a_withdrawn_card_is_booked() -> None:
    command = told("OldCardWithdrawn", item="KTP_WNI", location="store", job="j-1", reason="DAMAGED")
    assert command == BookOldCard(
        now=NOW,
        occurred_at=NOW,
        office="17.71",
        item="KTP_WNI",
        day=date(2024, 11, 5),
        location="store",
        job="j-1",
    )


def test_a_changed_ribbon_or_film_used_a_roll_of_the_shelf_it_was_taken_from() -> None:
    for item in ("RIBBON", "FILM"):
        command = told("RibbonChanged", ribbon="r-1", item=item, location="store", printer="P-1", cards=487)
        assert command == UseBlank(
            now=NOW,
            occurred_at=NOW,
            office="17.71",
            item=item,
            day=date(2024, 11, 5),
            location="store",
            job="r-1",
            daily_use_default=286,
        )


def test_print_debt_is_noted() -> None:
    command = told("PrintDebtChanged", item="KTP_WNI", owed=17_535)
    assert isinstance(command, NotePrintDebt) and command.owed == 17_535


def test_a_visit_asks_for_blanks_until_it_is_over() -> None:
    wish = {"visit": "v-1", "item": "KTP_WNI", "quantity": 100, "until": "2024-11-05T18:00:00+07:00"}
    command = told("VisitEquipmentRequested", "outreach", **wish)
    assert isinstance(command, ReserveBlanks)
    assert (command.visit, command.quantity, command.until) == ("v-1", 100, datetime(2024, 11, 5, 11, tzinfo=UTC))


def test_a_visit_that_closes_gives_back_what_it_had_of_every_item() -> None:
    command = told("VisitClosed", "outreach", visit="v-1", recorded=96)
    assert isinstance(command, ReleaseReservation) and command.reason == "CLOSED"
    assert command.streams == tuple(book_of("17.71", item) for item in ITEMS)


WISH = {"visit": "v-1", "item": "KTP_WNI", "quantity": 100, "until": "2024-11-05T18:00:00+07:00"}


@pytest.mark.parametrize(
    ("type", "service", "data"),
    [
        ("VisitEquipmentRequested", "outreach", WISH | {"quantity": 0}),
        ("VisitEquipmentRequested", "outreach", WISH | {"until": "2024-11-05T18:00:00"}),
        ("VisitEquipmentRequested", "outreach", WISH | {"item": "SIM"}),
        ("PrintDebtChanged", "printing", {"item": "KTP_WNI", "owed": -1}),
        ("OldCardWithdrawn", "printing", {"item": "KTP_WNI"}),
        ("RibbonChanged", "printing", {"item": "RIBBON", "location": "store"}),
        ("RibbonChanged", "printing", {"item": "KTP_WNI", "location": "store", "ribbon": "r-1"}),
        ("VisitClosed", "outreach", {}),
    ],
)
def test_what_cannot_be_read_is_not_guessed(type: str, service: str, data: dict[str, Any]) -> None:
    with pytest.raises(msgspec.DecodeError):
        told(type, service, **data)


def test_the_same_word_of_another_service_means_nothing() -> None:
    assert told("VisitClosed", "printing", visit="v-1") is None
    assert told("OldCardWithdrawn", "outreach", **CARD) is None


NEED = {
    "item": "KTP_WNI",
    "made_on": "2024-11-18",
    "first_day": "2024-11-18",
    "cumulative_median": [1],
    "cumulative_high": [2],
    "method": "POISSON",
}


def test_a_forecast_that_knows_no_history_means_nothing() -> None:
    assert told("DemandForecast", "outreach", **NEED | {"method": "POPULATION"}) is None


@pytest.mark.parametrize(
    "wrong",
    [{"cumulative_median": []}, {"cumulative_median": [-1]}, {"cumulative_high": [0] * 367}, {"item": "SIM"}],
)
def test_a_forecast_that_cannot_be_one_is_not_guessed(wrong: dict[str, Any]) -> None:
    assert told("DemandForecast", "outreach", **NEED) is not None
    with pytest.raises(msgspec.DecodeError):
        told("DemandForecast", "outreach", **NEED | wrong)
