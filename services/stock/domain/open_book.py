"""An office's book while a decision writes in it."""

from datetime import date
from typing import Any

from services.stock.domain.commands import DAYS_BACK, OfficeCommand, StockCommand, book_of, premises_of
from services.stock.domain.facts import (
    BlanksReceived,
    BookFact,
    DailyUseEstimated,
    DiscrepancyFound,
    Item,
    Kind,
    Level,
    SerialRange,
    ServicePointLow,
    ServicePointThresholdSet,
    StockCounted,
    StockLow,
    StockRecovered,
    VarianceRecorded,
)
from services.stock.domain.foresight import Cover, cover_of
from services.stock.domain.history import first_shortfall
from services.stock.domain.levels import level_after, service_point_low
from services.stock.domain.movements import changes
from services.stock.domain.state import Book, Premises, evolve_book
from shared.decider import Decision, Recalled, Refused, States


class OpenBook:
    """Each fact is written on the balance after the one before; what was written is the decision."""

    def __init__(self, office: str, item: Item, day: date, states: States) -> None:
        self.office = office
        self.item: Item = item
        self.day = day
        self.stream = book_of(office, item)
        self.book: Book = states[self.stream]
        self.facts: Decision = []
        self._fewer: set[str] = set()

    @property
    def today(self) -> date:
        """The day by which the level is judged: what is told late changes the stock of now."""
        day_of_use = self.book.day_of_use
        return self.day if day_of_use is None or day_of_use < self.day else day_of_use

    @property
    def cover(self) -> Cover:
        """How long what is available lasts."""
        now, today = self.book, self.today
        return cover_of(now.available, now.daily_use, now.outlook_on(today), today)

    def write(self, fact: BookFact) -> None:
        self.facts.append((self.stream, fact))
        self.book = evolve_book(self.book, fact)
        for change in changes(fact):
            if change.quantity < 0:
                self._fewer.add(change.location)
        if isinstance(fact, ServicePointThresholdSet):
            self._fewer.add(fact.location)

    def question(
        self,
        location: str,
        kind: Kind,
        consignment: str | None = None,
        serials: SerialRange | None = None,
        holders: tuple[str, ...] = (),
        **figures: int,
    ) -> None:
        """Books and shelf disagree here."""
        self.write(
            DiscrepancyFound(
                office=self.office,
                item=self.item,
                location=location,
                kind=kind,
                figures=figures,
                consignment=consignment,
                serials=serials,
                holders=holders,
                on_hand=self.book.on_hand,
                available=self.book.available,
            )
        )

    def question_below_zero(self, location: str) -> None:
        """Once per location, until it is counted."""
        shelf = self.book.shelf(location)
        if shelf.on_hand < 0 and "BELOW_ZERO" not in shelf.questions:
            self.question(location, "BELOW_ZERO", location_on_hand=shelf.on_hand)

    def question_earlier(self, command: StockCommand, location: str, states: States) -> None:
        """What happened before may leave the location below zero for a while since, though there is enough now."""
        counted = self.book.counted_since(location, command.occurred_at)
        if not command.backdated or counted or "BELOW_ZERO" in self.book.shelf(location).questions:
            return
        short = first_shortfall(self.book, states[command.since_then], command.occurred_at, location, 0)
        if short is not None:
            self.question(location, "BELOW_ZERO", location_on_hand=short[0])

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

    def was_counted_since(self, command: StockCommand, location: str, change: int) -> None:
        """What happened before the last count was on the shelf when it was counted, or had left it by then.

        So it changes nothing of what is there now: the count's variance was wrong by as much.
        """
        if self.book.counted_since(location, command.occurred_at):
            self.vary(-change, "COUNTED_SINCE", location=location)

    def estimate(self, thousandths: int, day: date | None = None, used: int = 0) -> None:
        self.write(
            DailyUseEstimated(
                office=self.office,
                item=self.item,
                thousandths=thousandths,
                day=day,
                used=used,
                ran_out=day is not None and self.book.ran_out,
                on_hand=self.book.on_hand,
                available=self.book.available,
            )
        )

    def close(self) -> Decision:
        """All that was written, and the changes of level it led to, if any."""
        now = self.book
        if now.onboard and len(now.locations) > 1:
            for location in sorted(self._fewer):
                self._judge(location)
        if now.onboard:
            level = level_after(now.level, now.available, now.thresholds_on(self.today))
            foreseen = level == "LOW" and self._shelf_is_enough()
            if (level, foreseen) != (now.level, now.foreseen):
                self.write(self._recovered() if level == "OK" else self._low(level, foreseen))
        return self.facts

    def _shelf_is_enough(self) -> bool:
        """Without the forecast nothing would be low: judged with the margin that holds for every change of level."""
        now = self.book
        return level_after("OK" if now.foreseen else now.level, now.available, now.thresholds) == "OK"

    def _judge(self, location: str) -> None:
        shelf = self.book.shelf(location)
        threshold = service_point_low(shelf.own_low, self.book.daily_use or 0, len(self.book.locations))
        if shelf.counted and shelf.low_until is None and shelf.on_hand <= threshold:
            self.write(
                ServicePointLow(
                    office=self.office,
                    item=self.item,
                    location=location,
                    location_on_hand=shelf.on_hand,
                    threshold=threshold,
                    on_hand=self.book.on_hand,
                    available=self.book.available,
                )
            )

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

    def _low(self, level: Level, foreseen: bool) -> StockLow:
        now, cover, outlook = self.book, self.cover, self.book.outlook_on(self.today)
        return StockLow(
            office=self.office,
            item=self.item,
            level=level,
            previous_level=now.level,
            episode=now.episode + 1 if now.level == "OK" else now.episode,
            on_hand=now.on_hand,
            available=now.available,
            daily_use=(now.daily_use or 0) / 1000,
            days_of_cover=cover.days,
            projected_empty_on=cover.empty_on,
            thresholds_version=now.thresholds_version,
            foreseen=foreseen,
            cover_from=cover.source,
            reorder_point=None if outlook is None else outlook.reorder_point,
        )


