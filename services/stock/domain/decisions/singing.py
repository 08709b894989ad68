"""The canary sings every night, so that a path on which nothing is heard is known to be broken, not quiet."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.stock.domain.commands import CENTRE, OfficeCommand
from services.stock.domain.facts import CanarySung
from services.stock.domain.state import Canary
from shared.decider import Decision, States

CANARY = f"canary/{CENTRE}"
SINGS_AFTER = timedelta(hours=1)
"""Of the night's day at the centre."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SingCanary(OfficeCommand):
    """It is time to sing for this night."""

    night: date

    @property
    def streams(self) -> tuple[str, ...]:
        return (CANARY,)


def sing(command: SingCanary, states: States) -> Decision:
    """One song for this night, unless it has one: nights before it that have none are not made up for."""
    canary: Canary = states[CANARY]
    if canary.night is not None and command.night <= canary.night:
        return []
    return [(CANARY, CanarySung(office=CENTRE, night=command.night, number=canary.number + 1, at=command.now))]
