"""Printing's business, as the ledger needs to know it."""

from typing import get_args

from services.printing.domain import Job, PrintingFact, Queue, decide, evolve
from services.printing.published import PROMISED
from services.printing.views import project
from shared.decider import Domain

PRINTING = Domain(
    service="printing",
    facts=get_args(PrintingFact),
    states={"job": Job(), "queue": Queue()},
    decide=decide,
    evolve=evolve,
    project=project,
    promised=PROMISED,
    schemas={"job": 1, "queue": 1},
)