def check_date(command: OfficeCommand, book: Book) -> None:
    """Raises `Refused` for a date in a closed book, or too far back. It refuses the date, not what happened."""
    if book.closed_until is not None and command.occurred_at < book.closed_until:
        raise Refused(
            "book_closed",
            "The book is closed through that day: enter it in the open period.",
            closed_through=book.closed_through,
        )
    if command.now - command.occurred_at > DAYS_BACK and not (command.by_head and command.late_reason):
        raise Refused(
            "too_long_ago",
            "So far back only the head enters something, with a reason.",
            days_back=DAYS_BACK.days,
        )


def require_open(command: StockCommand, location: str, states: States) -> None:
    """Raises `Refused` if the location is closed on the command's day. The command reads the premises."""
    premises: Premises = states[premises_of(command.office)]
    if premises.closed(location, command.day):
        raise Refused("location_closed", "The location keeps no blanks on that day.")


def check_later_balances(command: StockCommand, book: Book, location: str, quantity: int, states: States) -> None:
    """Raises `Refused` if so many pieces, leaving at the command's moment, would leave some later balance below zero.

    Names the first such day and fact. A location counted since then held what was counted: what
    left it before is refused too, naming the count.
    """
    if not command.backdated:
        return
    if book.counted_since(location, command.occurred_at):
        raise Refused("counted_since", "The location was counted since then.", **last_count(states, command, location))
    short = first_shortfall(book, states[command.since_then], command.occurred_at, location, quantity)
    if short is not None:
        raise later_balance_below_zero("The location did not have so many to spare.", command, quantity, *short)


def later_balance_below_zero(
    detail: str, command: StockCommand, quantity: int, balance: int, failing: Recalled | None
) -> Refused:
    """The refusal that names the first fact after which so many would have been missing; None: at once."""
    return Refused(
        "later_balance_below_zero",
        detail,
        asked=quantity,
        location_on_hand=balance,
        at=command.occurred_at if failing is None else failing.occurred_at,
        fact=None if failing is None else type(failing.fact).__name__,
        entry=None if failing is None else failing.version,
    )


def last_count(states: States, command: StockCommand, location: str) -> dict[str, Any]:
    """The last count of this location among the recalled facts, by name, entry and moment."""
    for r in reversed(states[command.since_then]):
        match r.fact:
            case StockCounted(location=at, count=count) if at == location:
                return {"count": count, "entry": r.version, "counted_at": r.fact.counted_at}
            case BlanksReceived(location=at, source="OPENING", bast=minutes) if at == location:
                return {"count": minutes, "entry": r.version, "counted_at": r.fact.counted_at}
    return {}
