"""The naive book-keeper: keeps every fact that was ever told, and adds all of them up for each question.

It knows nothing of the domain's states or of how a movement is folded: the equations of the books are
written here a second time, from the words of the domain, and slowly.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Place = tuple[str, str, str]
"""Office, item, location."""


@dataclass(frozen=True)
class Told:
    """A fact, when it happened, when it was told, and since when it counts."""

    stream: str
    fact: Any
    happened: datetime
    told: datetime
    counts: datetime


def name(fact: Any) -> str:
    return type(fact).__name__


def columns(fact: Any) -> list[tuple[Place, str, int]]:
    """Place, column, and how much more (or, negative, less) is on hand there."""
    if not hasattr(fact, "office") or not hasattr(fact, "item"):
        return []
    where: Any = (fact.office, fact.item, getattr(fact, "location", None))
    match name(fact):
        case "BlanksReceived":
            return [(where, "received", fact.quantity)]
        case "BlanksDispatched":
            return [(where, "dispatched", -fact.quantity)]
        case "BlanksMoved":
            to = (fact.office, fact.item, fact.to)
            return [(where, "moved out", -fact.quantity), (to, "moved in", fact.quantity)]
        case "BlankUsed":
            return [(where, "used", -fact.quantity)]
        case "BlankSpoiled":
            return [(where, "spoiled", -fact.quantity)]
        case "BlanksReportedLost":
            return [(where, "variance", -fact.quantity)]
        case "VarianceRecorded" if fact.location is not None:
            return [(where, "variance", fact.quantity)]
        case "MovementReversed":
            undone = {"moved_in": "moved in", "moved_out": "moved out"}
            return [
                ((fact.office, fact.item, c.location), undone.get(c.column, c.column), c.quantity) for c in fact.changes
            ]
    return []


class BookKeeper:
    """Everything that was told, in order."""

    def __init__(self) -> None:
        self.log: list[Told] = []
        self._closed: dict[str, datetime] = {}

    def tell(self, stream: str, fact: Any, happened: datetime, told: datetime) -> None:
        """One more fact. What belongs into a closed book counts from the first open moment."""
        closed = self._closed.get(stream)
        counts = happened if closed is None or happened >= closed else closed
        self.log.append(Told(stream, fact, happened, told, counts))
        if name(fact) == "BookClosed":
            self._closed[stream] = fact.until

    def on_hand(self, as_of: datetime | None = None, known_at: datetime | None = None) -> Counter[Place]:
        """What was at each place at `as_of`, as told until `known_at`."""
        held: Counter[Place] = Counter()
        for told in self.log:
            if (as_of is None or told.counts <= as_of) and (known_at is None or told.told <= known_at):
                for place, _, change in columns(told.fact):
                    held[place] += change
        return held

    def column(self, column: str) -> Counter[Place]:
        """One column of the books."""
        sums: Counter[Place] = Counter()
        for told in self.log:
            for place, into, change in columns(told.fact):
                if into == column:
                    sums[place] += change
        return sums

    def timeline(self, place: Place) -> list[tuple[datetime, int, int]]:
        """Every balance that this place ever had: since when, after which fact, how many, in order of the first two."""
        moves = [
            (told.counts, n, change)
            for n, told in enumerate(self.log)
            for where, _, change in columns(told.fact)
            if where == place
        ]
        balance, line = 0, []
        for moment, n, change in sorted(moves):
            balance += change
            line.append((moment, n, balance))
        return line

    def reserved(self, stream: str) -> int:
        """What is kept for visits in this book."""
        kept = 0
        for told in self.log:
            if told.stream == stream and name(told.fact) == "BlanksReserved":
                kept += told.fact.quantity
            elif told.stream == stream and name(told.fact) == "ReservationReleased":
                kept -= told.fact.quantity
        return kept

    def spoiled(self) -> Counter[Place]:
        """What was spoiled and not destroyed yet."""
        sums: Counter[Place] = Counter()
        for told in self.log:
            fact = told.fact
            if name(fact) == "BlankSpoiled":
                sums[fact.office, fact.item, fact.location] += fact.quantity
            elif name(fact) == "BlanksDestroyed":
                sums[fact.office, fact.item, fact.location] -= fact.quantity
            elif name(fact) == "MovementReversed" and fact.kind == "BlankSpoiled":
                for change in fact.changes:
                    sums[fact.office, fact.item, change.location] -= change.quantity
        return sums

    def questions(self) -> dict[Place, set[str]]:
        """What is in question at each place: asked, and neither counted nor explained since."""
        asked: dict[Place, set[str]] = {}
        claimed: Counter[Place] = Counter()
        for told in self.log:
            fact = told.fact
            place = (getattr(fact, "office", ""), getattr(fact, "item", ""), getattr(fact, "location", ""))
            match name(fact):
                case "DiscrepancyFound":
                    asked.setdefault(place, set()).add(fact.kind)
                    claimed[place] += fact.figures.get("pieces", 0) if fact.kind == "SERIAL_OVERLAP" else 0
                case "DiscrepancyExplained":
                    claimed[place] -= fact.quantity
                    if claimed[place] <= 0:
                        asked.get(place, set()).discard(fact.kind)
                case "StockCounted":
                    asked[place] = {"SERIAL_OVERLAP"} if claimed[place] > 0 else set()
                case "BlanksReceived" if fact.source == "OPENING":
                    asked[place] = {"SERIAL_OVERLAP"} if claimed[place] > 0 else set()
        return asked

    def of_consignment(self, consignment: str) -> int:
        """The variance of a consignment: below zero as long as something of it is missing."""
        return sum(
            told.fact.quantity
            for told in self.log
            if name(told.fact) == "VarianceRecorded"
            and told.fact.location is None
            and told.fact.consignment == consignment
        )
