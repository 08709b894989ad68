"""Verifies a service's history: `python -m shared.verify [--kafka]`, exit 1 when a break is found.

The chain of hashes in the database at DATABASE_URL, and with `--kafka` also every message of this
log at KAFKA_BOOTSTRAP_SERVERS: the copies outside are the witnesses that the chain alone lacks.
"""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.envelope import Incoming, Malformed, parse
from shared.ledger import Break, verify
from shared.topics import everything_on

_STORED = text(
    "select position, hash, data::text as data from events where topic = :topic and sequence = any(:sequences)"
)


async def verify_messages(engine: AsyncEngine, bootstrap_servers: str) -> AsyncIterator[Break]:
    """Every message on Kafka that is not the event it says it is. Raises `KafkaError`, `TimeoutError`."""
    async with engine.connect() as connection:
        topics = (await connection.execute(text("select topic from relay_cursors order by topic"))).scalars().all()
        epoch = (await connection.execute(text("select epoch from log_head"))).scalar_one()
        async for topic, records in everything_on(bootstrap_servers, topics):
            messages: list[Incoming] = []
            for record in records:
                try:
                    messages.append(parse(record))
                except Malformed:
                    yield Break(0, None, f"{topic}, offset {record.offset}: not a message of ours")
            wanted = {"topic": topic, "sequences": [message.sequence for message in messages]}
            stored = {row.position: row for row in await connection.execute(_STORED, wanted)}
            for message in messages:
                row = stored.get(message.position)
                same = row and (bytes(row.hash), row.data.encode()) == (message.hash, message.data)
                # What an earlier epoch published, a restored log may have lost: raising it said so.
                if not same and message.epoch == epoch:
                    where = f"{topic}, sequence {message.sequence}"
                    yield Break(message.position, None, f"{where}: the message is not this log's event")


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
