"""What is between two offices: a consignment, an allocation, a loan."""

from datetime import date
from typing import assert_never

from msgspec.structs import replace

from services.stock.domain.facts import (
    AllocationApproved,
    AllocationDispatched,
    AllocationFact,
    AllocationReleased,
    ConsignmentAnnounced,
    ConsignmentApproved,
    ConsignmentCorrected,
    ConsignmentFact,
    ConsignmentOverdue,
    ConsignmentReceived,
    ConsignmentRequested,
    Item,
    LoanFact,
    LoanGranted,
    LoanLent,
    LoanOverdue,
    LoanReturned,
    RejectedReturned,
)
from shared.decider import State


class Consignment(State, frozen=True):
    """Blanks between two offices: `sent = accepted + rejected + missing + in_transit`, at every instant.

    Kept as reported (`arrived`, `turned_away`, `not_found`), in whichever order reports came; the
    four parts follow. What was sent covers first what arrived, then what was rejected, then what
    is missing, so that blanks thought missing which arrive after all are no longer missing. One
    that was received before its sender announced it has sent nothing yet. `returned` are rejected
    ones that came back to the sender or were spoiled: accepted by whoever took them.
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
    returned: int = 0
    asked: int = 0
    requested_by: str | None = None
    approved: int = 0
    approved_by: str | None = None
    asked_of: str | None = None
    asked_for: str | None = None
    loan: str | None = None
    overdue_told: bool = False
    request: str | None = None
    requested_on: date | None = None

    @property
    def announced(self) -> bool:
        """Its sender has booked it."""
        return self.sender is not None

    @property
    def parts(self) -> tuple[int, int, int, int]:
        """What was sent: accepted, rejected, missing, in transit."""
        accepted = min(self.arrived + self.returned, self.sent)
        rejected = min(self.turned_away - self.returned, self.sent - accepted)
        missing = min(self.not_found, self.sent - accepted - rejected)
        return accepted, rejected, missing, self.sent - accepted - rejected - missing

    @property
    def accepted(self) -> int:
        """Sent, and on hand again: with its receiver, or, of what was rejected, with who took it."""
        return self.parts[0]

    @property
    def rejected(self) -> int:
        """Sent, arrived unusable, and not yet back."""
        return self.parts[1]

    @property
    def missing(self) -> int:
        """Sent, and written off with a reason."""
        return self.parts[2]

    @property
    def in_transit(self) -> int:
        """Sent, and not heard of since."""
        return self.parts[3]

    @property
    def surplus(self) -> int:
        """Came, though it was not sent."""
        accepted, rejected, _, _ = self.parts
        return self.arrived + self.turned_away - accepted - rejected


class Allocation(State, frozen=True):
    """A promise of blanks to an office."""

    office: str | None = None
    item: Item | None = None
    from_office: str | None = None
    quantity: int = 0
    dispatched: int = 0
    promised_on: date | None = None
    request: str | None = None


class Loan(State, frozen=True):
    """Blanks that an office has of another, until they are returned: `outstanding = lent - returned`."""

    lender: str | None = None
    borrower: str | None = None
    item: Item | None = None
    granted: int = 0
    lent: int = 0
    returned: int = 0
    return_by: date | None = None
    overdue_told: bool = False

    @property
    def outstanding(self) -> int:
        """Still to be given back; below zero if more came back than was lent."""
        return self.lent - self.returned


def evolve_consignment(consignment: Consignment, fact: ConsignmentFact) -> Consignment:
    """The consignment after this fact."""
    match fact:
        case ConsignmentRequested():
            return replace(
                consignment,
                asked=fact.quantity,
                requested_by=fact.requested_by,
                asked_of=fact.sender,
                asked_for=fact.office,
                item=consignment.item or fact.item,
            )
        case ConsignmentApproved():
            return replace(
                consignment,
                approved=fact.quantity,
                approved_by=fact.approved_by,
                asked_of=fact.sender,
                asked_for=fact.office,
                item=consignment.item or fact.item,
            )
        case ConsignmentAnnounced():
            return replace(
                consignment,
                sender=fact.sender,
                receiver=fact.office,
                item=fact.item,
                sent=fact.quantity,
                promised_on=fact.promised_on,
                allocation=fact.allocation,
                loan=fact.loan,
                request=fact.request,
                requested_on=fact.requested_on,
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
        case ConsignmentCorrected(arrived=arrived, sent=sent):
            left = consignment.sent + sent
            # Nothing was sent after all: it may be dispatched as it should have been.
            sender = consignment.sender if left else None
            return replace(consignment, arrived=consignment.arrived + arrived, sent=left, sender=sender)
        case RejectedReturned(quantity=quantity):
            return replace(consignment, returned=consignment.returned + quantity)
        case ConsignmentOverdue():
            return replace(consignment, overdue_told=True)
    assert_never(fact)


def evolve_allocation(allocation: Allocation, fact: AllocationFact) -> Allocation:
    """The allocation after this fact."""
    match fact:
        case AllocationApproved():
            return Allocation(
                office=fact.office,
                item=fact.item,
                from_office=fact.from_office,
                quantity=fact.quantity,
                promised_on=fact.promised_on,
                request=fact.request,
            )
        case AllocationDispatched(quantity=quantity):
            return replace(allocation, dispatched=allocation.dispatched + quantity)
        case AllocationReleased(quantity=quantity):
            return replace(allocation, quantity=allocation.quantity - quantity)
    assert_never(fact)


def evolve_loan(loan: Loan, fact: LoanFact) -> Loan:
    """The loan after this fact."""
    match fact:
        case LoanGranted():
            return Loan(
                lender=fact.lender,
                borrower=fact.office,
                item=fact.item,
                granted=fact.quantity,
                return_by=fact.return_by,
            )
        case LoanLent(quantity=quantity):
            return replace(loan, lent=loan.lent + quantity)
        case LoanReturned(quantity=quantity):
            return replace(loan, returned=loan.returned + quantity)
        case LoanOverdue():
            return replace(loan, overdue_told=True)
    assert_never(fact)
