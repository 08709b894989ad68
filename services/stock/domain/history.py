"""The books on two axes: when it happened (`as_of`), and when we knew (`known_at`).

Every question about the past is answered from facts: today's balance, less what happened, or was
learned, since then. What was learned after a book was closed counts from the first open moment,
so that a closed period stays as it was closed.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from services.stock.domain.facts import BookClosed, MovementReversed
from services.stock.domain.movements import change_at, changes
from services.stock.domain.state import Book, Shelf
from shared.decider import Recalled


def effective(recalled: Sequence[Recalled], book: Book) -> list[tuple[datetime, Recalled]]:
    """These facts of a book, in order of the moment since which they count. `book` is the state after the last.

    They are a tail of the book's facts, in order of version.
    """
    closings = [r for r in recalled if isinstance(r.fact, BookClosed)]
    closed_until = closings[0].fact.previous_until if closings else book.closed_until
    counted = []
    for r in recalled:
        moment = r.occurred_at if closed_until is None or r.occurred_at >= closed_until else closed_until
        counted.append((moment, r))
        if isinstance(r.fact, BookClosed):
            closed_until = r.fact.until
    return sorted(counted, key=lambda pair: (pair[0], pair[1].version))


def totals(facts: Iterable[Recalled]) -> Counter[tuple[str, str]]:
    """What these facts change, by location and column."""
    sums: Counter[tuple[str, str]] = Counter()
    for r in facts:
        for change in changes(r.fact):
            sums[change.location, change.column] += change.quantity
    return sums


def as_closed(closing: BookClosed) -> Book:
    """What the book held when it was closed: where a question about the closed period begins."""
    held = {location: Shelf(on_hand) for location, on_hand in closing.locations.items()}
    return Book(on_hand=sum(closing.locations.values()), locations=held, closed_until=closing.previous_until)


def on_hand_at(
    book: Book,
    tail: Sequence[Recalled],
    as_of: datetime,
    known_at: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, int]:
    """What each location held at `as_of`, as far as it was known at `known_at` (now, if None).

    `tail` is every fact of the book recorded since the earlier of both, in order of version, up to
    the one that `book` is the state after. When `book` is `as_closed`, they are those before the
    closing, and `until` is its: what counts from then on is not in it.
    """
    balances = {location: shelf.on_hand for location, shelf in book.locations.items()}
    for moment, r in effective(tail, book):
        if until is not None and moment >= until:
            continue
        if moment > as_of or (known_at is not None and r.recorded_at > known_at):
            for change in changes(r.fact):
                balances[change.location] = balances.get(change.location, 0) - change.quantity
    return balances


def changed_after(recalled: Iterable[Recalled], moment: datetime, location: str) -> int:
    """How much more these facts left at the location, of what happened after that moment."""
    later = (r for r in recalled if r.occurred_at > moment)
    return sum(change_at(r.fact, location) for r in later)


def first_shortfall(
    book: Book, tail: Sequence[Recalled], since: datetime, location: str, quantity: int
) -> tuple[int, Recalled | None] | None:
    """Where the location would first be below zero, had `quantity` pieces left it at `since`.

    The balance there without them, and the fact after which it is so (None: at once). None if it
    never would be.
    """
    # What was reversed never was: between it and its reversal, at the same instant, nothing was short.
    undone = {r.fact.reverses: r.version for r in tail if isinstance(r.fact, MovementReversed)}
    never = undone.keys() | undone.values()
    later = [r for moment, r in effective(tail, book) if moment > since and r.version not in never]
    moves = [(r, change_at(r.fact, location)) for r in later]
    balance = book.shelf(location).on_hand - sum(change for _, change in moves)
    if balance < quantity:
        return balance, None
    for r, change in moves:
        balance += change
        if change and balance < quantity:
            return balance, r
    return None


class LaterBalance(msgspec.Struct, frozen=True):
    """What a location held after that entry, and what it would have held."""

    entry: int
    at: datetime
    before: int
    after: int


class BalanceChanged(msgspec.Struct, frozen=True):
    """A location's balance now, before and after; `later` are its balances at each entry since it happened."""

    location: str
    before: int
    after: int
    later: tuple[LaterBalance, ...] = ()


def balances_changed(before: Book, after: Book, tail: Sequence[Recalled], since: datetime) -> Iterator[BalanceChanged]:
    """Each location that holds another number `after` than `before`, with what its later balances become.

    `tail` is every fact recorded since then, as `on_hand_at` needs it.
    """
    later = [r for moment, r in effective(tail, before) if moment > since]
    for location in sorted(before.locations.keys() | after.locations.keys()):
        held, holds = before.shelf(location).on_hand, after.shelf(location).on_hand
        if held == holds:
            continue
        moves = [(r, change_at(r.fact, location)) for r in later]
        balance, lines = held - sum(change for _, change in moves), []
        for r, change in moves:
            balance += change
            if change:
                lines.append(LaterBalance(r.version, r.occurred_at, balance, balance + holds - held))
        yield BalanceChanged(location, held, holds, tuple(lines))
