"""Printing's business, as the ledger needs to know it."""

from typing import get_args

from services.printing.domain import SCHEMAS, STATES, PrintingFact, decide, evolve
from services.printing.published import PROMISED
from services.printing.views import project
from shared.decider import Domain

PRINTING = Domain(
    service="printing",
    facts=get_args(PrintingFact),
    states=STATES,
    decide=decide,
    evolve=evolve,
    project=project,
    promised=PROMISED,
    schemas=SCHEMAS,
)
