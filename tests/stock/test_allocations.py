"""The centre gives what it has, and gives it once."""

from services.stock.domain import AllocationApproved, BlanksSetAside
from tests.stock.bengkulu import (
    BENGKULU,
    CENTRES_BOOK,
    allocation,
    card,
    centre_holding,
    consignment,
    facts,
    names,
)


def test_an_allocation_is_about_the_office_that_gets_it_and_set_aside_at_the_centre() -> None:
    decision = centre_holding(5_000).when(allocation(3_000))
    approved, set_aside = facts(decision)
    assert isinstance(approved, AllocationApproved)
    assert (approved.office, approved.from_office, approved.quantity) == (BENGKULU, "00", 3_000)
    assert decision[1] == (
        CENTRES_BOOK,
        BlanksSetAside(office="00", item="KTP_WNI", allocation="a-1", quantity=3_000),
    )
    assert isinstance(set_aside, BlanksSetAside)


def test_the_same_blanks_are_not_allocated_twice() -> None:
    given = centre_holding(5_000).after(allocation(3_000))
    refusal = given.refused(allocation(2_001, allocation="a-2", office="17.01"))
    assert refusal.code == "not_enough"
    assert refusal.figures == {"asked": 2_001, "available": 5_000, "set_aside": 3_000, "entry": 3}
    given.after(allocation(2_000, allocation="a-2", office="17.01"))


def test_the_same_allocation_told_again_changes_nothing_and_another_by_its_name_is_refused() -> None:
    given = centre_holding(5_000).after(allocation(3_000))
    assert given.when(allocation(3_000)) == []
    assert given.refused(allocation(2_000)).code == "allocation_exists"


def test_the_centre_does_not_allocate_to_itself() -> None:
    assert centre_holding(5_000).refused(allocation(1, office="00")).code == "same_office"


def test_what_is_set_aside_leaves_only_under_its_allocation() -> None:
    given = centre_holding(5_000).after(allocation(3_000))
    assert given.refused(consignment(2_001)).code == "not_enough"
    sent = given.after(consignment(3_000, allocation="a-1"))
    assert sent.state(CENTRES_BOOK).set_aside == 0
    assert names(sent.when(consignment(2_000, consignment="c-2"))) == [
        "BlanksDispatched",
        "StockLow",
        "ConsignmentAnnounced",
    ]


def test_an_allocation_may_be_sent_in_parts_but_not_beyond_itself() -> None:
    sent = centre_holding(5_000).after(allocation(3_000), consignment(2_000, allocation="a-1"))
    refusal = sent.refused(consignment(1_001, allocation="a-1", consignment="c-2"))
    assert refusal.code == "allocation_exceeded"
    assert refusal.figures == {"asked": 1_001, "allocated": 3_000, "dispatched": 2_000}
    sent.after(consignment(1_000, allocation="a-1", consignment="c-2"))


def test_an_allocation_is_for_its_own_office() -> None:
    given = centre_holding(5_000).after(allocation(3_000))
    assert given.refused(consignment(10, to="17.01", allocation="a-1")).code == "allocation_unknown"
    assert given.refused(consignment(10, allocation="a-9")).code == "allocation_unknown"


def test_blanks_lost_after_they_were_set_aside_do_not_hold_up_those_that_are_there() -> None:
    given = centre_holding(100).after(allocation(100), card(office="00"))
    given.after(consignment(99, allocation="a-1"))
