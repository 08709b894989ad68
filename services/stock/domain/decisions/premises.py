"""Where an office keeps its blanks, and what its printers take."""

from dataclasses import dataclass
from datetime import date

from services.stock.domain.commands import CENTRE, OfficeCommand, book_of, premises_of
from services.stock.domain.facts import (
    ITEMS,
    Item,
    LocationClosed,
    LocationKind,
    LocationOpened,
    PrinterRegistered,
    PrinterRetired,
)
from services.stock.domain.movements import changes
from services.stock.domain.open_book import check_date
from services.stock.domain.state import Book, Premises
from shared.decider import Decision, Recall, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class PremisesCommand(OfficeCommand):
    """A request about the office's places or printers."""

    @property
    def streams(self) -> tuple[str, ...]:
        return (premises_of(self.office),)


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenLocation(PremisesCommand):
    """A place keeps blanks from that day on. One that was closed may open again, from a later day."""

    location: str
    kind: LocationKind
    opened_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseLocation(PremisesCommand):
    """A place keeps no blanks from the command's own day on: none of the five books holds anything there."""

    location: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (premises_of(self.office), *(book_of(self.office, item) for item in ITEMS))

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return tuple(self.since(item) for item in ITEMS) if self.backdated else ()

    def since(self, item: Item) -> Recall:
        """The facts of this item's book since the place was closed; there only when that is entered later."""
        return Recall(book_of(self.office, item), self.occurred_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterPrinter(PremisesCommand):
    """A printer of the office takes these blank versions, and no other."""

    printer: str
    takes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class RetirePrinter(PremisesCommand):
    """A printer prints no more."""

    printer: str


def open_location(command: OpenLocation, states: States) -> Decision:
    premises: Premises = states[premises_of(command.office)]
    known = premises.locations.get(command.location)
    if known is not None and known.closed_on is None:
        raise Refused("already_open", "The location is open.", kind=known.kind, opened_on=known.opened_on)
    if known is not None and known.closed_on is not None and command.opened_on < known.closed_on:
        raise Refused("closed_until", "The location was closed later than that.", closed_on=known.closed_on)
    if not fits(command.office, command.kind):
        raise Refused("kind_does_not_fit", "An office of this type has no such location.", kind=command.kind)
    opened = LocationOpened(
        office=command.office, location=command.location, kind=command.kind, opened_on=command.opened_on
    )
    return [(premises_of(command.office), opened)]


def fits(office: str, kind: LocationKind) -> bool:
    """Whether such an office has such a location: buffers are the provinces', the centre's store is the centre's."""
    if kind == "BUFFER":
        return "." not in office and office != CENTRE
    return kind != "CENTRE" or office == CENTRE


def close_location(command: CloseLocation, states: States) -> Decision:
    stream = premises_of(command.office)
    premises: Premises = states[stream]
    known = premises.locations.get(command.location)
    if known is None or known.closed_on is not None:
        raise Refused("not_open", "No location of this name is open.")
    if command.day < known.opened_on:
        raise Refused("not_open_yet", "The location opened later than that.", opened_on=known.opened_on)
    for item in ITEMS:
        book: Book = states[book_of(command.office, item)]
        check_date(command, book)
        shelf = book.shelf(command.location)
        if shelf.on_hand or shelf.spoiled:
            raise Refused(
                "location_not_empty",
                "The books hold something at this location: move it, or count it, before it closes.",
                item=item,
                location_on_hand=shelf.on_hand,
                awaiting_destruction=shelf.spoiled,
                entry=book.entry,
            )
        if command.backdated:
            refuse_if_used_since(command, item, states)
    closed = LocationClosed(office=command.office, location=command.location, closed_on=command.day)
    return [(stream, closed)]


def refuse_if_used_since(command: CloseLocation, item: Item, states: States) -> None:
    """Raises `Refused` if something came to the location or left it after it is said to have been closed."""
    for r in states[command.since(item)]:
        if r.occurred_at > command.occurred_at and any(c.location == command.location for c in changes(r.fact)):
            raise Refused(
                "used_since",
                "Blanks came or went at this location after that.",
                item=item,
                fact=type(r.fact).__name__,
                entry=r.version,
                at=r.occurred_at,
            )


def register_printer(command: RegisterPrinter, states: States) -> Decision:
    stream = premises_of(command.office)
    premises: Premises = states[stream]
    if premises.printers.get(command.printer) == command.takes:
        return []
    return [(stream, PrinterRegistered(office=command.office, printer=command.printer, takes=command.takes))]


def retire_printer(command: RetirePrinter, states: States) -> Decision:
    stream = premises_of(command.office)
    premises: Premises = states[stream]
    if command.printer not in premises.printers:
        raise Refused("unknown_printer", "No printer of this name is registered.")
    return [(stream, PrinterRetired(office=command.office, printer=command.printer))]
