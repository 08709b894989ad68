"""An office's places and printers, common to all its books: the stream `premises/<office>`."""

from datetime import date
from typing import assert_never

import msgspec
from msgspec.structs import replace

from services.stock.domain.facts import (
    LocationClosed,
    LocationKind,
    LocationOpened,
    PremisesFact,
    PrinterRegistered,
    PrinterRetired,
)
from shared.decider import State


class Location(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A place that keeps blanks from the day it opened to the day before it closed."""

    kind: LocationKind
    opened_on: date
    closed_on: date | None = None


class Premises(State, frozen=True):
    """Places by name, and what each printer takes."""

    locations: dict[str, Location] = msgspec.field(default_factory=dict)
    printers: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)

    @property
    def takes(self) -> frozenset[str]:
        """Blank versions that one of the printers takes; none when no printer was registered."""
        return frozenset(version for takes in self.printers.values() for version in takes)

    def closed(self, location: str, day: date) -> bool:
        """Whether this place is known and keeps no blanks on that day."""
        place = self.locations.get(location)
        return place is not None and (day < place.opened_on or (place.closed_on is not None and day >= place.closed_on))


def evolve_premises(premises: Premises, fact: PremisesFact) -> Premises:
    """The premises after this fact."""
    match fact:
        case LocationOpened(location=name):
            return replace(premises, locations=premises.locations | {name: Location(fact.kind, fact.opened_on)})
        case LocationClosed(location=name, closed_on=day):
            closed = replace(premises.locations[name], closed_on=day)
            return replace(premises, locations=premises.locations | {name: closed})
        case PrinterRegistered(printer=printer, takes=takes):
            return replace(premises, printers=premises.printers | {printer: takes})
        case PrinterRetired(printer=printer):
            return replace(
                premises, printers={name: takes for name, takes in premises.printers.items() if name != printer}
            )
    assert_never(fact)
