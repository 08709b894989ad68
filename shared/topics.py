"""Topics are made from the reference data, never by a typing mistake: auto-creation is off.

One topic per province and service, one partition, kept for ever: the province is the unit of order.
"""

import asyncio
from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.news import WATERMARKS

FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "compression.type": "producer"}
COPIES = 3
"""Of each message, where there are as many brokers."""
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
