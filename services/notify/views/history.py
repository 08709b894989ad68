"""A stream's past as people ask for it: what happened, when, and who said so."""

from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_VERSION = text("select version from streams where stream = :stream")
# A range of versions, not a limit: by a plan that takes a long stream for short, a limit reads it whole and sorts.
_FACTS = text(
    "select version, type, occurred_at, recorded_at, metadata->>'subject' as by, data::text as data from events"
    " where stream = :stream and version between :first and :last order by version desc"
)


async def history(
    connection: AsyncConnection, stream: str, before: int | None, limit: int
) -> tuple[list[dict[str, Any]], int | None]:
    """The facts of a stream, newest first, of those before that version; and the version before which more are.

    `by` is who wrote it: a person by reference, or a part of this service.
    """
    last = (await connection.execute(_VERSION, {"stream": stream})).scalar() or 0
    if before is not None:
        last = min(last, before - 1)
    first = max(last - limit, 0) + 1
    rows = (await connection.execute(_FACTS, {"stream": stream, "first": first, "last": last})).mappings()
    facts = [{**row, "data": msgspec.Raw(row["data"].encode())} for row in rows]
    return facts, first if first > 1 else None
