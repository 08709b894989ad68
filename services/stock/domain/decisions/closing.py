"""The close of a book: a period that stays as it was."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.stock.domain.commands import StockCommand, book_of
from services.stock.domain.facts import BookClosed
from services.stock.domain.history import on_hand_at
from services.stock.domain.open_book import OpenBook
from shared.decider import Decision, Recall, Refused, States

INSTANT = timedelta(microseconds=1)
"""The finest that moments are told apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseBook(StockCommand):
    """A request of the head: nothing is booked on or before `through` any more.

    `until` is the moment at which the day after `through` begins at the office.
    """

    through: date
    until: datetime
    closed_by: str

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return (self.since_until,)

    @property
    def since_until(self) -> Recall:
        """The book's facts since the period ended."""
        return Recall(book_of(self.office, self.item), self.until)


def close_book(command: CloseBook, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    book = entry.book
    if not book.onboard:
        raise Refused("not_on_board", "A book is closed once an opening count has opened it.")
    if command.through >= command.day:
        raise Refused("not_over", "A book is closed through a day that is over.", today=command.day)
    if book.closed_through is not None and command.through <= book.closed_through:
        raise Refused("already_closed", "The book is closed through that day.", closed_through=book.closed_through)
    if book.in_question:
        asked = {name: list(shelf.questions) for name, shelf in book.locations.items() if shelf.questions}
        raise Refused(
            "in_question", "Count what is in question, or explain it, before the book is closed.", asked=asked
        )
    entry.write(
        BookClosed(
            office=command.office,
            item=command.item,
            through=command.through,
            until=command.until,
            previous_until=book.closed_until,
            locations=on_hand_at(book, states[command.since_until], command.until - INSTANT),
            closed_by=command.closed_by,
            on_hand=book.on_hand,
            available=book.available,
        )
    )
    return entry.close()
