"""How facts change each kind of state."""

from collections.abc import Callable
from typing import Any

from services.notify.domain.directory import DeskHolders, evolve_directory
from services.notify.domain.facts import NotifyFact
from services.notify.domain.state import (
    Canary,
    Contact,
    DeclaredDays,
    Heard,
    Listening,
    Policies,
    Post,
    Sending,
    Shortage,
    Silences,
    SilentOffices,
)
from services.notify.domain.state.people import evolve_contact
from services.notify.domain.state.post import evolve_post, evolve_sending
from services.notify.domain.state.rules import evolve_days, evolve_policies, evolve_silences
from services.notify.domain.state.shortage import evolve_shortage
from services.notify.domain.state.watching import evolve_canary, evolve_heard, evolve_listening, evolve_silent
from shared.decider import State

EVOLVE: dict[type[State], Callable[[Any, Any], State]] = {
    Shortage: evolve_shortage,
    Post: evolve_post,
    Sending: evolve_sending,
    DeskHolders: evolve_directory,
    Contact: evolve_contact,
    Policies: evolve_policies,
    DeclaredDays: evolve_days,
    Silences: evolve_silences,
    Listening: evolve_listening,
    Heard: evolve_heard,
    SilentOffices: evolve_silent,
    Canary: evolve_canary,
}


def evolve(state: Any, fact: NotifyFact) -> Any:
    """The state after this fact of its stream."""
    return EVOLVE[type(state)](state, fact)


STATES: dict[str, State] = {
    "shortage": Shortage(),
    "post": Post(),
    "send": Sending(),
    "desk": DeskHolders(),
    "person": Contact(),
    "policy": Policies(),
    "calendar": DeclaredDays(),
    "silence": Silences(),
    "listening": Listening(),
    "heard": Heard(),
    "silent": SilentOffices(),
    "canary": Canary(),
}
"""What each kind of stream begins with."""
SCHEMAS = dict.fromkeys(STATES, 1) | {"shortage": 3}
