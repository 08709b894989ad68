"""The paper book of an office, booked as a whole: every line of it, or none."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from services.stock.domain.commands import OfficeCommand, book_of, numbers_of, premises_of
from services.stock.domain.decisions.premises import fits
from services.stock.domain.decisions.receiving import CountedBox, open_shelf, require_counters
from services.stock.domain.facts import Item, LocationKind, LocationOpened, SerialRange
from services.stock.domain.open_book import OpenBook, check_date
from services.stock.domain.state import Book, Premises
from shared.decider import Decision, Recall, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperLine:
    """What two counters found of an item at a location: line `number` of the paper book. A box is a line."""

    number: int
    item: Item
    location: str
    kind: LocationKind
    counted: int
    serials: SerialRange | None = None
    blank_version: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportPaperBook(OfficeCommand):
    """A request: opens the books of every location and item in these lines. Unknown locations open with their kind.

    `daily_use_defaults`, in thousandths, are believed until there is use to learn from.
    """

    lines: tuple[PaperLine, ...]
    counters: tuple[str, str]
    minutes: str
    recorded_by: str
    daily_use_defaults: Mapping[Item, int]

    @property
    def items(self) -> tuple[Item, ...]:
        """The items in the book, each once, in order of their first line."""
        return tuple(dict.fromkeys(line.item for line in self.lines))

    @property
    def streams(self) -> tuple[str, ...]:
        blocks = (name for line in self.lines for name in numbers_of(line.item, line.serials))
        books = (book_of(self.office, item) for item in self.items)
        return tuple(dict.fromkeys((premises_of(self.office), *books, *blocks)))

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return tuple(self.since(item) for item in self.items) if self.backdated else ()

    def since(self, item: Item) -> Recall:
        """The facts of this item's book since the count; there only when it is entered later."""
        return Recall(book_of(self.office, item), self.occurred_at)


def import_paper_book(command: ImportPaperBook, states: States) -> Decision:
    require_counters(command)
    faults = [fault for line in command.lines if (fault := fault_of(line, command, states))]
    if faults:
        raise Refused("lines_refused", "Nothing was booked: some lines do not fit the books.", lines=faults)
    decision: Decision = [
        (
            premises_of(command.office),
            LocationOpened(office=command.office, location=location, kind=kind, opened_on=command.day),
        )
        for location, kind in new_locations(command, states).items()
    ]
    for item in command.items:
        entry = OpenBook(command.office, item, command.day, states)
        check_date(command, entry.book)
        if entry.book.daily_use is None:
            entry.estimate(command.daily_use_defaults[item])
        past = states[command.since(item)] if command.backdated else ()
        lines = sorted((line for line in command.lines if line.item == item), key=lambda line: line.location)
        for location, boxes in groupby(lines, key=lambda line: line.location):
            counted = tuple(CountedBox(line.counted, line.serials, line.blank_version) for line in boxes)
            open_shelf(command, entry, location, counted, past, states)
        decision += entry.close()
    return decision


def new_locations(command: ImportPaperBook, states: States) -> dict[str, LocationKind]:
    """The locations that the office has not opened yet."""
    premises: Premises = states[premises_of(command.office)]
    return {line.location: line.kind for line in command.lines if line.location not in premises.locations}


def fault_of(line: PaperLine, command: ImportPaperBook, states: States) -> dict[str, Any] | None:
    """Why this line cannot be booked, if it cannot."""
    where: dict[str, Any] = {"line": line.number, "item": line.item, "location": line.location}
    book: Book = states[book_of(command.office, line.item)]
    shelf = book.shelf(line.location)
    if shelf.counted:
        return where | {"code": "already_on_board", "location_on_hand": shelf.on_hand}
    premises: Premises = states[premises_of(command.office)]
    known = premises.locations.get(line.location)
    if known is None:
        return None if fits(command.office, line.kind) else where | {"code": "kind_does_not_fit", "kind": line.kind}
    if known.kind != line.kind:
        return where | {"code": "another_kind", "kind": known.kind}
    if premises.closed(line.location, command.day):
        return where | {"code": "location_closed", "opened_on": known.opened_on, "closed_on": known.closed_on}
    return None
