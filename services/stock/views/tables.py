"""The read tables' catalogue, and how far they are."""

from sqlalchemy import MetaData, text
from sqlalchemy.ext.asyncio import AsyncConnection

metadata = MetaData()


async def position(connection: AsyncConnection) -> int:
    """The log's position. What is read after it on this connection is as of this position, or later."""
    head: int = (await connection.execute(text("select position from log_head"))).scalar_one()
    return head
