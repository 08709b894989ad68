"""Spoiled blanks: burned before two witnesses, and reported when they wait too long for it."""

from dataclasses import dataclass
from datetime import timedelta

from services.stock.domain.commands import StockCommand, book_of, numbers_of
from services.stock.domain.custody import changed, known
from services.stock.domain.facts import BlanksDestroyed, Cause, DestructionOverdue, SerialRange
from services.stock.domain.open_book import OpenBook, check_date
from services.stock.domain.state import Book
from shared.decider import Decision, Refused, States

DESTROY_WITHIN = timedelta(days=14)
"""So long may spoiled blanks wait. The practice is to burn them daily (DOMAIN.md, facts to build on); no official
limit was found, and two weeks leave room for witnesses who must come from elsewhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DestroyBlanks(StockCommand):
    """A request: so many of each cause, spoiled at `location`, were burned before two witnesses.

    `serials` are the numbers among them, as far as they could be read.
    """

    location: str
    by_cause: dict[Cause, int]
    minutes: str
    witnesses: tuple[str, str]
    document_sha256: str
    recorded_by: str
    serials: tuple[SerialRange, ...] = ()

    @property
    def quantity(self) -> int:
        return sum(self.by_cause.values())

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.office, self.item), *numbers_of(self.item, *self.serials))


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckDestruction(StockCommand):
    """Spoiled blanks may have waited long enough by now."""


def destroy(command: DestroyBlanks, states: States) -> Decision:
    require_witnesses(command.witnesses, command.recorded_by)
    entry = OpenBook(command.office, command.item, command.day, states)
    check_date(command, entry.book)
    refuse_more_than_waits(command, entry.book)
    require_spoiled(command, states)
    entry.write(
        BlanksDestroyed(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            by_cause=command.by_cause,
            minutes=command.minutes,
            witnesses=command.witnesses,
            document_sha256=command.document_sha256,
            awaiting=entry.book.spoiled - command.quantity,
            destroyed_on=command.day,
            serials=command.serials,
            late_reason=command.late_reason,
            on_hand=entry.book.on_hand,
            available=entry.book.available,
        )
    )
    for serials in command.serials:
        entry.facts += changed(
            command.item,
            serials,
            "DESTROYED",
            command.office,
            command.location,
            because="BlanksDestroyed",
            reference=command.minutes,
        )
    return entry.close()


def require_witnesses(witnesses: tuple[str, str], recorded_by: str) -> None:
    """Raises `Refused` unless two people saw it, neither of whom keeps the store."""
    first, second = witnesses
    if first == second:
        raise Refused("witnesses_are_one", "A destruction needs two different witnesses.")
    if recorded_by in witnesses:
        raise Refused("witness_is_storekeeper", "Whoever keeps the store does not witness its destruction.")


def refuse_more_than_waits(command: DestroyBlanks, book: Book) -> None:
    """Raises `Refused` if fewer of a cause wait in the office, or fewer in all at this location."""
    if book.awaiting_since is not None and command.day < book.awaiting_since:
        raise Refused("not_spoiled_yet", "What waits was spoiled later than that.", since=book.awaiting_since)
    here = book.shelf(command.location).spoiled
    for cause, quantity in command.by_cause.items():
        awaiting = book.awaiting.get(cause, 0)
        if quantity > awaiting:
            raise Refused(
                "more_than_awaits", "Fewer of this cause wait.", cause=cause, asked=quantity, awaiting=awaiting
            )
    if command.quantity > here:
        raise Refused("more_than_awaits", "Fewer wait at this location.", asked=command.quantity, awaiting=here)


def require_spoiled(command: DestroyBlanks, states: States) -> None:
    """Raises `Refused` unless each of these numbers is of a blank that this office spoiled."""
    for serials in command.serials:
        expected, last = serials.numbers
        for part, run in known(states, command.item, serials):
            if (run.condition, run.office) != ("SPOILED", command.office) or part.numbers[0] != expected:
                break
            expected = part.numbers[1] + 1
        if expected <= last:
            first = serials.part(expected, expected).first
            raise Refused("serials_not_spoiled", "Not all of these numbers were spoiled here.", serial=first)


def check_destruction(command: CheckDestruction, states: States) -> Decision:
    """Once for each wait; destroying a part of it begins another."""
    entry = OpenBook(command.office, command.item, command.day, states)
    book = entry.book
    if book.awaiting_since is None or book.destruction_told:
        return []
    if command.day - book.awaiting_since <= DESTROY_WITHIN:
        return []
    entry.write(
        DestructionOverdue(
            office=command.office,
            item=command.item,
            awaiting=book.spoiled,
            since=book.awaiting_since,
            on_hand=book.on_hand,
            available=book.available,
        )
    )
    return entry.close()
