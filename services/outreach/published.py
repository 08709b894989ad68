"""What outreach promises others, and in which version. Who was recorded, and born when, stays here."""

from services.outreach.domain import (
    DemandForecast,
    RecordingPrintReady,
    VisitClosed,
    VisitEquipmentRequested,
    VisitMonthsErased,
)
from shared.decider import Fact

PROMISED: dict[type[Fact], int] = {
    VisitEquipmentRequested: 1,
    VisitClosed: 1,
    VisitMonthsErased: 1,
    RecordingPrintReady: 1,
    DemandForecast: 1,
}
