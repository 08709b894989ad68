"""Who watches an inbox is woken when something was laid in its desk's post."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.domain import Desk
from shared.database import OF_THE_DATABASE
from shared.http import Problem

WATCHED_AT_MOST = 100
"""Streams of one process."""
LOOK_EVERY = 2.0
"""Seconds until the next look if nothing rings: it rings for what is promised to others, and alarms are not."""
A_BREATH = 0.1
"""Seconds until the next look however often it rings."""
ANSWER_WITHIN = 5.0

STREAMS = Gauge("blanko_inbox_streams", "Inboxes that are watched now")

_LAST_NUMBERS = """
select d.role, d.region, (select max(p.number) from posted p where p.role = d.role and p.region = d.region) as number
  from unnest($1::text[], $2::text[]) d(role, region)
"""

log = structlog.get_logger()


class Watched:
    """A desk's post: the last number that is known, and what rings when it grows."""

    def __init__(self) -> None:
        self.number = 0
        self.watchers = 0
        self._grown = asyncio.Event()

    def grow(self, number: int) -> None:
        if number > self.number:
            self.number = number
            self._grown.set()
            self._grown = asyncio.Event()

    async def beyond(self, number: int) -> None:
        """Waits until there is more than that."""
        while self.number <= number:
            await self._grown.wait()


class Doorbell:
    """Looks into the posts that are watched, all in one question, for as long as any is."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._desks: dict[Desk, Watched] = {}
        self._rung = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def watching(self, desk: Desk) -> Iterator[Watched]:
        """Watches a desk's post for the while of a block. Raises a 503 `Problem` when too many do."""
        if sum(each.watchers for each in self._desks.values()) >= WATCHED_AT_MOST:
            detail = "So many inboxes are watched already: try again shortly."
            raise Problem(503, "too_many_streams", detail, headers={"Retry-After": "10"})
        watched = self._desks.setdefault(desk, Watched())
        watched.watchers += 1
        STREAMS.inc()
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="doorbell")
        self._rung.set()
        try:
            yield watched
        finally:
            STREAMS.dec()
            watched.watchers -= 1
            if not watched.watchers:
                del self._desks[desk]
                self._rung.set()

    async def _look(self) -> None:
        while self._desks:
            try:
                await self._listen()
            except OF_THE_DATABASE as error:
                log.warning("doorbell_interrupted", error=type(error).__name__)
                await asyncio.sleep(LOOK_EVERY)
        self._looking = None

    async def _listen(self) -> None:
        async with self._engine.connect() as connection:
            driver: Any = (await connection.get_raw_connection()).driver_connection
            try:
                await driver.add_listener("appended", lambda *_: self._rung.set())
                while self._desks:
                    self._rung.clear()
                    desks = list(self._desks)
                    columns = [desk.role for desk in desks], [desk.region for desk in desks]
                    for role, region, number in await driver.fetch(_LAST_NUMBERS, *columns, timeout=ANSWER_WITHIN):
                        if (watched := self._desks.get(Desk(role, region))) is not None:
                            watched.grow(number or 0)
                    await asyncio.sleep(A_BREATH)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY):
                            await self._rung.wait()
            finally:
                # Never back into the pool while it listens.
                await connection.invalidate()
