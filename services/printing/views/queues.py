"""An office's queues: what stock told of the blanks behind them."""

from collections.abc import Mapping

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.views.tables import queues


async def queues_of(connection: AsyncConnection, office: str) -> Mapping[str, RowMapping]:
    """What is known of each of the office's queues, by item."""
    rows = (await connection.execute(select(queues).where(queues.c.office == office))).mappings()
    return {row["item"]: row for row in rows}
