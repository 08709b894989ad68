"""Blanks between offices: sent = accepted + rejected + missing + in transit, in whichever order it is told."""

from datetime import date

import pytest

from services.stock.domain import (
    BlanksDispatched,
    Consignment,
    ConsignmentAnnounced,
    DiscrepancyFound,
    VarianceRecorded,
)
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    CENTRES_BOOK,
    MALL,
    STORE,
    book,
    centre_holding,
    consignment,
    facts,
    names,
    receipt,
)

CONSIGNMENT = "consignment/c-1"


def parts(scenario: Scenario) -> tuple[int, int, int, int]:
    sent: Consignment = scenario.state(CONSIGNMENT)
    return sent.accepted, sent.rejected, sent.missing, sent.in_transit


def test_a_dispatch_is_in_the_senders_book_and_announced_to_the_receiver() -> None:
    assert centre_holding(5_000).when(consignment(2_000)) == [
        (
            CENTRES_BOOK,
            BlanksDispatched(
                office="00",
                item="KTP_WNI",
                location=STORE,
                quantity=2_000,
                consignment="c-1",
                to=BENGKULU,
                promised_on=date(2024, 11, 8),
                location_on_hand=3_000,
                on_hand=3_000,
                available=3_000,
            ),
        ),
        (
            CONSIGNMENT,
            ConsignmentAnnounced(
                office=BENGKULU,
                item="KTP_WNI",
                quantity=2_000,
                consignment="c-1",
                sender="00",
                promised_on=date(2024, 11, 8),
            ),
        ),
    ]


def test_what_is_not_there_cannot_be_sent_and_the_refusal_says_what_is() -> None:
    refusal = centre_holding(200).refused(consignment(500))
    assert refusal.code == "not_enough"
    assert refusal.figures == {
        "asked": 500,
        "location_on_hand": 200,
        "available": 200,
        "set_aside": 0,
        "quarantined": 0,
        "entry": 2,
    }


def test_one_location_does_not_send_what_another_holds() -> None:
    assert centre_holding(200).refused(consignment(100, location=MALL)).figures["location_on_hand"] == 0


def test_a_consignment_goes_to_another_office() -> None:
    assert centre_holding(200).refused(consignment(100, to="00")).code == "same_office"


def test_the_same_dispatch_told_again_changes_nothing_and_another_by_its_name_is_refused() -> None:
    sent = centre_holding(5_000).after(consignment(2_000))
    assert sent.when(consignment(2_000)) == []
    assert sent.refused(consignment(2_001)).code == "consignment_exists"


def test_a_consignment_arrives_in_parts() -> None:
    sent = centre_holding(5_000).after(consignment(2_000))
    assert parts(sent) == (0, 0, 0, 2_000)
    first = sent.after(receipt(1_500, consignment="c-1"))
    assert parts(first) == (1_500, 0, 0, 500)
    assert parts(first.after(receipt(500, consignment="c-1"))) == (2_000, 0, 0, 0)


def test_rejected_blanks_are_not_on_hand_and_not_lost() -> None:
    sent = centre_holding(5_000).after(consignment(2_000))
    came = sent.after(receipt(1_990, rejected=10, reason="WATER", consignment="c-1"))
    assert parts(came) == (1_990, 10, 0, 0)
    assert book(came).on_hand == 1_990


def test_missing_blanks_are_the_consignments_variance_with_a_reason() -> None:
    sent = centre_holding(5_000).after(consignment(2_000))
    decision = sent.when(receipt(1_995, missing=5, reason="SHORT_BOX", consignment="c-1"))
    assert names(decision) == ["BlanksReceived", "ConsignmentReceived", "VarianceRecorded"]
    assert facts(decision)[2] == VarianceRecorded(
        office=BENGKULU,
        item="KTP_WNI",
        location=None,
        quantity=-5,
        reason="SHORT_BOX",
        consignment="c-1",
        on_hand=1_995,
        available=1_995,
    )
    assert parts(sent.given(decision)) == (1_995, 0, 5, 0)


