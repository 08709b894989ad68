"""A division is simulated by one and approved by another, on the same stock."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from services.stock.domain import (
    AllocationApproved,
    ApproveShares,
    NotePrintDebt,
    SharesApproved,
    SharesSimulated,
    SimulateShares,
)
from services.stock.domain.fair_share import Need, divide
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    CENTRES_BOOK,
    WHEN,
    allocation,
    card,
    centre_holding,
    count,
    facts,
    names,
    receipt,
    spoiled,
)

BATCH = "5f0c1d9e-8a57-4c5e-9a55-0b6f2f1f0a11"
TENGAH, SELUMA = "17.09", "17.05"
THREE = centre_holding(5_000).after(
    count(280),
    count(90, office=TENGAH, daily_use_default=45_000),
    count(600, office=SELUMA, daily_use_default=75_000),
    NotePrintDebt(**WHEN, office=BENGKULU, owed=300),
)


def simulate(quantity: int, **but: Any) -> SimulateShares:
    said: dict[str, Any] = {
        "office": "00",
        "simulation": "s-1",
        "quantity": quantity,
        "offices": (BENGKULU, TENGAH, SELUMA),
        "simulated_by": "p:meja",
    }
    return SimulateShares(**WHEN | said | but)


def simulated(scenario: Scenario, command: SimulateShares) -> tuple[Scenario, SharesSimulated]:
    [fact] = facts(scenario.when(command))
    assert isinstance(fact, SharesSimulated)
    return scenario.after(command), fact


def approve(fact: SharesSimulated, in_transit: Mapping[str, int] | None = None, **but: Any) -> ApproveShares:
    said: dict[str, Any] = {
        "office": fact.office,
        "simulated": fact,
        "batch": BATCH,
        "promised_on": WHEN["day"],
        "reason": "Pilkada",
        "in_transit": in_transit or {},
        "approved_by": "p:direktur",
    }
    return ApproveShares(**WHEN | said | but)


def allocation_of(office: str) -> str:
    return str(uuid5(UUID(BATCH), office))


def test_each_share_is_explained_and_they_add_up() -> None:
    _, fact = simulated(THREE, simulate(1_000, in_transit={TENGAH: 45}))
    assert sum(line.quantity for line in fact.lines) == 1_000
    kota = next(line for line in fact.lines if line.office == BENGKULU)
    assert (kota.available, kota.backlog, kota.daily_use, kota.floor) == (280, 300, 140_000, 700)
    assert kota.quantity == kota.for_floor + kota.for_backlog + kota.for_cover
    assert (kota.for_floor, kota.for_backlog, kota.cover_before) == (420, 300, 0)
    assert next(line.in_transit for line in fact.lines if line.office == TENGAH) == 45


def test_an_approval_promises_every_share_at_once() -> None:
    scenario, fact = simulated(THREE, simulate(1_000))
    decision = scenario.when(approve(fact))
    assert names(decision) == [
        "AllocationApproved",
        "AllocationApproved",
        "BlanksSetAside",
        "BlanksSetAside",
        "SharesApproved",
    ]
    promised = {f.office: f for f in facts(decision) if isinstance(f, AllocationApproved)}
    assert {office: f.quantity for office, f in promised.items()} == {
        line.office: line.quantity for line in fact.lines if line.quantity
    }
    assert all(f.allocation == allocation_of(office) for office, f in promised.items())
    approved = facts(decision)[-1]
    assert isinstance(approved, SharesApproved)
    assert (approved.quantity, approved.allocations, approved.approved_by) == (1_000, 2, "p:direktur")
    assert scenario.after(approve(fact)).state(CENTRES_BOOK).set_aside == 1_000


def test_whoever_simulated_does_not_approve() -> None:
    scenario, fact = simulated(THREE, simulate(1_000))
    assert scenario.refused(approve(fact, approved_by="p:meja")).code == "requester_approves"


def test_shares_are_approved_once() -> None:
    scenario, fact = simulated(THREE, simulate(1_000))
    given = scenario.after(approve(fact))
    assert given.when(approve(fact)) == [], "told again"
    other = approve(fact, batch="0c5a3b62-6c39-4b43-8a55-52b0e34d9f10")
    assert given.refused(other).code == "already_approved"
    assert scenario.refused(simulate(900)).code == "simulation_exists"


def test_no_more_is_promised_than_there_is() -> None:
    scenario, fact = simulated(THREE, simulate(5_001))
    refusal = scenario.refused(approve(fact))
    assert (refusal.code, refusal.figures["asked"], refusal.figures["available"]) == ("not_enough", 5_001, 5_000)


def test_a_name_that_another_batch_gave_is_refused() -> None:
    scenario, fact = simulated(THREE, simulate(1_000))
    taken = allocation(1, allocation=allocation_of(BENGKULU), from_office="17")
    before = scenario.after(count(10, office="17", daily_use_default=1), taken)
    assert before.refused(approve(fact)).code == "allocation_exists"


@pytest.mark.parametrize(
    ("what", "happened", "in_transit"),
    [
        ("last_move", receipt(10, office=TENGAH), {}),
        ("last_move", allocation(10), {}),
        ("in_transit", None, {TENGAH: 10}),
        ("print_debt", NotePrintDebt(**WHEN, office=TENGAH, owed=1), {}),
        ("print_debt", NotePrintDebt(**WHEN, office=BENGKULU, owed=299), {}),
    ],
)
def test_shares_are_refused_if_the_stock_changed(what: str, happened: Any, in_transit: Mapping[str, int]) -> None:
    scenario, fact = simulated(THREE, simulate(1_000))
    now = scenario if happened is None else scenario.after(happened)
    refusal = now.refused(approve(fact, in_transit))
    assert refusal.code == "stock_changed"
    assert what in {change["what"] for change in refusal.figures["changed"]}


def test_cards_printed_meanwhile_do_not_stand_in_the_way() -> None:
    scenario, fact = simulated(THREE, simulate(1_000))
    printed = scenario.after(
        *(card(job=f"job-{n}") for n in range(20)), *(card(office=SELUMA, job=f"s-{n}") for n in range(5)), spoiled()
    )
    owed = printed.after(NotePrintDebt(**WHEN, office=BENGKULU, owed=280))
    assert names(owed.when(approve(fact)))[-1] == "SharesApproved"


def test_what_use_does_not_explain_is_refused() -> None:
    scenario, fact = simulated(THREE, simulate(1_000))
    lines = tuple(
        changed(line, quantity=line.quantity + more) for line, more in zip(fact.lines, (5, -5, 0), strict=True)
    )
    refusal = scenario.refused(approve(changed(fact, lines=lines)))
    assert (refusal.code, refusal.figures["pieces_elsewhere"], refusal.figures["used_since"]) == ("stock_changed", 5, 0)
    printed = scenario.after(*(card(job=f"job-{n}") for n in range(5)))
    assert printed.when(approve(changed(fact, lines=lines)))


few = st.integers(0, 60)
a_need = st.builds(
    Need,
    office=st.just(""),
    available=few,
    daily_use=st.sampled_from([0, 700, 1_000, 3_000]),
    backlog=few,
    in_transit=few,
    floor=few,
)


@given(st.integers(0, 300), st.lists(st.tuples(a_need, st.integers(0, 9), st.booleans()), min_size=1, max_size=6))
def test_a_card_printed_takes_at_most_one_piece_to_another_office(
    quantity: int, offices: list[tuple[Need, int, bool]]
) -> None:
    then, now, printed = [], [], 0
    for place, (a_need, cards, owed) in enumerate(offices):
        used = min(cards, a_need.available)
        paid = min(used, a_need.backlog) if owed else 0
        need = changed(a_need, office=f"17.{place:02}")
        then.append(need)
        now.append(changed(need, available=need.available - used, backlog=need.backlog - paid))
        printed += used + paid
    before, after = divide(quantity, then), divide(quantity, now)
    assert sum(max(b.quantity - a.quantity, 0) for a, b in zip(before, after, strict=True)) <= printed
