"""Between offices blanks move as somebody else approved, under an allocation, or as a loan until they are returned."""

from datetime import date
from typing import Any

from services.stock.domain import (
    ApproveConsignment,
    CheckConsignment,
    CheckLoan,
    ConsignmentOverdue,
    GrantLoan,
    LoanOverdue,
    LoanReturned,
    RequestConsignment,
)
from shared.testing import Scenario
from tests.stock.bengkulu import BENGKULU, WHEN, agreed, consignment, facts, holding, names, quiet, receipt

NEIGHBOUR = "17.01"
RETURN_BY = date(2024, 12, 20)


def asked(quantity: int, **but: Any) -> RequestConsignment:
    said = {"office": NEIGHBOUR, "sender": BENGKULU, "consignment": "c-1", "reason": "kosong", "requested_by": "p:dedi"}
    return RequestConsignment(**WHEN | said | {"quantity": quantity} | but)


def approval(quantity: int, **but: Any) -> ApproveConsignment:
    said = {"office": BENGKULU, "consignment": "c-1", "approved_by": "p:eka"}
    return ApproveConsignment(**WHEN | said | {"quantity": quantity} | but)


def sent(quantity: int, **but: Any) -> Any:
    return consignment(quantity, **{"office": BENGKULU, "to": NEIGHBOUR, **but})


def loan(quantity: int, **but: Any) -> GrantLoan:
    said = {"office": NEIGHBOUR, "lender": BENGKULU, "loan": "l-1", "return_by": RETURN_BY}
    return GrantLoan(**WHEN | said | {"quantity": quantity, "requested_by": "p:dedi", "granted_by": "p:prov"} | but)


def test_nothing_leaves_for_another_office_that_nobody_approved() -> None:
    assert quiet(500).refused(sent(100)).code == "not_approved"
    assert quiet(500).after(asked(100)).refused(sent(100)).code == "not_approved"


def test_what_was_approved_leaves_and_no_more() -> None:
    office = quiet(500).after(*agreed(100))
    assert office.refused(sent(101)).figures == {"asked": 101, "approved": 100}
    assert names(office.when(sent(100)))[:2] == ["BlanksDispatched", "ConsignmentAnnounced"]


def test_an_approval_holds_for_who_asked_and_what_was_asked() -> None:
    office = quiet(500).after(*agreed(100))
    assert office.refused(sent(100, to="17.02")).code == "not_approved"
    assert office.refused(sent(100, consignment="c-2")).code == "not_approved"


def test_whoever_asked_does_not_approve() -> None:
    assert quiet(500).after(asked(100)).refused(approval(100, approved_by="p:dedi")).code == "requester_approves"


def test_only_the_office_that_was_asked_approves_once_and_not_more_than_was_asked() -> None:
    office = quiet(500).after(asked(100))
    assert office.refused(approval(100, office="17.02")).code == "consignment_unknown"
    assert office.refused(approval(101)).code == "more_than_asked"
    assert office.after(approval(60)).refused(approval(60)).code == "already_approved"


def test_a_name_is_asked_for_once_and_of_another_office() -> None:
    assert quiet(500).after(asked(100)).refused(asked(50)).code == "consignment_exists"
    assert quiet(500).refused(asked(100, sender=NEIGHBOUR)).code == "same_office"


def overdue(**but: Any) -> CheckConsignment:
    return CheckConsignment(**WHEN | {"office": NEIGHBOUR, "consignment": "c-1"} | but)


def test_both_ends_are_told_once_that_a_consignment_is_overdue() -> None:
    office = quiet(500).after(*agreed(100), sent(100))
    told = facts(office.when(overdue()))
    assert [(fact.office, fact.other) for fact in told if isinstance(fact, ConsignmentOverdue)] == [
        (NEIGHBOUR, BENGKULU),
        (BENGKULU, NEIGHBOUR),
    ]
    assert office.after(overdue()).when(overdue()) == []


