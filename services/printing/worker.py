"""The background root of printing: publishes what was printed, hears of stock's blanks and of who is print ready.

It also keeps the debt book.
"""

import asyncio
from datetime import datetime
from time import monotonic

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.printing import views
from services.printing.domain import Debt, TellDebt
from services.printing.reactions import READS, due, react
from services.printing.service import PRINTING
from shared.ledger import INTERRUPTIONS, Context, Entry, Ledger
from shared.moments import utcnow
from shared.offices import offices
from shared.settings import Settings
from shared.worker import run

LOOK_EVERY = 10.0
BUSY_AT_MOST = 0.05
"""Of the time is spent looking: who owes a million cards looks less often."""
CHUNK = 100
WHO = Context(subject="printing-debt-book", route="debt")

log = structlog.get_logger()


async def keep_debt_book(ledger: Ledger, engine: AsyncEngine) -> None:
    """Tells the debt of every queue that is not as it was told last, until cancelled.

    It looks, every ten seconds, and is not told of each job. Time alone makes debt, without anything
    happening to a job. A thousand requests of a day offline, or the cards of a delivery, are one message for each
    look and not one each. And a decision on a job would have to change its queue too: 200 workstations at once would
    wait for one another at that one stream.
    """
    while True:
        began = monotonic()
        try:
            await tell_debts(ledger, engine, utcnow())
        except INTERRUPTIONS as error:
            log.warning("debt_book_interrupted", error=repr(error))
        await asyncio.sleep(max(LOOK_EVERY, (monotonic() - began) / BUSY_AT_MOST))


async def tell_debts(ledger: Ledger, engine: AsyncEngine, now: datetime) -> int:
    """Compares what is owed with what was told last, tells the difference, and returns of how many queues."""
    async with engine.connect() as connection:
        told = await views.told_debts(connection)
        owed = await views.debts(connection, offices().all(), now)
    changed = [
        queue for queue in sorted(owed.keys() | told.keys()) if owed.get(queue, Debt()) != told.get(queue, Debt())
    ]
    entries = [Entry(_tell(office, item, owed.get((office, item), Debt()), now), WHO) for office, item in changed]
    for start in range(0, len(entries), CHUNK):
        await ledger.execute_all(entries[start : start + CHUNK])
    return len(entries)


def _tell(office: str, item: str, debt: Debt, now: datetime) -> TellDebt:
    return TellDebt(**offices().known(office).told_at(now), item=item, debt=debt)


if __name__ == "__main__":
    run(PRINTING, Settings(), reads=READS, react=react, due=due, parts=[keep_debt_book])
