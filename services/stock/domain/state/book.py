"""An office's book of one item: what its facts add up to."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from services.stock.domain.facts import (
    BlanksDestroyed,
    BlanksDispatched,
    BlanksMoved,
    BlankSpoiled,
    BlanksReceived,
    BlanksReportedLost,
    BlanksReserved,
    BlanksSetAside,
    BlankUsed,
    BookClosed,
    BookFact,
    Cause,
    DailyUseEstimated,
    DestructionOverdue,
    DiscrepancyExplained,
    DiscrepancyFound,
    ForecastNoted,
    Kind,
    LeadTimeLearned,
    Level,
    MovementReversed,
    PrintDebtNoted,
    ReliefProposed,
    ReservationRefused,
    ReservationReleased,
    ServicePointLow,
    ServicePointThresholdSet,
    StockCounted,
    StockLow,
    StockRecovered,
    ThresholdsSet,
    VarianceRecorded,
)
from services.stock.domain.foresight import Outlook, foreseeing
from services.stock.domain.levels import OwnThresholds, Thresholds, thresholds_of, with_margin
from services.stock.domain.movements import changes
from shared.decider import State


class Shelf(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is at one location. `spoiled` awaits destruction; `questions` are its open discrepancies.

    `counted_at` is the moment of its last count, in seconds since 1970; `quarantined` are blanks
    with numbers that another holder claims; `own_low` is its own threshold. It was told to be low if
    `low_until` is set, and is so until more than that are there.
    """

    on_hand: int = 0
    spoiled: int = 0
    counted: bool = False
    questions: tuple[Kind, ...] = ()
    counted_at: int | None = None
    quarantined: int = 0
    own_low: int | None = None
    low_until: int | None = None


NO_SHELF = Shelf()


class Book(State, frozen=True, omit_defaults=True):
    """An office's stock of one item.

    The office is the sum of its locations. It is on board, and has a level, from its first opening
    count. `set_aside` is what its allocations have not taken yet; `reservations` are kept for
    visits. `daily_use` is in thousandths of a piece; `day_of_use` is the day being counted,
    `used_that_day` the pieces so far, `day_closed` whether the estimate has taken it in, and
    `ran_out` whether there was none left at a moment of it; `used_late` are pieces told after it was
    closed, which count with the day that follows. `versions` are pieces by blank version, as far as
    versions were told. `awaiting` are spoiled blanks by cause, the first of them since
    `awaiting_since`; `destruction_told` says that their wait was reported. `entry` numbers the facts
    of this book, `last_move` is the entry of the last movement that was not printing's. Nothing is
    booked before `closed_until`. `outlook` is the newest forecast, left out of account if `forecast_off`; `foreseen`
    says that only it makes the stock low; `lead_time`, in thousandths of a day, is from asking to having.
    """

    on_hand: int = 0
    reserved: int = 0
    set_aside: int = 0
    locations: dict[str, Shelf] = msgspec.field(default_factory=dict)
    onboard: bool = False
    level: Level = "OK"
    episode: int = 0
    own_thresholds: OwnThresholds | None = None
    thresholds_version: int = 0
    daily_use: int | None = None
    day_of_use: date | None = None
    used_that_day: int = 0
    used_late: int = 0
    day_closed: bool = False
    ran_out: bool = False
    reservations: dict[str, int] = msgspec.field(default_factory=dict)
    versions: dict[str, int] = msgspec.field(default_factory=dict)
    awaiting: dict[Cause, int] = msgspec.field(default_factory=dict)
    awaiting_since: date | None = None
    destruction_told: bool = False
    destroyed: int = 0
    print_debt: int = 0
    entry: int = 0
    last_move: int = 0
    closed_through: date | None = None
    closed_until: datetime | None = None
    outlook: Outlook | None = None
    forecast_off: bool = False
    foreseen: bool = False
    lead_time: int | None = None

    @property
    def available(self) -> int:
        """What may be handed out."""
        return self.on_hand - self.reserved

    @property
    def thresholds(self) -> Thresholds:
        """The shelf's: the office's own, or else the default days of cover, in pieces."""
        return thresholds_of(self.own_thresholds, self.daily_use or 0)

    def outlook_on(self, day: date) -> Outlook | None:
        """The forecast, if it counts on that day."""
        outlook = self.outlook
        return None if outlook is None or self.forecast_off or not outlook.counts_on(day) else outlook

    def thresholds_on(self, day: date) -> Thresholds:
        """The shelf's own, and those of the forecast that counts on that day: the greater."""
        outlook = self.outlook_on(day)
        return self.thresholds if outlook is None else foreseeing(self.thresholds, outlook.reorder_point)

    @property
    def in_question(self) -> bool:
        """A discrepancy is open at one of its locations."""
        return any(shelf.questions for shelf in self.locations.values())

    @property
    def quarantined(self) -> int:
        """Pieces whose numbers two holders claim."""
        return sum(shelf.quarantined for shelf in self.locations.values())

    @property
    def spoiled(self) -> int:
        """Pieces that await their destruction."""
        return sum(self.awaiting.values())

    def usable(self, takes: frozenset[str]) -> int:
        """What this office's printers can print on."""
        return usable_of(self.available, self.quarantined, self.versions, takes)

    def shelf(self, location: str) -> Shelf:
        """What is at this location: nothing, if it was never heard of."""
        return self.locations.get(location, NO_SHELF)

    def counted_since(self, location: str, moment: datetime) -> bool:
        """Whether this location was counted after that moment."""
        counted_at = self.shelf(location).counted_at
        return counted_at is not None and moment.timestamp() < counted_at


