"""Knows when a stack has come to rest: everything promised is published, read and applied, and nothing is due."""

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

WATERMARKS = TopicPartition("blanko.watermarks", 0)
PATIENCE = 300.0
LOOK_EVERY = 0.1
HEARD_AFTER = 0.35
"""Seconds in which a reader that polls four times a second has taken up a watermark."""

_LOOK = """
select (select json_object_agg(topic, sequence) from topics)::text as promised,
       (select json_object_agg(topic, sequence) from relay_cursors)::text as published,
       (select json_object_agg(topic, sequence) from read_positions)::text as applied,
       (select count(*) from deadlines where due <= $1) as due,
       (select count(*) from dead_letters) as parked,
       (select position from log_head) as position
"""


class Parked(Exception):
    """A message could not be handled: that is a fault of the services, and this play is over."""


class Quiet:
    """Looks into each service's database, as its superuser, and listens to the watermarks."""

    def __init__(self, urls: Mapping[str, str], bootstrap_servers: str) -> None:
        self._urls, self._bootstrap = urls, bootstrap_servers
        self._databases: dict[str, asyncpg.Connection[Any]] = {}

    async def __aenter__(self) -> Self:
        for service, url in self._urls.items():
            self._databases[service] = await asyncpg.connect(url)
        self._consumer = AIOKafkaConsumer(bootstrap_servers=self._bootstrap, enable_auto_commit=False)
        await self._consumer.start()
        self._consumer.assign([WATERMARKS])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()
        for database in self._databases.values():
            await database.close()

    async def rest(self, now: datetime) -> None:
        """Returns once nothing is under way, twice in a row. Raises `Parked`, TimeoutError."""
        deadline, before = time.monotonic() + PATIENCE, None
        while True:
            seen: dict[str, Any] = {name: await each.fetchrow(_LOOK, now) for name, each in self._databases.items()}
            if parked := [service for service, row in seen.items() if row["parked"]]:
                raise Parked(f"{', '.join(parked)} could not handle a message")
            positions = [row["position"] for row in seen.values()]
            if not _busy(seen):
                if positions == before:
                    return
                before = positions
            if time.monotonic() > deadline:
                raise TimeoutError(f"the services did not come to rest within {PATIENCE:.0f} s: {_busy(seen)}")
            await asyncio.sleep(LOOK_EVERY)

    async def known_until(self, moment: datetime) -> None:
        """Returns once every service has said that all until this moment is published, and readers have heard it."""
        waiting = set(self._databases)
        await self._consumer.seek_to_end(WATERMARKS)
        deadline = time.monotonic() + PATIENCE
        while waiting:
            for records in (await self._consumer.getmany(timeout_ms=100)).values():
                marks = [json.loads(record.value) for record in records]
                waiting -= {mark["service"] for mark in marks if datetime.fromisoformat(mark["at"]) >= moment}
            if time.monotonic() > deadline:
                raise TimeoutError(f"no watermark of {', '.join(sorted(waiting))} within {PATIENCE:.0f} s")
        await asyncio.sleep(HEARD_AFTER)


def _busy(seen: Mapping[str, Any]) -> list[str]:
    promised = {service: _sequences(row["promised"]) for service, row in seen.items()}
    everything = {topic: sequence for topics in promised.values() for topic, sequence in topics.items()}
    busy = []
    for service, row in seen.items():
        if row["due"]:
            busy.append(f"{service} has {row['due']} deadlines due")
        if promised[service] != _sequences(row["published"]):
            busy.append(f"{service} has not published everything")
        applied = _sequences(row["applied"])
        # A service reads whatever it has a place on: of that, every topic.
        read = {topic.rpartition(".")[2] for topic in applied}
        if any(applied.get(topic, 0) < head for topic, head in everything.items() if topic.rpartition(".")[2] in read):
            busy.append(f"{service} has not read everything")
    return busy


def _sequences(text: str | None) -> dict[str, int]:
    return json.loads(text) if text else {}
