"""Blanks that arrive, and the count with which a location's books are opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from services.stock.domain.commands import DatedCommand, StockCommand, book_of, numbers_of, premises_of
from services.stock.domain.custody import changed, claimed, pieces
from services.stock.domain.decisions.loans import given_back
from services.stock.domain.facts import (
    BlanksReceived,
    ConsignmentReceived,
    LeadTimeLearned,
    SerialRange,
    Source,
)
from services.stock.domain.foresight import next_lead_time
from services.stock.domain.history import changed_after
from services.stock.domain.open_book import OpenBook, check_date, require_open
from services.stock.domain.state import Consignment, Loan, Premises, evolve_consignment
from shared.decider import Decision, Recalled, Refused, States


class OpeningCount(Protocol):
    """What every opening count says, of one location or of the whole paper book."""

    @property
    def occurred_at(self) -> datetime: ...
    @property
    def late_reason(self) -> str | None: ...
    @property
    def counters(self) -> tuple[str, str]: ...
    @property
    def minutes(self) -> str: ...
    @property
    def recorded_by(self) -> str: ...


class CountedBox(NamedTuple):
    """So many pieces, and what is printed on their box."""

    counted: int
    serials: SerialRange | None = None
    blank_version: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordOpeningCount(DatedCommand):
    """A request: two counters found `counted` pieces at a location whose books are not open yet.

    `daily_use_default`, in thousandths, is believed until there is use to learn from.
    """

    location: str
    counted: int
    counters: tuple[str, str]
    minutes: str
    recorded_by: str
    daily_use_default: int
    serials: SerialRange | None = None
    blank_version: str | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        here = (book_of(self.office, self.item), premises_of(self.office))
        return (*here, *numbers_of(self.item, self.serials))


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiveBlanks(StockCommand):
    """A fact: blanks arrived. `quantity` was accepted; `rejected` and `missing` are the consignment's.

    The serial ranges are of what was accepted.
    """

    location: str
    quantity: int
    source: Source
    bast: str
    counters: tuple[str, ...] = ()
    serials: SerialRange | None = None
    further_serials: tuple[SerialRange, ...] = ()
    blank_version: str | None = None
    consignment: str | None = None
    loan: str | None = None
    rejected: int = 0
    missing: int = 0
    reason: str | None = None

    @property
    def ranges(self) -> tuple[SerialRange, ...]:
        """All ranges of numbers that came."""
        return () if self.serials is None else (self.serials, *self.further_serials)

    @property
    def streams(self) -> tuple[str, ...]:
        here: tuple[str, ...] = (book_of(self.office, self.item), premises_of(self.office))
        if self.consignment is not None:
            here = (*here, f"consignment/{self.consignment}")
        if self.loan is not None:
            here = (*here, f"loan/{self.loan}")
        return here if self.serials is None else (*here, *numbers_of(self.item, *self.ranges))


def open_books(command: RecordOpeningCount, states: States) -> Decision:
    require_counters(command)
    entry = OpenBook(command.office, command.item, command.day, states)
    check_date(command, entry.book)
    shelf = entry.book.shelf(command.location)
    if shelf.counted:
        raise Refused("already_on_board", "The books of this location are open.", location_on_hand=shelf.on_hand)
    require_open(command, command.location, states)
    if entry.book.daily_use is None:
        entry.estimate(command.daily_use_default)
    box = CountedBox(command.counted, command.serials, command.blank_version)
    past = states[command.since_then] if command.backdated else ()
    open_shelf(command, entry, command.location, (box,), past, states)
    return entry.close()


def require_counters(command: OpeningCount) -> None:
    """Raises `Refused` unless two people counted, neither of whom keeps the store."""
    first, second = command.counters
    if first == second:
        raise Refused("counters_are_one", "An opening count needs two different counters.")
    if command.recorded_by in command.counters:
        raise Refused("counter_is_storekeeper", "Whoever keeps the store does not count it.")


def open_shelf(
    command: OpeningCount,
    entry: OpenBook,
    location: str,
    boxes: tuple[CountedBox, ...],
    past: Sequence[Recalled],
    states: States,
) -> None:
    """Opens a location's books with what was counted there. `past` are the book's facts since then."""
    # What happened before the count was on the shelf when it was counted, or had left it; what happened since was not.
    booked = entry.book.shelf(location).on_hand - changed_after(past, command.occurred_at, location)
    for box in boxes:
        before = min(booked, box.counted)
        booked -= before
        found = box.counted - before
        entry.write(
            BlanksReceived(
                office=entry.office,
                item=entry.item,
                location=location,
                quantity=found,
                source="OPENING",
                bast=command.minutes,
                serials=box.serials,
                counters=command.counters,
                blank_version=box.blank_version,
                counted_at=command.occurred_at,
                late_reason=command.late_reason,
                location_on_hand=entry.book.shelf(location).on_hand + found,
                on_hand=entry.book.on_hand + found,
                available=entry.book.available + found,
            )
        )
    if booked > 0:
        entry.vary(-booked, "OPENING_COUNT", location=location)
    shelve(entry, states, location, tuple(box.serials for box in boxes if box.serials is not None), command.minutes)
    entry.question_below_zero(location)


def receive(command: ReceiveBlanks, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    check_date(command, entry.book)
    if command.quantity:
        entry.write(
            BlanksReceived(
                office=command.office,
                item=command.item,
                location=command.location,
                quantity=command.quantity,
                source=command.source,
                bast=command.bast,
                serials=command.serials,
                further_serials=command.further_serials,
                consignment=command.consignment,
                counters=command.counters,
                blank_version=command.blank_version,
                late_reason=command.late_reason,
                location_on_hand=entry.book.shelf(command.location).on_hand + command.quantity,
                on_hand=entry.book.on_hand + command.quantity,
                available=entry.book.available + command.quantity,
            )
        )
        entry.was_counted_since(command, command.location, command.quantity)
        shelve(entry, states, command.location, command.ranges, command.bast, command.consignment)
        premises: Premises = states[premises_of(command.office)]
        if premises.closed(command.location, command.day):
            entry.question(command.location, "CLOSED_LOCATION", received=command.quantity)
    if command.consignment is not None:
        unpack(command, command.consignment, entry, states)
    return entry.close()


def shelve(
    entry: OpenBook,
    states: States,
    location: str,
    ranges: tuple[SerialRange, ...],
    reference: str,
    consignment: str | None = None,
) -> None:
    """These numbers are held here. Those that another holds are here all the same: in quarantine, and in question."""
    for serials in ranges:
        entry.facts += changed(
            entry.item, serials, "HELD", entry.office, location, because="BlanksReceived", reference=reference
        )
        for rivals, parts in claimed(states, entry.item, serials, expected=consignment).items():
            here = f"{entry.office}/{location}"
            for part in parts:
                entry.facts += changed(
                    entry.item,
                    part,
                    "QUARANTINED",
                    entry.office,
                    location,
                    because="BlanksReceived",
                    reference=reference,
                    rivals=rivals,
                )
            entry.question(
                location,
                "SERIAL_OVERLAP",
                consignment,
                serials=serials.part(parts[0].numbers[0], parts[-1].numbers[1]),
                holders=(here, rivals[-1]),
                pieces=pieces(parts),
            )


def unpack(command: ReceiveBlanks, name: str, entry: OpenBook, states: States) -> None:
    """Books what was found in a consignment against what is still in transit of it."""
    stream = f"consignment/{name}"
    before: Consignment = states[stream]
    if before.item not in (None, command.item):
        entry.question(command.location, "WRONG_ITEM", name, accepted=command.quantity)
        return
    elsewhere = before.receiver not in (None, command.office)
    # Only the office that awaits it can miss something of it: elsewhere, what did not come is on its way still.
    missing = 0 if elsewhere else command.missing
    received = ConsignmentReceived(
        office=command.office,
        item=command.item,
        consignment=name,
        location=command.location,
        accepted=command.quantity,
        rejected=command.rejected,
        missing=missing,
        reason=command.reason,
    )
    entry.facts.append((stream, received))
    after = evolve_consignment(before, received)
    learn_lead_time(command, name, before, entry)
    if elsewhere:
        entry.question(command.location, "WRONG_OFFICE", name, accepted=command.quantity)
    settle(entry, name, before, after)
    if after.announced and missing > max(after.missing - before.missing, 0):
        entry.question(command.location, "MISSING_OVERSTATED", name, missing=missing, in_transit=before.in_transit)
    take_back(command, name, before, entry, states)


def learn_lead_time(command: ReceiveBlanks, name: str, sent: Consignment, entry: OpenBook) -> None:
    """The first arrival of what answers a request of this office teaches how long that takes."""
    if sent.request is None or sent.requested_on is None or sent.receiver != command.office:
        return
    if sent.arrived or not command.quantity:
        return
    days = max((command.day - sent.requested_on).days, 0)
    entry.write(
        LeadTimeLearned(
            office=command.office,
            item=command.item,
            request=sent.request,
            consignment=name,
            days=days,
            thousandths=next_lead_time(entry.book.lead_time, days),
        )
    )


def settle(entry: OpenBook, name: str, before: Consignment, after: Consignment) -> None:
    """Keeps the receiver's variance equal to what is missing of a consignment, and asks about what was never sent."""
    found = before.missing - after.missing
    if found:
        entry.vary(found, "ARRIVED_AFTER_ALL" if found > 0 else after.reason or "MISSING", consignment=name)
    known = before.surplus if before.announced else 0
    if after.announced and after.surplus > known:
        entry.question(after.location or "", "SURPLUS", name, sent=after.sent, surplus=after.surplus)


def take_back(command: ReceiveBlanks, name: str, sent: Consignment, entry: OpenBook, states: States) -> None:
    """Counts what a lender gets back against the loan it was sent under, if any."""
    if command.loan is None or sent.loan != command.loan or not command.quantity:
        return
    loan: Loan = states[f"loan/{command.loan}"]
    if (loan.lender, loan.item) != (command.office, command.item) or sent.sender != loan.borrower:
        return
    entry.facts += given_back(command.loan, loan, name, command.quantity)
