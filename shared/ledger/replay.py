"""Every stream's state, folded anew from all facts: what the stored states must equal, whatever became of them.

The facts come as the text of one COPY, in order of position; each chunk becomes typed facts while PostgreSQL
prepares the next one.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.decider import Domain

Heads = dict[str, tuple[int, Any]]
"""A stream's version and state, by its name."""

Seen = Callable[[str, Any, Any], None]
"""Is shown each stream's fact and the state after it, in the order of the log."""

FACTS = "select stream, data from events order by position"


async def replay(domain: Domain, engine: AsyncEngine) -> Heads:
    """Version and state of every stream. All states are in memory at once; facts only as they pass.

    Raises `msgspec.ValidationError` at a fact the domain does not know, or the database's error.
    """
    async with connected(engine, "begin") as driver:
        return await replay_on(driver, domain)


@asynccontextmanager
async def connected(engine: AsyncEngine, begin: str) -> AsyncIterator[Any]:
    """The driver's own connection in a transaction, committed at the end of the block."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver: Any = (await connection.get_raw_connection()).driver_connection
        try:
            await driver.execute(begin)
            yield driver
            await driver.execute("commit")
        except BaseException:
            # Who left a COPY in the middle can say nothing more on this connection, not even to roll back.
            await connection.invalidate()
            raise


async def replay_on(driver: Any, domain: Domain, seen: Seen | None = None) -> Heads:
    """The same on this connection, as of its transaction's snapshot."""
    folding = _Folding(domain, seen)
    await driver.copy_from_query(FACTS, output=folding.take)
    return {stream.decode(): head for stream, head in folding.heads.items()}


class _Folding:
    def __init__(self, domain: Domain, seen: Seen | None) -> None:
        union: Any = domain.facts[0]
        for fact in domain.facts[1:]:
            union = union | fact
        self._domain = domain
        self._decode = msgspec.json.Decoder(union).decode
        self._seen = seen
        self._rest = b""
        self.heads: dict[bytes, tuple[int, Any]] = {}

    async def take(self, chunk: bytes) -> None:
        """Folds the whole lines that have come; what follows the last one waits for the next chunk."""
        whole, end, self._rest = (self._rest + bytes(chunk)).rpartition(b"\n")
        heads, evolve, decode, seen = self.heads, self._domain.evolve, self._decode, self._seen
        escaped = b"\\" in whole
        for line in whole.splitlines() if end else ():
            if escaped:
                # The only character of a name or of JSON that COPY escapes: neither holds a tab or a line's end.
                line = line.replace(b"\\\\", b"\\")
            stream, _, data = line.partition(b"\t")
            version, state = heads.get(stream) or (0, self._domain.start(stream.decode()))
            fact = decode(data)
            state = evolve(state, fact)
            heads[stream] = version + 1, state
            if seen is not None:
                seen(stream.decode(), fact, state)
