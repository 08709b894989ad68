"""A division that was simulated, until it is approved."""

from typing import assert_never

from msgspec.structs import replace

from services.stock.domain.facts import Item, SharesApproved, SharesSimulated, SharingFact
from shared.decider import State


class Simulation(State, frozen=True):
    """Whose blanks it divides and who made it; its lines are in the fact. `batch` is what it was approved as."""

    office: str | None = None
    item: Item | None = None
    quantity: int = 0
    simulated_by: str | None = None
    batch: str | None = None


def evolve_simulation(simulation: Simulation, fact: SharingFact) -> Simulation:
    """The simulation after this fact."""
    match fact:
        case SharesSimulated():
            return Simulation(
                office=fact.office, item=fact.item, quantity=fact.quantity, simulated_by=fact.simulated_by
            )
        case SharesApproved(batch=batch):
            return replace(simulation, batch=batch)
    assert_never(fact)
