"""What can happen between offices: consignments, allocations, loans."""

from datetime import date

from services.stock.domain.facts.words import Item
from shared.decider import Fact


class ConsignmentRequested(Fact, frozen=True, kw_only=True):
    """`office` asks `sender` for blanks."""

    office: str
    item: Item
    quantity: int
    consignment: str
    sender: str
    reason: str
    requested_by: str


class ConsignmentApproved(Fact, frozen=True, kw_only=True):
    """Somebody else than who asked agrees that so much may leave."""

    office: str
    item: Item
    quantity: int
    consignment: str
    sender: str
    approved_by: str


class ConsignmentAnnounced(Fact, frozen=True, kw_only=True):
    """Blanks are on their way to `office`, which asked for them on the day `requested_on`, if they answer a request."""

    office: str
    item: Item
    quantity: int
    consignment: str
    sender: str
    promised_on: date
    allocation: str | None = None
    loan: str | None = None
    request: str | None = None
    requested_on: date | None = None


class ConsignmentReceived(Fact, frozen=True, kw_only=True):
    """What `office` says it found in a consignment: as reported, whatever the announcement said."""

    office: str
    item: Item
    consignment: str
    location: str
    accepted: int
    rejected: int
    missing: int
    reason: str | None = None


class ConsignmentCorrected(Fact, frozen=True, kw_only=True):
    """A receipt or the dispatch under this consignment was reversed: so much less (negative) arrived, or was sent."""

    office: str
    item: Item
    consignment: str
    arrived: int = 0
    sent: int = 0


class RejectedReturned(Fact, frozen=True, kw_only=True):
    """Rejected blanks are back with the sender, or were spoiled: no longer in transit."""

    office: str
    item: Item
    consignment: str
    quantity: int
    spoiled: bool


class ConsignmentOverdue(Fact, frozen=True, kw_only=True):
    """The promised day is over, and blanks are still in transit. Each end is told, `office` and `other`."""

    office: str
    other: str
    item: Item
    consignment: str
    in_transit: int
    promised_on: date


class AllocationApproved(Fact, frozen=True, kw_only=True):
    """`office` will be given this much."""

    office: str
    item: Item
    allocation: str
    quantity: int
    from_office: str
    promised_on: date
    reason: str
    request: str | None = None
    asked: int | None = None


class AllocationDispatched(Fact, frozen=True, kw_only=True):
    """This much of an allocation has left its sender."""

    office: str
    allocation: str
    consignment: str
    quantity: int


class AllocationReleased(Fact, frozen=True, kw_only=True):
    """What had not left of an allocation was taken back; `quantity` of it."""

    office: str
    item: Item
    allocation: str
    quantity: int
    reason: str
    released_by: str


class LoanGranted(Fact, frozen=True, kw_only=True):
    """`office` (the borrower) may have so much of `lender`, and gives it back by that day."""

    office: str
    item: Item
    loan: str
    lender: str
    quantity: int
    return_by: date
    granted_by: str


class LoanLent(Fact, frozen=True, kw_only=True):
    """So much of a loan has left the lender."""

    office: str
    loan: str
    consignment: str
    quantity: int


class LoanReturned(Fact, frozen=True, kw_only=True):
    """So much of a loan is back with the lender; `outstanding` is what is still owed."""

    office: str
    item: Item
    loan: str
    lender: str
    consignment: str
    quantity: int
    outstanding: int


class LoanOverdue(Fact, frozen=True, kw_only=True):
    """The day of return is over. Each end is told, `office` and `other`."""

    office: str
    other: str
    item: Item
    loan: str
    outstanding: int
    return_by: date


ConsignmentFact = (
    ConsignmentRequested
    | ConsignmentApproved
    | ConsignmentAnnounced
    | ConsignmentReceived
    | ConsignmentCorrected
    | RejectedReturned
    | ConsignmentOverdue
)
AllocationFact = AllocationApproved | AllocationDispatched | AllocationReleased
LoanFact = LoanGranted | LoanLent | LoanReturned | LoanOverdue
