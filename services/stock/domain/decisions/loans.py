"""Blanks lent by one office to another, until they are returned."""

from dataclasses import dataclass
from datetime import date

from services.stock.domain.commands import StockCommand
from services.stock.domain.facts import LoanGranted, LoanLent, LoanOverdue, LoanReturned
from services.stock.domain.state import Loan
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class GrantLoan(StockCommand):
    """A request: `lender` lends `office`, the borrower, so much until `return_by`."""

    loan: str
    lender: str
    quantity: int
    return_by: date
    requested_by: str
    granted_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"loan/{self.loan}",)


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckLoan(StockCommand):
    """The day of return is over."""

    loan: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"loan/{self.loan}",)


def grant_loan(command: GrantLoan, states: States) -> Decision:
    stream = f"loan/{command.loan}"
    known: Loan = states[stream]
    if command.lender == command.office:
        raise Refused("same_office", "Nobody lends to itself.")
    if command.requested_by == command.granted_by:
        raise Refused("requester_approves", "Whoever asked for it does not grant it.")
    if known.lender is not None:
        if (known.lender, known.borrower, known.item, known.granted) == (
            command.lender,
            command.office,
            command.item,
            command.quantity,
        ):
            return []
        raise Refused("loan_exists", "This loan was granted before, with other contents.", granted=known.granted)
    granted = LoanGranted(
        office=command.office,
        item=command.item,
        loan=command.loan,
        lender=command.lender,
        quantity=command.quantity,
        return_by=command.return_by,
        granted_by=command.granted_by,
    )
    return [(stream, granted)]


def lend(
    name: str, office: str, to: str, item: str, consignment: str, quantity: int, arrived: int, states: States
) -> Decision:
    """Counts a dispatch against the loan it names. What goes back is counted when it is received. Raises `Refused`.

    `arrived` is what the other office has received of the consignment already, before it was announced.
    """
    loan: Loan = states[f"loan/{name}"]
    if item != loan.item or {office, to} != {loan.lender, loan.borrower}:
        raise Refused("loan_unknown", "No loan of this name between these offices, for this item.")
    if office == loan.borrower:
        # More than is owed is no return: somebody has to approve it. What has arrived already has left, all the same.
        if quantity > loan.outstanding and not arrived:
            raise Refused("loan_exceeded", "Less than that is owed.", asked=quantity, outstanding=loan.outstanding)
        return given_back(name, loan, consignment, arrived) if arrived else []
    if quantity > loan.granted - loan.lent:
        raise Refused(
            "loan_exceeded", "Less than that is left of the loan.", asked=quantity, granted=loan.granted, lent=loan.lent
        )
    return [(f"loan/{name}", LoanLent(office=to, loan=name, consignment=consignment, quantity=quantity))]


def given_back(name: str, loan: Loan, consignment: str, quantity: int) -> Decision:
    """What the lender has back of a loan is not owed any more."""
    assert loan.lender is not None and loan.borrower is not None and loan.item is not None
    returned = LoanReturned(
        office=loan.borrower,
        item=loan.item,
        loan=name,
        lender=loan.lender,
        consignment=consignment,
        quantity=quantity,
        outstanding=loan.outstanding - quantity,
    )
    return [(f"loan/{name}", returned)]


def check_loan(command: CheckLoan, states: States) -> Decision:
    stream = f"loan/{command.loan}"
    loan: Loan = states[stream]
    if loan.overdue_told or loan.outstanding <= 0:
        return []
    assert loan.lender is not None and loan.borrower is not None
    assert loan.item is not None and loan.return_by is not None
    return [
        (
            stream,
            LoanOverdue(
                office=office,
                other=other,
                item=loan.item,
                loan=command.loan,
                outstanding=loan.outstanding,
                return_by=loan.return_by,
            ),
        )
        for office, other in ((loan.borrower, loan.lender), (loan.lender, loan.borrower))
    ]
