"""Who could help an office whose stock is low, without running low for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.stock.domain.fair_share import Need
from services.stock.domain.relief import Lender, Offer, propose, wanted_to_recover

KOTA = Need("17.71", available=600, daily_use=140_000, backlog=0, in_transit=200, floor=700)
RECOVERY = 1_680
BUFFER = Lender("17", available=800, set_aside=300, low=1_000, in_question=False, distance_km=32)
TENGAH = Lender("17.09", available=650, set_aside=0, low=450, in_question=False, distance_km=20)
SELUMA = Lender("17.05", available=2_000, set_aside=0, low=750, in_question=False, distance_km=45)


def test_wanted_is_what_ends_the_shortage() -> None:
    assert wanted_to_recover(KOTA, RECOVERY) == 881
    assert wanted_to_recover(replace(KOTA, in_transit=1_081), RECOVERY) == 0
    assert wanted_to_recover(replace(KOTA, available=-20, in_transit=0), RECOVERY) == 1_701


def test_the_buffer_is_asked_first_and_then_the_nearest() -> None:
    proposal = propose(KOTA, 881, BUFFER, [TENGAH, SELUMA])
    assert proposal.offers == (
        Offer("17", 500, available=800, stays_with=300, threshold=None, distance_km=32),
        Offer("17.09", 199, available=650, stays_with=451, threshold=450, distance_km=20),
        Offer("17.05", 182, available=2_000, stays_with=1_818, threshold=750, distance_km=45),
    )
    assert (proposal.office, proposal.available, proposal.in_transit) == ("17.71", 600, 200)
    assert (proposal.wanted, proposal.short) == (881, 0)


def test_nobody_is_asked_once_it_is_enough() -> None:
    assert [offer.office for offer in propose(KOTA, 500, BUFFER, [TENGAH, SELUMA]).offers] == ["17"]
    assert propose(KOTA, 0, BUFFER, [TENGAH]).offers == ()


def test_without_a_buffer_the_neighbours_are_asked() -> None:
    assert [offer.office for offer in propose(KOTA, 881, None, [TENGAH, SELUMA]).offers] == ["17.09", "17.05"]


def test_what_nobody_can_give_is_said() -> None:
    proposal = propose(KOTA, 881, BUFFER, [TENGAH])
    assert (sum(offer.quantity for offer in proposal.offers), proposal.short) == (699, 182)
    assert propose(KOTA, 881, None, []).short == 881


@pytest.mark.parametrize(
    ("neighbour", "quantity"),
    [
        (replace(TENGAH, available=450), 0),
        (replace(TENGAH, available=451), 0),
        (replace(TENGAH, available=452), 1),
        (replace(TENGAH, set_aside=150), 49),
        (replace(TENGAH, in_question=True), 0),
        (replace(TENGAH, available=-5), 0),
        (replace(TENGAH, office="17.71"), 0),
    ],
)
def test_a_neighbour_lends_only_what_leaves_it_above_its_threshold(neighbour: Lender, quantity: int) -> None:
    assert sum(offer.quantity for offer in propose(KOTA, 881, None, [neighbour]).offers) == quantity


@pytest.mark.parametrize(
    ("buffer", "quantity"),
    [
        (replace(BUFFER, set_aside=0), 800),
        (replace(BUFFER, set_aside=900), 0),
        (replace(BUFFER, available=-5, set_aside=0), 0),
        (replace(BUFFER, in_question=True), 500),
    ],
)
def test_the_buffer_may_be_used_up_but_for_what_is_set_aside(buffer: Lender, quantity: int) -> None:
    assert sum(offer.quantity for offer in propose(KOTA, 881, buffer, []).offers) == quantity


pieces = st.integers(0, 60)
lenders = st.builds(
    Lender,
    office=st.sampled_from(["17.01", "17.02", "17.71"]),
    available=st.integers(-5, 60),
    set_aside=pieces,
    low=pieces,
    in_question=st.booleans(),
    distance_km=pieces,
)


@given(st.integers(0, 150), st.none() | lenders.map(lambda lender: replace(lender, office="17")), st.lists(lenders))
def test_no_proposal_makes_a_lender_low_or_gives_more_than_is_wanted(
    wanted: int, buffer: Lender | None, neighbours: list[Lender]
) -> None:
    proposal = propose(KOTA, wanted, buffer, neighbours)
    assert sum(offer.quantity for offer in proposal.offers) == wanted - proposal.short <= wanted
    for offer in proposal.offers:
        assert offer.quantity > 0 and offer.office != KOTA.office
        assert offer.stays_with == offer.available - offer.quantity
        assert offer.stays_with > offer.threshold if offer.threshold is not None else offer.stays_with >= 0
