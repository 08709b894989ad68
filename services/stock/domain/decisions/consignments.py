"""Blanks between two offices: asked for, approved, on their way, and what becomes of those that are turned away."""

from dataclasses import dataclass
from datetime import date

from services.stock.domain.commands import CENTRE, DatedCommand, StockCommand, book_of, numbers_of
from services.stock.domain.custody import changed, require_held
from services.stock.domain.decisions.allocating import take_from_allocation
from services.stock.domain.decisions.loans import lend
from services.stock.domain.decisions.receiving import settle
from services.stock.domain.facts import (
    BlanksDispatched,
    ConsignmentAnnounced,
    ConsignmentApproved,
    ConsignmentOverdue,
    ConsignmentRequested,
    SerialRange,
)
from services.stock.domain.open_book import OpenBook, check_date, check_later_balances
from services.stock.domain.state import Book, Consignment, Request, evolve_consignment
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestConsignment(StockCommand):
    """A request: `office` asks the office `sender` for blanks."""

    consignment: str
    sender: str
    quantity: int
    reason: str
    requested_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"consignment/{self.consignment}",)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveConsignment(StockCommand):
    """A request: so many of what `office` was asked for may leave it."""

    consignment: str
    quantity: int
    approved_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"consignment/{self.consignment}",)


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatchBlanks(DatedCommand):
    """A request: `office` sends blanks to the office `to`: under an allocation, a loan, or as was approved."""

    location: str
    quantity: int
    to: str
    consignment: str
    promised_on: date
    allocation: str | None = None
    loan: str | None = None
    request: str | None = None
    serials: SerialRange | None = None
    blank_version: str | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        both_ends: tuple[str, ...] = (
            book_of(self.office, self.item),
            book_of(self.to, self.item),
            f"consignment/{self.consignment}",
        )
        if self.allocation is not None:
            both_ends = (*both_ends, f"allocation/{self.allocation}")
        if self.loan is not None:
            both_ends = (*both_ends, f"loan/{self.loan}")
        if self.request is not None:
            both_ends = (*both_ends, f"request/{self.request}")
        return both_ends if self.serials is None else (*both_ends, *numbers_of(self.item, self.serials))


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckConsignment(StockCommand):
    """The promised day of a consignment is over."""

    consignment: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"consignment/{self.consignment}",)


def request_consignment(command: RequestConsignment, states: States) -> Decision:
    stream = f"consignment/{command.consignment}"
    known: Consignment = states[stream]
    if command.sender == command.office:
        raise Refused("same_office", "A consignment comes from another office.")
    if known.asked or known.announced or known.receiver is not None:
        raise Refused("consignment_exists", "A consignment of this name is known already.", asked=known.asked)
    asked = ConsignmentRequested(
        office=command.office,
        item=command.item,
        quantity=command.quantity,
        consignment=command.consignment,
        sender=command.sender,
        reason=command.reason,
        requested_by=command.requested_by,
    )
    return [(stream, asked)]


def approve_consignment(command: ApproveConsignment, states: States) -> Decision:
    stream = f"consignment/{command.consignment}"
    known: Consignment = states[stream]
    if not known.asked or known.asked_for is None or (known.asked_of, known.item) != (command.office, command.item):
        raise Refused("consignment_unknown", "Nobody asked this office for a consignment of this name.")
    if known.requested_by == command.approved_by:
        raise Refused("requester_approves", "Whoever asked for it does not approve it.")
    if known.announced or known.approved:
        raise Refused("already_approved", "It was approved, or has left.", approved=known.approved, sent=known.sent)
    if command.quantity > known.asked:
        raise Refused("more_than_asked", "More than was asked for.", asked=known.asked, approved=command.quantity)
    approved = ConsignmentApproved(
        office=known.asked_for,
        item=command.item,
        quantity=command.quantity,
        consignment=command.consignment,
        sender=command.office,
        approved_by=command.approved_by,
    )
    return [(stream, approved)]


