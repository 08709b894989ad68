"""A count of one location (opname): begun blind, given while the office goes on printing, booked as of its beginning.

Whatever is told of the time before a count began was on the shelf when it was counted, or had left it by then;
whatever happened since changes what is there now and not what was counted. So the variance is taken against what
the book holds, at the moment of booking, for the moment at which the count began. A count is a fact: no closed book
and no number of days refuses it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.stock.domain.commands import StockCommand, book_of
from services.stock.domain.facts import (
    CountApproved,
    CountDiscarded,
    CountRepeated,
    CountStarted,
    CountSubmitted,
    StockCounted,
)
from services.stock.domain.movements import change_at
from services.stock.domain.open_book import OpenBook
from services.stock.domain.state import Count
from shared.decider import Decision, Recall, Recalled, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class CountCommand(StockCommand):
    """A step of a count; `count` is an id that the caller made."""

    count: str

    @property
    def stream(self) -> str:
        """The stream of the count."""
        return f"count/{self.count}"

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.office, self.item), self.stream)


@dataclass(frozen=True, kw_only=True, slots=True)
class StartCount(CountCommand):
    """A request: `counter` begins to count a location, and is told nothing of what the book says."""

    location: str
    counter: str
    started_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BookingCommand(CountCommand):
    """A step that may book the count. Its `occurred_at` is the moment at which the count began."""

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return (self.since_then,)


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitCount(BookingCommand):
    """`counted` pieces were there when the count began.

    Whoever submits it knows of every movement up to `through_entry`, an entry of the book.
    """

    counted: int
    submitted_by: str
    through_entry: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RepeatCount(CountCommand):
    """A second counter found `counted` pieces, at the moment at which this happened."""

    counted: int
    counter: str
    entered_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveCount(BookingCommand):
    """A request of the head: the book follows the count. With `counted` the head says which of two numbers holds."""

    approved_by: str
    counted: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscardCount(CountCommand):
    """A request: the count leads to nothing. One that was given differs from the book, so the head discards it."""

    reason: str
    discarded_by: str


def tolerance(expected: int) -> int:
    """By how much a count may differ without a second one: 2 pieces or 0.5 % of what is expected, if that is more.

    No rule of the offices' is published. Two pieces are a misprint not yet entered; half a percent is half of the
    blanks that are spoiled (`DOMAIN.md`: about 1 %), and one box in 200.
    """
    return max(2, expected // 200)


def start_count(command: StartCount, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    if states[command.stream].status != "NONE":
        raise Refused("count_exists", "There is a count of this name.")
    if command.counter == command.started_by:
        raise Refused("counter_is_storekeeper", "Whoever keeps the store does not count it.")
    if not entry.book.shelf(command.location).counted:
        raise Refused("not_on_board", "The books of this location are opened first, by an opening count.")
    started = CountStarted(
        office=command.office,
        item=command.item,
        location=command.location,
        count=command.count,
        entry=entry.book.entry,
        started_at=command.occurred_at,
        counter=command.counter,
    )
    return [(command.stream, started)]


def submit_count(command: SubmitCount, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    count: Count = states[command.stream]
    require_status(count, "STARTED")
    if command.submitted_by in count.counters:
        raise Refused("counter_is_storekeeper", "Whoever counted does not enter the count.")
    refuse_if_counted_since(command, count, entry)
    moved = moved_since(count, states[command.since_then])
    through = refuse_if_moved(count, moved, command.through_entry, entry.book.entry)
    expected = expected_at(count.started_at, count, entry, moved)
    submitted = CountSubmitted(
        office=command.office,
        item=command.item,
        count=command.count,
        counted=command.counted,
        expected=expected,
        tolerance=tolerance(expected),
        through_entry=through,
        submitted_by=command.submitted_by,
    )
    entry.facts.append((command.stream, submitted))
    if abs(command.counted - expected) > submitted.tolerance:
        return entry.facts
    return booked(command, count, command.counted, expected, entry, approved_by=None)


def repeat_count(command: RepeatCount, states: States) -> Decision:
    count: Count = states[command.stream]
    require_status(count, "SUBMITTED")
    if command.counter in count.counters:
        raise Refused("counter_is_the_same", "Somebody else counts the second time.")
    if command.counter in (command.entered_by, count.submitted_by) or command.entered_by in count.counters:
        raise Refused("counter_is_storekeeper", "Whoever keeps the store does not count it.")
    assert count.started_at is not None
    if command.occurred_at < count.started_at:
        raise Refused("before_the_count", "The second count comes after the first.", started_at=count.started_at)
    repeated = CountRepeated(
        office=command.office,
        item=command.item,
        count=command.count,
        counted=command.counted,
        counter=command.counter,
        repeated_at=command.occurred_at,
        entered_by=command.entered_by,
    )
    return [(command.stream, repeated)]


def approve_count(command: ApproveCount, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    count: Count = states[command.stream]
    require_status(count, "REPEATED")
    if command.approved_by in (*count.counters, count.submitted_by, count.repeated_by):
        raise Refused("approver_took_part", "Whoever counted or entered the count does not approve it.")
    refuse_if_counted_since(command, count, entry)
    moved = moved_since(count, states[command.since_then])
    expected = expected_at(count.started_at, count, entry, moved)
    assert count.repeated is not None
    # What came or left between the two counts is in the second number, and not in the first.
    repeated = count.repeated + expected - expected_at(count.repeated_at, count, entry, moved)
    if command.counted is None and repeated != count.counted:
        raise Refused(
            "counts_differ",
            "The two counts differ: name the one that holds, or discard the count.",
            counted=count.counted,
            repeated=repeated,
        )
    if command.counted not in (None, count.counted, repeated):
        raise Refused("not_counted", "Nobody counted that.", counted=count.counted, repeated=repeated)
    counted = count.counted if command.counted is None else command.counted
    return booked(command, count, counted, expected, entry, approved_by=command.approved_by)


def discard_count(command: DiscardCount, states: States) -> Decision:
    count: Count = states[command.stream]
    require_status(count, "STARTED", "SUBMITTED", "REPEATED")
    if count.status != "STARTED" and not command.by_head:
        raise Refused("head_discards", "A count that differs from the book is the head's to discard.")
    discarded = CountDiscarded(
        office=command.office,
        item=command.item,
        count=command.count,
        reason=command.reason,
        discarded_by=command.discarded_by,
    )
    return [(command.stream, discarded)]


def require_status(count: Count, *statuses: str) -> None:
    """Raises `Refused` unless the count stands so."""
    if count.status not in statuses:
        raise Refused("count_not_so_far", "The count does not stand so.", status=count.status, needs=list(statuses))


def refuse_if_counted_since(command: BookingCommand, count: Count, entry: OpenBook) -> None:
    """Raises `Refused` if another count of the location, begun later, is booked: it knows better."""
    assert count.started_at == command.occurred_at, "a count is booked as of its beginning"
    if entry.book.counted_since(count.location, command.occurred_at):
        raise Refused("counted_since", "The location was counted since this count began: discard it.")


def moved_since(count: Count, past: Sequence[Recalled]) -> list[tuple[Recalled, int]]:
    """The facts told since the count began that changed what is at its location, each with the change."""
    told = [(r, change_at(r.fact, count.location)) for r in past]
    return [(r, change) for r, change in told if r.version > count.entry and change]


def refuse_if_moved(count: Count, moved: list[tuple[Recalled, int]], known: int | None, head: int) -> int:
    """The last of these movements, or else the entry at the count's beginning.

    Raises `Refused` if whoever submits the count does not know of all of them.
    """
    last = moved[-1][0].version if moved else count.entry
    if moved and (known is None or not last <= known <= head):
        raise Refused(
            "moved_meanwhile",
            "Blanks came or went since the count began: submit it with `through_entry` to have them reckoned in.",
            movements=[shown(r, change) for r, change in moved],
            rebase_to=last,
        )
    return last


def shown(r: Recalled, change: int) -> dict[str, Any]:
    """A movement, as the answer to a count names it."""
    return {"entry": r.version, "fact": type(r.fact).__name__, "quantity": change, "occurred_at": r.occurred_at}


def expected_at(moment: datetime | None, count: Count, entry: OpenBook, moved: Sequence[tuple[Recalled, int]]) -> int:
    """What the book holds now for this moment, at or after the count's beginning, at its location."""
    assert moment is not None
    return entry.book.shelf(count.location).on_hand - sum(change for r, change in moved if r.occurred_at > moment)


def booked(
    command: BookingCommand, count: Count, counted: int, expected: int, entry: OpenBook, approved_by: str | None
) -> Decision:
    """The book follows the count, whose variance is of the moment at which it began."""
    if counted != expected:
        entry.vary(counted - expected, "COUNT", location=count.location)
    entry.write(
        StockCounted(
            office=command.office,
            item=command.item,
            location=count.location,
            count=command.count,
            counted=counted,
            expected=expected,
            counters=count.counters,
            counted_at=command.occurred_at,
            approved_by=approved_by,
            on_hand=entry.book.on_hand,
            available=entry.book.available,
        )
    )
    entry.question_below_zero(count.location)
    approved = CountApproved(
        office=command.office,
        item=command.item,
        count=command.count,
        counted=counted,
        variance=counted - expected,
        approved_by=approved_by,
    )
    entry.facts.append((command.stream, approved))
    return entry.close()
