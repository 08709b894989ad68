"""The newest forecast of each book, as much of it as decisions keep: it says how long stock lasts."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import JSON, Boolean, Column, Date, Integer, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Book, ForecastNoted, LeadTimeLearned, Outlook, StockFact, ThresholdsSet
from services.stock.views.tables import metadata
from shared.decider import Row

forecasts = Table(
    "forecasts",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("made_on", Date, nullable=False),
    Column("first_day", Date, nullable=False),
    Column("weeks", JSON, nullable=False),
    Column("reorder_points", JSON, nullable=False),
    Column("lead_time", Integer),
    Column("counts", Boolean, nullable=False),
)
"""Not in `balances`, whose row every card writes anew. `lead_time` is in thousandths of a day, null until learned;
`counts` is false while the head has switched the forecast off."""


def forecast_rows(stream: str, fact: StockFact, book: Book) -> Iterable[Row]:
    """The row of a book after what concerns its forecast."""
    outlook = book.outlook
    if outlook is None or not isinstance(fact, ForecastNoted | ThresholdsSet | LeadTimeLearned):
        return ()
    values = {
        "office": fact.office,
        "item": fact.item,
        "made_on": outlook.made_on,
        "first_day": outlook.first_day,
        "weeks": outlook.weeks,
        "reorder_points": outlook.reorder_points,
        "lead_time": book.lead_time,
        "counts": not book.forecast_off,
    }
    return (Row("forecasts", (fact.office, fact.item), values),)


async def outlooks_of(
    connection: AsyncConnection, offices: Sequence[str], items: Sequence[str] | None = None
) -> Mapping[tuple[str, str], tuple[Outlook, int | None]]:
    """By office and item: the forecasts that are not switched off, each with the lead time learned so far."""
    table = forecasts.c
    query = select(forecasts).where(table.office.in_(offices), table.counts)
    if items is not None:
        query = query.where(table.item.in_(items))
    rows = (await connection.execute(query)).mappings()
    return {
        (row["office"], row["item"]): (
            Outlook(row["made_on"], row["first_day"], tuple(row["weeks"]), tuple(row["reorder_points"])),
            row["lead_time"],
        )
        for row in rows
    }
