"""What outreach promises: a pupil who may have a card now."""

from services.outreach.domain import RecordingPrintReady
from shared.decider import Fact
from tests.contracts.said.names import RECORDING, VISIT

OUTREACH: list[Fact] = [
    RecordingPrintReady(
        office="17.71",
        recording=RECORDING,
        visit=VISIT,
        applicant="PRR-2024-007312",
        item="KTP_WNI",
        location="MPP",
    ),
]