def dispatch(command: DispatchBlanks, states: States) -> Decision:
    stream = f"consignment/{command.consignment}"
    before: Consignment = states[stream]
    if before.announced and is_repeated(command, before):
        return []
    entry = OpenBook(command.office, command.item, command.day, states)
    refuse_dispatch(command, entry.book, before)
    check_date(command, entry.book)
    check_later_balances(command, entry.book, command.location, command.quantity, states)
    if command.serials is not None:
        require_held(states, command.item, command.serials, command.office, command.location)
    left = entry.book.shelf(command.location).on_hand - command.quantity
    entry.write(
        BlanksDispatched(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            consignment=command.consignment,
            to=command.to,
            promised_on=command.promised_on,
            allocation=command.allocation,
            serials=command.serials,
            loan=command.loan,
            blank_version=command.blank_version,
            late_reason=command.late_reason,
            location_on_hand=left,
            on_hand=entry.book.on_hand - command.quantity,
            available=entry.book.available - command.quantity,
        )
    )
    announced = ConsignmentAnnounced(
        office=command.to,
        item=command.item,
        quantity=command.quantity,
        consignment=command.consignment,
        sender=command.office,
        promised_on=command.promised_on,
        allocation=command.allocation,
        loan=command.loan,
        request=command.request,
        requested_on=requested_on(command, states),
    )
    # The receiver may have been first to book it; only now it shows what is missing of it or too much.
    receiver = OpenBook(command.to, command.item, command.day, states)
    settle(receiver, command.consignment, before, evolve_consignment(before, announced))
    return [
        *entry.close(),
        (stream, announced),
        *in_transit(command),
        *taken_from_promises(command, before.arrived, states),
        *receiver.close(),
    ]


def requested_on(command: DispatchBlanks, states: States) -> date | None:
    """The day on which the receiver asked for what is sent; None if it answers no request of theirs."""
    if command.request is None:
        return None
    asked: Request = states[f"request/{command.request}"]
    return asked.requested_on if (asked.office, asked.item) == (command.to, command.item) else None


def in_transit(command: DispatchBlanks) -> Decision:
    """These numbers are on their way."""
    if command.serials is None:
        return []
    return changed(
        command.item,
        command.serials,
        "IN_TRANSIT",
        command.office,
        command.consignment,
        because="BlanksDispatched",
        reference=command.consignment,
    )


def taken_from_promises(command: DispatchBlanks, arrived: int, states: States) -> Decision:
    """What an allocation or a loan has less of now. Raises `Refused`."""
    taken: Decision = []
    if command.allocation is not None:
        taken += take_from_allocation(
            command.allocation,
            command.office,
            command.to,
            command.item,
            command.consignment,
            command.quantity,
            states,
        )
    if command.loan is not None:
        taken += lend(
            command.loan,
            command.office,
            command.to,
            command.item,
            command.consignment,
            command.quantity,
            arrived,
            states,
        )
    return taken


def is_repeated(command: DispatchBlanks, sent: Consignment) -> bool:
    return (command.office, command.to, command.item, command.quantity) == (
        sent.sender,
        sent.receiver,
        sent.item,
        sent.sent,
    )


def refuse_dispatch(command: DispatchBlanks, book: Book, consignment: Consignment) -> None:
    """Raises `Refused` unless the blanks are there to be sent under this consignment's name, and somebody agreed."""
    if command.to == command.office:
        raise Refused("same_office", "A consignment goes to another office.")
    if consignment.announced:
        raise Refused(
            "consignment_exists", "This consignment was dispatched before, with other contents.", sent=consignment.sent
        )
    if consignment.receiver is not None and (consignment.receiver, consignment.item) != (command.to, command.item):
        raise Refused("consignment_elsewhere", "Another office, or another item, was received under this consignment.")
    promised = command.allocation is not None or command.loan is not None
    # What was received already has left, whoever agreed to it.
    if command.office != CENTRE and not promised and not consignment.arrived:
        agreed = (consignment.asked_of, consignment.asked_for, consignment.item)
        if agreed != (command.office, command.to, command.item) or command.quantity > consignment.approved:
            raise Refused(
                "not_approved",
                "Between offices blanks move as somebody else approved.",
                asked=command.quantity,
                approved=consignment.approved,
            )
    shelf = book.shelf(command.location)
    free = book.available - book.quarantined - (0 if command.allocation else book.set_aside)
    if command.quantity > min(shelf.on_hand - shelf.quarantined, free):
        raise Refused(
            "not_enough",
            "There is less than that to send.",
            asked=command.quantity,
            location_on_hand=shelf.on_hand,
            available=book.available,
            set_aside=book.set_aside,
            quarantined=book.quarantined,
            entry=book.entry,
        )


def check_consignment(command: CheckConsignment, states: States) -> Decision:
    stream = f"consignment/{command.consignment}"
    sent: Consignment = states[stream]
    waiting = sent.in_transit + sent.rejected
    if sent.overdue_told or not waiting or sent.sender is None or sent.receiver is None or sent.item is None:
        return []
    assert sent.promised_on is not None
    return [
        (
            stream,
            ConsignmentOverdue(
                office=office,
                other=other,
                item=sent.item,
                consignment=command.consignment,
                in_transit=waiting,
                promised_on=sent.promised_on,
            ),
        )
        for office, other in ((sent.receiver, sent.sender), (sent.sender, sent.receiver))
    ]
