"""How far a recorded person is on the way to a card."""

from typing import assert_never

from msgspec.structs import replace

from services.outreach.domain.facts import PersonRecorded, RecordingFact, RecordingPrintReady
from services.outreach.domain.words import Progress
from shared.decider import State


class Recording(State, frozen=True):
    """A person recorded. The month of the 17th birthday is `sealed`, or in clear in logs from before 0025."""

    progress: Progress = "UNKNOWN"
    office: str = ""
    visit: str = ""
    applicant: str = ""
    item: str = ""
    location: str = ""
    timezone: str = ""
    turns_17: str | None = None
    sealed: str | None = None


def evolve_recording(recording: Recording, fact: RecordingFact) -> Recording:
    """The recording after this fact."""
    match fact:
        case PersonRecorded():
            return Recording(
                progress="MONTH_ERASED" if fact.sealed == "" else "WAITING",
                office=fact.office,
                visit=fact.visit,
                applicant=fact.applicant,
                item=fact.item,
                location=fact.location,
                timezone=fact.timezone,
                turns_17=fact.turns_17,
                sealed=fact.sealed,
            )
        case RecordingPrintReady():
            return replace(recording, progress="PRINT_READY", turns_17=None, sealed=None)
    assert_never(fact)
