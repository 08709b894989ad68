"""What a receiver rejects is in transit until it is back with its sender, or spoiled: sent = its four parts, always."""

from datetime import date, timedelta
from typing import Any

from services.stock.domain import (
    BlankSpoiled,
    BlanksReceived,
    Consignment,
    GrantLoan,
    LoanReturned,
    LocationClosed,
    LocationOpened,
    ReturnRejected,
    ReverseMovement,
    SerialRange,
)
from services.stock.domain.facts import serials_of
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    HERE,
    NOON,
    STORE,
    WHEN,
    centre_holding,
    consignment,
    count,
    facts,
    names,
    quiet,
    receipt,
)

CENTRES = "office/00/KTP_WNI"
BENGKULUS = f"office/{BENGKULU}/KTP_WNI"


def back(quantity: int, **but: Any) -> ReturnRejected:
    said = {"office": "00", "consignment": "c-1", "quantity": quantity, "bast": "470/9/BAST/2024"}
    return ReturnRejected(**HERE | said | but)


def parts(scenario: Scenario) -> tuple[int, int, int, int]:
    sent: Consignment = scenario.state("consignment/c-1")
    found = (sent.accepted, sent.rejected, sent.missing, sent.in_transit)
    assert sum(found) == sent.sent and min(found) >= 0
    return found


rejected = centre_holding(10_000).after(
    count(0, daily_use_default=0), consignment(100), receipt(90, consignment="c-1", rejected=10, reason="cacat")
)
"""Of a hundred that the centre sent, Kota Bengkulu turned ten away."""


def test_what_comes_back_is_on_hand_with_its_sender_and_not_in_transit() -> None:
    assert parts(rejected) == (90, 10, 0, 0)
    decision = rejected.when(back(4))
    [received] = [fact for fact in facts(decision) if isinstance(fact, BlanksReceived)]
    assert (received.office, received.source, received.consignment, received.quantity) == ("00", "RETURN", "c-1", 4)
    assert names(decision) == ["BlanksReceived", "RejectedReturned"], "no question: nobody else's consignment came"
    after = rejected.given(decision)
    assert parts(after) == (94, 6, 0, 0)
    assert after.state(CENTRES).on_hand == 9_904


def test_with_who_rejected_them_they_are_spoiled_and_wait_for_their_destruction() -> None:
    decision = rejected.when(back(10, office=BENGKULU, spoiled="DAMAGED"))
    assert names(decision)[:2] == ["BlanksReceived", "BlankSpoiled"] and names(decision)[-1] == "RejectedReturned"
    after = rejected.given(decision)
    assert parts(after) == (100, 0, 0, 0)
    here = after.state(BENGKULUS)
    assert (here.on_hand, here.awaiting) == (90, {"DAMAGED": 10})


def test_the_sender_may_find_them_spoiled() -> None:
    after = rejected.after(back(10, spoiled="DEAD_CHIP"))
    assert after.state(CENTRES).on_hand == 9_900 and after.state(CENTRES).spoiled == 10
    spoilt = [f for f in facts(rejected.when(back(10, spoiled="DEAD_CHIP"))) if isinstance(f, BlankSpoiled)]
    assert [(fact.job, fact.cause, fact.quantity) for fact in spoilt] == [(None, "DEAD_CHIP", 10)]


def test_no_more_comes_back_than_was_rejected() -> None:
    refusal = rejected.after(back(4)).refused(back(7))
    assert (refusal.code, refusal.figures) == ("more_than_rejected", {"asked": 7, "rejected": 6})


def test_the_receiver_does_not_keep_what_it_rejected() -> None:
    assert rejected.refused(back(4, office=BENGKULU)).code == "not_the_sender"


def test_only_the_two_ends_of_a_consignment_book_what_was_rejected_of_it() -> None:
    assert rejected.refused(back(4, office="17.01")).code == "consignment_unknown"
    assert rejected.refused(back(4, item="KIA")).code == "consignment_unknown"
    assert rejected.refused(back(4, consignment="c-2")).code == "consignment_unknown"
    unsent = quiet(0).after(receipt(90, consignment="c-1", rejected=10, reason="cacat"))
    assert unsent.refused(back(4, office=BENGKULU, spoiled="DAMAGED")).code == "consignment_unknown"


def test_nothing_comes_back_to_a_place_that_keeps_no_blanks() -> None:
    opened = LocationOpened(office="00", location=STORE, kind="STORE", opened_on=date(2024, 1, 2))
    closed = LocationClosed(office="00", location=STORE, closed_on=date(2024, 11, 1))
    shut = rejected.given([("premises/00", opened), ("premises/00", closed)])
    assert shut.refused(back(4)).code == "location_closed"


def test_a_return_of_long_ago_is_the_heads_to_enter_with_a_reason() -> None:
    assert rejected.refused(back(4, occurred_at=NOON - timedelta(days=8))).code == "too_long_ago"


def test_what_came_back_before_a_count_was_there_when_it_was_counted() -> None:
    late = back(4, occurred_at=NOON - timedelta(hours=1))
    assert rejected.after(late).state(CENTRES).on_hand == 9_900
    assert parts(rejected.after(late)) == (94, 6, 0, 0)


def test_their_numbers_come_back_with_them() -> None:
    box = SerialRange("A0000001", "A0000100")
    centre = centre_holding(0).after(receipt(100, office="00", source="PROCUREMENT", serials=box))
    sent = centre.after(
        consignment(100, serials=box),
        receipt(90, consignment="c-1", rejected=10, reason="cacat", serials=SerialRange("A0000001", "A0000090")),
    )
    ten = SerialRange("A0000091", "A0000100")
    decision = sent.when(back(10, serials=ten))
    assert "DiscrepancyFound" not in names(decision)
    runs = sent.given(decision).state(serials_of("KTP_WNI", box, 0)).runs
    assert [(run.first, run.condition, run.office) for run in runs] == [(1, "HELD", BENGKULU), (91, "HELD", "00")]
    spoilt = sent.after(back(10, office=BENGKULU, spoiled="DAMAGED", serials=ten))
    assert spoilt.state(serials_of("KTP_WNI", box, 0)).runs[-1].condition == "SPOILED"


def test_what_a_lender_has_back_is_not_owed_any_more() -> None:
    granted = GrantLoan(
        **WHEN
        | {"office": "17.01", "lender": BENGKULU, "loan": "l-1", "quantity": 100, "return_by": date(2024, 12, 20)}
        | {"requested_by": "p:dedi", "granted_by": "p:prov"}
    )
    lent = quiet(500).after(
        granted,
        consignment(100, office=BENGKULU, to="17.01", loan="l-1"),
        receipt(90, office="17.01", consignment="c-1", source="LOAN", loan="l-1", rejected=10, reason="cacat"),
    )
    assert lent.state("loan/l-1").outstanding == 100
    decision = lent.when(back(10, office=BENGKULU, loan="l-1"))
    [returned] = [fact for fact in facts(decision) if isinstance(fact, LoanReturned)]
    assert (returned.quantity, returned.outstanding) == (10, 90)
    spoilt = lent.when(back(10, office="17.01", loan="l-1", spoiled="DAMAGED"))
    assert "LoanReturned" not in names(spoilt), "who spoils what was lent still owes it"


def test_what_came_back_is_not_reversed_as_if_it_had_arrived_with_its_receiver() -> None:
    office = rejected.after(back(4))
    said = {"office": "00", "reverses": office.state(CENTRES).entry, "reason": "?", "reversed_by": "p:x"}
    refusal = office.refused(ReverseMovement(**WHEN | said | {"consignment": "c-1"}))
    assert refusal.code == "consignment_settled"
