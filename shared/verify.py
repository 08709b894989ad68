"""Verifies a service's history: `python -m shared.verify [--kafka]`, exit 1 when a break is found.

The chain of hashes in the database at DATABASE_URL, and with `--kafka` also every message of this
log at KAFKA_BOOTSTRAP_SERVERS: the copies outside are the witnesses that the chain alone lacks.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.envelope import Incoming, Malformed, parse
from shared.ledger import Break, verify

_STORED = text(
    "select position, hash, data::text as data from events where topic = :topic and sequence = any(:sequences)"
)


async def verify_messages(engine: AsyncEngine, bootstrap_servers: str) -> AsyncIterator[Break]:
    """Every message on Kafka that is not the event it says it is. Raises `KafkaError`."""
    async with engine.connect() as connection:
        topics = (await connection.execute(text("select topic from relay_cursors order by topic"))).scalars().all()
        epoch = (await connection.execute(text("select epoch from log_head"))).scalar_one()
        if not topics:
            return
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
        await consumer.start()
        try:
            parts = [TopicPartition(topic, 0) for topic in topics]
            consumer.assign(parts)
            await consumer.seek_to_beginning()
            left = sum((await consumer.end_offsets(parts)).values())
            while left > 0:
                for part, records in (await consumer.getmany(timeout_ms=1000)).items():
                    left -= len(records)
                    messages: list[Incoming] = []
                    for record in records:
                        try:
                            messages.append(parse(record))
                        except Malformed:
                            yield Break(0, None, f"{part.topic}, offset {record.offset}: not a message of ours")
                    wanted = {"topic": part.topic, "sequences": [message.sequence for message in messages]}
                    stored = {row.position: row for row in await connection.execute(_STORED, wanted)}
                    for message in messages:
                        row = stored.get(message.position)
                        same = row and (bytes(row.hash), row.data.encode()) == (message.hash, message.data)
                        # What an earlier epoch published, a restored log may have lost: raising it said so.
                        if not same and message.epoch == epoch:
                            where = f"{part.topic}, sequence {message.sequence}"
                            yield Break(message.position, None, f"{where}: the message is not this log's event")
        finally:
            await consumer.stop()


async def main() -> int:
    """Prints a line for each break; answers with the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.verify")
    parser.add_argument("--kafka", action="store_true", help="compare with the messages on Kafka too")
    wish = parser.parse_args()
    engine = create_async_engine(os.environ["DATABASE_URL"])
    found = [broken async for broken in verify(engine)]
    if wish.kafka:
        found += [broken async for broken in verify_messages(engine, os.environ["KAFKA_BOOTSTRAP_SERVERS"])]
    for broken in found:
        print(f"position {broken.position}{f' ({broken.stream})' if broken.stream else ''}: {broken.reason}")
    async with engine.connect() as connection:
        count = (await connection.execute(text("select count(*) from events"))).scalar_one()
    await engine.dispose()
    print(f"{count} events verified, {len(found)} breaks")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
