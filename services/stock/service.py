"""Stock's business, as the ledger needs to know it."""

from typing import get_args

from services.stock.domain import Allocation, Book, Consignment, StockFact, decide, evolve
from services.stock.published import PROMISED
from services.stock.views import project
from shared.decider import Domain

STOCK = Domain(
    service="stock",
    facts=get_args(StockFact),
    states={"office": Book(), "consignment": Consignment(), "allocation": Allocation()},
    decide=decide,
    evolve=evolve,
    project=project,
    promised=PROMISED,
    schemas={"office": 1, "consignment": 1, "allocation": 1},
)
