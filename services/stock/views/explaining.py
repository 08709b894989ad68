"""What a balance, a change of level or a refusal rested on: asked of the facts that decided it."""

from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import (
    Book,
    Level,
    Outlook,
    Stood,
    Thresholds,
    ThresholdsSet,
    book_of,
    changes,
    outlook_then,
    stood,
    thresholds_then,
    totals,
)
from services.stock.views.history import Entry, between, book_now, landmarks, last_counts
from shared.offices import offices

LINES_AT_MOST = 50_000
"""So far back a balance is added up; a location not counted since is explained from there."""
ONE_REQUEST = 50
"""Entries of a book that one request writes, at most."""
LEVELS = ("StockLow", "StockRecovered")


class BalanceExplained(msgspec.Struct, frozen=True):
    """`on_hand = held + the sums of since`: what was held right after `counted`, or where the adding up began.

    `deciding` are the first and the last entry since then that changed it.
    """

    location: str
    on_hand: int
    held: int
    from_entry: int
    counted: Entry | None
    since: dict[str, int]
    movements: int
    deciding: tuple[Entry, ...]


class CrossingExplained(msgspec.Struct, frozen=True):
    """A change of level, what the same request had written in the book before it, and what was believed then."""

    crossing: Entry
    because: list[Entry]
    thresholds: Thresholds
    thresholds_version: int
    daily_use: int | None
    outlook: Outlook | None


class EntryExplained(msgspec.Struct, frozen=True):
    """The book as it stood at an entry, with the level it had then."""

    entry: Entry
    stood: Stood
    level: Level
    thresholds: Thresholds
    thresholds_version: int
    daily_use: int | None
    outlook: Outlook | None


async def explain_balance(
    connection: AsyncConnection, office: str, item: str, location: str | None
) -> list[BalanceExplained]:
    """Each location's balance (or this one's), from its last count on."""
    stream, book = book_of(office, item), await book_now(connection, office, item)
    if book is None:
        return []
    wanted = [name for name in sorted(book.locations) if location in (None, name)]
    counts = await last_counts(connection, stream)
    known = {name: counts[name].version if name in counts else 0 for name in wanted}
    begin = max(min(known.values(), default=0), book.entry - LINES_AT_MOST)
    entries = await between(connection, stream, begin + 1, book.entry)
    return [_balance(book, name, max(known[name], begin), counts.get(name), entries) for name in wanted]


def _balance(book: Book, location: str, begin: int, counted: Entry | None, entries: list[Entry]) -> BalanceExplained:
    since = [
        entry
        for entry in entries
        if entry.version > begin and any(change.location == location for change in changes(entry.fact))
    ]
    sums = {column: n for (at, column), n in totals(since).items() if at == location}
    on_hand = book.shelf(location).on_hand
    return BalanceExplained(
        location=location,
        on_hand=on_hand,
        held=on_hand - sum(sums.values()),
        from_entry=begin,
        counted=counted if counted is not None and counted.version == begin else None,
        since=sums,
        movements=len(since),
        deciding=tuple(dict.fromkeys((since[0], since[-1]))) if since else (),
    )


async def explain_crossings(
    connection: AsyncConnection, office: str, item: str, episode: int
) -> list[CrossingExplained]:
    """Every change of level in this shortage, in order."""
    stream = book_of(office, item)
    crossings = [
        entry
        for kind in LEVELS
        for entry in await landmarks(connection, stream, kind, limit=LINES_AT_MOST)
        if entry.fact.episode == episode
    ]
    explained = []
    for crossing in sorted(crossings, key=lambda entry: entry.version):
        before = await between(connection, stream, max(crossing.version - ONE_REQUEST, 1), crossing.version - 1)
        because: list[Entry] = []
        for entry in reversed(before):
            same = (entry.metadata, entry.recorded_at) == (crossing.metadata, crossing.recorded_at)
            if not same or type(entry.fact).__name__ in LEVELS:
                break
            because.insert(0, entry)
        explained.append(CrossingExplained(crossing, because, *await _believed(connection, office, stream, crossing)))
    return explained


async def explain_entry(connection: AsyncConnection, office: str, item: str, entry: int) -> EntryExplained | None:
    """The book as it stood right after this entry; None if it is not that long."""
    stream, book = book_of(office, item), await book_now(connection, office, item)
    if book is None or not 1 <= entry <= book.entry or book.entry - entry > LINES_AT_MOST:
        return None
    at, *later = await between(connection, stream, entry, book.entry)
    crossings = [found for kind in LEVELS for found in await landmarks(connection, stream, kind, last=entry, limit=1)]
    last = max(crossings, key=lambda found: found.version, default=None)
    level: Level = getattr(last.fact, "level", "OK") if last is not None else "OK"
    figures = stood(book, (found.fact for found in later))
    return EntryExplained(at, figures, level, *await _believed(connection, office, stream, at))


async def _believed(
    connection: AsyncConnection, office: str, stream: str, at: Entry
) -> tuple[Thresholds, int, int | None, Outlook | None]:
    """As of this entry: the shelf's thresholds, their version, the daily use in thousandths, and the forecast."""
    found: list[Any] = []
    for kind in ("ThresholdsSet", "DailyUseEstimated", "ForecastNoted"):
        entries = await landmarks(connection, stream, kind, last=at.version, limit=1)
        found.append(entries[0].fact if entries else None)
    own: ThresholdsSet | None = found[0]
    version = 0 if own is None else own.version
    outlook = outlook_then(own, found[2], offices().known(office).day_at(at.occurred_at))
    return thresholds_then(own, found[1]), version, None if found[1] is None else found[1].thousandths, outlook
