"""Topics are made from the reference data, never by a typing mistake: auto-creation is off.

One topic per province and service, one partition, kept for ever: the province is the unit of order.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.news import WATERMARKS

FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "compression.type": "producer"}
COPIES = 3
"""Of each message, where there are as many brokers."""
CONNECTED_WITHIN, SILENT_FOR = 30.0, 60.0
"""Seconds after which a broker is given up: that does not answer, that gives nothing more though there is more."""
AN_HOUR = {"cleanup.policy": "delete", "retention.ms": "3600000"}


async def create_topics(bootstrap_servers: str, names: Iterable[str]) -> None:
    """Creates those of these topics, and the watermarks', that are missing. Raises `KafkaError`."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        brokers = (await admin.describe_cluster())["brokers"]
        wanted = dict.fromkeys(names, FOR_EVER) | {WATERMARKS: AN_HOUR}
        missing = [
            NewTopic(name, num_partitions=1, replication_factor=min(COPIES, len(brokers)), topic_configs=settings)
            for name, settings in wanted.items()
            if name not in existing
        ]
        if missing:
            # Another worker may be making some of them at this moment: the answer says so, which is as good.
            await admin.create_topics(missing)
            await _led(admin, [topic.name for topic in missing])
    finally:
        await admin.close()


async def _led(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    """Waits until each new topic has a leader, for who comes before meets errors that say nothing."""
    async with asyncio.timeout(15):
        while True:
            topics = await admin.describe_topics(names)
            parts = [part for topic in topics for part in topic["partitions"] if topic["error_code"] == 0]
            if len(parts) == len(names) and all(part["error_code"] == 0 and part["leader"] >= 0 for part in parts):
                return
            await asyncio.sleep(0.05)


async def everything_on(
    bootstrap_servers: str, topics: Iterable[str]
) -> AsyncIterator[tuple[str, Sequence[ConsumerRecord]]]:
    """All that these topics hold at this moment, from the beginning, in order on each of them, as it comes.

    Raises `KafkaError`, or `TimeoutError` when the broker does not give all there is.
    """
    # It begins at the beginning and is not sent there: the reset of a position that nobody gave may come later and
    # leave it at the end, where a whole topic looks empty.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    async with asyncio.timeout(CONNECTED_WITHIN):
        await consumer.start()
    try:
        parts = [TopicPartition(topic, 0) for topic in topics]
        consumer.assign(parts)
        left = {part: end for part, end in (await consumer.end_offsets(parts)).items() if end}
        while left:
            async with asyncio.timeout(SILENT_FOR):
                while not (fetched := await consumer.getmany(timeout_ms=1_000)):
                    pass
            for part, records in fetched.items():
                yield part.topic, records
                if records[-1].offset + 1 >= left.get(part, 0):
                    left.pop(part, None)
    finally:
        await consumer.stop()
