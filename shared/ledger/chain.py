"""The hash chain: every event carries a SHA-256 over the hash before it and every other column.

The columns known before the append are digested here, the ones given under the lock (position,
recorded_at, sequence) are linked in by `append_batch`. `verify` does both again. A chain without
an outside witness finds careless edits only: the witnesses are the copies on Kafka, each of which
carries position and hash.
"""

import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
NO_TOPIC = 0xFFFFFFFF

_head = struct.Struct(">IiIiIIqI").pack
_link = struct.Struct(">qqq").pack


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, UTC: PostgreSQL's own resolution."""
    return (moment - EPOCH) // MICROSECOND


def digest(
    stream: str,
    version: int,
    type: str,
    schema: int,
    data: bytes,
    metadata: bytes,
    occurred_at: int,
    topic: str | None,
) -> bytes:
    """SHA-256 over the columns known before the append: all lengths and numbers first, then the texts.

    `occurred_at` is in microseconds since 1970.
    """
    s, t, p = stream.encode(), type.encode(), topic.encode() if topic is not None else b""
    published = NO_TOPIC if topic is None else len(p)
    lengths = _head(len(s), version, len(t), schema, len(data), len(metadata), occurred_at, published)
    return sha256(b"".join((lengths, s, t, data, metadata, p))).digest()


def link(previous: bytes, position: int, recorded_at: datetime, sequence: int | None, columns: bytes) -> bytes:
    """The event's hash, as `append_batch` computes it."""
    return sha256(previous + _link(position, microseconds(recorded_at), sequence or 0) + columns).digest()


@dataclass(frozen=True, slots=True)
class Break:
    """A place where the log does not say what was hashed."""

    position: int
    stream: str | None
    reason: str


_EVENTS = text(
    "select position, stream, version, type, schema, data::text, metadata::text, occurred_at, recorded_at, topic,"
    " sequence, hash from events where position > :after order by position limit 5000"
)


async def verify(engine: AsyncEngine) -> AsyncIterator[Break]:
    """Every break in the chain, in order of position; none when history is as it was written.

    After a break it goes on from the hash that is stored, so that each changed event is named, not
    all that follow it.
    """
    previous, expected = b"", 1
    async with engine.connect() as connection:
        while rows := (await connection.execute(_EVENTS, {"after": expected - 1})).all():
            for row in rows:
                for position in range(expected, row.position):
                    yield Break(position, None, "the event is missing")
                if row.position == expected and _hash(previous, row) != row.hash:
                    yield Break(row.position, row.stream, "the event is not what was hashed")
                previous, expected = row.hash, row.position + 1
        head = (await connection.execute(text("select position, hash from log_head"))).one()
    for position in range(expected, head.position + 1):
        yield Break(position, None, "the event is missing")
    if head.position == expected - 1 and bytes(head.hash) != bytes(previous):
        yield Break(head.position, None, "the head of the log is not the hash of its last event")


def _hash(previous: bytes, row: Any) -> bytes:
    texts = row.data.encode(), row.metadata.encode()
    columns = digest(row.stream, row.version, row.type, row.schema, *texts, microseconds(row.occurred_at), row.topic)
    return link(previous, row.position, row.recorded_at, row.sequence, columns)
