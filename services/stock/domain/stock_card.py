"""The stock card (kartu persediaan): every line of a book in a window of time, with the balance after it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.stock.domain.commands import JUST_NOW
from services.stock.domain.facts import (
    BlanksDestroyed,
    BlanksDispatched,
    BlanksMoved,
    BlankSpoiled,
    BlanksReceived,
    BlanksReportedLost,
    BlankUsed,
    Change,
    MovementReversed,
    StockCounted,
    VarianceRecorded,
)
from services.stock.domain.history import effective
from services.stock.domain.movements import changes
from services.stock.domain.state import Book
from shared.decider import Recalled


class Line(msgspec.Struct, frozen=True):
    """One fact on the card. `columns` are signed as they change what is on hand; they sum up to `quantity`.

    `counts_from` is the moment since which it counts: when it happened, or, entered after that was
    closed, the first moment that was open then.
    """

    recalled: Recalled
    counts_from: datetime
    columns: dict[str, int]
    quantity: int
    balance: int

    @property
    def key(self) -> tuple[datetime, int]:
        """What the card is ordered by."""
        return self.counts_from, self.recalled.version

    @property
    def late(self) -> bool:
        """It was recorded later than clocks may differ."""
        return self.recalled.recorded_at - self.recalled.occurred_at > JUST_NOW


class Card(msgspec.Struct, frozen=True):
    """The lines of a window, and what was on hand before the first and after the last."""

    opening: int
    lines: list[Line]
    closing: int


def stock_card(
    book: Book,
    tail: Sequence[Recalled],
    start: datetime,
    end: datetime,
    location: str | None = None,
    until: datetime | None = None,
) -> Card:
    """The card from `start` to just before `end`, of one location or of the office.

    `book`, `tail` and `until` as for `on_hand_at`; the tail reaches back to `start`.
    """
    counted = [(moment, r) for moment, r in effective(tail, book) if until is None or moment < until]
    since = [(moment, r, _here(r.fact, location)) for moment, r in counted if moment >= start]
    on_hand = book.on_hand if location is None else book.shelf(location).on_hand
    opening = balance = on_hand - sum(change.quantity for _, _, here in since for change in here)
    lines = []
    for moment, r, here in since:
        if moment >= end:
            break
        quantity = sum(change.quantity for change in here)
        balance += quantity
        if here or _is_told(r.fact, location):
            columns: Counter[str] = Counter()
            for change in here:
                columns[change.column] += change.quantity
            lines.append(Line(r, moment, dict(columns), quantity, balance))
    return Card(opening, lines, balance)


def reference_of(fact: Any) -> str | None:
    """The paper, or the thing, that a line of the card goes back to."""
    match fact:
        case BlanksReceived(bast=minutes) | BlanksDestroyed(minutes=minutes):
            return minutes
        case BlanksDispatched(consignment=consignment):
            return consignment
        case BlankUsed(job=job) | BlankSpoiled(job=job):
            return job
        case BlanksMoved(location=location, to=to):
            return f"{location} → {to}"
        case BlanksReportedLost(police_report=report):
            return report
        case StockCounted(count=count):
            return count
        case VarianceRecorded(consignment=consignment, reason=reason):
            return consignment or reason
        case MovementReversed(reason=reason):
            return reason
    return None


def _here(fact: Any, location: str | None) -> tuple[Change, ...]:
    found = changes(fact)
    return found if location is None else tuple(change for change in found if change.location == location)


def _is_told(fact: Any, location: str | None) -> bool:
    """What moves nothing on hand, and yet belongs on a card: a count, a destruction."""
    return isinstance(fact, StockCounted | BlanksDestroyed) and location in (None, fact.location)
