"""What the facts add up to, by the kind of stream."""

from collections.abc import Callable
from typing import Any

from services.printing.domain.facts import PrintingFact
from services.printing.domain.state.job import Claim, Job, evolve_job
from services.printing.domain.state.office import (
    Alarms,
    Batch,
    Batches,
    Debt,
    IssuedDocument,
    Policies,
    Printer,
    Queue,
    Spell,
    evolve_alarms,
    evolve_batches,
    evolve_document,
    evolve_policies,
    evolve_printer,
    evolve_queue,
)
from shared.decider import State

STATES: dict[str, State] = {
    "job": Job(),
    "queue": Queue(),
    "policy": Policies(),
    "printer": Printer(),
    "batches": Batches(),
    "alarms": Alarms(),
    "document": IssuedDocument(),
}
"""What each kind of stream begins with."""

SCHEMAS = dict.fromkeys(STATES, 1) | {"job": 3, "queue": 2, "printer": 2}
"""The version of each state's shape; it grows with every change of one."""

EVOLVE: dict[type[State], Callable[[Any, Any], Any]] = {
    Job: evolve_job,
    Queue: evolve_queue,
    Policies: evolve_policies,
    Printer: evolve_printer,
    Batches: evolve_batches,
    Alarms: evolve_alarms,
    IssuedDocument: evolve_document,
}


def evolve(state: Any, fact: PrintingFact) -> Any:
    """The state of the fact's stream after it."""
    return EVOLVE[type(state)](state, fact)


__all__ = [
    "EVOLVE",
    "SCHEMAS",
    "STATES",
    "Alarms",
    "Batch",
    "Batches",
    "Claim",
    "Debt",
    "IssuedDocument",
    "Job",
    "Policies",
    "Printer",
    "Queue",
    "Spell",
    "evolve",
]
