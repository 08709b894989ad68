"""What can have happened to blanks. Quantities are pieces (ribbons and films too), never negative unless signed."""

from datetime import date
from typing import Literal

import msgspec

from shared.decider import Fact

Item = Literal["KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"]
Source = Literal["PROCUREMENT", "CENTRE", "PROVINCE", "LOAN", "GRANT", "OPENING"]
Cause = Literal["ENCODE_FAILURE", "MISPRINT", "DAMAGED", "DEAD_CHIP"]
Level = Literal["OK", "LOW", "CRITICAL", "EMPTY"]
Kind = Literal["BELOW_ZERO", "SURPLUS", "MISSING_OVERSTATED", "WRONG_OFFICE", "WRONG_ITEM"]


class SerialRange(msgspec.Struct, frozen=True):
    """The numbers on a box, both ends included."""

    first: str
    last: str


class Booked(Fact, frozen=True, kw_only=True):
    """A fact in an office's book of one item, with the office's sums after it."""

    office: str
    item: Item
    on_hand: int
    available: int


class Movement(Booked, frozen=True, kw_only=True):
    """Blanks came to or went from one location."""

    location: str
    quantity: int
    location_on_hand: int


class BlanksReceived(Movement, frozen=True, kw_only=True):
    """Blanks arrived from outside the office, or were there when its books were opened (`OPENING`).

    An opening's quantity is what the count found beyond what the book already held.
    """

    source: Source
    bast: str
    serials: SerialRange | None = None
    consignment: str | None = None
    counters: tuple[str, ...] = ()


class BlanksDispatched(Movement, frozen=True, kw_only=True):
    """Blanks left for another office."""

    consignment: str
    to: str
    promised_on: date
    allocation: str | None = None
    serials: SerialRange | None = None


class BlankUsed(Movement, frozen=True, kw_only=True):
    """A card was printed on it. `used_on` is the office's own calendar day."""

    job: str
    used_on: date


class BlankSpoiled(Movement, frozen=True, kw_only=True):
    """It was spoiled, and waits for its destruction."""

    job: str | None
    cause: Cause


class VarianceRecorded(Booked, frozen=True, kw_only=True):
    """A difference that was written off (negative) or turned up (positive).

    With a location it changes what is on hand there. Without one it is the variance of its
    consignment: blanks that were sent and never came on hand, so no shelf changes.
    """

    location: str | None
    quantity: int
    reason: str
    consignment: str | None = None


class DiscrepancyFound(Booked, frozen=True, kw_only=True):
    """Books and shelf disagree: the location is in question until it is counted."""

    location: str
    kind: Kind
    figures: dict[str, int]
    consignment: str | None = None


class StockLow(Booked, frozen=True, kw_only=True):
    """The level changed, for worse or for better, and the shortage is not over."""

    level: Level
    previous_level: Level
    episode: int
    daily_use: float
    days_of_cover: float | None
    projected_empty_on: date | None
    thresholds_version: int


class StockRecovered(Booked, frozen=True, kw_only=True):
    """The shortage of this episode is over."""

    previous_level: Level
    episode: int


class ThresholdsSet(Fact, frozen=True, kw_only=True):
    """The head set the office's own thresholds in pieces, or, with none, went back to days of cover."""

    office: str
    item: Item
    version: int
    low: int | None
    critical: int | None
    recovery: int | None


class DailyUseEstimated(Fact, frozen=True, kw_only=True):
    """What a day is believed to use, in thousandths of a piece: at the opening, and after each day of use."""

    office: str
    item: Item
    thousandths: int
    day: date | None = None
    used: int = 0


class BlanksSetAside(Fact, frozen=True, kw_only=True):
    """The sender of an allocation keeps this much for it until it is dispatched."""

    office: str
    item: Item
    allocation: str
    quantity: int


class ConsignmentAnnounced(Fact, frozen=True, kw_only=True):
    """Blanks are on their way to `office`."""

    office: str
    item: Item
    quantity: int
    consignment: str
    sender: str
    promised_on: date
    allocation: str | None = None


class ConsignmentReceived(Fact, frozen=True, kw_only=True):
    """What `office` says it found in a consignment: as reported, whatever the announcement said."""

    office: str
    item: Item
    consignment: str
    location: str
    accepted: int
    rejected: int
    missing: int
    reason: str | None = None


class AllocationApproved(Fact, frozen=True, kw_only=True):
    """`office` will be given this much."""

    office: str
    item: Item
    allocation: str
    quantity: int
    from_office: str
    promised_on: date
    reason: str


class AllocationDispatched(Fact, frozen=True, kw_only=True):
    """This much of an allocation has left its sender."""

    office: str
    allocation: str
    consignment: str
    quantity: int


BookFact = (
    BlanksReceived
    | BlanksDispatched
    | BlankUsed
    | BlankSpoiled
    | VarianceRecorded
    | DiscrepancyFound
    | StockLow
    | StockRecovered
    | ThresholdsSet
    | DailyUseEstimated
    | BlanksSetAside
)
ConsignmentFact = ConsignmentAnnounced | ConsignmentReceived
AllocationFact = AllocationApproved | AllocationDispatched
StockFact = BookFact | ConsignmentFact | AllocationFact
