"""One worker of a service works, the others stand by.

The turn is a session's advisory lock: it ends with the connection, so a killed worker's turn is
free at once. The same connection listens for appends.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.ledger.store import LOCK

TURN = LOCK + 2
log = structlog.get_logger()


class TurnLost(Exception):
    """The connection that held the turn is gone: another worker may be at work."""


class Turn:
    """Held until lost. `appended` is set whenever something to publish was committed."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self._connection = connection
        self._lost = asyncio.Event()
        self.appended = asyncio.Event()
        connection.add_termination_listener(lambda *_: self._lost.set())

    async def listen(self) -> None:
        await self._connection.add_listener("appended", lambda *_: self.appended.set())

    async def watch(self) -> None:
        """Raises `TurnLost` as soon as the turn is lost, or when the server does not answer for 5 s."""
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(1):
                    await self._lost.wait()
            except TimeoutError:
                try:
                    await self._connection.execute("select 1", timeout=5)
                except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                    raise TurnLost from error
        raise TurnLost


@asynccontextmanager
async def turn(engine: AsyncEngine) -> AsyncIterator[Turn]:
    """Waits for this process's turn to be the service's worker, and holds it."""
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        # Waiting in the server: the one who has worked longest in vain is next, the moment the turn ends.
        await driver.execute("select pg_advisory_lock($1)", TURN)
        log.info("turn_taken")
        held = Turn(driver)
        await held.listen()
        try:
            yield held
        finally:
            # Never back into the pool with the lock on it.
            await connection.invalidate()
