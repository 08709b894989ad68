"""A book as it stood at an earlier entry, and what a change of its level rested on: to retrace what was decided."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from services.stock.domain.facts import (
    BlanksDispatched,
    BlanksReserved,
    BlanksSetAside,
    BookFact,
    DailyUseEstimated,
    DiscrepancyExplained,
    DiscrepancyFound,
    ForecastNoted,
    ReservationReleased,
    ThresholdsSet,
)
from services.stock.domain.foresight import Outlook
from services.stock.domain.levels import Thresholds
from services.stock.domain.movements import changes
from services.stock.domain.state import Book, evolve_book


class Stood(msgspec.Struct, frozen=True):
    """The figures on which requests are refused. `locations` maps each to (on hand, quarantined)."""

    on_hand: int
    reserved: int
    available: int
    set_aside: int
    locations: dict[str, tuple[int, int]]


def stood(book: Book, later: Iterable[Any]) -> Stood:
    """What the book held before these facts, which are its last ones."""
    reserved, set_aside = book.reserved, book.set_aside
    on_hand: Counter[str] = Counter({name: shelf.on_hand for name, shelf in book.locations.items()})
    quarantined: Counter[str] = Counter({name: shelf.quarantined for name, shelf in book.locations.items()})
    for fact in later:
        for change in changes(fact):
            on_hand[change.location] -= change.quantity
        match fact:
            case BlanksReserved(quantity=quantity):
                reserved -= quantity
            case ReservationReleased(quantity=quantity):
                reserved += quantity
            case BlanksSetAside(quantity=quantity):
                set_aside -= quantity
            case BlanksDispatched(quantity=quantity, allocation=str()):
                set_aside += quantity
            case DiscrepancyFound(location=location, kind="SERIAL_OVERLAP", figures=figures):
                quarantined[location] -= figures.get("pieces", 0)
            case DiscrepancyExplained(location=location, quantity=quantity):
                quarantined[location] += quantity
    total = sum(on_hand.values())
    locations = {name: (on_hand[name], quarantined[name]) for name in book.locations}
    return Stood(total, reserved, total - reserved, set_aside, locations)


def thresholds_then(set_last: ThresholdsSet | None, estimated_last: DailyUseEstimated | None) -> Thresholds:
    """What held after these, each the last of its kind: the thresholds and the daily use they count in."""
    return _after(set_last, estimated_last).thresholds


def outlook_then(set_last: ThresholdsSet | None, noted_last: ForecastNoted | None, day: date) -> Outlook | None:
    """The forecast that counted on that day after these, each the last of its kind."""
    return _after(set_last, noted_last).outlook_on(day)


def _after(*facts: BookFact | None) -> Book:
    book = Book()
    for fact in facts:
        if fact is not None:
            book = evolve_book(book, fact)
    return book
