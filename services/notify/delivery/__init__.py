"""Delivery: what gathers in a desk's post goes out. The worker's parts; each runs until cancelled, or is done.

`bundles` closes what gathered, `writing` writes the letters, `sending` sends, `listening` keeps quiet until all that
lay on Kafka is read, `watching` watches the watchman.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.channels import Channels, ChannelSettings
from services.notify.delivery import listening, watching
from services.notify.delivery.bundles import CLOSED_AT_ONCE, close_due
from services.notify.delivery.sending import Sender
from services.notify.delivery.writing import Letters
from shared.ledger import Ledger
from shared.moments import utcnow
from shared.steadily import steadily
from shared.worker import Part

LOOK_EVERY = 0.5
REPORT_EVERY = 5.0
MARK_EVERY = 60.0

__all__ = ["delivering", "listening_on", "watch"]


def delivering(settings: ChannelSettings, now: Callable[[], datetime] = utcnow) -> Part:
    """The part that sends, by these channels."""

    async def deliver(ledger: Ledger, engine: AsyncEngine) -> None:
        async def close_all() -> None:
            while await close_due(ledger, engine, now()) == CLOSED_AT_ONCE:
                pass

        async with Channels(settings) as channels:
            letters = Letters(ledger, engine)
            sender = Sender(ledger, engine, channels, letters, now)
            try:
                async with asyncio.TaskGroup() as parts:
                    parts.create_task(steadily("bundles", LOOK_EVERY, close_all))
                    parts.create_task(steadily("letters", LOOK_EVERY, lambda: letters.write_due(now())))
                    parts.create_task(_send(sender))
                    parts.create_task(steadily("unreached", REPORT_EVERY, sender.report_unreached))
            finally:
                await sender.stop()

    return deliver


def listening_on(bootstrap_servers: str) -> Part:
    """The part that begins to listen, and sends the first digest when this log has caught up."""

    async def listen(ledger: Ledger, engine: AsyncEngine) -> None:
        await listening.listen(ledger, engine, listening.heads_on(bootstrap_servers))

    return listen


async def watch(ledger: Ledger, engine: AsyncEngine) -> None:
    """The part that watches the watchman."""
    await steadily("watch", watching.LOOK_EVERY, watching.Watchman(ledger, engine).look)


async def _send(sender: Sender) -> None:
    """Before anything is sent, what nobody knows the outcome of is marked: whoever began it had the turn before us."""
    at_start = True

    async def mark() -> None:
        nonlocal at_start
        await sender.mark_interrupted(at_start=at_start)
        at_start = False

    async def look() -> None:
        if at_start:
            await mark()
        await sender.look()

    async with asyncio.TaskGroup() as parts:
        parts.create_task(steadily("interrupted", MARK_EVERY, mark))
        parts.create_task(steadily("sends", LOOK_EVERY, look))
