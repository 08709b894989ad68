"""Counts of locations, from their beginning to their end."""

from collections.abc import Iterable, Sequence

from sqlalchemy import JSON, BigInteger, Column, DateTime, RowMapping, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Count, Item, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

counts = Table(
    "counts",
    metadata,
    Column("count", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("entry", BigInteger, nullable=False),
    Column("through_entry", BigInteger, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("counters", JSON, nullable=False),
    Column("counted", BigInteger),
    Column("expected", BigInteger),
    Column("tolerance", BigInteger),
    Column("submitted_by", Text),
    Column("repeated", BigInteger),
    Column("repeated_at", DateTime(timezone=True)),
)
"""`counted`, `expected` and `tolerance` are null until the count was submitted."""


def count_rows(stream: str, fact: StockFact, count: Count) -> Iterable[Row]:
    """The row of a count after this fact."""
    name = stream.removeprefix("count/")
    submitted = count.submitted_by is not None
    values = {
        "count": name,
        "office": count.office,
        "item": count.item,
        "location": count.location,
        "status": count.status,
        "entry": count.entry,
        "through_entry": count.through_entry,
        "started_at": count.started_at,
        "counters": count.counters,
        "counted": count.counted if submitted else None,
        "expected": count.expected if submitted else None,
        "tolerance": count.tolerance if submitted else None,
        "submitted_by": count.submitted_by,
        "repeated": count.repeated,
        "repeated_at": count.repeated_at,
    }
    return (Row("counts", (name,), values),)


async def count_of(connection: AsyncConnection, office: str, name: str) -> RowMapping | None:
    """One count of an office."""
    query = select(counts).where(counts.c.count == name, counts.c.office == office)
    return (await connection.execute(query)).mappings().one_or_none()


async def counts_of(
    connection: AsyncConnection, office: str, item: Item | None, status: str | None, limit: int
) -> Sequence[RowMapping]:
    """The latest counts of an office, newest first."""
    query = select(counts).where(counts.c.office == office).order_by(counts.c.started_at.desc(), counts.c.count)
    if item is not None:
        query = query.where(counts.c.item == item)
    if status is not None:
        query = query.where(counts.c.status == status)
    return (await connection.execute(query.limit(limit))).mappings().all()
