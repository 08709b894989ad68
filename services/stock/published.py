"""What stock promises to others: these facts, each with the version of its message."""

from services.stock.domain import (
    AllocationApproved,
    BlanksDispatched,
    BlankSpoiled,
    BlanksReceived,
    BlankUsed,
    ConsignmentAnnounced,
    DiscrepancyFound,
    StockLow,
    StockRecovered,
    VarianceRecorded,
)
from shared.decider import Fact

PROMISED: dict[type[Fact], int] = {
    BlanksReceived: 1,
    BlanksDispatched: 1,
    ConsignmentAnnounced: 1,
    BlankUsed: 1,
    BlankSpoiled: 1,
    VarianceRecorded: 1,
    DiscrepancyFound: 1,
    StockLow: 1,
    StockRecovered: 1,
    AllocationApproved: 1,
}
