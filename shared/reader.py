"""The reader: what other services publish becomes commands here, each effective exactly once.

The position on a topic is kept in this service's own database and compared-and-set in the very
append that stores the effect, so that two workers that both believe they read a topic cannot both
apply. A message that cannot be handled parks its office: it and that office's later messages wait,
in order, in `dead_letters`, while others flow.
"""

import asyncio
import base64
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter, Gauge
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.decider import Command, Refused, Row
from shared.envelope import Incoming, Malformed, Record, parse
from shared.failpoints import reached
from shared.ledger import Busy, Context, Entry, Ledger, OutcomeUnknown, PositionMoved, Read
from shared.moments import utcnow
from shared.news import WATERMARKS, News, Watermark
from shared.topics import create_topics

CHUNK = 200
TRIES = 5
FIRST_PAUSE = 0.1
OFFICES_AN_HOUR = 20
"""As many offices parked within an hour are a bad deploy, not bad data: then the reader stops."""
RETRY_AFTER = 0.5
REDRIVE_EVERY = 1.0
ANY = -1
"""As the sequence of a position: whatever comes next, an operator has accepted a new epoch."""

APPLIED = Counter("blanko_applied", "Messages that became commands")
LAG = Gauge("blanko_reader_lag", "Messages on the topic that have not been applied", ["topic"])
PARKED = Gauge("blanko_parked_offices", "Offices whose messages wait for a person")

React = Callable[[Incoming, datetime], Command | None]
log = structlog.get_logger()


class TooManyParked(Exception):
    """So many offices were parked within the hour that the fault must be ours."""


class EpochDiffers(Exception):
    """The sender's database was restored: an operator must tell this reader to follow."""


class _Unreachable(Exception):
    """The database or the broker is away: nothing is wrong with the message."""


@dataclass(slots=True)
class _Place:
    """Where this reader stands on a topic: what the database says, or did a moment ago."""

    epoch: int = 0
    offset: int = 0
    sequence: int = 0
    searched: int = -1


