"""Numbers that two holders claim, until somebody says whose they are."""

from typing import Any

import pytest

from services.stock.domain import (
    CustodyChanged,
    DiscrepancyExplained,
    DiscrepancyFound,
    ExplainDiscrepancy,
    ReportLost,
    SerialRange,
    book_of,
)
from services.stock.domain.custody import changed
from shared.testing import LONG_AGO, Scenario
from tests.stock.bengkulu import BENGKULU, HERE, MALL, STORE, WHEN, book, card, facts, move, nothing, quiet, receipt

OTHERS, THIRD = "17.01", "17.02"
RIVAL = "17.01/store (HELD)"
BOX, OVERLAP = SerialRange("KT000101", "KT000150"), SerialRange("KT000131", "KT000150")


def explained(
    scenario: Scenario, rightful: str, office: str = BENGKULU, nth: int = 0, **but: Any
) -> ExplainDiscrepancy:
    """An explanation of the office's nth discrepancy."""
    past = [r for r in scenario.past[book_of(office, "KTP_WNI")] if isinstance(r.fact, DiscrepancyFound)]
    found = past[nth]
    said: dict[str, Any] = {"reason": "Salah catat", "explained_by": "p:head", "entry": found.version}
    numbers = {"serials": found.fact.serials, "found_at": found.recorded_at}
    return ExplainDiscrepancy(**WHEN | said | numbers | {"office": office, "rightful": rightful} | but)


def overlapping() -> Scenario:
    """Another office holds twenty of the fifty numbers that came to Kota Bengkulu."""
    return quiet(0).after(receipt(20, office=OTHERS, serials=OVERLAP), receipt(50, serials=BOX))


def test_numbers_that_are_ours_may_be_used_again() -> None:
    ours = overlapping().after(explained(overlapping(), "HERE"))
    there = book(ours).shelf(STORE)
    assert (there.on_hand, there.quarantined, there.questions) == (50, 0, ())
    assert book(ours.after(move(20, serials=OVERLAP))).shelf(MALL).on_hand == 20


def test_numbers_that_are_anothers_go_back_to_it_and_the_pieces_stay() -> None:
    theirs = overlapping().after(explained(overlapping(), "ELSEWHERE"))
    there = book(theirs).shelf(STORE)
    assert (there.on_hand, there.quarantined, there.questions) == (50, 0, ())
    assert theirs.refused(move(20, serials=OVERLAP)).code == "serials_not_held"
    assert theirs.when(move(20, office=OTHERS, serials=OVERLAP))


def test_the_explanation_names_the_rightful_holder_and_moves_nothing() -> None:
    for rightful, holder in (("ELSEWHERE", f"{OTHERS}/{STORE}"), ("HERE", f"{BENGKULU}/{STORE}")):
        fact = facts(overlapping().when(explained(overlapping(), rightful)))[-1]
        assert isinstance(fact, DiscrepancyExplained)
        assert (fact.rightful, fact.quantity, fact.on_hand) == (holder, 20, 50)


def test_a_discrepancy_is_explained_once() -> None:
    explanation = explained(overlapping(), "HERE")
    again = overlapping().after(explanation)
    assert again.refused(explanation).code == "not_in_quarantine"


def test_each_discrepancy_lifts_its_own_quarantine_and_no_other() -> None:
    elsewhere = SerialRange("KT000201", "KT000210")
    two = overlapping().after(receipt(10, office=OTHERS, serials=elsewhere), receipt(10, serials=elsewhere))
    one = two.after(explained(two, "HERE", nth=1))
    there = book(one).shelf(STORE)
    assert (there.quarantined, there.questions) == (20, ("SERIAL_OVERLAP",))
    assert one.refused(explained(two, "HERE", nth=1)).code == "not_in_quarantine"
    assert one.when(move(10, serials=elsewhere))
    assert one.refused(move(10, serials=SerialRange("KT000131", "KT000140"))).code == "serials_not_held"


