"""What can happen in an office's book of one item: the stream `office/<id>/<item>`.

Quantities are pieces (ribbons and films too), never negative unless they are said to be signed.
"""

from datetime import date, datetime

import msgspec

from services.stock.domain.facts.foresight import ForecastNoted, LeadTimeLearned
from services.stock.domain.facts.words import Cause, CoverFrom, Item, Kind, Level, SerialRange, Source
from shared.decider import Fact


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

    An opening's quantity is what the count found beyond what the book already held. `blank_version`
    is the kind of chip and print, which not every printer takes. A `RETURN` is of what a consignment's
    receiver rejected: back with its sender, or taken over only to be spoiled.
    """

    source: Source
    bast: str
    serials: SerialRange | None = None
    further_serials: tuple[SerialRange, ...] = ()
    consignment: str | None = None
    counters: tuple[str, ...] = ()
    blank_version: str | None = None
    counted_at: datetime | None = None
    late_reason: str | None = None


class BlanksDispatched(Movement, frozen=True, kw_only=True):
    """Blanks left for another office."""

    consignment: str
    to: str
    promised_on: date
    allocation: str | None = None
    serials: SerialRange | None = None
    loan: str | None = None
    blank_version: str | None = None
    late_reason: str | None = None


class BlanksMoved(Movement, frozen=True, kw_only=True):
    """Blanks went from `location` to another one of the same office."""

    to: str
    to_on_hand: int
    serials: SerialRange | None = None
    late_reason: str | None = None


class BlankUsed(Movement, frozen=True, kw_only=True):
    """A card was printed on it; a roll, put into a printer, and `job` names that change.

    `used_on` is the office's own calendar day.
    """

    job: str
    used_on: date
    serial: str | None = None
    blank_version: str | None = None


class BlankSpoiled(Movement, frozen=True, kw_only=True):
    """It was spoiled, and waits for its destruction."""

    job: str | None
    cause: Cause
    spoiled_on: date | None = None
    serial: str | None = None
    blank_version: str | None = None
    late_reason: str | None = None


class BlanksDestroyed(Booked, frozen=True, kw_only=True):
    """Spoiled blanks were burned before two witnesses; `document_sha256` is of the signed minutes.

    `awaiting` are those of the office that still wait, `serials` the numbers among the burned ones,
    as far as they were told.
    """

    location: str
    quantity: int
    by_cause: dict[Cause, int]
    minutes: str
    witnesses: tuple[str, str]
    document_sha256: str
    awaiting: int
    destroyed_on: date
    serials: tuple[SerialRange, ...] = ()
    late_reason: str | None = None


class BlanksReportedLost(Movement, frozen=True, kw_only=True):
    """Blanks were lost or stolen: a variance, with the number of the police report."""

    police_report: str
    serials: SerialRange | None = None
    reported_by: str
    late_reason: str | None = None


class VarianceRecorded(Booked, frozen=True, kw_only=True):
    """A difference that was written off (negative) or turned up (positive).

    With a location it changes what is on hand there. Without one it is the variance of its
    consignment: blanks that were sent and never came on hand, so no shelf changes.
    """

    location: str | None
    quantity: int
    reason: str
    consignment: str | None = None


class StockCounted(Booked, frozen=True, kw_only=True):
    """A location was counted, and whatever was in question there is answered.

    `expected` is what the book held for the moment of the count; the difference is a variance.
    """

    location: str
    count: str
    counted: int
    expected: int
    counters: tuple[str, ...]
    counted_at: datetime
    approved_by: str | None = None


class DiscrepancyFound(Booked, frozen=True, kw_only=True):
    """Books and shelf disagree: the location is in question until it is counted, or the matter explained."""

    location: str
    kind: Kind
    figures: dict[str, int]
    consignment: str | None = None
    serials: SerialRange | None = None
    holders: tuple[str, ...] = ()


class DiscrepancyExplained(Booked, frozen=True, kw_only=True):
    """Whose the numbers are that two holders claimed, and why: they may be used again, or are not here.

    `entry` is that of the discrepancy, if the head explained it as a whole.
    """

    location: str
    kind: Kind
    serials: SerialRange
    quantity: int
    rightful: str
    reason: str
    explained_by: str
    entry: int | None = None


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What one movement means for one location: `quantity`, signed, of what is on hand, in one column of the books."""

    location: str
    column: str
    quantity: int


class MovementReversed(Booked, frozen=True, kw_only=True):
    """A movement of this book never was: entry `reverses`, of that kind, is undone as of its own moment."""

    reverses: int
    kind: str
    changes: tuple[Change, ...]
    reason: str
    reversed_by: str
    consignment: str | None = None
    cause: Cause | None = None
    blank_version: str | None = None


