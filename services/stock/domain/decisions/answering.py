"""What an office's request is answered with: the province's buffer, a loan, the centre's blanks, or a no.

What is promised is set aside in the giver's book at once, so that it cannot be promised twice.
"""

from dataclasses import dataclass
from datetime import date

from services.stock.domain.commands import CENTRE, book_of
from services.stock.domain.decisions.allocating import promise
from services.stock.domain.decisions.replenishing import (
    RequestCommand,
    at_the_centre,
    at_the_province,
    refuse_requester,
    request_stream,
)
from services.stock.domain.facts import AllocationDeclined, ReplenishmentApproved, ReplenishmentFilled
from services.stock.domain.open_book import OpenBook
from services.stock.domain.state import Allocation, Loan, Request
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class FillReplenishment(RequestCommand):
    """A request: the province `from_office` promises blanks of its buffer."""

    quantity: int
    allocation: str
    from_office: str
    promised_on: date
    filled_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (
            request_stream(self.request),
            book_of(self.from_office, self.item),
            f"allocation/{self.allocation}",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FillWithLoan(RequestCommand):
    """A request: the province answers with a loan that was granted to the office, all of it."""

    loan: str
    promised_on: date
    filled_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (request_stream(self.request), f"loan/{self.loan}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveReplenishment(RequestCommand):
    """A request: the centre promises all that was forwarded to it, or a part."""

    quantity: int
    allocation: str
    promised_on: date
    reason: str
    approved_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (request_stream(self.request), book_of(CENTRE, self.item), f"allocation/{self.allocation}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclineReplenishment(RequestCommand):
    """A request: the centre gives nothing, and says why."""

    reason: str
    declined_by: str


def fill_replenishment(command: FillReplenishment, states: States) -> Decision:
    known = at_the_province(command, states)
    if command.allocation in known.answers:
        return []
    refuse_requester(known, command.filled_by)
    refuse_more(known, command.quantity, known.asked - known.filled)
    giver = OpenBook(command.from_office, command.item, command.day, states)
    promised = promised_by(giver, command, command.quantity, known.reason or "", known, states)
    return [*promised, *giver.close(), filled(command, command.quantity, "BUFFER", command.allocation, giver.office)]


def fill_with_loan(command: FillWithLoan, states: States) -> Decision:
    known = at_the_province(command, states)
    if command.loan in known.answers:
        return []
    refuse_requester(known, command.filled_by)
    loan: Loan = states[f"loan/{command.loan}"]
    if loan.lender is None or (loan.borrower, loan.item) != (command.office, command.item):
        raise Refused("loan_unknown", "No loan of this name was granted to this office, for this item.")
    refuse_more(known, loan.granted, known.asked - known.filled)
    return [filled(command, loan.granted, "LOAN", command.loan, loan.lender)]


def approve_replenishment(command: ApproveReplenishment, states: States) -> Decision:
    known = at_the_centre(command, states)
    refuse_requester(known, command.approved_by)
    if command.approved_by == known.forwarded_by:
        raise Refused("requester_approves", "Whoever forwarded it to the centre does not decide on it there.")
    refuse_more(known, command.quantity, known.forwarded)
    giver = OpenBook(CENTRE, command.item, command.day, states)
    promised = promised_by(giver, command, command.quantity, command.reason, known, states)
    approved = ReplenishmentApproved(
        office=command.office,
        item=command.item,
        request=command.request,
        allocation=command.allocation,
        approved=command.quantity,
        reason=command.reason,
        approved_by=command.approved_by,
    )
    return [*promised, *giver.close(), (request_stream(command.request), approved)]


def decline_replenishment(command: DeclineReplenishment, states: States) -> Decision:
    known = at_the_centre(command, states)
    refuse_requester(known, command.declined_by)
    declined = AllocationDeclined(
        office=command.office,
        item=command.item,
        request=command.request,
        asked=known.asked,
        reason=command.reason,
        declined_by=command.declined_by,
    )
    return [(request_stream(command.request), declined)]


def promised_by(
    giver: OpenBook,
    command: FillReplenishment | ApproveReplenishment,
    quantity: int,
    reason: str,
    known: Request,
    states: States,
) -> Decision:
    """The allocation with which the request is answered. Raises `Refused` if its name is taken."""
    taken: Allocation = states[f"allocation/{command.allocation}"]
    if taken.office is not None:
        raise Refused(
            "allocation_exists", "This allocation was approved before, with other contents.", quantity=taken.quantity
        )
    return promise(
        giver,
        command.office,
        command.allocation,
        quantity,
        command.promised_on,
        reason,
        request=command.request,
        asked=known.asked,
    )


def filled(
    command: FillReplenishment | FillWithLoan, quantity: int, how: str, reference: str, from_office: str
) -> tuple[str, ReplenishmentFilled]:
    fact = ReplenishmentFilled(
        office=command.office,
        item=command.item,
        request=command.request,
        quantity=quantity,
        how=how,
        reference=reference,
        from_office=from_office,
        promised_on=command.promised_on,
        filled_by=command.filled_by,
    )
    return request_stream(command.request), fact


def refuse_more(known: Request, quantity: int, left: int) -> None:
    """Raises `Refused` if it is more than is left to promise."""
    if quantity > left:
        raise Refused(
            "more_than_asked",
            "More than is left of what was asked for.",
            asked=known.asked,
            promised=known.promised,
            left=left,
        )
