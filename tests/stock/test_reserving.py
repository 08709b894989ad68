"""Blanks kept for a visit are on hand and not available, until the visit is over or their time is."""

from datetime import timedelta
from typing import Any

import msgspec

from services.stock.domain import (
    BlanksReserved,
    NotePrintDebt,
    PrintDebtNoted,
    ReleaseReservation,
    ReservationRefused,
    ReservationReleased,
    ReserveBlanks,
    SerialRange,
)
from services.stock.domain.decisions.reserving import RESERVATIONS
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    CENTRES_BOOK,
    NOON,
    WHEN,
    agreed,
    allocation,
    book,
    centre_holding,
    consignment,
    count,
    facts,
    holding,
    names,
    nothing,
    quiet,
    receipt,
)

EVENING = NOON + timedelta(hours=6)


def wish(quantity: int, **but: Any) -> ReserveBlanks:
    said = {"office": BENGKULU, "visit": "v-1", "quantity": quantity, "until": EVENING}
    return ReserveBlanks(**WHEN | said | but)


def released(reason: str = "CLOSED", **but: Any) -> ReleaseReservation:
    return ReleaseReservation(**WHEN | {"office": BENGKULU, "visit": "v-1", "reason": reason} | but)


def reason(scenario: Any, command: ReserveBlanks) -> str:
    [refused] = facts(scenario.when(command))
    assert isinstance(refused, ReservationRefused) and refused.asked == command.quantity
    return refused.reason


def test_blanks_kept_for_a_visit_are_on_hand_and_not_available() -> None:
    reserved = BlanksReserved(
        office=BENGKULU, item="KTP_WNI", visit="v-1", quantity=100, until=EVENING, on_hand=5_000, available=4_900
    )
    assert holding(5_000).when(wish(100)) == [(BOOK, reserved)]
    kept = book(holding(5_000).after(wish(100)))
    assert (kept.on_hand, kept.reserved, kept.available) == (5_000, 100, 4_900)


def test_what_is_kept_can_make_a_stock_low_and_its_release_can_end_that() -> None:
    assert names(holding(1_500).when(wish(100))) == ["BlanksReserved", "StockLow"]
    office = holding(5_000).after(wish(3_700))
    assert names(office.when(released())) == ["ReservationReleased", "StockRecovered"]


def test_what_is_kept_is_not_sent_to_another_office() -> None:
    office = quiet(500).after(wish(100), *agreed(500))
    assert office.refused(consignment(401, office=BENGKULU, to="17.01")).code == "not_enough"


def test_a_visit_that_asks_twice_gets_once() -> None:
    assert holding(5_000).after(wish(100)).when(wish(100)) == []


def test_a_visit_that_asks_for_more_than_is_free_is_told_so_by_a_fact() -> None:
    assert reason(quiet(500), wish(501)) == "NOT_ENOUGH"
    assert reason(quiet(500).after(wish(400, visit="v-0")), wish(101)) == "NOT_ENOUGH"
    assert book(quiet(500).after(wish(501))).available == 500


def test_what_two_holders_claim_is_kept_for_nobody() -> None:
    box = SerialRange("A0000001", "A0000100")
    claimed = quiet(0).after(receipt(100, office="17.01", serials=box), receipt(100, serials=box))
    assert reason(claimed, wish(1)) == "NOT_ENOUGH"


def test_what_was_promised_to_another_office_is_kept_for_no_visit() -> None:
    centre = centre_holding(10_000).after(allocation(9_950))
    assert centre.state(CENTRES_BOOK).set_aside == 9_950
    assert reason(centre, wish(51, office="00")) == "NOT_ENOUGH"
    assert "BlanksReserved" in names(centre.when(wish(50, office="00")))


def test_nothing_is_kept_where_nothing_was_ever_counted_nor_for_a_visit_that_is_over() -> None:
    assert reason(nothing.after(receipt(500)), wish(1)) == "NOT_ON_BOARD"
    assert reason(quiet(500), wish(1, until=NOON)) == "OVER"


def test_so_many_visits_as_find_room_in_a_state_and_no_more() -> None:
    full = quiet(60_000).after(*[wish(1, visit=f"{n:036}") for n in range(RESERVATIONS)])
    assert reason(full, wish(1)) == "TOO_MANY_VISITS"
    assert len(msgspec.json.encode(book(full))) < 2_000


def test_a_reservation_ends_with_its_visit_once() -> None:
    office = quiet(500).after(wish(100))
    release = ReservationReleased(
        office=BENGKULU, item="KTP_WNI", visit="v-1", quantity=100, reason="EXPIRED", on_hand=500, available=500
    )
    assert office.when(released("EXPIRED")) == [(BOOK, release)]
    assert office.after(released()).when(released("EXPIRED")) == []
    assert quiet(500).when(released()) == []


def test_a_visit_that_closes_gives_back_what_it_had_of_every_item() -> None:
    office = quiet(500).after(count(90, item="KIA", daily_use_default=0), wish(100), wish(40, item="KIA"))
    given = facts(office.when(released(further=("KTP_WNA", "KIA"))))
    assert [(f.item, f.quantity) for f in given if isinstance(f, ReservationReleased)] == [
        ("KTP_WNI", 100),
        ("KIA", 40),
    ]


def debt(owed: int) -> NotePrintDebt:
    return NotePrintDebt(**WHEN | {"office": BENGKULU, "owed": owed})


def test_what_printing_owes_is_noted_when_it_changes() -> None:
    noted = PrintDebtNoted(office=BENGKULU, item="KTP_WNI", owed=120)
    assert holding(5_000).when(debt(120)) == [(BOOK, noted)]
    assert holding(5_000).after(debt(120)).when(debt(120)) == []
    assert book(holding(5_000).after(debt(120), debt(0))).print_debt == 0
