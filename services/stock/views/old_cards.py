"""Withdrawn cards of every office that wait for their destruction."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Column, Date, RowMapping, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import OldCards, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

old_cards = Table(
    "old_cards",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("awaiting", BigInteger, nullable=False),
    Column("destroyed", BigInteger, nullable=False),
    Column("since", Date),
)
"""`since` is the day of the oldest that waits, or of the destruction that left the rest."""


def old_card_rows(stream: str, fact: StockFact, cards: OldCards) -> Iterable[Row]:
    """The row of an office's withdrawn cards after this fact."""
    _, office, item = stream.split("/")
    values = {
        "office": office,
        "item": item,
        "awaiting": cards.awaiting,
        "destroyed": cards.destroyed,
        "since": cards.since,
    }
    return (Row("old_cards", (office, item), values),)


async def old_cards_of(connection: AsyncConnection, office: str) -> Sequence[RowMapping]:
    """What waits at this office, by item."""
    t = old_cards.c
    query = select(t.item, t.awaiting, t.destroyed, t.since).where(t.office == office).order_by(t.item)
    return (await connection.execute(query)).mappings().all()
