"""Blanks kept for a visit: asked for by a message, so that the answer is a fact either way, never a refusal."""

from dataclasses import dataclass
from datetime import datetime

from services.stock.domain.commands import StockCommand, book_of
from services.stock.domain.facts import BlanksReserved, Item, PrintDebtNoted, ReservationRefused, ReservationReleased
from services.stock.domain.open_book import OpenBook
from services.stock.domain.state import Book
from shared.decider import Decision, States

RESERVATIONS = 20
"""So many visits at once find room in a book's state; an office has a handful of vans."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReserveBlanks(StockCommand):
    """A visit asks for so many blanks, to be kept until `until`."""

    visit: str
    quantity: int
    until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseReservation(StockCommand):
    """The visit is over, or the reservation's time is. `further` are other items it may have blanks of."""

    visit: str
    reason: str
    further: tuple[Item, ...] = ()

    @property
    def items(self) -> tuple[Item, ...]:
        return (self.item, *self.further)

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(book_of(self.office, item) for item in self.items)


@dataclass(frozen=True, kw_only=True, slots=True)
class NotePrintDebt(StockCommand):
    """A fact: printing owes so many cards for want of blanks."""

    owed: int


def reserve(command: ReserveBlanks, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    book = entry.book
    if command.visit in book.reservations:
        return []
    reason = why_not(command, book)
    if reason is not None:
        entry.write(
            ReservationRefused(
                office=command.office,
                item=command.item,
                visit=command.visit,
                asked=command.quantity,
                reason=reason,
                on_hand=book.on_hand,
                available=book.available,
            )
        )
        return entry.close()
    entry.write(
        BlanksReserved(
            office=command.office,
            item=command.item,
            visit=command.visit,
            quantity=command.quantity,
            until=command.until,
            on_hand=book.on_hand,
            available=book.available - command.quantity,
        )
    )
    return entry.close()


def why_not(command: ReserveBlanks, book: Book) -> str | None:
    """Why nothing can be kept for this visit; None if it can. What was promised to others is not kept twice."""
    if not book.onboard:
        return "NOT_ON_BOARD"
    if command.until <= command.now:
        return "OVER"
    if command.quantity > book.available - book.quarantined - book.set_aside:
        return "NOT_ENOUGH"
    return "TOO_MANY_VISITS" if len(book.reservations) >= RESERVATIONS else None


def release(command: ReleaseReservation, states: States) -> Decision:
    decision: Decision = []
    for item in command.items:
        entry = OpenBook(command.office, item, command.day, states)
        quantity = entry.book.reservations.get(command.visit)
        if quantity is not None:
            entry.write(
                ReservationReleased(
                    office=command.office,
                    item=item,
                    visit=command.visit,
                    quantity=quantity,
                    reason=command.reason,
                    on_hand=entry.book.on_hand,
                    available=entry.book.available + quantity,
                )
            )
            decision += entry.close()
    return decision


def note_print_debt(command: NotePrintDebt, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    if entry.book.print_debt != command.owed:
        entry.write(PrintDebtNoted(office=command.office, item=command.item, owed=command.owed))
    return entry.close()
