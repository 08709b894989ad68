"""Who could help each office whose stock is low, as it was proposed."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Integer, RowMapping, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Book, ReliefProposed, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

relief_proposals = Table(
    "relief_proposals",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("episode", Integer, primary_key=True),
    Column("level", Text, primary_key=True),
    Column("entry", Integer, nullable=False),
    Column("available", BigInteger, nullable=False),
    Column("wanted", BigInteger, nullable=False),
    Column("covered", BigInteger, nullable=False),
    Column("lines", JSON, nullable=False),
)
"""The latest for each level of each shortage. `entry` is the proposal's number in the office's book."""


def proposal_rows(stream: str, fact: StockFact, book: Book) -> Iterable[Row]:
    """The row of a proposal."""
    if not isinstance(fact, ReliefProposed):
        return ()
    key = (fact.office, fact.item, fact.episode, fact.level)
    values: dict[str, Any] = {
        "office": fact.office,
        "item": fact.item,
        "episode": fact.episode,
        "level": fact.level,
        "entry": book.entry,
        "available": fact.available,
        "wanted": fact.wanted,
        "covered": fact.covered,
        "lines": fact.lines,
    }
    return (Row("relief_proposals", key, values),)


async def newest_proposal(connection: AsyncConnection, office: str, item: str) -> RowMapping | None:
    """What was proposed last for this office."""
    table = relief_proposals.c
    query = (
        select(relief_proposals).where(table.office == office, table.item == item).order_by(table.entry.desc()).limit(1)
    )
    return (await connection.execute(query)).mappings().one_or_none()
