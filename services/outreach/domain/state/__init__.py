"""What the facts add up to, by the kind of stream."""

from collections.abc import Callable
from typing import Any

from services.outreach.domain.facts import OutreachFact
from services.outreach.domain.state.demand import (
    Coverage,
    Demand,
    Forecasts,
    School,
    Surge,
    evolve_coverage,
    evolve_demand,
    evolve_forecasts,
    evolve_school,
    evolve_surge,
)
from services.outreach.domain.state.recording import Recording, evolve_recording
from services.outreach.domain.state.visit import Equipment, TeamDay, Visit, evolve_team_day, evolve_visit
from shared.decider import State

STATES: dict[str, State] = {
    "visit": Visit(),
    "team": TeamDay(),
    "recording": Recording(),
    "demand": Demand(),
    "forecast": Forecasts(),
    "surge": Surge(),
    "coverage": Coverage(),
    "school": School(),
}
"""What each kind of stream begins with."""

SCHEMAS = dict.fromkeys(STATES, 1) | {"visit": 2, "recording": 2}
"""The version of each state's shape; it grows with every change of one."""

EVOLVE: dict[type[State], Callable[[Any, Any], Any]] = {
    Visit: evolve_visit,
    TeamDay: evolve_team_day,
    Recording: evolve_recording,
    Demand: evolve_demand,
    Forecasts: evolve_forecasts,
    Surge: evolve_surge,
    Coverage: evolve_coverage,
    School: evolve_school,
}


def evolve(state: Any, fact: OutreachFact) -> Any:
    """The state of the fact's stream after it."""
    return EVOLVE[type(state)](state, fact)


__all__ = [
    "SCHEMAS",
    "STATES",
    "Coverage",
    "Demand",
    "Equipment",
    "Forecasts",
    "Recording",
    "School",
    "Surge",
    "TeamDay",
    "Visit",
    "evolve",
]
