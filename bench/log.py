"""A log as the ledger would have written it, made in memory by a service's own domain and copied into a database.

Facts, states, chain, topics and rows are the same as if each command had been carried out; only the idempotency keys
are missing, which nothing that follows reads.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from services.stock.service import STOCK
from shared.decider import Command, Domain, Row, category
from shared.ledger.batch import Metadata
from shared.ledger.chain import digest, link, microseconds
from shared.offices import offices

METADATA = msgspec.json.encode(Metadata("stock-worker", "printing.CardPrinted", cause="printing/1-1000000"))
encode = msgspec.json.Encoder().encode
Record = tuple[Any, ...]

COLUMNS: tuple[str, ...] = ("position", "stream", "version", "type", "schema", "data", "metadata")
COLUMNS += ("occurred_at", "recorded_at", "topic", "sequence", "hash")


class Log:
    """The log of a migrated, empty database of this domain. The caller sets the time, `at`, which never goes back."""

    def __init__(self, at: datetime, domain: Domain = STOCK) -> None:
        self.at = at
        self._domain = domain
        self.position = 0
        self.streams: dict[str, tuple[int, str]] = {}
        """The version and the state, as JSON, of each stream that is not in `heads`."""
        self.heads: dict[str, tuple[int, Any]] = {}
        self.rows: dict[tuple[str, tuple[Any, ...]], Mapping[str, Any]] = {}
        """What the read tables hold, by table and key."""
        self._hash = b""
        self._sequences: dict[str, int] = {}

    def version(self, stream: str) -> int:
        return self.heads[stream][0] if stream in self.heads else 0

    def state(self, stream: str) -> Any:
        return self.heads[stream][1] if stream in self.heads else self._domain.start(stream)

    def carry_out(self, command: Command) -> Iterator[Record]:
        """The events that this command leads to."""
        for stream, fact in self._domain.decide(command, {stream: self.state(stream) for stream in command.streams}):
            yield self.happen(stream, fact)

    def happen(self, stream: str, fact: Any) -> Record:
        """The event of a fact."""
        version, state = self.version(stream) + 1, self._domain.evolve(self.state(stream), fact)
        self.heads[stream] = version, state
        for row in self._domain.project(stream, fact, state):
            self.put(row)
        office = fact.office if type(fact) in self._domain.promised else None
        return self.event(stream, version, type(fact), encode(fact), office)

    def event(self, stream: str, version: int, kind: type[Any], data: bytes, office: str | None) -> Record:
        """An event whose state the caller keeps; `office` is that of a fact which is published."""
        self.position += 1
        name, schema, topic, sequence = kind.__name__, self._domain.promised.get(kind, 1), None, None
        if office is not None:
            topic = offices().topic(self._domain.service, office, self.at)
            sequence = self._sequences[topic] = self._sequences.get(topic, 0) + 1
        columns = digest(stream, version, name, schema, data, METADATA, microseconds(self.at), topic)
        self._hash = link(self._hash, self.position, self.at, sequence, columns)
        texts = data.decode(), METADATA.decode()
        known = self.position, stream, version, name, schema, *texts, self.at, self.at
        return *known, topic, sequence, self._hash

    def put(self, row: Row) -> None:
        """A read table's row, as a fact left it."""
        if row.values is None:
            self.rows.pop((row.table, row.key), None)
        else:
            self.rows[row.table, row.key] = row.values

    async def write(
        self, owner: "asyncpg.Connection[Any]", events: Iterable[Record], then: Callable[[], None] | None = None
    ) -> None:
        """COPYs the events as they are made, then what they add up to; in between `then` may add to that."""
        await owner.copy_records_to_table("events", records=events, columns=COLUMNS)
        if then is not None:
            then()
        for stream, (version, state) in self.heads.items():
            self.streams[stream] = version, encode(state).decode()
        for key, values in list(self.rows.items()):
            if key[0] == "deadlines" and values["due"] <= self.at:
                # The clock has looked at it.
                del self.rows[key]
        states = [
            (s, version, self._domain.schemas[category(s)], state) for s, (version, state) in self.streams.items()
        ]
        await owner.copy_records_to_table("streams", records=states)
        await owner.copy_records_to_table("topics", records=list(self._sequences.items()))
        for table in {table for table, _ in self.rows}:
            await self._write_rows(owner, table)
        head = "update log_head set position = $1, hash = $2, recorded_at = $3"
        await owner.execute(head, self.position, self._hash, self.at)

    async def _write_rows(self, owner: "asyncpg.Connection[Any]", table: str) -> None:
        rows = [values for (name, _), values in self.rows.items() if name == table]
        columns = list(rows[0])
        records = [tuple(_column(values[name]) for name in columns) for values in rows]
        await owner.copy_records_to_table(table, records=records, columns=columns)


def _column(value: Any) -> Any:
    return encode(value).decode() if isinstance(value, dict | list | tuple) else value


async def connect(url: str) -> "asyncpg.Connection[Any]":
    """A connection to the database at this address of SQLAlchemy's."""
    return await asyncpg.connect(url.replace("+asyncpg", ""))
