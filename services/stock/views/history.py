"""A book's past, read backwards from its end: a question costs what it asks about, however long the book is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import SCHEMAS, Book, BookClosed, StockFact, as_closed, book_of, evolve, on_hand_at
from shared.decider import AHEAD, Recalled, fold

AT_ONCE = 500
COLUMNS = "version, occurred_at, recorded_at, data::text, position, metadata::text"

_BOOK = text("select version, state_schema, state::text from streams where stream = :stream")
_BACKWARDS = text(
    f"select {COLUMNS} from events where stream = :stream and version between :first and :last order by version desc"
)
"""By ranges of versions: with a limit instead, the planner may take a long stream for a short one and read it whole."""
_LANDMARKS = {
    # Said in the statement itself, not as a parameter: so the planner knows that the index of landmarks holds it.
    kind: text(
        f"select {COLUMNS} from events where stream = :stream and type = '{kind}'"
        " and version between :first and :last order by version desc limit :chunk"
    )
    for kind in (
        "DiscrepancyFound",
        "StockLow",
        "StockRecovered",
        "ThresholdsSet",
        "DailyUseEstimated",
        "ForecastNoted",
    )
}
_COUNTS = text(
    f"select distinct on (data->>'location') {COLUMNS} from events where stream = :stream"
    " and (type = 'StockCounted' or (type = 'BlanksReceived' and data->>'source' = 'OPENING'))"
    " order by data->>'location', version desc"
)
_CLOSING = text(
    f"select {COLUMNS} from events where stream = :stream and type = 'BookClosed'"
    " and (data->>'until')::timestamptz > :moment order by version limit 1"
)
_REVERSALS = text(
    "select (data->>'reverses')::integer, version from events where stream = :stream and type = 'MovementReversed'"
    " and (data->>'reverses')::integer = any(:entries)"
)
_fact = msgspec.json.Decoder(StockFact).decode
_state = msgspec.json.Decoder(Book).decode


class Entry(Recalled, frozen=True, gc=False):
    """A line of a book: `version` is its entry there, `position` its place in the log.

    `metadata` says who wrote it by which request, and is the same for all that one request wrote.
    """

    position: int
    metadata: str


async def book_now(connection: AsyncConnection, office: str, item: str) -> Book | None:
    """The state of a book, whose `entry` is its last; None if nothing was ever entered."""
    stream = book_of(office, item)
    row = (await connection.execute(_BOOK, {"stream": stream})).one_or_none()
    if row is None:
        return None
    version, schema, state = row
    if schema == SCHEMAS["office"]:
        return _state(state)
    entries = await between(connection, stream, 1, version)
    book: Book = fold(evolve, Book(), (entry.fact for entry in entries))
    return book


async def between(connection: AsyncConnection, stream: str, first: int, last: int) -> list[Entry]:
    """These entries, both included, in order."""
    return await _backwards(connection, stream, first, last, None)


async def tail(connection: AsyncConnection, stream: str, since: datetime, last: int) -> list[Entry]:
    """Every fact up to entry `last` that was recorded since then, less `AHEAD`, in order of version.

    What happened at or after `since` is among them.
    """
    return await _backwards(connection, stream, 1, last, since)


async def _backwards(
    connection: AsyncConnection, stream: str, first: int, last: int, since: datetime | None
) -> list[Entry]:
    found: list[Entry] = []
    while last >= first:
        start = max(first, last - AT_ONCE + 1)
        asked = {"stream": stream, "first": start, "last": last}
        for row in (await connection.execute(_BACKWARDS, asked)).all():
            if since is not None and row.recorded_at + AHEAD < since:
                return found[::-1]
            found.append(_entry(row))
        last = start - 1
    return found[::-1]


async def landmarks(
    connection: AsyncConnection, stream: str, kind: str, *, first: int = 1, last: int = 2**31 - 1, limit: int = 100
) -> list[Entry]:
    """The last entries of one of the kinds of `_LANDMARKS`, latest first."""
    asked = {"stream": stream, "first": first, "last": last, "chunk": limit}
    return [_entry(row) for row in await connection.execute(_LANDMARKS[kind], asked)]


async def last_counts(connection: AsyncConnection, stream: str) -> dict[str, Entry]:
    """The last count or opening of each location."""
    entries = [_entry(row) for row in await connection.execute(_COUNTS, {"stream": stream})]
    return {entry.fact.location: entry for entry in entries}


async def closing_after(connection: AsyncConnection, stream: str, moment: datetime) -> Entry | None:
    """The first closing of the book that covers this moment."""
    row = (await connection.execute(_CLOSING, {"stream": stream, "moment": moment})).one_or_none()
    return None if row is None else _entry(row)


async def reversals(connection: AsyncConnection, stream: str, entries: Sequence[int]) -> dict[int, int]:
    """Those of these entries that were reversed, each with the entry that did it."""
    rows = await connection.execute(_REVERSALS, {"stream": stream, "entries": list(entries)})
    return {row[0]: row[1] for row in rows}


class Past(msgspec.Struct, frozen=True):
    """What balances of the past follow from: a state, the facts before it, and where they end (None: nowhere).

    After a book was closed, what came before is asked of the closing, so that old questions stay cheap.
    """

    book: Book
    tail: list[Entry]
    until: datetime | None = None


async def past(connection: AsyncConnection, office: str, item: str, since: datetime, through: datetime) -> Past | None:
    """Enough to answer for every moment up to `through` by what was known at or after `since`, or happened then.

    None if nothing was ever entered in this book.
    """
    stream = book_of(office, item)
    book = await book_now(connection, office, item)
    if book is None:
        return None
    if book.closed_until is not None and book.closed_until > through:
        entry = await closing_after(connection, stream, through)
        assert entry is not None and isinstance(entry.fact, BookClosed), "a closed book has been closed"
        facts = await tail(connection, stream, since, entry.version - 1)
        return Past(as_closed(entry.fact), facts, entry.fact.until)
    return Past(book, await tail(connection, stream, since, book.entry))


async def balances_at(
    connection: AsyncConnection, office: str, item: str, as_of: datetime, known_at: datetime
) -> dict[str, int]:
    """What each location held at `as_of`, as far as was known at `known_at`."""
    known = await past(connection, office, item, min(as_of, known_at), as_of)
    return {} if known is None else on_hand_at(known.book, known.tail, as_of, known_at, known.until)


def _entry(row: Any) -> Entry:
    version, occurred_at, recorded_at, data, position, metadata = row
    return Entry(version, occurred_at, recorded_at, _fact(data), position, metadata)
