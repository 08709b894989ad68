"""The background root of stock: publishes what it promised, books what others report, and looks at what is due.

It also wakes the canary.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.stock.reactions import READS, due, react, song_of_tonight
from services.stock.service import STOCK
from shared.ledger import INTERRUPTIONS, Context, Ledger
from shared.moments import utcnow
from shared.settings import Settings
from shared.worker import run

TRY_AGAIN_AFTER = 1.0
WHO = Context(subject="stock-canary", route="canary")

log = structlog.get_logger()


async def wake_canary(ledger: Ledger, _: AsyncEngine, now: Callable[[], datetime] = utcnow) -> None:
    """Has the canary sing for tonight unless it did: once for each turn, until that succeeded.

    Each song leaves the deadline of the next one, so this begins the chain, in a database that is empty or of a
    version that knew no canary. It does not look again: a clock that stands still has to be heard of, not made up for.
    """
    while True:
        try:
            await ledger.execute(song_of_tonight(now()), WHO)
        except INTERRUPTIONS as error:
            log.warning("canary_interrupted", error=type(error).__name__)
            await asyncio.sleep(TRY_AGAIN_AFTER)
        else:
            return


if __name__ == "__main__":
    run(STOCK, Settings(), reads=READS, react=react, due=due, parts=[wake_canary])
