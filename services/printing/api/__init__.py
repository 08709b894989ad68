"""HTTP: body → command → answer. A module for each thing that is done in an office, or asked about it."""

from services.printing.api import (
    claims,
    counter,
    debt,
    jobs,
    letters,
    policies,
    printers,
    queue,
    reports,
    results,
    service_clock,
    signals,
)
from services.printing.api.common import api

__all__ = [
    "api",
    "claims",
    "counter",
    "debt",
    "jobs",
    "letters",
    "policies",
    "printers",
    "queue",
    "reports",
    "results",
    "service_clock",
    "signals",
]
