"""What can happen to a visit, and to the calendar of the team that goes there."""

from datetime import date, datetime

import msgspec

from services.outreach.domain.words import Answer, ErasedBecause, Item, Outcome, PlaceKind
from shared.decider import Fact


class VisitPlanned(Fact, frozen=True, kw_only=True):
    """A team goes to a place. `school` is its national number (NPSN). Before 0025 a plan knew its day only."""

    office: str
    visit: str
    place: str
    held_on: date
    expected: int
    place_kind: PlaceKind = "OTHER"
    school: str | None = None
    team: str | None = None
    days: tuple[date, ...] = ()
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class VisitConfirmed(Fact, frozen=True, kw_only=True):
    """The school or village says that it will be there, by a letter or message of this number."""

    office: str
    visit: str
    reference: str
    expected: int
    confirmed_by: str


class VisitEquipmentRequested(Fact, frozen=True, kw_only=True):
    """The visit needs blanks of this item, to be kept for it until `until`. Stock answers."""

    office: str
    visit: str
    item: Item
    quantity: int
    until: datetime


class EquipmentAnswered(Fact, frozen=True, kw_only=True):
    """What stock said to the wish, or did with what it kept; `reason` of a refusal or a release."""

    office: str
    visit: str
    item: Item
    answer: Answer
    quantity: int
    reason: str | None = None


class VisitStarted(Fact, frozen=True, kw_only=True):
    """The team is there."""

    office: str
    visit: str
    started_at: datetime


class RecordingsArrived(Fact, frozen=True, kw_only=True):
    """Recordings of the visit came over the network, so many of them for the first time."""

    office: str
    visit: str
    recorded: int


class Tally(msgspec.Struct, frozen=True, gc=False):
    """Blanks of an item at a visit, in pieces, as the team counted them in the evening."""

    item: Item
    taken: int
    printed: int
    spoiled: int
    returned: int

    @property
    def unaccounted(self) -> int:
        """Blanks that went and neither were used nor came back."""
        return self.taken - self.printed - self.spoiled - self.returned


class VisitSynced(Fact, frozen=True, kw_only=True):
    """The team's device has sent everything: so many people recorded, so many turned away, and the blanks."""

    office: str
    visit: str
    recorded: int
    turned_away: int
    tallies: tuple[Tally, ...]
    synced_by: str


class VisitReconciled(Fact, frozen=True, kw_only=True):
    """Somebody else stands by the tallies. `differences` are named as `differences_of` names them."""

    office: str
    visit: str
    differences: dict[str, int]
    explanation: str | None
    reconciled_by: str


class VisitClosed(Fact, frozen=True, kw_only=True):
    """The visit is over, or will not be: whatever stock still keeps for it is free."""

    office: str
    visit: str
    outcome: Outcome
    recorded: int
    printed: int
    spoiled: int
    reason: str | None = None


class VisitMonthsErased(Fact, frozen=True, kw_only=True):
    """The key to the birth months of this visit is destroyed: nobody can read them again, from no copy."""

    office: str
    visit: str
    because: ErasedBecause


class TeamBooked(Fact, frozen=True, kw_only=True):
    """On that day the team is at a visit for so long."""

    office: str
    team: str
    visit: str
    day: date
    starts_at: datetime
    ends_at: datetime


class TeamFreed(Fact, frozen=True, kw_only=True):
    """The team has that day's time back."""

    office: str
    team: str
    visit: str
    day: date


VisitFact = (
    VisitPlanned
    | VisitConfirmed
    | VisitEquipmentRequested
    | EquipmentAnswered
    | VisitStarted
    | RecordingsArrived
    | VisitSynced
    | VisitReconciled
    | VisitClosed
    | VisitMonthsErased
)
TeamFact = TeamBooked | TeamFreed
