"""The relay: the events table is the outbox, and this publishes it, at least once and in order.

Each topic has a cursor: the last sequence that the broker has acknowledged. A send that is not
acknowledged in time may have arrived or not; the producer is thrown away, each topic's last record
is compared with its cursor, and what is not there is sent (again), under the same ids.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.envelope import Incoming, message, parse
from shared.failpoints import reached
from shared.flow import outbox
from shared.leader import Turn
from shared.news import WATERMARKS, Watermark
from shared.topics import create_topics, everything_on

POLL = 0.25
"""Seconds between looks at the outbox when no notification comes."""
MARK_EVERY = 1.0
MEASURE_EVERY = 5.0
SEND_LIMIT = 15.0
"""Seconds after which an unacknowledged send counts as unknown."""
STOP_LIMIT = 2.0
CHUNK = 500
RETRY_AFTER = 0.5

OUTBOX_DEPTH = Gauge("blanko_outbox_depth", "Facts committed but not yet acknowledged by the broker")
PUBLISHED = Counter("blanko_published", "Messages the broker has acknowledged")
OLDEST_UNPUBLISHED = Gauge("blanko_outbox_oldest_seconds", "Age of the oldest fact not yet acknowledged by the broker")

log = structlog.get_logger()

_LAGGING = """
select e.position, e.type, e.schema, e.data::text as data, e.metadata::text as metadata, e.occurred_at, e.recorded_at,
       e.topic, e.sequence, e.hash
  from topics t
  left join relay_cursors c on c.topic = t.topic
 cross join lateral (select * from events where topic = t.topic and sequence > coalesce(c.sequence, 0)
                      order by sequence limit $1) e
 where t.sequence > coalesce(c.sequence, 0)
 order by e.position
"""
_MOVE = """
insert into relay_cursors select * from unnest($1::text[], $2::bigint[])
    on conflict (topic) do update set sequence = excluded.sequence
"""
_HEADS = """
select t.topic, t.sequence as head, coalesce(c.sequence, 0) as cursor
  from topics t left join relay_cursors c on c.topic = t.topic
"""


class Diverged(Exception):
    """A topic holds what this log does not: the database was restored. A person says so by raising the epoch."""


class _TailLost(Exception):
    """The broker has forgotten messages that it had acknowledged."""


class Relay:
    """Publishes one service's log. Runs in the worker whose turn it is, and nowhere else."""

    def __init__(
        self, service: str, engine: AsyncEngine, bootstrap_servers: str, topics: Sequence[str], turn: Turn
    ) -> None:
        self._service = service
        self._engine = engine
        self._bootstrap = bootstrap_servers
        self._topics = topics
        self._turn = turn
        self._epoch = 1
        self._marked_at = 0.0
        self._ends: dict[str, int] = {}
        self._suspect: set[str] = set()
        self.connected = False

    async def run(self) -> None:
        """Publishes until cancelled. Raises `Diverged`."""
        while True:
            try:
                await create_topics(self._bootstrap, self._topics)
                await self._publish()
            except (
                KafkaError,
                TimeoutError,
                OSError,
                asyncpg.PostgresError,
                asyncpg.InterfaceError,
                _TailLost,
            ) as error:
                log.warning("relay_interrupted", error=repr(error))
            self.connected = False
            await asyncio.sleep(RETRY_AFTER)

    async def _publish(self) -> None:
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            database: Any = (await connection.get_raw_connection()).driver_connection
            # A cursor that a crash takes back is found again on the topic, so it need not wait for the disk; and
            # the query for what to publish is too short to be planned each time.
            await database.execute("set synchronous_commit = off; set plan_cache_mode = force_generic_plan")
            self._epoch = await database.fetchval("select epoch from log_head")
            await self._reconcile(database)
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id=f"blanko-{self._service}-relay",
                enable_idempotence=True,
                acks="all",
                compression_type="zstd",
                request_timeout_ms=10_000,
            )
            try:
                async with asyncio.timeout(SEND_LIMIT):
                    await producer.start()
                self.connected = True
                while True:
                    self._turn.appended.clear()
                    await self._drain(database, producer)
                    await self._mark(database, producer)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL):
                            await self._turn.appended.wait()
            finally:
                await _abandon(producer)

    async def _drain(self, database: Any, producer: AIOKafkaProducer) -> None:
        """Publishes all there is to publish."""
        full = True
        while full and (events := await database.fetch(_LAGGING, CHUNK)):
            full = len(events) >= CHUNK
            reached("before_send")
            async with asyncio.timeout(SEND_LIMIT):
                sent = []
                for event in events:
                    key, value, headers = message(self._service, self._epoch, event)
                    sent.append(await producer.send(event["topic"], value, key=key, partition=0, headers=headers))
                acknowledged = await asyncio.gather(*sent)
            reached("after_send")
            self._compare_offsets(acknowledged)
            reached_by = {event["topic"]: event["sequence"] for event in events}
            await database.execute(_MOVE, list(reached_by), list(reached_by.values()))
            PUBLISHED.inc(len(events))

    def _compare_offsets(self, acknowledged: Sequence[Any]) -> None:
        """Raises `_TailLost` when a topic was shorter than we had left it: the broker came back without its tail."""
        for record in acknowledged:
            if record.offset < self._ends.get(record.topic, 0):
                self._suspect.add(record.topic)
            self._ends[record.topic] = record.offset + 1
        if self._suspect:
            raise _TailLost(", ".join(sorted(self._suspect)))

    async def _mark(self, database: Any, producer: AIOKafkaProducer) -> None:
        """Says on the watermarks' topic up to when everything is published."""
        now = asyncio.get_running_loop().time()
        if now - self._marked_at < MARK_EVERY:
            return
        at: datetime
        at, sequences = await database.fetchrow("select at, sequences::text from watermark()")
        await self._drain(database, producer)
        mark = Watermark(self._service, at, msgspec.json.decode(sequences, type=dict[str, int]))
        async with asyncio.timeout(SEND_LIMIT):
            await producer.send_and_wait(WATERMARKS, msgspec.json.encode(mark), key=self._service.encode(), partition=0)
        self._marked_at = now

    async def _reconcile(self, database: Any) -> None:
        """Compares each topic's last record with its cursor: what the broker lost is sent again by itself."""
        rows = {row["topic"]: row for row in await database.fetch(_HEADS)}
        last = await last_messages(self._bootstrap, self._topics)
        moved = {}
        for topic in self._topics:
            head, cursor = (rows[topic]["head"], rows[topic]["cursor"]) if topic in rows else (0, 0)
            sequence = 0
            if topic in last:
                sequence = last[topic].sequence
                if last[topic].epoch < self._epoch:
                    continue
                if last[topic].epoch > self._epoch or sequence > head:
                    raise Diverged(f"{topic} is at message {sequence}, this log at {head}")
                stored = "select hash from events where topic = $1 and sequence = $2"
                if last[topic].hash != await database.fetchval(stored, topic, sequence):
                    raise Diverged(f"message {sequence} of {topic} is not the one in this log")
                if topic in self._suspect or last[topic].offset + 1 < sequence:
                    sequence = await last_without_gap(self._bootstrap, topic)
            if sequence != cursor:
                log.warning("cursor_moved", topic=topic, cursor=cursor, broker=sequence)
                moved[topic] = sequence
        if moved:
            await database.execute(_MOVE, list(moved), list(moved.values()))
        self._suspect.clear()
        self._ends = {topic: message.offset + 1 for topic, message in last.items()}


