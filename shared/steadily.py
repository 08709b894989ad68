"""A part of a worker that does the same again and again, and survives what the database does to it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from shared.ledger import INTERRUPTIONS

log = structlog.get_logger()


async def steadily(what: str, every: float, step: Callable[[], Awaitable[object]]) -> None:
    """Takes the step every so many seconds, until cancelled."""
    while True:
        try:
            await step()
        except INTERRUPTIONS as error:
            log.warning("part_interrupted", what=what, error=type(error).__name__)
        await asyncio.sleep(every)
