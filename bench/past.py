"""A past of a million facts, decided by stock's own domain and copied into its log.

One book has a tenth of them, forty have ten each, the other offices' share the rest: cards printed day by day, and a
box of blanks now and then.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from bench.books import LOCATION, cities, opening
from bench.log import Log, Record
from services.stock.domain import ReceiveBlanks, UseBlank, book_of

FACTS = 1_000_000
LONG = book_of("11.01", "KTP_WNI")
LONG_FACTS = 100_000
SHORT = [book_of(office.id, "KIA") for office in cities()[:40]]
SHORT_FACTS = 10
BOX = 200
"""Blanks in a box, and the facts after which one comes."""
SINCE = datetime(2024, 1, 2, tzinfo=UTC)
SECONDS = timedelta(seconds=10)
"""Between two commands."""


class Past:
    """Writes the log of a migrated, empty stock database."""

    def __init__(self) -> None:
        self._log = Log(SINCE)
        self._offices = {office.id: office for office in cities()}

    async def write(self, owner: "asyncpg.Connection[Any]") -> None:
        """COPYs the facts, then what they add up to."""
        await self._log.write(owner, self._events())

    def _events(self) -> Iterator[Record]:
        for name in SHORT:
            yield from self._happen(name, SHORT_FACTS)
        others = [book_of(office.id, "KTP_WNI") for office in cities()[1:]]
        while self._log.position < FACTS:
            for turn, name in enumerate(others):
                yield from self._happen(name, 1)
                if turn % 8 == 0 and self._log.version(LONG) < LONG_FACTS:
                    yield from self._happen(LONG, 1)

    def _happen(self, stream: str, facts: int) -> Iterator[Record]:
        """At least so many facts more in this stream."""
        until = self._log.version(stream) + facts
        while self._log.version(stream) < until:
            self._log.at += SECONDS
            yield from self._log.carry_out(self._command(stream))

    def _command(self, stream: str) -> Any:
        at = self._log.at
        _, office, item = stream.split("/")
        version = self._log.version(stream)
        if version == 0:
            return opening(self._offices[office], item, at)  # type: ignore[arg-type]
        common: dict[str, Any] = {
            "now": at,
            "occurred_at": at,
            "day": at.date(),
            "office": office,
            "item": item,
            "location": LOCATION,
        }
        if version % BOX == 0:
            bast, counters = f"BAST-{version}", ("p-1", "p-2")
            return ReceiveBlanks(**common, quantity=BOX, source="CENTRE", bast=bast, counters=counters)
        job = f"01931f6e-7a2b-7c3d-8e4f-{self._log.position:012x}"
        return UseBlank(**common, job=job, daily_use_default=50_000)
