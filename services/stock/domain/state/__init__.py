"""What the facts add up to, by the kind of stream."""

from collections.abc import Callable
from typing import Any

from services.stock.domain.facts import StockFact
from services.stock.domain.state.book import NO_SHELF, Book, Shelf, evolve_book, usable_of
from services.stock.domain.state.canary import Canary, evolve_canary
from services.stock.domain.state.consignments import (
    Allocation,
    Consignment,
    Loan,
    evolve_allocation,
    evolve_consignment,
    evolve_loan,
)
from services.stock.domain.state.counts import Count, OldCards, evolve_count, evolve_old_cards
from services.stock.domain.state.premises import Location, Premises, evolve_premises
from services.stock.domain.state.requests import Request, evolve_request
from services.stock.domain.state.serials import Run, SerialBlock, evolve_serials
from services.stock.domain.state.sharing import Simulation, evolve_simulation
from shared.decider import State

STATES: dict[str, State] = {
    "office": Book(),
    "premises": Premises(),
    "serials": SerialBlock(),
    "consignment": Consignment(),
    "allocation": Allocation(),
    "loan": Loan(),
    "request": Request(),
    "count": Count(),
    "withdrawn": OldCards(),
    "simulation": Simulation(),
    "canary": Canary(),
}
"""What each kind of stream begins with."""

SCHEMAS = dict.fromkeys(STATES, 1) | {"office": 3, "consignment": 3, "allocation": 2}
"""The version of each state's shape; it grows with every change of one."""

EVOLVE: dict[type[State], Callable[[Any, Any], Any]] = {
    Book: evolve_book,
    Premises: evolve_premises,
    SerialBlock: evolve_serials,
    Consignment: evolve_consignment,
    Allocation: evolve_allocation,
    Loan: evolve_loan,
    Request: evolve_request,
    Count: evolve_count,
    OldCards: evolve_old_cards,
    Simulation: evolve_simulation,
    Canary: evolve_canary,
}


def evolve(state: Any, fact: StockFact) -> Any:
    """The state of the fact's stream after it."""
    return EVOLVE[type(state)](state, fact)


__all__ = [
    "EVOLVE",
    "NO_SHELF",
    "SCHEMAS",
    "STATES",
    "Allocation",
    "Book",
    "Canary",
    "Consignment",
    "Count",
    "Loan",
    "Location",
    "OldCards",
    "Premises",
    "Request",
    "Run",
    "SerialBlock",
    "Shelf",
    "Simulation",
    "evolve",
    "evolve_book",
    "evolve_consignment",
    "usable_of",
]
