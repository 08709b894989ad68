"""Replays a stock log, or only drains it."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec
import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bench.helper import serve
from services.stock.service import STOCK
from shared.decider import category
from shared.ledger.replay import FACTS, Heads, replay

EVENTS = "select * from events"


async def _drain(engine: AsyncEngine, query: str) -> None:
    async def drop(_: bytes) -> None:
        pass

    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        await driver.copy_from_query(query, output=drop)


async def _differing(engine: AsyncEngine, heads: Heads) -> int:
    """How many streams are not in the state that is stored."""
    async with engine.connect() as connection:
        rows = (await connection.execute(text("select stream, version, state::text from streams"))).all()

    def same(stream: str, version: int, state: str) -> bool:
        kind = type(STOCK.states[category(stream)])
        return heads.get(stream) == (version, msgspec.json.decode(state, type=kind))

    return sum(not same(*row) for row in rows) + len(heads.keys() - {row[0] for row in rows})


async def measure(url: str, how: str) -> Mapping[str, Any]:
    """Seconds that it took. When "folded": how many facts, and the streams whose state is not the stored one."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        await connection.execute(text("select 1"))
    heads: Heads = {}
    began = time.perf_counter()
    if how == "folded":
        heads = await replay(STOCK, engine)
    else:
        await _drain(engine, EVENTS if how == "events" else FACTS)
    seconds = time.perf_counter() - began
    differing = await _differing(engine, heads) if heads else 0
    await engine.dispose()
    return {"seconds": seconds, "facts": sum(version for version, _ in heads.values()), "differing": differing}


def answer(url: str, how: str) -> Mapping[str, Any]:
    return uvloop.run(measure(url, how))


if __name__ == "__main__":
    serve(answer)
