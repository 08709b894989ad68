"""How recent is what we know: watermarks.

Each service's relay says every second, on one small topic, up to which moment everything recorded
there has been published, and which sequence each of its topics had then. A reader that has applied
these sequences knows all that had happened by that moment, wherever the delay was: in the outbox,
on the broker, or in its own reading. Deadlines speak on that knowledge, and answers state its age.
"""

from datetime import datetime

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

WATERMARKS = "blanko.watermarks"


class Watermark(msgspec.Struct, frozen=True):
    """Everything that `service` had recorded by `at` is on its topics, up to these sequences."""

    service: str
    at: datetime
    sequences: dict[str, int]


class News:
    """What a reader has applied, held against the watermarks."""

    def __init__(self) -> None:
        self._applied: dict[str, int] = {}
        self._awaited: dict[str, tuple[datetime, int]] = {}
        self._up_to: dict[str, datetime] = {}

    def up_to(self, topic: str) -> datetime | None:
        """The moment up to which everything on this topic has been applied; None while unknown."""
        return self._up_to.get(topic)

    def as_json(self) -> str:
        """That moment for every topic where it is known."""
        return msgspec.json.encode(self._up_to).decode()

    def marked(self, watermark: Watermark, topics: frozenset[str]) -> None:
        """A watermark has come in; `topics` are those that are read."""
        service = f".{watermark.service}"
        for topic in topics:
            if topic.endswith(service):
                # A mark that is still awaited is kept: under steady load each newer one would be ahead again.
                self._awaited.setdefault(topic, (watermark.at, watermark.sequences.get(topic, 0)))
                self._compare(topic)

    def applied(self, topic: str, sequence: int) -> None:
        """Everything up to this sequence has been applied."""
        self._applied[topic] = sequence
        self._compare(topic)

    def _compare(self, topic: str) -> None:
        if topic in self._awaited and topic in self._applied:
            at, sequence = self._awaited[topic]
            if self._applied[topic] >= sequence:
                self._up_to[topic] = at
                del self._awaited[topic]


async def known_up_to(connection: AsyncConnection, topic: str) -> datetime | None:
    """The moment up to which this service's worker knows everything on a topic, as a web process may ask it."""
    at: datetime | None = await connection.scalar(text("select at from news where topic = :topic"), {"topic": topic})
    return at
