"""What the ledger says to PostgreSQL: one function call to append, and the reads beside it."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.decider import AHEAD, Domain, Fact, Recall, Recalled, fold
from shared.ledger.records import Recorded

CALL = f"select append_batch({', '.join(f'${n}' for n in range(1, 29))})"
LOCK = 7_112_024
"""The advisory lock of a log. Each service has its own database, so one number serves them all."""

RECALLED_AT_ONCE = 500
# A range of versions, not a limit: by a plan that takes a long stream for short, a limit reads it whole and sorts.
_PAST = """
select e.stream, e.version, e.occurred_at, e.recorded_at, e.data::text
  from unnest($1::text[], $2::integer[], $3::timestamptz[]) r(stream, version, since)
  join events e on e.stream = r.stream and e.version > r.version - $4::integer and e.version <= r.version
 where e.recorded_at >= r.since - $5::interval
 order by e.version desc
"""


class MissedStream(msgspec.Struct, frozen=True):
    stream: str
    version: int
    schema: int
    state: str | None


class MissedRead(msgspec.Struct, frozen=True):
    topic: str
    sequence: int


class Answer(msgspec.Struct, frozen=True):
    """Stored when `position` is there: the head before the batch. Otherwise what was in the way."""

    streams: list[MissedStream]
    reads: list[MissedRead]
    position: int | None = None
    recorded_at: datetime | None = None


class StoredKey(msgspec.Struct, frozen=True):
    fingerprint: bytes
    first: int
    last: int


class KeyUsed(Exception):
    """One of the batch's idempotency keys is in the table already."""


_decode_answer = msgspec.json.Decoder(Answer).decode


class Store:
    """One connection of the engine's pool, held in autocommit and used by one task at a time."""

    def __init__(self, domain: Domain, engine: AsyncEngine) -> None:
        self._domain = domain
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._raw: asyncpg.Connection[Any] | None = None
        union: Any = domain.facts[0]
        for fact in domain.facts[1:]:
            union = union | fact
        self._decode_fact = msgspec.json.Decoder(union).decode
        self._decode_state = {kind: msgspec.json.Decoder(type(state)).decode for kind, state in domain.states.items()}

    async def disconnect(self) -> None:
        """Gives the connection up, as after an error on it; the next use takes another."""
        connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            try:
                await connection.invalidate()
            finally:
                await connection.close()

    @asynccontextmanager
    async def another(self) -> AsyncIterator["Store"]:
        """One beside this, for the while of a block; its connection goes back to the pool, unless it broke."""
        store = Store(self._domain, self._engine)
        try:
            yield store
        except BaseException:
            await store.disconnect()
            raise
        if store._connection is not None:
            await store._connection.close()

    async def _driver(self) -> "asyncpg.Connection[Any]":
        if self._raw is None:
            connection = await self._engine.connect()
            self._connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
            self._raw = (await connection.get_raw_connection()).driver_connection
        assert self._raw is not None
        return self._raw

    async def append(self, arguments: Sequence[Any]) -> Answer:
        """Raises `KeyUsed`, or the database's error; then nothing was stored."""
        driver = await self._driver()
        try:
            return _decode_answer(await driver.fetchval(CALL, *arguments))
        except asyncpg.PostgresError as error:
            if error.sqlstate == "BL001":
                raise KeyUsed from None
            raise

    async def locked(self) -> "asyncpg.transaction.Transaction":
        """Begins a transaction that holds the log's lock: until its end nobody else appends."""
        driver = await self._driver()
        transaction = driver.transaction()
        await transaction.start()
        await driver.execute(f"select pg_advisory_xact_lock({LOCK})")
        return transaction

    async def states(self, streams: Iterable[str]) -> dict[str, tuple[int, Any]]:
        """Version and state of each of these streams."""
        driver = await self._driver()
        names = list(streams)
        rows = await driver.fetch(
            "select stream, version, state_schema, state::text from streams where stream = any($1)", names
        )
        found = {row[0]: await self.state(row[0], row[1], row[2], row[3]) for row in rows}
        return {name: found.get(name) or (0, self._domain.start(name)) for name in names}

    async def state(self, stream: str, version: int, schema: int, state: str | None) -> tuple[int, Any]:
        """A stored state, or, when its shape is of another version, the fold of the stream's facts."""
        if version == 0 or state is None:
            return 0, self._domain.start(stream)
        kind = stream.partition("/")[0]
        if schema == self._domain.schemas[kind]:
            return version, self._decode_state[kind](state)
        driver = await self._driver()
        rows = await driver.fetch(
            "select data::text from events where stream = $1 and version <= $2 order by version", stream, version
        )
        facts = (self._decode_fact(row[0]) for row in rows)
        return version, fold(self._domain.evolve, self._domain.start(stream), facts)

    async def past(self, recalls: Mapping[Recall, int]) -> dict[str, list[Recalled]]:
        """What each of these asks for, up to this version of its stream; no two ask for the same stream.

        Looks backwards until it meets what was recorded earlier, so that it costs what is recalled
        and not what the stream is long.
        """
        driver = await self._driver()
        found: dict[str, list[Recalled]] = {recall.stream: [] for recall in recalls}
        left = dict(recalls)
        while left:
            streams, sinces = [recall.stream for recall in left], [recall.since for recall in left]
            rows = await driver.fetch(_PAST, streams, list(left.values()), sinces, RECALLED_AT_ONCE, AHEAD)
            for stream, version, occurred_at, recorded_at, data in rows:
                found[stream].append(Recalled(version, occurred_at, recorded_at, self.fact(data)))
            full = {stream for stream, count in Counter(row[0] for row in rows).items() if count == RECALLED_AT_ONCE}
            left = {recall: found[recall.stream][-1].version - 1 for recall in left if recall.stream in full}
        return {stream: facts[::-1] for stream, facts in found.items()}

    async def keys(self, keys: Iterable[tuple[str, str, str]]) -> dict[tuple[str, str, str], StoredKey]:
        """Those of these (subject, route, key) that were used before."""
        driver = await self._driver()
        subjects, routes, names = (list(column) for column in zip(*keys, strict=True))
        rows = await driver.fetch(
            "select k.subject, k.route, k.key, k.fingerprint, k.first, k.last from idempotency_keys k"
            " join unnest($1::text[], $2::text[], $3::text[]) a(subject, route, key) using (subject, route, key)",
            subjects,
            routes,
            names,
        )
        return {(r[0], r[1], r[2]): StoredKey(r[3], r[4], r[5]) for r in rows}

    async def recorded(self, first: int, last: int) -> tuple[Recorded, ...]:
        """The facts at these positions, both included."""
        driver = await self._driver()
        rows = await driver.fetch(
            "select position, stream, version, data::text, recorded_at from events"
            " where position between $1 and $2 order by position",
            first,
            last,
        )
        return tuple(Recorded(r[0], r[1], r[2], self.fact(r[3]), r[4]) for r in rows)

    def fact(self, data: str | bytes) -> Fact:
        """A fact from its JSON."""
        fact: Fact = self._decode_fact(data)
        return fact
