"""A promise that is taken back is free for others again."""

from typing import Any

from services.stock.domain import Allocation, AllocationReleased, ReleaseAllocation
from services.stock.published import PROMISED
from tests.stock.bengkulu import BENGKULU, CENTRES_BOOK, WHEN, allocation, centre_holding, consignment, names


def release(**but: Any) -> ReleaseAllocation:
    said = {"office": BENGKULU, "allocation": "a-1", "reason": "Salah kantor", "released_by": "p:pusat"}
    return ReleaseAllocation(**WHEN | said | but)


promised = centre_holding(5_000).after(allocation(3_000))


def test_what_was_set_aside_may_be_promised_to_others_again() -> None:
    assert promised.refused(allocation(2_500, allocation="a-2")).code == "not_enough"
    free = promised.after(release())
    assert free.state(CENTRES_BOOK).set_aside == 0
    assert "AllocationApproved" in names(free.when(allocation(2_500, allocation="a-2")))


def test_what_has_left_stays_and_only_the_rest_is_taken_back() -> None:
    part = promised.after(consignment(1_000, allocation="a-1"), release())
    left: Allocation = part.state("allocation/a-1")
    assert (left.quantity, left.dispatched, part.state(CENTRES_BOOK).set_aside) == (1_000, 1_000, 0)
    assert part.refused(consignment(1, allocation="a-1", consignment="c-2")).code == "allocation_exceeded"


def test_once_and_only_by_who_promised_it() -> None:
    assert promised.after(release()).refused(release()).code == "nothing_left"
    assert promised.refused(release(from_office="17")).code == "allocation_unknown"
    assert promised.refused(release(office="17.01")).code == "allocation_unknown"


def test_everybody_hears_of_it() -> None:
    [released] = [fact for _, fact in promised.when(release()) if isinstance(fact, AllocationReleased)]
    assert (released.office, released.allocation, released.quantity) == (BENGKULU, "a-1", 3_000)
    assert PROMISED[AllocationReleased] == 1
