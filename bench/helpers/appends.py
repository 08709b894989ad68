"""Callers of the ledger within one process, as many as asked for."""

import asyncio
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from random import getrandbits
from typing import Any
from uuid import UUID

import uvloop
from sqlalchemy.ext.asyncio import create_async_engine

from bench.books import ITEM, LOCATION, cities, topic_of
from bench.helper import serve
from services.stock.domain import Item, ReceiveBlanks
from services.stock.service import STOCK
from shared.ledger import Context, Ledger

FINGERPRINT = bytes(range(32))
WARM_UP = 0.5
"""Seconds before the window: until all streams are in the cache."""


def receipt(office: str, item: Item, now: datetime) -> ReceiveBlanks:
    """One more box of blanks for this office."""
    return ReceiveBlanks(
        now=now,
        occurred_at=now,
        office=office,
        item=item,
        day=now.date(),
        location=LOCATION,
        quantity=100,
        source="PROCUREMENT",
        bast="BAST-470-2024",
    )


def context(office: str) -> Context:
    """As the web process makes it for a request."""
    return Context(
        subject=f"storekeeper-{office}",
        route="/offices/{office}/receipts",
        key=str(UUID(int=getrandbits(128))),
        fingerprint=FINGERPRINT,
    )


async def measure(url: str, callers: int, seconds: float) -> Mapping[str, Any]:
    """Commands a second in the window, all commands answered, and microseconds of our CPU for each."""
    engine = create_async_engine(url)
    names = [office.id for office in cities()]
    answered = 0

    async def call(number: int, until: float) -> None:
        nonlocal answered
        place = number * len(names) // callers
        while time.perf_counter() < until:
            office = names[place % len(names)]
            place += 1
            await ledger.execute(receipt(office, ITEM, datetime.now(UTC)), context(office))
            answered += 1

    async with Ledger(STOCK, engine, topic_of) as ledger:
        began = time.perf_counter() + WARM_UP
        calls = asyncio.gather(*(call(number, began + seconds) for number in range(callers)))
        await asyncio.sleep(WARM_UP)
        before, cpu = answered, time.process_time()
        await asyncio.sleep(began + seconds - time.perf_counter())
        during, cpu = answered - before, time.process_time() - cpu
        await calls
    await engine.dispose()
    return {"rate": during / seconds, "answered": answered, "cpu_us": cpu / during * 1e6}


def answer(url: str, callers: int, seconds: float) -> Mapping[str, Any]:
    return uvloop.run(measure(url, callers, seconds))


if __name__ == "__main__":
    serve(answer)