def usable_of(available: int, quarantined: int, versions: Mapping[str, int], takes: Collection[str]) -> int:
    """Of what is available, the pieces of versions that one of the printers takes, and not in quarantine.

    An office that registered no printer is believed to print on everything.
    """
    # More may have left as of a version than was told to have come as it: such a version holds nothing, not less.
    foreign = sum(max(n, 0) for version, n in versions.items() if version not in takes) if takes else 0
    return available - quarantined - foreign


def evolve_book(book: Book, fact: BookFact) -> Book:
    """The book after this fact."""
    match fact:
        case BlankUsed(location=location, quantity=quantity, used_on=day, blank_version=version):
            on_hand = book.on_hand - quantity
            # A card reported late counts on the day under way: the days before are closed.
            another = book.day_of_use is None or day > book.day_of_use
            late = book.day_closed and not another
            return replace(
                book,
                on_hand=on_hand,
                locations=_changed(book, location, -quantity),
                day_of_use=day if another else book.day_of_use,
                day_closed=book.day_closed and not another,
                used_that_day=book.used_that_day if late else book.used_that_day + quantity,
                used_late=book.used_late + quantity if late else book.used_late,
                ran_out=book.ran_out or on_hand <= book.reserved,
                versions=_of_version(book, version, -quantity),
                entry=book.entry + 1,
            )
        case BlanksReceived(location=location, quantity=quantity, source="OPENING"):
            shelf = _answered(book.shelf(location))
            opened = replace(shelf, on_hand=shelf.on_hand + quantity, counted_at=_seconds(fact.counted_at))
            versions = _of_version(book, fact.blank_version, quantity)
            return _moved(book, quantity, book.locations | {location: opened}, versions, onboard=True)
        case BlanksReceived(location=location, quantity=quantity, blank_version=version):
            return _moved(book, quantity, _changed(book, location, quantity), _of_version(book, version, quantity))
        case BlanksDispatched(location=location, quantity=quantity, allocation=allocation, blank_version=version):
            locations, versions = _changed(book, location, -quantity), _of_version(book, version, -quantity)
            taken = 0 if allocation is None else quantity
            return _moved(book, -quantity, locations, versions, set_aside=book.set_aside - taken)
        case BlankSpoiled(location=location, quantity=quantity, cause=cause, blank_version=version):
            shelf = book.shelf(location)
            spoiled = replace(shelf, on_hand=shelf.on_hand - quantity, spoiled=shelf.spoiled + quantity)
            return replace(
                book,
                on_hand=book.on_hand - quantity,
                locations=book.locations | {location: spoiled},
                ran_out=book.ran_out or book.on_hand - quantity <= book.reserved,
                versions=_of_version(book, version, -quantity),
                awaiting=book.awaiting | {cause: book.awaiting.get(cause, 0) + quantity},
                awaiting_since=book.awaiting_since or fact.spoiled_on,
                entry=book.entry + 1,
            )
        case BlanksDestroyed(location=location, quantity=quantity, by_cause=by_cause):
            shelf = book.shelf(location)
            awaiting = {cause: n - by_cause.get(cause, 0) for cause, n in book.awaiting.items()}
            return replace(
                book,
                locations=book.locations | {location: replace(shelf, spoiled=shelf.spoiled - quantity)},
                awaiting=awaiting,
                # What is left was spoiled at the latest on the day of this destruction.
                awaiting_since=fact.destroyed_on if any(awaiting.values()) else None,
                destruction_told=False,
                destroyed=book.destroyed + quantity,
                entry=book.entry + 1,
            )
        case BlanksMoved() | BlanksReportedLost() | VarianceRecorded():
            return _applied(book, fact)
        case MovementReversed(cause=cause):
            undone = _applied(book, fact)
            return undone if cause is None else _unspoiled(undone, fact, cause)
        case StockCounted(location=location, counted_at=counted_at):
            shelf = replace(_answered(book.shelf(location)), counted_at=_seconds(counted_at))
            return replace(
                book, locations=book.locations | {location: shelf}, entry=book.entry + 1, last_move=book.entry + 1
            )
        case DiscrepancyFound(location=location, kind=kind):
            shelf = book.shelf(location)
            questions = shelf.questions if kind in shelf.questions else (*shelf.questions, kind)
            overlapping = fact.figures.get("pieces", 0) if kind == "SERIAL_OVERLAP" else 0
            asked = replace(shelf, questions=questions, quarantined=shelf.quarantined + overlapping)
            return replace(book, locations=book.locations | {location: asked}, entry=book.entry + 1)
        case DiscrepancyExplained(location=location, kind=kind, quantity=quantity):
            shelf = book.shelf(location)
            left = shelf.quarantined - quantity
            open_still = tuple(k for k in shelf.questions if k != kind or left > 0)
            explained = replace(shelf, quarantined=left, questions=open_still)
            return replace(book, locations=book.locations | {location: explained}, entry=book.entry + 1)
        case StockLow(level=level, episode=episode, foreseen=foreseen):
            return replace(book, level=level, episode=episode, foreseen=foreseen, entry=book.entry + 1)
        case StockRecovered():
            return replace(book, level="OK", foreseen=False, entry=book.entry + 1)
        case ServicePointLow(location=location, threshold=threshold):
            told = replace(book.shelf(location), low_until=with_margin(threshold))
            return replace(book, locations=book.locations | {location: told}, entry=book.entry + 1)
        case ServicePointThresholdSet(location=location, low=low):
            own = replace(book.shelf(location), own_low=low, low_until=None)
            return replace(book, locations=book.locations | {location: own}, entry=book.entry + 1)
        case ThresholdsSet(version=version, forecast=forecast):
            return replace(
                book,
                own_thresholds=_own(fact),
                thresholds_version=version,
                forecast_off=not forecast,
                entry=book.entry + 1,
            )
        case ForecastNoted():
            outlook = Outlook(fact.made_on, fact.first_day, fact.weeks, fact.reorder_points)
            return replace(book, outlook=outlook, entry=book.entry + 1)
        case LeadTimeLearned(thousandths=thousandths):
            return replace(book, lead_time=thousandths, entry=book.entry + 1)
        case DailyUseEstimated(thousandths=thousandths):
            return replace(
                book,
                daily_use=thousandths,
                used_that_day=0,
                used_late=0,
                day_closed=fact.day is not None,
                ran_out=False,
                entry=book.entry + 1,
            )
        case BlanksSetAside(quantity=quantity):
            return replace(book, set_aside=book.set_aside + quantity, entry=book.entry + 1, last_move=book.entry + 1)
        case BlanksReserved(visit=visit, quantity=quantity):
            kept = book.reservations | {visit: book.reservations.get(visit, 0) + quantity}
            return replace(book, reserved=book.reserved + quantity, reservations=kept, entry=book.entry + 1)
        case ReservationReleased(visit=visit, quantity=quantity):
            kept = {name: n for name, n in book.reservations.items() if name != visit}
            return replace(book, reserved=book.reserved - quantity, reservations=kept, entry=book.entry + 1)
        case PrintDebtNoted(owed=owed):
            return replace(book, print_debt=owed, entry=book.entry + 1)
        case BookClosed(through=through, until=until):
            return replace(book, closed_through=through, closed_until=until, entry=book.entry + 1)
        case DestructionOverdue():
            return replace(book, destruction_told=True, entry=book.entry + 1)
        case ReservationRefused() | ReliefProposed():
            return replace(book, entry=book.entry + 1)


