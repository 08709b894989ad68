"""A past of a million facts, decided by stock's own domain and copied into its log, chain, states and all.

One book has a tenth of them, forty have ten each, the other offices' share the rest: cards printed day by day, and a
box of blanks now and then.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from bench.books import LOCATION, cities, opening, topic_of
from services.stock.domain import ReceiveBlanks, UseBlank, book_of
from services.stock.published import PROMISED
from services.stock.service import STOCK
from shared.ledger.batch import Metadata
from shared.ledger.chain import digest, link, microseconds

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

_COLUMNS: tuple[str, ...] = ("position", "stream", "version", "type", "schema", "data", "metadata")
_COLUMNS += ("occurred_at", "recorded_at", "topic", "sequence", "hash")
METADATA = msgspec.json.encode(Metadata("stock-worker", "printing.CardPrinted", cause="printing/1-1000000"))
_encode = msgspec.json.Encoder().encode


class Past:
    """Writes the log of a migrated, empty stock database."""

    def __init__(self) -> None:
        self.heads: dict[str, tuple[int, Any]] = {}
        self.position = 0
        self.hash = b""
        self.sequences: dict[str, int] = {}
        self.at = SINCE
        self._offices = {office.id: office for office in cities()}

    async def write(self, owner: "asyncpg.Connection[Any]") -> None:
        """COPYs the facts, then what they add up to."""
        await owner.copy_records_to_table("events", records=self._events(), columns=_COLUMNS)
        states = [(s, version, 1, _encode(state).decode()) for s, (version, state) in self.heads.items()]
        await owner.copy_records_to_table("streams", records=states)
        await owner.copy_records_to_table("topics", records=list(self.sequences.items()))
        head = "update log_head set position = $1, hash = $2, recorded_at = $3"
        await owner.execute(head, self.position, self.hash, self.at)

    def _events(self) -> Iterator[tuple[Any, ...]]:
        for name in SHORT:
            yield from self._happen(name, SHORT_FACTS)
        others = [book_of(office.id, "KTP_WNI") for office in cities()[1:]]
        while self.position < FACTS:
            for turn, name in enumerate(others):
                yield from self._happen(name, 1)
                if turn % 8 == 0 and self._version(LONG) < LONG_FACTS:
                    yield from self._happen(LONG, 1)

    def _version(self, stream: str) -> int:
        return self.heads[stream][0] if stream in self.heads else 0

    def _happen(self, stream: str, facts: int) -> Iterator[tuple[Any, ...]]:
        """At least so many facts more in this stream."""
        until = self._version(stream) + facts
        while self._version(stream) < until:
            command = self._command(stream)
            states = {stream: self.heads[stream][1] if stream in self.heads else STOCK.start(stream)}
            for _, fact in STOCK.decide(command, states):
                yield self._record(stream, fact)

    def _command(self, stream: str) -> Any:
        self.at += SECONDS
        _, office, item = stream.split("/")
        version = self._version(stream)
        if version == 0:
            return opening(self._offices[office], item, self.at)  # type: ignore[arg-type]
        common: dict[str, Any] = {
            "now": self.at,
            "occurred_at": self.at,
            "day": self.at.date(),
            "office": office,
            "item": item,
            "location": LOCATION,
        }
        if version % BOX == 0:
            return ReceiveBlanks(**common, quantity=BOX, source="CENTRE", bast=f"BAST-{version}")
        job = f"01931f6e-7a2b-7c3d-8e4f-{self.position:012x}"
        return UseBlank(**common, job=job, daily_use_default=50_000)

    def _record(self, stream: str, fact: Any) -> tuple[Any, ...]:
        version, state = self.heads.get(stream) or (0, STOCK.start(stream))
        self.heads[stream] = version + 1, STOCK.evolve(state, fact)
        self.position += 1
        name, schema, topic, sequence = type(fact).__name__, PROMISED.get(type(fact), 1), None, None
        if type(fact) in PROMISED:
            topic = topic_of(fact.office, self.at)
            sequence = self.sequences[topic] = self.sequences.get(topic, 0) + 1
        data, metadata = _encode(fact), METADATA
        columns = digest(stream, version + 1, name, schema, data, metadata, microseconds(self.at), topic)
        self.hash = link(self.hash, self.position, self.at, sequence, columns)
        texts = data.decode(), metadata.decode()
        known = self.position, stream, version + 1, name, schema, *texts, self.at, self.at
        return *known, topic, sequence, self.hash