class StockLow(Booked, frozen=True, kw_only=True):
    """The level changed, for worse or for better, and the shortage is not over.

    `foreseen`: the shelf is not low, and would be before help could come; it changes at the same level too.
    `reorder_point` is what the forecast says is needed until then (None where none counts).
    """

    level: Level
    previous_level: Level
    episode: int
    daily_use: float
    days_of_cover: float | None
    projected_empty_on: date | None
    thresholds_version: int
    foreseen: bool = False
    cover_from: CoverFrom = "USE"
    reorder_point: int | None = None


class StockRecovered(Booked, frozen=True, kw_only=True):
    """The shortage of this episode is over."""

    previous_level: Level
    episode: int


class ServicePointLow(Booked, frozen=True, kw_only=True):
    """One location of several runs low: the office's own business, as long as the office does not."""

    location: str
    location_on_hand: int
    threshold: int


class ThresholdsSet(Fact, frozen=True, kw_only=True):
    """The head set the office's own thresholds, or, with none, went back to the default days of cover.

    `low`, `critical` and `recovery` are pieces, `low_days` and `critical_days` days of cover; where
    both are set, the greater counts. Without `forecast` it is left out of account here.
    """

    office: str
    item: Item
    version: int
    low: int | None
    critical: int | None
    recovery: int | None
    low_days: int | None = None
    critical_days: int | None = None
    set_by: str | None = None
    forecast: bool = True


class ServicePointThresholdSet(Fact, frozen=True, kw_only=True):
    """At so many pieces or fewer a location is low; with none, the default holds again."""

    office: str
    item: Item
    location: str
    low: int | None
    set_by: str


class DailyUseEstimated(Fact, frozen=True, kw_only=True):
    """What a day is believed to use, in thousandths of a piece: at the opening, and after each day of use.

    A day on which stock ran out (`ran_out`) does not show what would have been used, and is left out. `used` are the
    pieces of `day`, which is over, and those that were told too late for a day before it. `on_hand` and `available`
    are the office's sums then; before this was promised they were not said.
    """

    office: str
    item: Item
    thousandths: int
    day: date | None = None
    used: int = 0
    ran_out: bool = False
    on_hand: int = 0
    available: int = 0


class BlanksSetAside(Fact, frozen=True, kw_only=True):
    """The sender of an allocation keeps this much for it until it is dispatched; less than none: it takes it back."""

    office: str
    item: Item
    allocation: str
    quantity: int


class BlanksReserved(Booked, frozen=True, kw_only=True):
    """Blanks are kept for a visit until `until`; they are on hand, and not available."""

    visit: str
    quantity: int
    until: datetime


class ReservationRefused(Booked, frozen=True, kw_only=True):
    """There is less available than the visit asks for."""

    visit: str
    asked: int
    reason: str


class ReservationReleased(Booked, frozen=True, kw_only=True):
    """What was kept for a visit is available again."""

    visit: str
    quantity: int
    reason: str


class PrintDebtNoted(Fact, frozen=True, kw_only=True):
    """Printing says how many cards it owes for want of blanks."""

    office: str
    item: Item
    owed: int


class DestructionOverdue(Booked, frozen=True, kw_only=True):
    """Spoiled blanks have waited for their destruction since that day: an invitation to theft."""

    awaiting: int
    since: date


class ReliefLine(msgspec.Struct, frozen=True):
    """Who could give how much, what stays with them, and above what it stays (None: a buffer may be used up)."""

    office: str
    quantity: int
    available: int
    stays_with: int
    threshold: int | None
    distance_km: int | None


class ReliefProposed(Booked, frozen=True, kw_only=True):
    """Who could help in this shortage: the province's buffer, then neighbours, nearest first.

    `wanted` would end the shortage, `covered` is what they could give together. Blanks in transit are
    not counted: they are not there yet.
    """

    episode: int
    level: Level
    wanted: int
    lines: tuple[ReliefLine, ...]
    covered: int


class BookClosed(Booked, frozen=True, kw_only=True):
    """The book is closed through that day: nothing is booked on or before it any more.

    `until` is the moment at which the next day begins at the office, `locations` what each location
    held then, `previous_until` the moment of the closing before.
    """

    through: date
    until: datetime
    previous_until: datetime | None
    locations: dict[str, int]
    closed_by: str


BookFact = (
    BlanksReceived
    | BlanksDispatched
    | BlanksMoved
    | BlankUsed
    | BlankSpoiled
    | BlanksDestroyed
    | BlanksReportedLost
    | VarianceRecorded
    | StockCounted
    | DiscrepancyFound
    | DiscrepancyExplained
    | MovementReversed
    | StockLow
    | StockRecovered
    | ServicePointLow
    | ThresholdsSet
    | ServicePointThresholdSet
    | DailyUseEstimated
    | ForecastNoted
    | LeadTimeLearned
    | BlanksSetAside
    | BlanksReserved
    | ReservationRefused
    | ReservationReleased
    | PrintDebtNoted
    | DestructionOverdue
    | ReliefProposed
    | BookClosed
)
