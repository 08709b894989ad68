"""Mute at first: what lay on Kafka when this log was empty is read, and then said once."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import structlog
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.delivery.bundles import WHO, closing
from services.notify.domain import BeginListening, CatchUp, Desk
from services.notify.reactions import READS
from services.notify.views import outbox, watching
from shared.ledger import INTERRUPTIONS, Ledger
from shared.moments import utcnow
from shared.offices import offices
from shared.relay import last_messages
from shared.topics import create_topics

LOOK_EVERY = 1.0

Heads = Callable[[], Awaitable[Mapping[str, int]]]

log = structlog.get_logger()


async def listen(ledger: Ledger, engine: AsyncEngine, heads: Heads, now: Callable[[], datetime] = utcnow) -> None:
    """Begins to listen, catches up, sends each desk its digest, and ends. Tries again when it is interrupted."""
    while True:
        try:
            if await take_up(ledger, engine, heads, now()) and not await digest(ledger, engine, now()):
                return
        except (*INTERRUPTIONS, KafkaError, TimeoutError) as error:
            log.warning("listening_interrupted", error=type(error).__name__)
        await asyncio.sleep(LOOK_EVERY)


async def take_up(ledger: Ledger, engine: AsyncEngine, heads: Heads, now: datetime) -> bool:
    """Begins to listen if that was never done, and says when all that lay on Kafka then is read: True once it is.

    A log that has told somebody already goes on telling. It is not asked whether it is empty: the reader begins
    at the same time, and an administrator may have been first.
    """
    async with engine.connect() as connection:
        listening = await watching.listening(connection)
        spoken = listening is None and await watching.told_anybody(connection)
        read = await watching.read_so_far(connection)
    if listening is None:
        begin = BeginListening(now=now, occurred_at=now, heads={} if spoken else dict(await heads()))
        await ledger.execute(begin, WHO)
        return not begin.heads
    if listening.caught_up:
        return True
    if any(read.get(topic, 0) < head for topic, head in (listening.heads or {}).items()):
        return False
    await ledger.execute(CatchUp(now=now, occurred_at=now), WHO)
    log.info("caught_up")
    return True


async def digest(ledger: Ledger, engine: AsyncEngine, now: datetime) -> int:
    """Sends each desk what it was not told of and is open still, once; returns how many desks there were.

    A desk of whose notices nothing is open hears nothing, and is looked at again at the next start.
    """
    async with engine.connect() as connection:
        desks = await outbox.undigested(connection)
    told = 0
    for row in desks:
        desk = Desk(row.role, row.region)
        async with engine.connect() as connection:
            held = await outbox.held_for(connection, desk)
            holders = await outbox.holders_of(connection, [desk])
            gathering = [] if row.closes_at is None else [(row.role, row.region, row.bundle)]
            lying = await outbox.lying_in(connection, gathering)
        if not held:
            continue
        bundle = row.bundle + 1 if row.closes_at is None else row.bundle
        posted = [each for bundle_of_it in lying.values() for each in bundle_of_it]
        everything = sorted([*held, *posted], key=lambda each: each.number)
        command = closing((row.role, row.region, bundle), everything, holders, now, digest=True)
        await ledger.execute(command, WHO)
        told += 1
    return told


def heads_on(bootstrap_servers: str) -> Heads:
    """Asks Kafka for the last sequences of all topics that are read here. Raises `KafkaError`, `TimeoutError`."""
    topics: Sequence[str] = [topic for service in READS for topic in offices().topics(service)]

    async def heads() -> Mapping[str, int]:
        await create_topics(bootstrap_servers, topics)
        last = await last_messages(bootstrap_servers, topics)
        return {topic: message.sequence for topic, message in last.items()}

    return heads
