"""HTTP: body → command → answer. A module for each thing that is done on a visit, or asked about the need."""

from services.outreach.api import coverage, forecasts, history, recordings, scenarios, surges, visits
from services.outreach.api.common import api

__all__ = [
    "api",
    "coverage",
    "forecasts",
    "history",
    "recordings",
    "scenarios",
    "surges",
    "visits",
]