@pytest.mark.parametrize("but", [{"serials": BOX}, {"entry": 1}, {"entry": 999}])
def test_only_an_entry_about_these_numbers_is_explained(but: dict[str, Any]) -> None:
    assert overlapping().refused(explained(overlapping(), "HERE", **but)).code == "not_an_overlap"


def test_what_only_a_count_answers_is_not_explained() -> None:
    short = quiet(0).after(card())
    assert short.refused(explained(short, "HERE", serials=OVERLAP)).code == "not_an_overlap"
    printed = quiet(5).after(receipt(20, office=OTHERS, serials=OVERLAP), card(serial="KT000131"))
    assert printed.refused(explained(printed, "HERE")).code == "not_an_overlap"


@pytest.mark.parametrize("rightful", ["HERE", "ELSEWHERE"])
def test_a_number_that_was_printed_meanwhile_leaves_its_quarantine_with_the_others(rightful: str) -> None:
    printed = overlapping().after(card(serial="KT000131"))
    assert book(printed.after(explained(printed, rightful))).shelf(STORE).quarantined == 0


def test_numbers_that_were_reported_lost_meanwhile_are_out_of_their_quarantine_already() -> None:
    numbers = SerialRange("KT000131", "KT000145")
    lost = ReportLost(**HERE, quantity=15, police_report="LP/1/2024", reported_by="p:citra", serials=numbers)
    gone = overlapping().after(lost)
    assert book(gone).shelf(STORE).quarantined == 5
    assert book(gone.after(explained(gone, "HERE"))).shelf(STORE).quarantined == 0
    more = SerialRange("KT000201", "KT000210")
    both = gone.after(receipt(10, office=OTHERS, serials=more), receipt(10, serials=more))
    assert book(both.after(explained(both, "HERE"))).shelf(STORE).quarantined == 10


def test_numbers_that_lie_elsewhere_by_now_are_left_there() -> None:
    first = SerialRange("KT000131", "KT000131")
    told = changed("KTP_WNI", first, "HELD", THIRD, STORE, because="BlanksReceived", reference="b", rivals=(RIVAL,))
    strayed = overlapping().given(told)
    decision = facts(strayed.when(explained(strayed, "ELSEWHERE")))
    assert [fact.serials.first for fact in decision if isinstance(fact, CustodyChanged)] == ["KT000132"]


def test_a_third_claim_goes_back_to_the_second_and_from_there_to_the_first() -> None:
    third = overlapping().after(receipt(20, office=THIRD, serials=OVERLAP))
    second = third.after(explained(third, "ELSEWHERE", office=THIRD))
    assert second.refused(move(20, serials=OVERLAP)).figures["condition"] == "QUARANTINED"
    first = second.after(explained(second, "ELSEWHERE"))
    assert first.when(move(20, office=OTHERS, serials=OVERLAP))


def test_who_lost_the_numbers_to_a_third_holder_lifts_its_own_quarantine() -> None:
    third = overlapping().after(receipt(20, office=THIRD, serials=OVERLAP))
    assert third.refused(explained(third, "HERE")).code == "claimed_since"
    settled = third.after(explained(third, "HERE", office=THIRD))
    assert settled.refused(explained(settled, "HERE")).code == "claimed_since"
    decision = settled.when(explained(settled, "ELSEWHERE"))
    (fact,) = facts(decision)
    assert isinstance(fact, DiscrepancyExplained) and fact.rightful == f"{THIRD}/{STORE}"
    lifted = settled.given(decision, at=LONG_AGO)
    assert book(lifted).shelf(STORE).quarantined == 0
    assert lifted.when(move(20, office=THIRD, serials=OVERLAP))


def test_numbers_received_twice_at_one_place_are_one_holders() -> None:
    twice = nothing.after(receipt(20, serials=OVERLAP), receipt(20, serials=OVERLAP))
    for rightful in ("HERE", "ELSEWHERE"):
        assert book(twice.after(explained(twice, rightful))).shelf(STORE).quarantined == 0
        assert twice.after(explained(twice, rightful)).when(move(20, serials=OVERLAP))
