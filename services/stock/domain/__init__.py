"""Blanks on hand, by office, item and location. Start with `decisions/`.

A command is decided into facts, facts add up to books: `facts`, `state`, and the rules in `decisions`, with
what they share beside them: `open_book`, `levels`, `movements`, `history`, `custody`.
"""

from services.stock.domain.chain_of_custody import (
    first_gap,
)
from services.stock.domain.commands import (
    CENTRE,
    OfficeCommand,
    StockCommand,
    book_of,
)
from services.stock.domain.decisions import (
    decide,
)
from services.stock.domain.decisions.allocating import (
    ApproveAllocation,
)
from services.stock.domain.decisions.answering import (
    ApproveReplenishment,
    DeclineReplenishment,
    FillReplenishment,
    FillWithLoan,
)
from services.stock.domain.decisions.closing import (
    CloseBook,
)
from services.stock.domain.decisions.consignments import (
    ApproveConsignment,
    CheckConsignment,
    DispatchBlanks,
    RequestConsignment,
)
from services.stock.domain.decisions.counting import (
    ApproveCount,
    DiscardCount,
    RepeatCount,
    StartCount,
    SubmitCount,
    tolerance,
)
from services.stock.domain.decisions.destroying import (
    DESTROY_WITHIN,
    CheckDestruction,
    DestroyBlanks,
)
from services.stock.domain.decisions.explaining import (
    ExplainDiscrepancy,
)
from services.stock.domain.decisions.importing import (
    ImportPaperBook,
    PaperLine,
)
from services.stock.domain.decisions.loans import (
    CheckLoan,
    GrantLoan,
)
from services.stock.domain.decisions.losing import (
    ReportLost,
)
from services.stock.domain.decisions.moving import (
    MoveBlanks,
)
from services.stock.domain.decisions.premises import (
    CloseLocation,
    OpenLocation,
    RegisterPrinter,
    RetirePrinter,
)
from services.stock.domain.decisions.printing import (
    CloseDay,
    SpoilBlank,
    UseBlank,
)
from services.stock.domain.decisions.receiving import (
    ReceiveBlanks,
    RecordOpeningCount,
)
from services.stock.domain.decisions.releasing import (
    ReleaseAllocation,
)
from services.stock.domain.decisions.relieving import (
    ProposeRelief,
)
from services.stock.domain.decisions.replenishing import (
    CloseReplenishment,
    ForwardReplenishment,
    IssuePickUpLetter,
    RequestReplenishment,
    VerifyReplenishment,
)
from services.stock.domain.decisions.reserving import (
    NotePrintDebt,
    ReleaseReservation,
    ReserveBlanks,
)
from services.stock.domain.decisions.returning import (
    ReturnRejected,
)
from services.stock.domain.decisions.reversing import (
    ReverseMovement,
)
from services.stock.domain.decisions.sharing import (
    ApproveShares,
    SimulateShares,
)
from services.stock.domain.decisions.singing import (
    SINGS_AFTER,
    SingCanary,
)
from services.stock.domain.decisions.thresholds import (
    SetServicePointThreshold,
    SetThresholds,
)
from services.stock.domain.decisions.withdrawing import (
    BookOldCard,
    DestroyOldCards,
)
from services.stock.domain.facts import (
    BLOCK,
    ITEMS,
    SUPPLIES,
    UNITS,
    AllocationApproved,
    AllocationDeclined,
    BlanksDestroyed,
    BlanksDispatched,
    BlanksMoved,
    BlankSpoiled,
    BlanksReceived,
    BlanksReportedLost,
    BlanksReserved,
    BlanksSetAside,
    BlankUsed,
    BookClosed,
    CanarySung,
    Cause,
    Change,
    ConsignmentAnnounced,
    ConsignmentCorrected,
    ConsignmentOverdue,
    ConsignmentReceived,
    CountApproved,
    CountStarted,
    CustodyChanged,
    DailyUseEstimated,
    DestructionOverdue,
    DiscrepancyExplained,
    DiscrepancyFound,
    Item,
    Kind,
    Level,
    LoanGranted,
    LoanLent,
    LoanOverdue,
    LoanReturned,
    LocationClosed,
    LocationKind,
    LocationOpened,
    MovementReversed,
    OldCardBooked,
    PickUpLetterIssued,
    PrintDebtNoted,
    ReliefLine,
    ReliefProposed,
    ReplenishmentApproved,
    ReplenishmentClosed,
    ReplenishmentFilled,
    ReplenishmentForwarded,
    ReplenishmentRequested,
    RequestFact,
    ReservationRefused,
    ReservationReleased,
    SerialRange,
    ServicePointLow,
    SharesApproved,
    SharesSimulated,
    Situation,
    StockCounted,
    StockFact,
    StockLow,
    StockRecovered,
    ThresholdsSet,
    VarianceRecorded,
    serials_of,
)
from services.stock.domain.history import (
    as_closed,
    balances_changed,
    on_hand_at,
    totals,
)
from services.stock.domain.levels import (
    SEVERITY,
    Thresholds,
    daily_use_default,
    days_of_cover,
    projected_empty_on,
)
from services.stock.domain.movements import (
    COLUMNS,
    changes,
)
from services.stock.domain.retracing import (
    Stood,
    stood,
    thresholds_then,
)
from services.stock.domain.state import (
    SCHEMAS,
    STATES,
    Allocation,
    Book,
    Consignment,
    Count,
    Loan,
    OldCards,
    Premises,
    Request,
    evolve,
    usable_of,
)
from services.stock.domain.stock_card import (
    Line,
    reference_of,
    stock_card,
)

