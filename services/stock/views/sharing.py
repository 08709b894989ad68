"""A division as it was simulated."""

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import SharesSimulated

_SIMULATED = text("select data::text from events where stream = :stream and version = 1")
_decode = msgspec.json.Decoder(SharesSimulated).decode


async def simulated(connection: AsyncConnection, simulation: str) -> SharesSimulated | None:
    """The simulation of this name, with its lines."""
    row = (await connection.execute(_SIMULATED, {"stream": f"simulation/{simulation}"})).one_or_none()
    return None if row is None else _decode(row[0])
