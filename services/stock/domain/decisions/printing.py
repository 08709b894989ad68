"""What printing reports: a card used its blank, or spoiled it. Always booked, whatever the book says."""

from dataclasses import dataclass

from services.stock.domain.commands import DatedCommand, StockCommand, book_of, numbers_of, premises_of
from services.stock.domain.custody import changed, known
from services.stock.domain.facts import SUPPLIES, BlankSpoiled, BlankUsed, Cause, Condition, SerialRange
from services.stock.domain.levels import next_estimate
from services.stock.domain.open_book import OpenBook, check_date
from services.stock.domain.state import Book, Premises
from shared.decider import Decision, States


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintersReport(DatedCommand):
    """A fact about one blank. `serial` is its number, if the printer could read it."""

    location: str
    serial: str | None = None

    @property
    def numbers(self) -> SerialRange | None:
        return None if self.serial is None else SerialRange(self.serial, self.serial)

    @property
    def streams(self) -> tuple[str, ...]:
        here = (book_of(self.office, self.item), premises_of(self.office))
        return here if self.serial is None else (*here, *numbers_of(self.item, self.numbers))


@dataclass(frozen=True, kw_only=True, slots=True)
class UseBlank(PrintersReport):
    """A fact: a card was printed, or a printer got a new ribbon or film, whose change `job` then names."""

    job: str
    daily_use_default: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SpoilBlank(PrintersReport):
    """A fact: blanks were spoiled, one by a job or some by hand."""

    job: str | None
    cause: Cause
    quantity: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseDay(StockCommand):
    """The day is over at the office: what was used on it becomes part of the estimate, without waiting for a card."""


def use(command: UseBlank, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    book = entry.book
    if book.day_of_use is not None and command.day > book.day_of_use:
        days = (command.day - book.day_of_use).days if command.item in SUPPLIES else 1
        learn(entry, command.daily_use_default, days)
        book = entry.book
    entry.write(
        BlankUsed(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=1,
            job=command.job,
            used_on=command.day,
            serial=command.serial,
            blank_version=version_taken(book, states[premises_of(command.office)]),
            location_on_hand=book.shelf(command.location).on_hand - 1,
            on_hand=book.on_hand - 1,
            available=book.available - 1,
        )
    )
    took(command, entry, "USED", command.job, states)
    return entry.close()


def spoil(command: SpoilBlank, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    book = entry.book
    if command.job is None:
        check_date(command, book)
    entry.write(
        BlankSpoiled(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            job=command.job,
            cause=command.cause,
            spoiled_on=command.day,
            serial=command.serial,
            blank_version=version_taken(book, states[premises_of(command.office)]),
            late_reason=command.late_reason,
            location_on_hand=book.shelf(command.location).on_hand - command.quantity,
            on_hand=book.on_hand - command.quantity,
            available=book.available - command.quantity,
        )
    )
    took(command, entry, "SPOILED", command.job or command.cause, states, command.quantity)
    return entry.close()


def close_day(command: CloseDay, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    # How long a roll lasts is known only when the next one is put in.
    if command.item not in SUPPLIES and entry.book.day_of_use is not None and entry.book.day_of_use <= command.day:
        learn(entry, entry.book.daily_use or 0)
    return entry.close()


def learn(entry: OpenBook, believed_first: int, days: int = 1) -> None:
    """Takes the day of use into the estimate, once, as what was used in so many days.

    A day on which stock ran out teaches nothing.
    """
    book = entry.book
    if book.day_closed or book.day_of_use is None:
        return
    believed = believed_first if book.daily_use is None else book.daily_use
    used = book.used_that_day + book.used_late
    after = believed if book.ran_out else next_estimate(believed, used, days)
    entry.estimate(after, book.day_of_use, used)


def version_taken(book: Book, premises: Premises) -> str | None:
    """The blank's version: one that a printer here takes, the longest known first; None where no version was told."""
    if not book.versions:
        return None
    takes = premises.takes
    return next((v for v, n in book.versions.items() if n > 0 and (not takes or v in takes)), None)


def took(
    command: PrintersReport,
    entry: OpenBook,
    condition: Condition,
    reference: str,
    states: States,
    quantity: int = 1,
) -> None:
    """Blanks left the shelf: what the number of one says of that, and what the shelf does."""
    entry.was_counted_since(command, command.location, -quantity)
    numbers = command.numbers
    if numbers is not None:
        run = next((run for _, run in known(states, command.item, numbers)), None)
        if run is not None and run.condition == "LOST":
            entry.question(command.location, "LOST_NUMBER_USED", serials=numbers, holders=(run.holder,), pieces=1)
        elif run is not None and (run.condition, run.office) != ("HELD", command.office):
            entry.question(command.location, "NUMBER_ELSEWHERE", serials=numbers, holders=(run.holder,), pieces=1)
        entry.facts += changed(
            command.item,
            numbers,
            condition,
            command.office,
            command.location,
            because="BlankUsed" if condition == "USED" else "BlankSpoiled",
            reference=reference,
        )
    entry.question_below_zero(command.location)
    entry.question_earlier(command, command.location, states)
