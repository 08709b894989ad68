"""Every version of an office's own thresholds: what the head set, and who that was."""

from collections.abc import Iterator, Sequence

from sqlalchemy import BigInteger, Boolean, Column, Integer, RowMapping, Table, Text, column, func, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Book, StockFact, ThresholdsSet
from services.stock.views.tables import metadata
from shared.decider import Row

thresholds = Table(
    "thresholds",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("low", BigInteger),
    Column("critical", BigInteger),
    Column("recovery", BigInteger),
    Column("low_days", Integer),
    Column("critical_days", Integer),
    Column("set_by", Text),
    Column("entry", Integer, nullable=False),
    Column("forecast", Boolean, nullable=False),
)
"""Pieces and days of cover as they were set; all null went back to the default. `forecast`: the forecast counts beside
them. `entry` is the fact's place in the book, where the log says when that was."""

_EVENTS = table("events", column("stream"), column("version"), column("occurred_at"))


def threshold_rows(stream: str, fact: StockFact, book: Book) -> Iterator[Row]:
    """A row for each version."""
    if isinstance(fact, ThresholdsSet):
        values = {
            "office": fact.office,
            "item": fact.item,
            "version": fact.version,
            "low": fact.low,
            "critical": fact.critical,
            "recovery": fact.recovery,
            "low_days": fact.low_days,
            "critical_days": fact.critical_days,
            "set_by": fact.set_by,
            "entry": book.entry,
            "forecast": fact.forecast,
        }
        yield Row("thresholds", (fact.office, fact.item, fact.version), values)


async def thresholds_of(
    connection: AsyncConnection, office: str, item: str, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """The versions set at this office, newest first, of those before that version; each with when it was set."""
    t, e = thresholds.c, _EVENTS.c
    stream = func.concat("office/", t.office, "/", t.item)
    query = (
        select(t.version, t.low, t.critical, t.recovery, t.low_days, t.critical_days, t.set_by, t.entry)
        .add_columns(t.forecast, e.occurred_at.label("set_at"))
        .join_from(thresholds, _EVENTS, (e.stream == stream) & (e.version == t.entry))
        .where(t.office == office, t.item == item)
        .order_by(t.version.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(t.version < before)
    return (await connection.execute(query)).mappings().all()