def _changed(book: Book, location: str, change: int) -> dict[str, Shelf]:
    shelf = book.locations.get(location, NO_SHELF)
    on_hand = shelf.on_hand + change
    after = Shelf(
        on_hand,
        shelf.spoiled,
        shelf.counted,
        shelf.questions,
        shelf.counted_at,
        shelf.quarantined,
        shelf.own_low,
        _still_low(shelf, on_hand),
    )
    return book.locations | {location: after}


def _still_low(shelf: Shelf, on_hand: int) -> int | None:
    """Until it is over its margin, a location that was told to be low is not told again."""
    return None if shelf.low_until is None or on_hand > shelf.low_until else shelf.low_until


def _of_version(book: Book, version: str | None, change: int) -> dict[str, int]:
    if version is None:
        return book.versions
    return book.versions | {version: book.versions.get(version, 0) + change}


def _moved(book: Book, change: int, locations: dict[str, Shelf], versions: dict[str, int], **also: Any) -> Book:
    return replace(
        book,
        on_hand=book.on_hand + change,
        locations=locations,
        versions=versions,
        entry=book.entry + 1,
        last_move=book.entry + 1,
        **also,
    )


def _applied(book: Book, fact: BookFact) -> Book:
    locations, total = book.locations, 0
    for change in changes(fact):
        shelf = locations.get(change.location, NO_SHELF)
        on_hand = shelf.on_hand + change.quantity
        after = replace(shelf, on_hand=on_hand, low_until=_still_low(shelf, on_hand))
        locations = locations | {change.location: after}
        total += change.quantity
    versions = book.versions
    if isinstance(fact, MovementReversed):
        versions = _of_version(book, fact.blank_version, total)
    return _moved(book, total, locations, versions)


def _unspoiled(book: Book, fact: MovementReversed, cause: Cause) -> Book:
    (change,) = fact.changes
    shelf = book.shelf(change.location)
    awaiting = book.awaiting | {cause: book.awaiting.get(cause, 0) - change.quantity}
    waits = any(awaiting.values())
    return replace(
        book,
        locations=book.locations | {change.location: replace(shelf, spoiled=shelf.spoiled - change.quantity)},
        awaiting=awaiting,
        awaiting_since=book.awaiting_since if waits else None,
        destruction_told=book.destruction_told and waits,
    )


def _answered(shelf: Shelf) -> Shelf:
    """Counted: how many there are is no question any more; whose their numbers are may be one still."""
    return replace(shelf, counted=True, questions=("SERIAL_OVERLAP",) if shelf.quarantined > 0 else ())


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _own(fact: ThresholdsSet) -> OwnThresholds | None:
    if fact.low is None and fact.low_days is None:
        return None
    return OwnThresholds(fact.low, fact.critical, fact.recovery, fact.low_days, fact.critical_days)
