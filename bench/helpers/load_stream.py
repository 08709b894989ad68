"""The first command on a stream, by a ledger that has an empty cache."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median
from typing import Any

import uvloop
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bench.books import ITEM, topic_of
from bench.helper import serve
from bench.helpers.appends import context, receipt
from services.stock.service import STOCK
from shared.ledger import Ledger

BESIDE = "00"
"""The office whose stream the connection is used for beforehand."""

_ON_HAND = text(
    "select (data->>'on_hand')::bigint from events where stream = :stream and data->>'on_hand' is not null"
    " order by version desc limit 1"
)


async def _milliseconds(engine: AsyncEngine, stream: str) -> float:
    """How long the first command on this stream takes. Raises RuntimeError if it was decided on another state."""
    _, office, item = stream.split("/")
    async with engine.connect() as connection:
        before = (await connection.execute(_ON_HAND, {"stream": stream})).scalar_one()
    async with Ledger(STOCK, engine, topic_of) as ledger:
        await ledger.execute(receipt(BESIDE, ITEM, datetime.now(UTC)), context(BESIDE))
        command, of = receipt(office, item, datetime.now(UTC)), context(office)  # type: ignore[arg-type]
        began = time.perf_counter()
        committed = await ledger.execute(command, of)
        lasted = time.perf_counter() - began
    after: Any = committed.facts[0].fact
    if after.on_hand != before + command.quantity:
        raise RuntimeError(f"{stream} held {before} before {command.quantity} came, and {after.on_hand} then")
    return lasted * 1000


async def measure(url: str, long: str, short: list[str]) -> Mapping[str, Any]:
    """Medians, in milliseconds. The long stream takes as many turns as there are short ones, each of which is new."""
    engine = create_async_engine(url)
    turns = [(await _milliseconds(engine, long), await _milliseconds(engine, stream)) for stream in short]
    await engine.dispose()
    return {"long_ms": median(turn[0] for turn in turns), "short_ms": median(turn[1] for turn in turns)}


def answer(url: str, long: str, short: list[str]) -> Mapping[str, Any]:
    return uvloop.run(measure(url, long, short))


if __name__ == "__main__":
    serve(answer)
