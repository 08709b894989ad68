"""Where offices keep blanks, and what their printers take."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import JSON, Column, RowMapping, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Premises, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

premises = Table(
    "premises",
    metadata,
    Column("office", Text, primary_key=True),
    Column("locations", JSON, nullable=False),
    Column("printers", JSON, nullable=False),
)
"""`locations` maps each to [kind, opened on, closed on]; `printers` maps each to the blank versions it takes."""


def premises_rows(stream: str, fact: StockFact, state: Premises) -> Iterable[Row]:
    """The row of an office's premises after this fact."""
    _, office = stream.split("/")
    values = {
        "office": office,
        "locations": {name: [place.kind, place.opened_on, place.closed_on] for name, place in state.locations.items()},
        "printers": state.printers,
    }
    return (Row("premises", (office,), values),)


async def premises_of(connection: AsyncConnection, offices: Sequence[str]) -> Mapping[str, RowMapping]:
    """The premises of these offices, by office; an office that told of none is not among them."""
    rows = (await connection.execute(select(premises).where(premises.c.office.in_(offices)))).mappings()
    return {row["office"]: row for row in rows}
