"""Numbered blanks: ranges split on dispatch and move, and a number that two claim belongs to nobody yet."""

from services.stock.domain import CENTRE, BlanksReceived, CustodyChanged, DiscrepancyFound, SerialRange
from services.stock.domain.facts import serials_of
from services.stock.domain.state import Run, SerialBlock
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    MALL,
    STORE,
    agreed,
    book,
    card,
    consignment,
    facts,
    holding,
    move,
    names,
    quiet,
    receipt,
)

BOX = SerialRange("A0000001", "A0000100")
NUMBERS = serials_of("KTP_WNI", BOX, 0)


def runs(scenario: Scenario) -> list[tuple[int, int, str, str]]:
    block: SerialBlock = scenario.state(NUMBERS)
    return [(run.first, run.last, run.condition, run.holder) for run in block.runs]


boxed = holding(0).after(receipt(100, serials=BOX))


def test_a_range_is_cut_where_blocks_of_numbers_end() -> None:
    parts = list(SerialRange("A00009998", "A00010002").blocks())
    assert parts == [(0, SerialRange("A00009998", "A00009999")), (1, SerialRange("A00010000", "A00010002"))]


def test_numbers_that_arrive_are_held_where_they_arrived() -> None:
    assert runs(boxed) == [(1, 100, "HELD", f"{BENGKULU}/{STORE}")]


def test_a_range_splits_when_a_part_of_it_moves() -> None:
    moved = boxed.after(move(20, serials=SerialRange("A0000041", "A0000060")))
    assert runs(moved) == [
        (1, 40, "HELD", f"{BENGKULU}/{STORE}"),
        (41, 60, "HELD", f"{BENGKULU}/{MALL}"),
        (61, 100, "HELD", f"{BENGKULU}/{STORE}"),
    ]
    back = moved.after(move(20, location=MALL, to=STORE, serials=SerialRange("A0000041", "A0000060")))
    assert runs(back) == [(1, 100, "HELD", f"{BENGKULU}/{STORE}")]


def test_numbers_that_are_not_held_here_cannot_be_moved_or_sent_and_the_first_of_them_is_named() -> None:
    moved = boxed.after(move(20, serials=SerialRange("A0000041", "A0000060")))
    refusal = moved.refused(move(40, serials=SerialRange("A0000031", "A0000070")))
    assert (refusal.code, refusal.figures["serial"]) == ("serials_not_held", "A0000041")
    assert refusal.figures["holder"] == f"{BENGKULU}/{MALL}"
    never_seen = boxed.refused(move(10, serials=SerialRange("A0000096", "A0000105")))
    assert (never_seen.code, never_seen.figures) == ("serials_not_held", {"serial": "A0000101"})


def test_numbers_sent_are_in_transit_until_their_consignment_is_received() -> None:
    centre = holding(0).after(receipt(100, office=CENTRE, source="PROCUREMENT", serials=BOX))
    sent = centre.after(consignment(60, serials=SerialRange("A0000001", "A0000060")))
    assert runs(sent)[0] == (1, 60, "IN_TRANSIT", "00/c-1")
    arrived = sent.when(receipt(60, consignment="c-1", serials=SerialRange("A0000001", "A0000060")))
    assert "DiscrepancyFound" not in names(arrived)
    assert runs(sent.given(arrived)) == [
        (1, 60, "HELD", f"{BENGKULU}/{STORE}"),
        (61, 100, "HELD", f"{CENTRE}/{STORE}"),
    ]


def test_a_range_that_overlaps_is_accepted_quarantined_and_names_both_holders() -> None:
    decision = boxed.when(receipt(50, office="17.01", serials=SerialRange("A0000081", "A0000130")))
    received, *_ = facts(decision)
    assert isinstance(received, BlanksReceived) and received.on_hand == 50
    [found] = [fact for fact in facts(decision) if isinstance(fact, DiscrepancyFound)]
    assert (found.kind, found.figures, found.serials) == (
        "SERIAL_OVERLAP",
        {"pieces": 20},
        SerialRange("A0000081", "A0000100"),
    )
    assert found.holders == ("17.01/store", f"{BENGKULU}/{STORE} (HELD)")
    after = boxed.given(decision)
    there = after.state("office/17.01/KTP_WNI")
    assert (there.on_hand, there.quarantined, there.usable(frozenset())) == (50, 20, 30)
    block: SerialBlock = after.state(NUMBERS)
    assert Run(81, 100, "QUARANTINED", "17.01", "store", (f"{BENGKULU}/{STORE} (HELD)",)) in block.runs


def test_what_is_in_quarantine_is_not_sent() -> None:
    claimed = boxed.after(receipt(50, location=MALL, serials=SerialRange("A0000081", "A0000130")))
    refusal = claimed.refused(move(31, location=MALL, to=STORE))
    assert (refusal.code, refusal.figures["quarantined"]) == ("not_enough", 20)
    assert names(claimed.when(move(30, location=MALL, to=STORE))) == ["BlanksMoved"]
    numbered = claimed.refused(move(1, location=MALL, to=STORE, serials=SerialRange("A0000090", "A0000090")))
    assert (numbered.code, numbered.figures["condition"]) == ("serials_not_held", "QUARANTINED")


def test_a_card_takes_its_number_out_of_stock() -> None:
    printed = boxed.after(card(serial="A0000007"))
    assert (7, 7, "USED", f"{BENGKULU}/{STORE}") in runs(printed)
    assert printed.refused(move(10, serials=SerialRange("A0000001", "A0000010"))).figures["condition"] == "USED"


def test_a_number_that_another_office_holds_was_printed_all_the_same() -> None:
    decision = boxed.when(card(office="17.01", serial="A0000007"))
    kinds = [fact.kind for fact in facts(decision) if isinstance(fact, DiscrepancyFound)]
    assert kinds == ["NUMBER_ELSEWHERE", "BELOW_ZERO"]
    assert [fact.condition for fact in facts(decision) if isinstance(fact, CustodyChanged)] == ["USED"]


def test_numbers_that_nobody_ever_heard_of_may_be_printed() -> None:
    assert names(boxed.when(card(serial="B0000007"))) == ["BlankUsed", "CustodyChanged", "StockLow"][:2]


def test_blanks_of_a_version_that_no_printer_here_takes_are_on_hand_and_not_usable() -> None:
    mixed = holding(0).after(receipt(100, blank_version="5"), receipt(40, blank_version="4.8"))
    assert book(mixed).usable(frozenset()) == 140
    assert book(mixed).usable(frozenset({"4.8"})) == 40
    printed = mixed.after(card(), card())
    assert book(printed).versions == {"5": 98, "4.8": 40}


def test_of_a_version_of_which_more_left_than_came_there_is_nothing_not_less() -> None:
    mixed = quiet(0).after(receipt(10, blank_version="5"), receipt(100, blank_version="4.8"))
    left = mixed.after(*agreed(50), consignment(50, office=BENGKULU, to="17.01", blank_version="5"))
    assert (book(left).on_hand, book(left).usable(frozenset({"4.8"}))) == (60, 60)