@dataclass(slots=True)
class _Chunk:
    """Messages of one topic that go into one append: where we stand after it, and what it does."""

    place: _Place
    taken: int = 0
    error: Exception | None = None
    entries: list[Entry] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A record as it was kept in `dead_letters`."""

    topic: str
    offset: int
    value: bytes
    headers: Sequence[tuple[str, bytes]]


class Reader:
    """Applies the topics it is given. Runs in the worker whose turn it is."""

    def __init__(
        self,
        service: str,
        ledger: Ledger,
        engine: AsyncEngine,
        bootstrap_servers: str,
        topics: Sequence[str],
        react: React,
        news: News | None = None,
    ) -> None:
        self._service = service
        self._ledger = ledger
        self._engine = engine
        self._bootstrap = bootstrap_servers
        self._topics = frozenset(topics)
        self._react = react
        self._news = news or News()
        self._places: dict[str, _Place] = {}
        self._parked: set[str] = set()
        self._redrive_at = 0.0
        self.connected = False

    async def run(self) -> None:
        """Reads until cancelled. Raises `TooManyParked`, `EpochDiffers`."""
        while True:
            try:
                await self._read()
            except (KafkaError, SQLAlchemyError, asyncpg.PostgresError, OSError, TimeoutError, _Unreachable) as error:
                log.warning("reader_interrupted", error=repr(error))
            self.connected = False
            await asyncio.sleep(RETRY_AFTER)

    async def _read(self) -> None:
        await create_topics(self._bootstrap, self._topics)
        await self._recall()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            client_id=f"blanko-{self._service}-reader",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=10_000,
        )
        try:
            async with asyncio.timeout(15):
                await consumer.start()
            marks = TopicPartition(WATERMARKS, 0)
            consumer.assign([marks, *(TopicPartition(topic, 0) for topic in self._topics)])
            for topic in self._topics:
                consumer.seek(TopicPartition(topic, 0), self._places[topic].offset)
            async with asyncio.timeout(15):
                await consumer.seek_to_end(marks)
            self.connected = True
            while True:
                polled = await consumer.getmany(timeout_ms=250)
                applying = []
                for partition, records in polled.items():
                    if partition == marks:
                        self._hear(records)
                    else:
                        applying.append(self._apply(consumer, partition, records))
                await asyncio.gather(*applying)
                await self._redrive()
        finally:
            with suppress(TimeoutError, KafkaError):
                async with asyncio.timeout(5):
                    await consumer.stop()

    async def _recall(self) -> None:
        """Reads from the database where we stand: it alone knows."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(text('select topic, epoch, "offset", sequence from read_positions'))).all()
            parked = (await connection.execute(text("select distinct office from dead_letters"))).scalars().all()
        self._places = {topic: _Place() for topic in self._topics}
        for row in rows:
            if row.topic in self._topics:
                self._places[row.topic] = _Place(row.epoch, row.offset, row.sequence)
        self._parked = set(parked) - {""}
        PARKED.set(len(self._parked))
        for topic, place in self._places.items():
            self._news.applied(topic, place.sequence)

    def _hear(self, records: Sequence[ConsumerRecord]) -> None:
        for record in records:
            with suppress(msgspec.MsgspecError):
                self._news.marked(msgspec.json.decode(record.value or b"", type=Watermark), self._topics)

    async def _apply(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, records: list[ConsumerRecord]
    ) -> None:
        """Applies records of one topic, as many as possible in one append."""
        topic, place = partition.topic, self._places[partition.topic]
        alone = 0
        while records:
            chunk = self._gather(place, records[: 1 if alone else CHUNK])
            if chunk.taken == 0 and chunk.error is None:
                if self._search(topic, place, records[0]):
                    consumer.seek(partition, 0)
                    return
                records = records[1:]
                continue
            try:
                if chunk.taken == 0:
                    raise chunk.error or AssertionError
                await self._store(topic, place, chunk)
            except (_Unreachable, EpochDiffers):
                raise
            except Exception as error:
                if chunk.taken > 1:
                    # One of them is to blame: taken one by one, the others go through.
                    alone = chunk.taken
                    continue
                await self._try_again(topic, place, records[0], error)
            done = max(chunk.taken, 1)
            records, alone = records[done:], max(alone - done, 0)
        LAG.labels(topic).set((consumer.highwater(partition) or 0) - place.offset)

    def _gather(self, place: _Place, records: Sequence[ConsumerRecord]) -> _Chunk:
        """The records that can go into one append: up to the first that is in error or follows a gap."""
        chunk = _Chunk(_Place(place.epoch, place.offset, place.sequence))
        for record in records:
            try:
                if not self._take(chunk, record):
                    break
            except EpochDiffers:
                raise
            except Exception as error:
                chunk.error = error
                break
            chunk.taken += 1
        return chunk

    def _take(self, chunk: _Chunk, record: ConsumerRecord) -> bool:
        """Adds a record to the chunk; False when it may not be applied yet, for there is a gap before it."""
        place = chunk.place
        message = parse(record)
        if place.epoch and message.epoch > place.epoch:
            raise EpochDiffers(f"{message.topic} is in epoch {message.epoch}, read up to {place.epoch}")
        if place.sequence == ANY:
            place.sequence = message.sequence - 1
        old = message.epoch < place.epoch or message.sequence <= place.sequence
        if not old and message.sequence > place.sequence + 1:
            return False
        command = None
        if not old and message.office not in self._parked:
            command = self._react(message, utcnow())
        place.offset = record.offset + 1
        if old:
            return True
        place.epoch, place.sequence = message.epoch, message.sequence
        if message.office in self._parked:
            chunk.rows.append(letter(message, record, "an earlier message of this office is parked"))
        elif command is not None:
            chunk.entries.append(Entry(command, self._context(message)))
        return True

    def _search(self, topic: str, place: _Place, record: ConsumerRecord) -> bool:
        """Whether to look for the missing message from the topic's beginning: once for each gap."""
        log.critical("gap", topic=topic, applied=place.sequence, offset=record.offset)
        if place.searched == place.sequence:
            return False
        place.searched = place.sequence
        return True

    async def _store(self, topic: str, place: _Place, chunk: _Chunk) -> None:
        after = chunk.place
        read = Read(
            topic=topic, epoch=after.epoch, expected=place.sequence, offset=after.offset, sequence=after.sequence
        )
        reached("before_apply")
        await self._execute(chunk.entries, read, chunk.rows)
        reached("after_apply")
        place.epoch, place.offset, place.sequence = after.epoch, after.offset, after.sequence
        self._news.applied(topic, place.sequence)

    async def _execute(self, entries: list[Entry], read: Read | None, rows: list[Row]) -> None:
        try:
            outcomes = await self._ledger.execute_all(entries, read, rows)
        except (Busy, OutcomeUnknown, PositionMoved) as error:
            raise _Unreachable(str(error)) from error
        for outcome, entry in zip(outcomes, entries, strict=True):
            if isinstance(outcome, Refused):
                log.error("message_refused", route=entry.context.route, cause=entry.context.cause, code=outcome.code)
        APPLIED.inc(len(entries))

    async def _try_again(self, topic: str, place: _Place, record: ConsumerRecord, error: Exception) -> None:
        """Gives a message that failed four more chances, then parks it with its office."""
        pause = FIRST_PAUSE
        for _ in range(TRIES - 1):
            log.warning("message_failed", topic=topic, offset=record.offset, error=type(error).__name__)
            await asyncio.sleep(pause)
            pause *= 2
            chunk = self._gather(place, [record])
            try:
                if chunk.error is not None:
                    raise chunk.error
                await self._store(topic, place, chunk)
                return
            except (_Unreachable, EpochDiffers):
                raise
            except Exception as again:
                error = again
        await self._park(topic, place, record, error)

    async def _park(self, topic: str, place: _Place, record: ConsumerRecord, error: Exception) -> None:
        try:
            message = parse(record)
        except Malformed:
            # Not a message of ours: no office waits for it. Were it one that was spoiled, the next would show a gap.
            chunk = _Chunk(_Place(place.epoch, record.offset + 1, place.sequence))
            chunk.rows.append(_letter(topic, place.epoch, -1 - record.offset, "", record, error))
            await self._store(topic, place, chunk)
            return
        chunk = _Chunk(_Place(message.epoch, record.offset + 1, message.sequence))
        chunk.rows.append(letter(message, record, error))
        await self._store(topic, place, chunk)
        self._parked.add(message.office)
        PARKED.set(len(self._parked))
        log.critical("office_parked", topic=topic, office=message.office, error=type(error).__name__)
        await self._count_parked()

    async def _count_parked(self) -> None:
        counting = "select count(distinct office) from dead_letters where parked_at > :since"
        async with self._engine.connect() as connection:
            offices = (await connection.execute(text(counting), {"since": utcnow() - timedelta(hours=1)})).scalar_one()
        if offices >= OFFICES_AN_HOUR:
            raise TooManyParked(f"{offices} offices were parked within an hour")

    async def _redrive(self) -> None:
        """Applies the letters an operator has released, office by office and in order."""
        if not self._parked or time.monotonic() < self._redrive_at:
            return
        self._redrive_at = time.monotonic() + REDRIVE_EVERY
        letters = text(
            'select topic, epoch, sequence, office, "offset", headers, data, redrive from dead_letters'
            " order by topic, epoch, sequence"
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(letters)).all()
        for office in sorted({row.office for row in rows if row.redrive and row.office}):
            await self._redrive_office(office, [row for row in rows if row.office == office])

    async def _redrive_office(self, office: str, letters: Sequence[Any]) -> None:
        for row in letters:
            record = _Kept(row.topic, row.offset, base64.b64decode(row.data), [(n, v.encode()) for n, v in row.headers])
            message = parse(record)
            try:
                command = self._react(message, utcnow())
                entries = [] if command is None else [Entry(command, self._context(message))]
                await self._execute(entries, None, [Row("dead_letters", (row.topic, row.epoch, row.sequence), None)])
            except _Unreachable:
                raise
            except Exception as error:
                log.critical("redrive_failed", office=office, error=type(error).__name__)
                again = [_letter(row.topic, row.epoch, row.sequence, office, record, error)]
                await self._execute([], None, again)
                return
        # Nobody has added a letter meanwhile: this reader is the one that would.
        self._parked.discard(office)
        PARKED.set(len(self._parked))
        log.info("office_redriven", office=office, messages=len(letters))

    def _context(self, message: Incoming) -> Context:
        return Context(
            subject=f"{self._service}-worker",
            route=f"{message.service}.{message.type}",
            cause=f"{message.service}/{message.id}",
            traceparent=message.traceparent,
        )


def letter(message: Incoming, record: Record, error: Exception | str) -> Row:
    """A parked message, as a row of `dead_letters`."""
    return _letter(message.topic, message.epoch, message.sequence, message.office, record, error)


def _letter(topic: str, epoch: int, sequence: int, office: str, record: Record, error: Exception | str) -> Row:
    values = {
        "topic": topic,
        "epoch": epoch,
        "sequence": sequence,
        "office": office,
        "offset": record.offset,
        # The kind of the error only: its text may quote what the message says.
        "error": error if isinstance(error, str) else type(error).__name__,
        "headers": [(name, value.decode("utf-8", "replace")) for name, value in record.headers],
        "data": base64.b64encode(record.value or b"").decode(),
        "parked_at": utcnow(),
        "redrive": False,
    }
    return Row("dead_letters", (topic, epoch, sequence), values)
