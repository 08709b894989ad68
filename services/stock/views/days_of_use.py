"""What each office used on each day that is over."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import BigInteger, Boolean, Column, Date, Table, Text, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Book, DailyUseEstimated, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

days_of_use = Table(
    "days_of_use",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("used", BigInteger, nullable=False),
    Column("ran_out", Boolean, nullable=False),
)
"""Only days on which something was used. `ran_out`: there was none left at a moment of it, so it shows no need."""


def use_rows(stream: str, fact: StockFact, book: Book) -> Iterable[Row]:
    """The row of a day of use that is over."""
    if not isinstance(fact, DailyUseEstimated) or fact.day is None:
        return ()
    values = {
        "office": fact.office,
        "item": fact.item,
        "day": fact.day,
        "used": fact.used,
        "ran_out": fact.ran_out,
    }
    return (Row("days_of_use", (fact.office, fact.item, fact.day), values),)


async def used_since(connection: AsyncConnection, office: str, item: str, day: date) -> int:
    """Pieces used since that day, on days that are over."""
    table = days_of_use.c
    query = select(func.coalesce(func.sum(table.used), 0)).where(
        table.office == office, table.item == item, table.day >= day
    )
    return int((await connection.execute(query)).scalar_one())
