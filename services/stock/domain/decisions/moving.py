"""Blanks that change their place within an office."""

from dataclasses import dataclass

from services.stock.domain.commands import DatedCommand, book_of, numbers_of, premises_of
from services.stock.domain.custody import changed, require_held
from services.stock.domain.facts import BlanksMoved, SerialRange
from services.stock.domain.open_book import OpenBook, check_date, check_later_balances, require_open
from services.stock.domain.state import Premises
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveBlanks(DatedCommand):
    """A request: so many go from `location` to the location `to`."""

    location: str
    to: str
    quantity: int
    serials: SerialRange | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        return (
            book_of(self.office, self.item),
            premises_of(self.office),
            *numbers_of(self.item, self.serials),
        )


def move(command: MoveBlanks, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    shelf, to = entry.book.shelf(command.location), entry.book.shelf(command.to)
    if command.location == command.to:
        raise Refused("same_location", "A move goes to another location.")
    premises: Premises = states[premises_of(command.office)]
    if premises.locations and command.to not in premises.locations and not to.counted:
        raise Refused("location_unknown", "No location of this name was opened.")
    require_open(command, command.to, states)
    if command.quantity > shelf.on_hand - shelf.quarantined:
        raise Refused(
            "not_enough",
            "There is less than that at this location.",
            asked=command.quantity,
            location_on_hand=shelf.on_hand,
            quarantined=shelf.quarantined,
            entry=entry.book.entry,
        )
    check_date(command, entry.book)
    check_later_balances(command, entry.book, command.location, command.quantity, states)
    if command.serials is not None:
        require_held(states, command.item, command.serials, command.office, command.location)
        entry.facts += changed(
            command.item,
            command.serials,
            "HELD",
            command.office,
            command.to,
            because="BlanksMoved",
            reference=command.location,
        )
    entry.write(
        BlanksMoved(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            location_on_hand=shelf.on_hand - command.quantity,
            to=command.to,
            to_on_hand=to.on_hand + command.quantity,
            serials=command.serials,
            late_reason=command.late_reason,
            on_hand=entry.book.on_hand,
            available=entry.book.available,
        )
    )
    # What came to a location before its last count was there when it was counted.
    entry.was_counted_since(command, command.to, command.quantity)
    return entry.close()
