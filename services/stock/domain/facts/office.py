"""What can happen at an office besides its books: places, printers, counts, numbered blanks, withdrawn cards."""

from datetime import date, datetime

from services.stock.domain.facts.words import Condition, Item, LocationKind, SerialRange
from shared.decider import Fact


class LocationOpened(Fact, frozen=True, kw_only=True):
    """A place of the office keeps blanks from that day on."""

    office: str
    location: str
    kind: LocationKind
    opened_on: date


class LocationClosed(Fact, frozen=True, kw_only=True):
    """A place keeps no blanks any more, from that day on."""

    office: str
    location: str
    closed_on: date


class PrinterRegistered(Fact, frozen=True, kw_only=True):
    """A printer of the office, and the blank versions it takes; the latest registration holds."""

    office: str
    printer: str
    takes: tuple[str, ...]


class PrinterRetired(Fact, frozen=True, kw_only=True):
    """A printer prints no more."""

    office: str
    printer: str


class CountStarted(Fact, frozen=True, kw_only=True):
    """Somebody begins to count a location, blind; `entry` is where the book stood."""

    office: str
    item: Item
    location: str
    count: str
    entry: int
    started_at: datetime
    counter: str


class CountSubmitted(Fact, frozen=True, kw_only=True):
    """What was counted, as against `expected`; above tolerance, a second counter and the head follow."""

    office: str
    item: Item
    count: str
    counted: int
    expected: int
    tolerance: int
    through_entry: int
    submitted_by: str


class CountRepeated(Fact, frozen=True, kw_only=True):
    """A second, different counter's number, of what was there at `repeated_at`."""

    office: str
    item: Item
    count: str
    counted: int
    counter: str
    repeated_at: datetime
    entered_by: str


class CountApproved(Fact, frozen=True, kw_only=True):
    """The head stands by the count, and the book follows it; without `approved_by` it was within tolerance."""

    office: str
    item: Item
    count: str
    counted: int
    variance: int
    approved_by: str | None


class CountDiscarded(Fact, frozen=True, kw_only=True):
    """The count leads to nothing, and why."""

    office: str
    item: Item
    count: str
    reason: str
    discarded_by: str


class CustodyChanged(Fact, frozen=True, kw_only=True):
    """From here on these numbers are in this condition, with this office at this place.

    `place` is a location, or a consignment while they are in transit; `because` names the kind of
    the fact behind it, and `reference` its BAST, job, consignment or report. `rivals` are the others
    who claimed the numbers while they were QUARANTINED, each after the one from whom it claimed them.
    """

    office: str
    item: Item
    serials: SerialRange
    condition: Condition
    place: str
    because: str
    reference: str
    rivals: tuple[str, ...] = ()


class OldCardBooked(Fact, frozen=True, kw_only=True):
    """An old card was withdrawn at a replacement: it waits for its destruction in a book of its own."""

    office: str
    item: Item
    location: str
    job: str
    withdrawn_on: date
    awaiting: int


class OldCardsDestroyed(Fact, frozen=True, kw_only=True):
    """Withdrawn cards were destroyed before two witnesses."""

    office: str
    item: Item
    quantity: int
    minutes: str
    witnesses: tuple[str, str]
    document_sha256: str
    destroyed_on: date
    awaiting: int


PremisesFact = LocationOpened | LocationClosed | PrinterRegistered | PrinterRetired
CountFact = CountStarted | CountSubmitted | CountRepeated | CountApproved | CountDiscarded
SerialsFact = CustodyChanged
OldCardsFact = OldCardBooked | OldCardsDestroyed
