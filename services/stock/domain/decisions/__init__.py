"""What follows from a command. Facts reported are never refused; a request may be, with the figures behind it.

One module for each thing that is done in an office; each holds its commands and what is decided on them.
"""

from collections.abc import Callable
from typing import Any

from services.stock.domain.commands import OfficeCommand
from services.stock.domain.decisions.allocating import ApproveAllocation, approve_allocation
from services.stock.domain.decisions.answering import (
    ApproveReplenishment,
    DeclineReplenishment,
    FillReplenishment,
    FillWithLoan,
    approve_replenishment,
    decline_replenishment,
    fill_replenishment,
    fill_with_loan,
)
from services.stock.domain.decisions.closing import CloseBook, close_book
from services.stock.domain.decisions.consignments import (
    ApproveConsignment,
    CheckConsignment,
    DispatchBlanks,
    RequestConsignment,
    approve_consignment,
    check_consignment,
    dispatch,
    request_consignment,
)
from services.stock.domain.decisions.counting import (
    ApproveCount,
    DiscardCount,
    RepeatCount,
    StartCount,
    SubmitCount,
    approve_count,
    discard_count,
    repeat_count,
    start_count,
    submit_count,
)
from services.stock.domain.decisions.destroying import CheckDestruction, DestroyBlanks, check_destruction, destroy
from services.stock.domain.decisions.explaining import ExplainDiscrepancy, explain_discrepancy
from services.stock.domain.decisions.foreseeing import NoteForecast, note_forecast
from services.stock.domain.decisions.importing import ImportPaperBook, import_paper_book
from services.stock.domain.decisions.loans import CheckLoan, GrantLoan, check_loan, grant_loan
from services.stock.domain.decisions.losing import ReportLost, report_lost
from services.stock.domain.decisions.moving import MoveBlanks, move
from services.stock.domain.decisions.premises import (
    CloseLocation,
    OpenLocation,
    RegisterPrinter,
    RetirePrinter,
    close_location,
    open_location,
    register_printer,
    retire_printer,
)
from services.stock.domain.decisions.printing import CloseDay, SpoilBlank, UseBlank, close_day, spoil, use
from services.stock.domain.decisions.receiving import ReceiveBlanks, RecordOpeningCount, open_books, receive
from services.stock.domain.decisions.releasing import ReleaseAllocation, release_allocation
from services.stock.domain.decisions.relieving import ProposeRelief, propose_relief
from services.stock.domain.decisions.replenishing import (
    CloseReplenishment,
    ForwardReplenishment,
    IssuePickUpLetter,
    RequestReplenishment,
    VerifyReplenishment,
    close_replenishment,
    forward_replenishment,
    issue_pick_up_letter,
    request_replenishment,
    verify_replenishment,
)
from services.stock.domain.decisions.reserving import (
    NotePrintDebt,
    ReleaseReservation,
    ReserveBlanks,
    note_print_debt,
    release,
    reserve,
)
from services.stock.domain.decisions.returning import ReturnRejected, return_rejected
from services.stock.domain.decisions.reversing import ReverseMovement, reverse
from services.stock.domain.decisions.sharing import ApproveShares, SimulateShares, approve_shares, simulate_shares
from services.stock.domain.decisions.singing import SingCanary, sing
from services.stock.domain.decisions.thresholds import (
    SetServicePointThreshold,
    SetThresholds,
    set_service_point_threshold,
    set_thresholds,
)
from services.stock.domain.decisions.withdrawing import (
    BookOldCard,
    DestroyOldCards,
    book_old_card,
    destroy_old_cards,
)
from shared.decider import Decision, States

DECISIONS: dict[type[OfficeCommand], Callable[[Any, States], Decision]] = {
    UseBlank: use,
    SpoilBlank: spoil,
    CloseDay: close_day,
    RecordOpeningCount: open_books,
    ReceiveBlanks: receive,
    RequestConsignment: request_consignment,
    ApproveConsignment: approve_consignment,
    DispatchBlanks: dispatch,
    CheckConsignment: check_consignment,
    MoveBlanks: move,
    GrantLoan: grant_loan,
    CheckLoan: check_loan,
    ApproveAllocation: approve_allocation,
    ReleaseAllocation: release_allocation,
    ProposeRelief: propose_relief,
    RequestReplenishment: request_replenishment,
    VerifyReplenishment: verify_replenishment,
    ForwardReplenishment: forward_replenishment,
    FillReplenishment: fill_replenishment,
    FillWithLoan: fill_with_loan,
    ApproveReplenishment: approve_replenishment,
    DeclineReplenishment: decline_replenishment,
    IssuePickUpLetter: issue_pick_up_letter,
    CloseReplenishment: close_replenishment,
    SimulateShares: simulate_shares,
    ApproveShares: approve_shares,
    ReverseMovement: reverse,
    OpenLocation: open_location,
    CloseLocation: close_location,
    RegisterPrinter: register_printer,
    RetirePrinter: retire_printer,
    ImportPaperBook: import_paper_book,
    StartCount: start_count,
    SubmitCount: submit_count,
    RepeatCount: repeat_count,
    ApproveCount: approve_count,
    DiscardCount: discard_count,
    ExplainDiscrepancy: explain_discrepancy,
    CloseBook: close_book,
    SetThresholds: set_thresholds,
    SetServicePointThreshold: set_service_point_threshold,
    DestroyBlanks: destroy,
    CheckDestruction: check_destruction,
    ReportLost: report_lost,
    BookOldCard: book_old_card,
    DestroyOldCards: destroy_old_cards,
    ReserveBlanks: reserve,
    ReleaseReservation: release,
    NotePrintDebt: note_print_debt,
    NoteForecast: note_forecast,
    ReturnRejected: return_rejected,
    SingCanary: sing,
}


def decide(command: OfficeCommand, states: States) -> Decision:
    """The facts this command leads to, in the order in which they became true. Raises `Refused`."""
    return DECISIONS[type(command)](command, states)
