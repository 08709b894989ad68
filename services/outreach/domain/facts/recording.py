"""What can happen to a recording: one person, one card."""

from services.outreach.domain.words import Item
from shared.decider import Fact


class PersonRecorded(Fact, frozen=True, kw_only=True):
    """Never published. `sealed` is the month of the 17th birthday, encrypted under the visit's key.

    None for who is past it, and empty where the month was erased before it came. `turns_17` is the
    month in clear, as logs from before 0025 have it; nothing writes it any more.
    """

    office: str
    recording: str
    visit: str
    applicant: str
    item: Item
    location: str
    timezone: str
    turns_17: str | None = None
    sealed: str | None = None


class RecordingPrintReady(Fact, frozen=True, kw_only=True):
    """One person, one card."""

    office: str
    recording: str
    visit: str
    applicant: str
    item: Item
    location: str


RecordingFact = PersonRecorded | RecordingPrintReady
