"""What a restored database has forgotten: which months had been erased.

A backup from before an erasure has the visit's key. That the key was destroyed is on Kafka, where it stays for ever.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.outreach.domain import EraseMonths, VisitMonthsErased
from services.outreach.views.tables import month_keys, visits
from shared.envelope import Malformed, parse
from shared.ledger import Context, Ledger
from shared.offices import offices
from shared.relay import SEND_LIMIT

SILENT_FOR = 60.0
"""Seconds after which a broker that gives nothing more, though there is more, is given up."""


async def erased_on(bootstrap_servers: str, topics: Sequence[str]) -> dict[str, VisitMonthsErased]:
    """Every erasure told on these topics, by its visit. Reads them from the beginning.

    Raises `KafkaError`, or `TimeoutError` when the broker does not give all there is.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    async with asyncio.timeout(SEND_LIMIT):
        await consumer.start()
    try:
        parts = [TopicPartition(topic, 0) for topic in topics]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        ends = await consumer.end_offsets(parts)
        return await _read(consumer, ends)
    finally:
        await consumer.stop()


async def _read(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> dict[str, VisitMonthsErased]:
    found: dict[str, VisitMonthsErased] = {}
    left = {part for part, end in ends.items() if await consumer.position(part) < end}
    while left:
        async with asyncio.timeout(SILENT_FOR):
            while not (fetched := await consumer.getmany(timeout_ms=1_000)):
                pass
        for records in fetched.values():
            for record in records:
                try:
                    message = parse(record)
                except Malformed:
                    # Not ours, so no erasure of ours. Who wrote it is for `shared.verify --kafka` to ask.
                    continue
                if message.type == VisitMonthsErased.__name__:
                    erased = msgspec.json.decode(message.data, type=VisitMonthsErased)
                    found[erased.visit] = erased
        left = {part for part in left if await consumer.position(part) < ends[part]}
    return found


async def replay(ledger: Ledger, engine: AsyncEngine, bootstrap_servers: str, now: datetime) -> tuple[int, int]:
    """Empties the key of every visit whose months were erased; returns how many were told, and how many were news here.

    The key goes first, whatever the log knows of the visit; then the log hears of it, if it knows the visit. Doing it
    again changes nothing. Raises what `erased_on` raises, or the database's error.
    """
    told = await erased_on(bootstrap_servers, offices().topics("outreach"))
    async with engine.connect() as connection:
        for visit in told:
            tombstone = insert(month_keys).values(visit=visit, wrapped=None)
            await connection.execute(tombstone.on_conflict_do_update(index_elements=["visit"], set_={"wrapped": None}))
        forgotten = select(visits.c.visit).where(~visits.c.months_erased)
        known = set((await connection.execute(forgotten)).scalars())
    news = [erased for visit, erased in told.items() if visit in known]
    for erased in news:
        command = EraseMonths(
            now=now,
            occurred_at=now,
            office=erased.office,
            day=offices().known(erased.office).day_at(now),
            visit=erased.visit,
            because=erased.because,
        )
        await ledger.execute(command, Context(subject="outreach-erasures", route="replay", cause=erased.visit))
    return len(told), len(news)
