"""What the facts add up to: an office's book of one item, a consignment, an allocation."""

from collections.abc import Callable
from datetime import date
from typing import Any, assert_never

import msgspec
from msgspec.structs import replace

from services.stock.domain.facts import (
    AllocationApproved,
    AllocationDispatched,
    AllocationFact,
    BlanksDispatched,
    BlankSpoiled,
    BlanksReceived,
    BlanksSetAside,
    BlankUsed,
    BookFact,
    ConsignmentAnnounced,
    ConsignmentFact,
    ConsignmentReceived,
    DailyUseEstimated,
    DiscrepancyFound,
    Item,
    Kind,
    Level,
    StockFact,
    StockLow,
    StockRecovered,
    ThresholdsSet,
    VarianceRecorded,
)
from services.stock.domain.levels import Thresholds, thresholds_by_use
from shared.decider import State


class Shelf(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is at one location. `spoiled` awaits destruction; `questions` are its open discrepancies."""

    on_hand: int = 0
    spoiled: int = 0
    counted: bool = False
    questions: tuple[Kind, ...] = ()


NO_SHELF = Shelf()


class Book(State, frozen=True):
    """An office's stock of one item.

    The office is the sum of its locations. It is on board, and has a level, from its first opening
    count. `set_aside` is what its allocations have not taken yet. `daily_use` is in thousandths of
    a piece; `day_of_use` is the day being counted, and `used_that_day` the pieces so far.
    """

    on_hand: int = 0
    reserved: int = 0
    set_aside: int = 0
    locations: dict[str, Shelf] = msgspec.field(default_factory=dict)
    onboard: bool = False
    level: Level = "OK"
    episode: int = 0
    own_thresholds: Thresholds | None = None
    thresholds_version: int = 0
    daily_use: int | None = None
    day_of_use: date | None = None
    used_that_day: int = 0

    @property
    def available(self) -> int:
        """What may be handed out."""
        return self.on_hand - self.reserved

    @property
    def thresholds(self) -> Thresholds:
        """The office's own, or else days of cover."""
        return self.own_thresholds or thresholds_by_use(self.daily_use or 0)

    @property
    def in_question(self) -> bool:
        """A discrepancy is open at one of its locations."""
        return any(shelf.questions for shelf in self.locations.values())

    def shelf(self, location: str) -> Shelf:
        """What is at this location: nothing, if it was never heard of."""
        return self.locations.get(location, NO_SHELF)


class Consignment(State, frozen=True):
    """Blanks between two offices: `sent = accepted + rejected + missing + in_transit`, at every instant.

    Kept as reported (`arrived`, `turned_away`, `not_found`), in whichever order reports came; the
    four parts follow. What was sent covers first what arrived, then what was rejected, then what
    is missing, so that blanks thought missing which arrive after all are no longer missing. One
    that was received before its sender announced it has sent nothing yet.
    """

    sender: str | None = None
    receiver: str | None = None
    item: Item | None = None
    sent: int = 0
    promised_on: date | None = None
    allocation: str | None = None
    arrived: int = 0
    turned_away: int = 0
    not_found: int = 0
    location: str | None = None
    reason: str | None = None

    @property
    def announced(self) -> bool:
        """Its sender has booked it."""
        return self.sender is not None

    @property
    def accepted(self) -> int:
        """Sent, and now on hand."""
        return min(self.arrived, self.sent)

    @property
    def rejected(self) -> int:
        """Sent, arrived unusable, and not yet back."""
        return min(self.turned_away, self.sent - self.accepted)

    @property
    def missing(self) -> int:
        """Sent, and written off with a reason."""
        return min(self.not_found, self.sent - self.accepted - self.rejected)

    @property
    def in_transit(self) -> int:
        """Sent, and not heard of since."""
        return self.sent - self.accepted - self.rejected - self.missing

    @property
    def surplus(self) -> int:
        """Came, though it was not sent."""
        return self.arrived + self.turned_away - self.accepted - self.rejected


class Allocation(State, frozen=True):
    """A promise of blanks to an office."""

    office: str | None = None
    item: Item | None = None
    from_office: str | None = None
    quantity: int = 0
    dispatched: int = 0
    promised_on: date | None = None


def evolve_book(book: Book, fact: BookFact) -> Book:
    match fact:
        case BlankUsed(location=location, quantity=quantity, used_on=day):
            shelf = book.shelf(location)
            used = Shelf(shelf.on_hand - quantity, shelf.spoiled, shelf.counted, shelf.questions)
            return replace(
                book,
                on_hand=book.on_hand - quantity,
                locations=book.locations | {location: used},
                # A card reported late counts on the day under way: the days before are closed.
                day_of_use=day if book.day_of_use is None or day > book.day_of_use else book.day_of_use,
                used_that_day=book.used_that_day + quantity,
            )
        case BlanksReceived(location=location, quantity=quantity, source="OPENING"):
            shelf = book.shelf(location)
            opened = Shelf(shelf.on_hand + quantity, shelf.spoiled, True)
            return replace(
                book, on_hand=book.on_hand + quantity, onboard=True, locations=book.locations | {location: opened}
            )
        case BlanksReceived(location=location, quantity=quantity):
            return _moved(book, location, quantity)
        case BlanksDispatched(location=location, quantity=quantity, allocation=None):
            return _moved(book, location, -quantity)
        case BlanksDispatched(location=location, quantity=quantity):
            return replace(_moved(book, location, -quantity), set_aside=book.set_aside - quantity)
        case BlankSpoiled(location=location, quantity=quantity):
            shelf = book.shelf(location)
            spoiled = replace(shelf, on_hand=shelf.on_hand - quantity, spoiled=shelf.spoiled + quantity)
            return replace(book, on_hand=book.on_hand - quantity, locations=book.locations | {location: spoiled})
        case VarianceRecorded(location=location, quantity=quantity):
            return book if location is None else _moved(book, location, quantity)
        case DiscrepancyFound(location=location, kind=kind):
            shelf = book.shelf(location)
            questions = shelf.questions if kind in shelf.questions else (*shelf.questions, kind)
            return replace(book, locations=book.locations | {location: replace(shelf, questions=questions)})
        case StockLow(level=level, episode=episode):
            return replace(book, level=level, episode=episode)
        case StockRecovered():
            return replace(book, level="OK")
        case ThresholdsSet(version=version, low=int(low), critical=int(critical), recovery=int(recovery)):
            return replace(book, own_thresholds=Thresholds(low, critical, recovery), thresholds_version=version)
        case ThresholdsSet(version=version):
            return replace(book, own_thresholds=None, thresholds_version=version)
        case DailyUseEstimated(thousandths=thousandths):
            return replace(book, daily_use=thousandths, used_that_day=0)
        case BlanksSetAside(quantity=quantity):
            return replace(book, set_aside=book.set_aside + quantity)
    assert_never(fact)


def _moved(book: Book, location: str, change: int) -> Book:
    shelf = book.shelf(location)
    moved = Shelf(shelf.on_hand + change, shelf.spoiled, shelf.counted, shelf.questions)
    return replace(book, on_hand=book.on_hand + change, locations=book.locations | {location: moved})


def evolve_consignment(consignment: Consignment, fact: ConsignmentFact) -> Consignment:
    match fact:
        case ConsignmentAnnounced():
            return replace(
                consignment,
                sender=fact.sender,
                receiver=fact.office,
                item=fact.item,
                sent=fact.quantity,
                promised_on=fact.promised_on,
                allocation=fact.allocation,
            )
        case ConsignmentReceived():
            return replace(
                consignment,
                receiver=consignment.receiver or fact.office,
                item=consignment.item or fact.item,
                arrived=consignment.arrived + fact.accepted,
                turned_away=consignment.turned_away + fact.rejected,
                not_found=consignment.not_found + fact.missing,
                location=fact.location,
                reason=fact.reason or consignment.reason,
            )
    assert_never(fact)


def evolve_allocation(allocation: Allocation, fact: AllocationFact) -> Allocation:
    match fact:
        case AllocationApproved():
            return Allocation(
                office=fact.office,
                item=fact.item,
                from_office=fact.from_office,
                quantity=fact.quantity,
                promised_on=fact.promised_on,
            )
        case AllocationDispatched(quantity=quantity):
            return replace(allocation, dispatched=allocation.dispatched + quantity)
    assert_never(fact)


EVOLVE: dict[type[State], Callable[[Any, Any], Any]] = {
    Book: evolve_book,
    Consignment: evolve_consignment,
    Allocation: evolve_allocation,
}


def evolve(state: Any, fact: StockFact) -> Any:
    """The state of the fact's stream after it."""
    return EVOLVE[type(state)](state, fact)
