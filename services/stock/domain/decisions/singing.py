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
A_NIGHT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class SingCanary(OfficeCommand):
    """It is time to sing for this night."""

    night: date

    @property
    def streams(self) -> tuple[str, ...]:
        return (CANARY,)


def sing(command: SingCanary, states: States) -> Decision:
    """A song for each night up to this one that has none. The first that is ever asked for is the first there is."""
    canary: Canary = states[CANARY]
    first = command.night if canary.night is None else canary.night + A_NIGHT
    return [
        (
            CANARY,
            CanarySung(office=CENTRE, night=first + n * A_NIGHT, number=canary.number + n + 1, at=command.now),
        )
        for n in range((command.night - first).days + 1)
    ]
