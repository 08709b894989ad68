"""What a restored database has forgotten: which months had been erased.

A backup from before an erasure has the visit's key. That the key was destroyed is on Kafka, where it stays for ever.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from services.outreach.domain import EraseMonths, VisitMonthsErased
from services.outreach.views.tables import month_keys, visits
from shared.envelope import Malformed, parse
from shared.ledger import Context, Ledger
from shared.offices import offices
from shared.topics import everything_on


async def erased_on(bootstrap_servers: str, topics: Sequence[str]) -> dict[str, VisitMonthsErased]:
    """Every erasure told on these topics, by its visit. Reads them from the beginning.

    Raises `KafkaError`, or `TimeoutError` when the broker does not give all there is.
    """
    found: dict[str, VisitMonthsErased] = {}
    async for _, records in everything_on(bootstrap_servers, topics):
        for record in records:
            try:
                message = parse(record)
            except Malformed:
                # Not ours, so no erasure of ours. Who wrote it is for `shared.verify --kafka` to ask.
                continue
            if message.type == VisitMonthsErased.__name__:
                erased = msgspec.json.decode(message.data, type=VisitMonthsErased)
                found[erased.visit] = erased
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
        where = offices().known(erased.office).told_at(now)
        command = EraseMonths(**where, visit=erased.visit, because=erased.because)
        await ledger.execute(command, Context(subject="outreach-erasures", route="replay", cause=erased.visit))
    return len(told), len(news)
