"""Notify's business, as the ledger needs to know it."""

from typing import get_args

from services.notify.domain import SCHEMAS, STATES, NotifyFact, decide, evolve
from services.notify.published import PROMISED
from services.notify.views import project
from shared.decider import Domain

NOTIFY = Domain(
    service="notify",
    facts=get_args(NotifyFact),
    states=STATES,
    decide=decide,
    evolve=evolve,
    project=project,
    promised=PROMISED,
    schemas=SCHEMAS,
    apart=("people",),
)
