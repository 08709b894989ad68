"""Outreach's business, as the ledger needs to know it."""

from typing import get_args

from services.outreach.domain import SCHEMAS, STATES, OutreachFact, decide, evolve
from services.outreach.published import PROMISED
from services.outreach.views import project
from shared.decider import Domain

OUTREACH = Domain(
    service="outreach",
    facts=get_args(OutreachFact),
    states=STATES,
    decide=decide,
    evolve=evolve,
    project=project,
    promised=PROMISED,
    schemas=SCHEMAS,
    apart=("month_keys",),
)
