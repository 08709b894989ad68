"""What outreach promises others, and in which version. The month of birth stays here."""

from services.outreach.domain import RecordingPrintReady
from shared.decider import Fact

PROMISED: dict[type[Fact], int] = {RecordingPrintReady: 1}