async def last_messages(bootstrap_servers: str, topics: Sequence[str]) -> dict[str, Incoming]:
    """The last message of each of these topics that has one. Raises `KafkaError`, `TimeoutError`."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    found: dict[str, Incoming] = {}
    if not topics:
        return found
    async with asyncio.timeout(SEND_LIMIT):
        await consumer.start()
        try:
            partitions = [TopicPartition(topic, 0) for topic in topics]
            consumer.assign(partitions)
            ends = {part: end for part, end in (await consumer.end_offsets(partitions)).items() if end > 0}
            if not ends:
                return found
            consumer.assign(list(ends))
            for part, end in ends.items():
                consumer.seek(part, end - 1)
            while len(found) < len(ends):
                for part, records in (await consumer.getmany(timeout_ms=500)).items():
                    found[part.topic] = parse(records[-1])
        finally:
            await consumer.stop()
    return found


async def measure_outbox(engine: AsyncEngine) -> None:
    """Keeps the outbox's gauges current until cancelled, whether or not the broker can be reached."""
    while True:
        try:
            async with engine.connect() as connection:
                left = await outbox(connection)
            OUTBOX_DEPTH.set(left.waiting)
            OLDEST_UNPUBLISHED.set(left.age.total_seconds())
        except (SQLAlchemyError, OSError) as error:
            log.warning("outbox_not_measured", error=type(error).__name__)
        await asyncio.sleep(MEASURE_EVERY)


async def last_without_gap(bootstrap_servers: str, topic: str) -> int:
    """The last sequence up to which the whole topic holds every message. Reads it from the beginning."""
    sequence = 0
    async for _, records in everything_on(bootstrap_servers, [topic]):
        for record in records:
            sequence += parse(record).sequence == sequence + 1
    return sequence


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Stops a producer that may be unable to: an idempotent one's batches never expire, and stop() waits for them."""
    with suppress(TimeoutError, KafkaError, asyncio.CancelledError):
        async with asyncio.timeout(STOP_LIMIT):
            await producer.stop()
            return
    # No public way is left to end its sender, which would go on delivering what it still holds.
    sender = producer._sender
    if sender is not None:
        await sender.close()
    await producer.client.close()
