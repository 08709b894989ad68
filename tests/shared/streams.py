"""Two toy services with Kafka between them, and the questions the stream tests ask."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from deploy.local.kafka import Kafka
from deploy.local.postgres import ServiceDatabase
from shared.envelope import Headers, Incoming, parse
from shared.ledger import Ledger
from shared.reader import React
from tests.shared.conftest import asking
from tests.shared.toy import TOY, Put
from tests.shared.toy_process import OFFICES, react, read, relay, topics


@dataclass
class Streams:
    """`sender` is the log that is published, `receiver` the database of who reads it."""

    kafka: Kafka
    sender_url: str
    receiver_url: str
    owner_url: str
    sender: AsyncEngine
    receiver: AsyncEngine
    service: str

    @property
    def topics(self) -> list[str]:
        return topics(self.service)

    def topic_of(self, office: str, moment: datetime) -> str:
        return f"blanko.{office[:2]}.{self.service}"

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Ledger]:
        async with Ledger(TOY, self.sender, self.topic_of) as ledger:
            yield ledger

    async def put(self, count: int, start: int = 0, label: str = "") -> None:
        """Appends as many facts, for the offices in turn."""
        async with self.writing() as ledger:
            offices = [OFFICES[n % len(OFFICES)] for n in range(start, start + count)]
            await asyncio.gather(
                *(ledger.execute(Put(jar=office, office=office, label=label), asking()) for office in offices)
            )

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator[AsyncConnection]:
        """The sender's database, as the role that may change anything."""
        engine = create_async_engine(self.owner_url)
        async with engine.begin() as connection:
            yield connection
        await engine.dispose()

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        async with running(relay(self.service, self.sender_url, self.kafka.bootstrap_servers)):
            yield

    @asynccontextmanager
    async def reading(self, *, readers: int = 1, react: React = react) -> AsyncIterator[None]:
        reader = (self.service, self.receiver_url, self.kafka.bootstrap_servers, react)
        async with running(*(read(*reader) for _ in range(readers))):
            yield

    async def process(self, part: str, *arguments: str, fail: str = "") -> asyncio.subprocess.Process:
        """Starts a part as a process, with a failpoint set."""
        url = self.receiver_url if part == "read" else self.sender_url
        command = [sys.executable, "-m", "tests.shared.toy_process", part, self.service, url]
        return await asyncio.create_subprocess_exec(
            *command, self.kafka.bootstrap_servers, *arguments, env={**os.environ, "FAIL": fail}
        )

    async def published(self) -> dict[str, list[Incoming]]:
        """Everything on the topics, in their order."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.kafka.bootstrap_servers, enable_auto_commit=False)
        await consumer.start()
        try:
            parts = [TopicPartition(topic, 0) for topic in self.topics]
            consumer.assign(parts)
            await consumer.seek_to_beginning()
            left = sum((await consumer.end_offsets(parts)).values())
            found: dict[str, list[Incoming]] = {topic: [] for topic in self.topics}
            while left > 0:
                for part, records in (await consumer.getmany(timeout_ms=500)).items():
                    found[part.topic] += [parse(record) for record in records]
                    left -= len(records)
            return found
        finally:
            await consumer.stop()

    async def send(self, topic: str, *records: tuple[bytes, bytes, list[tuple[str, bytes]]]) -> None:
        """Puts records on a topic, past the relay."""
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap_servers)
        await producer.start()
        for key, value, headers in records:
            await producer.send_and_wait(topic, value, key=key, headers=headers, partition=0)
        await producer.stop()

    async def effects(self) -> list[str]:
        """The label of each applied message, in the order of their application: topic and sequence."""
        query = "select data->>'label' from events order by position"
        return [row[0] for row in await rows(self.receiver, query)]

    async def applied_once_and_in_order(self, count: int) -> None:
        """Waits until as many messages have had their effect, and asserts that each had it once, in order."""
        await self.has_applied(count)
        effects = await self.effects()
        for topic in self.topics:
            sequences = [int(label.rpartition("/")[2]) for label in effects if label.startswith(topic)]
            assert sequences == list(range(1, len(sequences) + 1))
        assert len(effects) == len(set(effects)) == count

    async def has_applied(self, count: int) -> None:
        """Waits until at least as many messages have had their effect."""

        async def reached() -> bool:
            return len(await self.effects()) >= count

        await eventually(reached, f"{count} messages are applied")

    async def all_is_published(self) -> None:
        """Waits until the broker has acknowledged everything."""
        behind = """
            select 1 from topics t left join relay_cursors c using (topic)
             where coalesce(c.sequence, 0) <> t.sequence"""

        async def reached() -> bool:
            return not await rows(self.sender, behind)

        await eventually(reached, "everything is published")


def as_sent(message: Incoming) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of a message, to be sent again."""
    headers = {
        "specversion": "1.0",
        "id": message.id,
        "type": f"id.dukcapil.blanko.{message.service}.{message.type}.v{message.version}",
        "subject": message.office,
        "time": message.occurred_at.isoformat(),
        "recordedtime": message.recorded_at.isoformat(),
        "sequence": str(message.sequence),
        "position": str(message.position),
        "epoch": str(message.epoch),
        "hash": message.hash.hex(),
    }
    return message.office.encode(), message.data, [(f"ce_{name}", value.encode()) for name, value in headers.items()]


async def rows(engine: AsyncEngine, query: str, **values: Any) -> list[Any]:
    """The rows of a query."""
    async with engine.connect() as connection:
        return list((await connection.execute(text(query), values)).all())


async def eventually(condition: Callable[[], Any], what: str, seconds: float = 60) -> None:
    """Waits until the condition holds. Fails after so many seconds."""
    end = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < end, f"not in {seconds} s: {what}"
        await asyncio.sleep(0.05)


@asynccontextmanager
async def running(*parts: Any) -> AsyncIterator[list["asyncio.Task[Any]"]]:
    """Runs coroutines beside the block. What one of them raises is raised at the end."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def opened(kafka: Kafka, sender: ServiceDatabase, receiver: ServiceDatabase) -> Streams:
    """A sender and a receiver on topics of their own."""
    return Streams(
        kafka,
        sender.app_url,
        receiver.app_url,
        sender.owner_url,
        create_async_engine(sender.app_url),
        create_async_engine(receiver.app_url),
        f"toy{uuid4().hex[:8]}",
    )
