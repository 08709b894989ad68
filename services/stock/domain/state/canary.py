"""The canary: the stream `canary/00`."""

from datetime import date

from services.stock.domain.facts import CanaryFact
from shared.decider import State


class Canary(State, frozen=True):
    """The last night it sang for, and how many songs that makes."""

    night: date | None = None
    number: int = 0


def evolve_canary(_: Canary, fact: CanaryFact) -> Canary:
    """The canary after this song."""
    return Canary(night=fact.night, number=fact.number)
