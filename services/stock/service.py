"""Stock's business, as the ledger needs to know it."""

from typing import get_args

from services.stock.domain import SCHEMAS, STATES, StockFact, decide, evolve
from services.stock.published import PROMISED
from services.stock.views import project
from shared.decider import Domain

STOCK = Domain(
    service="stock",
    facts=get_args(StockFact),
    states=STATES,
    decide=decide,
    evolve=evolve,
    project=project,
    promised=PROMISED,
    schemas=SCHEMAS,
)