def test_blanks_thought_missing_that_arrive_after_all_take_their_variance_back() -> None:
    sent = centre_holding(5_000).after(consignment(2_000), receipt(1_995, missing=5, reason="LOST", consignment="c-1"))
    late = facts(sent.when(receipt(5, consignment="c-1")))[2]
    assert isinstance(late, VarianceRecorded) and (late.quantity, late.reason) == (5, "ARRIVED_AFTER_ALL")
    assert parts(sent.after(receipt(5, consignment="c-1"))) == (2_000, 0, 0, 0)


def test_more_than_was_sent_is_accepted_and_asked_about() -> None:
    sent = centre_holding(5_000).after(consignment(2_000))
    decision = sent.when(receipt(2_010, consignment="c-1"))
    question = facts(decision)[2]
    assert isinstance(question, DiscrepancyFound)
    assert (question.kind, question.figures) == ("SURPLUS", {"sent": 2_000, "surplus": 10})
    assert book(sent.given(decision)).on_hand == 2_010
    assert parts(sent.given(decision)) == (2_000, 0, 0, 0)


def test_no_more_can_be_missing_than_was_in_transit() -> None:
    sent = centre_holding(5_000).after(consignment(2_000))
    decision = sent.when(receipt(1_995, missing=10, reason="SHORT_BOX", consignment="c-1"))
    question = facts(decision)[3]
    assert isinstance(question, DiscrepancyFound) and question.kind == "MISSING_OVERSTATED"
    assert parts(sent.given(decision)) == (1_995, 0, 5, 0)


def test_a_consignment_nobody_announced_is_received_and_matched_by_its_sender_later() -> None:
    came = centre_holding(5_000).after(receipt(1_995, missing=5, reason="SHORT_BOX", consignment="c-1"))
    assert not came.state(CONSIGNMENT).announced
    assert book(came).on_hand == 1_995 and not book(came).in_question
    matched = came.when(consignment(2_000))
    assert names(matched) == ["BlanksDispatched", "ConsignmentAnnounced", "VarianceRecorded"]
    assert parts(came.given(matched)) == (1_995, 0, 5, 0)


def test_a_sender_who_announces_less_than_had_come_is_asked_about() -> None:
    came = centre_holding(5_000).after(receipt(2_000, consignment="c-1"))
    question = facts(came.when(consignment(1_900)))[-1]
    assert isinstance(question, DiscrepancyFound)
    assert (question.kind, question.office, question.location) == ("SURPLUS", BENGKULU, STORE)


def test_a_consignment_another_office_has_received_is_not_dispatched_to_this_one() -> None:
    came = centre_holding(5_000).after(receipt(2_000, consignment="c-1", office="17.01"))
    assert came.refused(consignment(2_000)).code == "consignment_elsewhere"


@pytest.mark.parametrize(("but", "kind"), [({"office": "17.01"}, "WRONG_OFFICE"), ({"item": "KIA"}, "WRONG_ITEM")])
def test_a_consignment_at_the_wrong_door_is_accepted_and_asked_about(but: dict[str, str], kind: str) -> None:
    sent = centre_holding(5_000).after(consignment(2_000))
    came = facts(sent.when(receipt(2_000, consignment="c-1", **but)))
    assert kind in [fact.kind for fact in came if isinstance(fact, DiscrepancyFound)]


def test_only_who_awaits_a_consignment_can_say_that_something_of_it_is_missing() -> None:
    office = centre_holding(5_000).after(consignment(2_000))
    for other in ("17.02", "00"):
        claimed = office.after(receipt(0, office=other, consignment="c-1", missing=2_000, reason="hilang"))
        assert parts(claimed) == (0, 0, 0, 2_000)
        assert "VarianceRecorded" not in names(
            office.when(receipt(5, office=other, consignment="c-1", missing=9, reason="hilang"))
        )
