"""One entry of a book, by its number."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_ENTRY = text("select occurred_at, data->>'consignment' from events where stream = :stream and version = :entry")


async def entry_of(
    connection: AsyncConnection, office: str, item: str, entry: int
) -> tuple[datetime, str | None] | None:
    """When this entry of the book happened, and the consignment it names; None if the book is not that long."""
    row = (await connection.execute(_ENTRY, {"stream": f"office/{office}/{item}", "entry": entry})).one_or_none()
    return None if row is None else (row[0], row[1])
