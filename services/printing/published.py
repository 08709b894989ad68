"""What printing promises others, and in which version. The applicant stays here: no promised fact knows one."""

from services.printing.domain import (
    CardHandedOver,
    CardPrinted,
    CardSpoiled,
    OldCardWithdrawn,
    PrintDebtChanged,
    PrintDebtUnexplained,
    RibbonChanged,
)
from shared.decider import Fact

PROMISED: dict[type[Fact], int] = {
    CardPrinted: 1,
    CardSpoiled: 1,
    CardHandedOver: 1,
    OldCardWithdrawn: 1,
    RibbonChanged: 1,
    PrintDebtChanged: 1,
    PrintDebtUnexplained: 1,
}