__all__ = [
    "BLOCK",
    "CENTRE",
    "COLUMNS",
    "DESTROY_WITHIN",
    "ITEMS",
    "SCHEMAS",
    "SEVERITY",
    "SINGS_AFTER",
    "STATES",
    "SUPPLIES",
    "UNITS",
    "Allocation",
    "AllocationApproved",
    "AllocationDeclined",
    "ApproveAllocation",
    "ApproveConsignment",
    "ApproveCount",
    "ApproveReplenishment",
    "ApproveShares",
    "BlankSpoiled",
    "BlankUsed",
    "BlanksDestroyed",
    "BlanksDispatched",
    "BlanksMoved",
    "BlanksReceived",
    "BlanksReportedLost",
    "BlanksReserved",
    "BlanksSetAside",
    "Book",
    "BookClosed",
    "BookOldCard",
    "CanarySung",
    "Cause",
    "Change",
    "CheckConsignment",
    "CheckDestruction",
    "CheckLoan",
    "CloseBook",
    "CloseDay",
    "CloseLocation",
    "CloseReplenishment",
    "Consignment",
    "ConsignmentAnnounced",
    "ConsignmentCorrected",
    "ConsignmentOverdue",
    "ConsignmentReceived",
    "Count",
    "CountApproved",
    "CountStarted",
    "CustodyChanged",
    "DailyUseEstimated",
    "DeclineReplenishment",
    "DestroyBlanks",
    "DestroyOldCards",
    "DestructionOverdue",
    "DiscardCount",
    "DiscrepancyExplained",
    "DiscrepancyFound",
    "DispatchBlanks",
    "ExplainDiscrepancy",
    "FillReplenishment",
    "FillWithLoan",
    "ForwardReplenishment",
    "GrantLoan",
    "ImportPaperBook",
    "IssuePickUpLetter",
    "Item",
    "Kind",
    "Level",
    "Line",
    "Loan",
    "LoanGranted",
    "LoanLent",
    "LoanOverdue",
    "LoanReturned",
    "LocationClosed",
    "LocationKind",
    "LocationOpened",
    "MoveBlanks",
    "MovementReversed",
    "NotePrintDebt",
    "OfficeCommand",
    "OldCardBooked",
    "OldCards",
    "OpenLocation",
    "PaperLine",
    "PickUpLetterIssued",
    "Premises",
    "PrintDebtNoted",
    "ProposeRelief",
    "ReceiveBlanks",
    "RecordOpeningCount",
    "RegisterPrinter",
    "ReleaseAllocation",
    "ReleaseReservation",
    "ReliefLine",
    "ReliefProposed",
    "RepeatCount",
    "ReplenishmentApproved",
    "ReplenishmentClosed",
    "ReplenishmentFilled",
    "ReplenishmentForwarded",
    "ReplenishmentRequested",
    "ReportLost",
    "Request",
    "RequestConsignment",
    "RequestFact",
    "RequestReplenishment",
    "ReservationRefused",
    "ReservationReleased",
    "ReserveBlanks",
    "RetirePrinter",
    "ReturnRejected",
    "ReverseMovement",
    "SerialRange",
    "ServicePointLow",
    "SetServicePointThreshold",
    "SetThresholds",
    "SharesApproved",
    "SharesSimulated",
    "SimulateShares",
    "SingCanary",
    "Situation",
    "SpoilBlank",
    "StartCount",
    "StockCommand",
    "StockCounted",
    "StockFact",
    "StockLow",
    "StockRecovered",
    "Stood",
    "SubmitCount",
    "Thresholds",
    "ThresholdsSet",
    "UseBlank",
    "VarianceRecorded",
    "VerifyReplenishment",
    "as_closed",
    "balances_changed",
    "book_of",
    "changes",
    "daily_use_default",
    "days_of_cover",
    "decide",
    "evolve",
    "first_gap",
    "on_hand_at",
    "projected_empty_on",
    "reference_of",
    "serials_of",
    "stock_card",
    "stood",
    "thresholds_then",
    "tolerance",
    "totals",
    "usable_of",
]
