"""Notify's business, as the ledger needs to know it."""

from typing import get_args

from services.notify.domain import NotifyFact, Shortage, decide, evolve
from services.notify.published import PROMISED
from services.notify.views import project
from shared.decider import Domain

NOTIFY = Domain(
    service="notify",
    facts=get_args(NotifyFact),
    states={"shortage": Shortage()},
    decide=decide,
    evolve=evolve,
    project=project,
    promised=PROMISED,
    schemas={"shortage": 1},
)