def test_a_consignment_that_arrived_is_not_overdue() -> None:
    office = quiet(500).after(*agreed(100), sent(100), receipt(100, office=NEIGHBOUR, consignment="c-1"))
    assert office.when(overdue()) == []
    part = quiet(500).after(*agreed(100), sent(100), receipt(99, office=NEIGHBOUR, consignment="c-1"))
    assert [fact.in_transit for fact in facts(part.when(overdue())) if isinstance(fact, ConsignmentOverdue)] == [1, 1]


def lent(quantity: int) -> Scenario:
    """So many of 500 were lent, sent and received."""
    return (
        holding(5_000)
        .after(loan(quantity), sent(quantity, loan="l-1"))
        .after(receipt(quantity, office=NEIGHBOUR, consignment="c-1", source="LOAN", loan="l-1"))
    )


def test_a_loan_is_lent_owed_and_returned() -> None:
    owed = lent(300)
    assert owed.state("loan/l-1").outstanding == 300
    back = owed.after(sent(200, office=NEIGHBOUR, to=BENGKULU, consignment="c-2", loan="l-1"))
    assert back.state("loan/l-1").outstanding == 300, "what is on its way back is not back"
    decision = back.when(receipt(200, consignment="c-2", source="LOAN", loan="l-1"))
    [returned] = [fact for fact in facts(decision) if isinstance(fact, LoanReturned)]
    assert (returned.quantity, returned.outstanding, returned.office, returned.lender) == (
        200,
        100,
        NEIGHBOUR,
        BENGKULU,
    )
    assert back.given(decision).state("loan/l-1").outstanding == 100


def test_the_borrower_receiving_the_loan_returns_nothing() -> None:
    assert lent(300).state("loan/l-1").returned == 0


def test_no_more_is_lent_than_was_granted_and_only_between_these_two() -> None:
    office = holding(5_000).after(loan(300))
    assert office.refused(sent(301, loan="l-1")).code == "loan_exceeded"
    assert office.refused(sent(300, loan="l-1", to="17.02")).code == "loan_unknown"
    assert office.refused(sent(300, loan="l-2")).code == "loan_unknown"


def test_a_loan_is_granted_by_somebody_else_than_who_asked_and_by_one_name_once() -> None:
    assert holding(500).refused(loan(10, granted_by="p:dedi")).code == "requester_approves"
    assert holding(500).refused(loan(10, lender=NEIGHBOUR)).code == "same_office"
    assert holding(500).after(loan(10)).when(loan(10)) == []
    assert holding(500).after(loan(10)).refused(loan(11)).code == "loan_exists"


def test_both_ends_are_told_once_that_a_loan_is_overdue() -> None:
    check = CheckLoan(**WHEN | {"office": NEIGHBOUR, "loan": "l-1"})
    told = facts(lent(300).when(check))
    assert [(fact.office, fact.outstanding) for fact in told if isinstance(fact, LoanOverdue)] == [
        (NEIGHBOUR, 300),
        (BENGKULU, 300),
    ]
    assert lent(300).after(check).when(check) == []
    assert holding(500).after(loan(10)).when(check) == [], "what was never lent is not owed"


def test_what_came_back_before_it_was_announced_is_not_owed_any_more() -> None:
    early = lent(300).after(receipt(200, consignment="c-2", source="LOAN"))
    assert early.state("loan/l-1").outstanding == 300, "nobody has said what it is"
    told = early.after(sent(200, office=NEIGHBOUR, to=BENGKULU, consignment="c-2", loan="l-1"))
    assert told.state("loan/l-1").outstanding == 100


def test_under_a_loan_no_more_goes_back_than_is_owed_without_an_approval() -> None:
    owed = lent(300).after(receipt(5_000, office=NEIGHBOUR))
    refusal = owed.refused(sent(301, office=NEIGHBOUR, to=BENGKULU, consignment="c-2", loan="l-1"))
    assert (refusal.code, refusal.figures["outstanding"]) == ("loan_exceeded", 300)
    arrived = owed.after(receipt(301, consignment="c-2"))
    assert arrived.when(sent(301, office=NEIGHBOUR, to=BENGKULU, consignment="c-2", loan="l-1"))


def test_an_approval_is_of_the_item_that_was_asked_for() -> None:
    assert quiet(500).after(asked(100)).refused(approval(100, item="KIA")).code == "consignment_unknown"
