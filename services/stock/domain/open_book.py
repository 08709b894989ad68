"""An office's book while a decision writes in it."""

from datetime import date

from services.stock.domain.books import Book, evolve_book
from services.stock.domain.commands import book_of
from services.stock.domain.facts import (
    BookFact,
    DailyUseEstimated,
    DiscrepancyFound,
    Item,
    Kind,
    Level,
    StockLow,
    StockRecovered,
    VarianceRecorded,
)
from services.stock.domain.levels import days_of_cover, level_after, projected_empty_on
from shared.decider import Decision, States


class OpenBook:
    """Each fact is written on the balance after the one before; what was written is the decision."""

    def __init__(self, office: str, item: Item, day: date, states: States) -> None:
        self.office = office
        self.item: Item = item
        self.day = day
        self.stream = book_of(office, item)
        self.book: Book = states[self.stream]
        self.facts: Decision = []

    def write(self, fact: BookFact) -> None:
        self.facts.append((self.stream, fact))
        self.book = evolve_book(self.book, fact)

    def question(self, location: str, kind: Kind, consignment: str | None = None, **figures: int) -> None:
        """Books and shelf disagree here."""
        self.write(
            DiscrepancyFound(
                office=self.office,
                item=self.item,
                location=location,
                kind=kind,
                figures=figures,
                consignment=consignment,
                on_hand=self.book.on_hand,
                available=self.book.available,
            )
        )

    def question_below_zero(self, location: str) -> None:
        """Once per location, until it is counted."""
        shelf = self.book.shelf(location)
        if shelf.on_hand < 0 and "BELOW_ZERO" not in shelf.questions:
            self.question(location, "BELOW_ZERO", location_on_hand=shelf.on_hand)

    def vary(self, quantity: int, reason: str, location: str | None = None, consignment: str | None = None) -> None:
        """With a location, so much more or less is on hand there; without, no shelf changes."""
        change = quantity if location is not None else 0
        self.write(
            VarianceRecorded(
                office=self.office,
                item=self.item,
                location=location,
                quantity=quantity,
                reason=reason,
                consignment=consignment,
                on_hand=self.book.on_hand + change,
                available=self.book.available + change,
            )
        )

    def estimate(self, thousandths: int, day: date | None = None, used: int = 0) -> None:
        self.write(DailyUseEstimated(office=self.office, item=self.item, thousandths=thousandths, day=day, used=used))

    def close(self) -> Decision:
        """All that was written, and the change of level it led to, if any."""
        now = self.book
        if now.onboard:
            level = level_after(now.level, now.available, now.thresholds)
            if level != now.level:
                self.write(self._recovered() if level == "OK" else self._low(level))
        return self.facts

    def _recovered(self) -> StockRecovered:
        now = self.book
        return StockRecovered(
            office=self.office,
            item=self.item,
            previous_level=now.level,
            episode=now.episode,
            on_hand=now.on_hand,
            available=now.available,
        )

    def _low(self, level: Level) -> StockLow:
        now = self.book
        daily_use = now.daily_use or 0
        return StockLow(
            office=self.office,
            item=self.item,
            level=level,
            previous_level=now.level,
            episode=now.episode + 1 if now.level == "OK" else now.episode,
            on_hand=now.on_hand,
            available=now.available,
            daily_use=daily_use / 1000,
            days_of_cover=days_of_cover(now.available, daily_use),
            projected_empty_on=projected_empty_on(now.available, daily_use, self.day),
            thresholds_version=now.thresholds_version,
        )
