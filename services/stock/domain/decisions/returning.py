"""Blanks that their receiver rejected: in transit still, until they are back with the sender or spoiled."""

from dataclasses import dataclass

from services.stock.domain.commands import StockCommand, book_of, numbers_of, premises_of
from services.stock.domain.custody import changed
from services.stock.domain.decisions.loans import given_back
from services.stock.domain.decisions.receiving import shelve
from services.stock.domain.facts import (
    BlankSpoiled,
    BlanksReceived,
    Cause,
    RejectedReturned,
    SerialRange,
)
from services.stock.domain.open_book import OpenBook, check_date, require_open
from services.stock.domain.state import Consignment, Loan
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnRejected(StockCommand):
    """A request: so many of a consignment's rejected blanks are on the shelf `location` again, or were spoiled.

    Its sender takes them back, or finds them spoiled; its receiver, with whom they are, can only
    spoil them. What comes back beyond what was rejected is an ordinary receipt. `loan` is the one
    they were sent under, if any.
    """

    consignment: str
    location: str
    quantity: int
    bast: str
    spoiled: Cause | None = None
    serials: SerialRange | None = None
    loan: str | None = None

    @property
    def ranges(self) -> tuple[SerialRange, ...]:
        return () if self.serials is None else (self.serials,)

    @property
    def streams(self) -> tuple[str, ...]:
        here: tuple[str, ...] = (
            book_of(self.office, self.item),
            premises_of(self.office),
            f"consignment/{self.consignment}",
        )
        if self.loan is not None:
            here = (*here, f"loan/{self.loan}")
        return (*here, *numbers_of(self.item, self.serials))


def return_rejected(command: ReturnRejected, states: States) -> Decision:
    stream = f"consignment/{command.consignment}"
    sent: Consignment = states[stream]
    refuse_return(command, sent, states)
    entry = OpenBook(command.office, command.item, command.day, states)
    check_date(command, entry.book)
    take_in(command, entry, states)
    if command.spoiled is not None:
        spoil_them(command, command.spoiled, entry)
    entry.facts.append(
        (
            stream,
            RejectedReturned(
                office=command.office,
                item=command.item,
                consignment=command.consignment,
                quantity=command.quantity,
                spoiled=command.spoiled is not None,
            ),
        )
    )
    entry.facts += returned_to_lender(command, sent, states)
    return entry.close()


def refuse_return(command: ReturnRejected, sent: Consignment, states: States) -> None:
    """Raises `Refused` unless this office may book so many of what was rejected."""
    if not sent.announced or sent.item != command.item or command.office not in (sent.sender, sent.receiver):
        raise Refused("consignment_unknown", "This office neither sent nor received such a consignment.")
    if command.office != sent.sender and command.spoiled is None:
        raise Refused("not_the_sender", "With who rejected them they are only spoiled; its sender takes them back.")
    if command.quantity > sent.rejected:
        raise Refused("more_than_rejected", "Fewer of it are rejected.", asked=command.quantity, rejected=sent.rejected)
    require_open(command, command.location, states)


def take_in(command: ReturnRejected, entry: OpenBook, states: States) -> None:
    """They are on hand: from here on they are this office's."""
    entry.write(
        BlanksReceived(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            source="RETURN",
            bast=command.bast,
            serials=command.serials,
            consignment=command.consignment,
            late_reason=command.late_reason,
            location_on_hand=entry.book.shelf(command.location).on_hand + command.quantity,
            on_hand=entry.book.on_hand + command.quantity,
            available=entry.book.available + command.quantity,
        )
    )
    shelve(entry, states, command.location, command.ranges, command.bast, command.consignment)
    if command.spoiled is None:
        entry.was_counted_since(command, command.location, command.quantity)


def spoil_them(command: ReturnRejected, cause: Cause, entry: OpenBook) -> None:
    """They leave the shelf as they came to it, and wait for their destruction."""
    entry.write(
        BlankSpoiled(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            job=None,
            cause=cause,
            spoiled_on=command.day,
            late_reason=command.late_reason,
            location_on_hand=entry.book.shelf(command.location).on_hand - command.quantity,
            on_hand=entry.book.on_hand - command.quantity,
            available=entry.book.available - command.quantity,
        )
    )
    for serials in command.ranges:
        entry.facts += changed(
            command.item,
            serials,
            "SPOILED",
            command.office,
            command.location,
            because="BlankSpoiled",
            reference=command.consignment,
        )


def returned_to_lender(command: ReturnRejected, sent: Consignment, states: States) -> Decision:
    """What a lender has back is not owed any more."""
    if command.loan is None or sent.loan != command.loan:
        return []
    loan: Loan = states[f"loan/{command.loan}"]
    if loan.lender != command.office or sent.sender != loan.lender:
        return []
    return given_back(command.loan, loan, command.consignment, command.quantity)
