"""A batch: units decided in turn, each on the states that the ones before it left behind.

Nothing in here waits. A batch is built, sent in one call, and thrown away; when the call finds that
somebody else was faster, it is built again on what came back.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from shared.decider import Domain, Recalled, Refused, Row, category
from shared.ledger.chain import digest, microseconds
from shared.ledger.records import Committed, Entry, KeyReused, Outcome, Read, Recorded, Unstorable
from shared.ledger.store import Answer

UNIT, NULL = "\x1f", "\x1e"
"""How columns travel: see `append_batch.sql`."""

MAX_FACTS = 1_000
MAX_BYTES = 1_000_000
MAX_FACT_BYTES = 256_000
"""Well below the broker's limit for a message, so that what was stored can always be published."""

Key = tuple[str, str, str]
Event = tuple[str, int, str, int, str, str, int, str | None, bytes]
Heads = dict[str, tuple[int, Any]]
Past = Mapping[str, Sequence[Recalled]]
"""What is stored of the streams that a batch's commands recall, up to their cached versions and in that order."""

_encode = msgspec.json.Encoder().encode


class Metadata(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who wrote an event, by which request, caused by what."""

    subject: str
    route: str
    key: str | None = None
    cause: str | None = None
    traceparent: str | None = None


class Unit:
    """Commands that are stored together or not at all, with the reader's position and further rows.

    `key` is the idempotency key; only a command that stands alone can have one. The rows of one that stands `alone`
    are what it says beside its facts: refused, it says nothing. Others are stored whatever becomes of the commands.
    """

    __slots__ = ("_future", "alone", "entries", "key", "outcomes", "read", "rows")

    def __init__(
        self,
        entries: Sequence[Entry],
        read: Read | None,
        rows: Sequence[Row],
        future: "asyncio.Future[list[Outcome]]",
        *,
        alone: bool = False,
    ) -> None:
        self.alone = alone
        self.entries = entries
        self.read = read
        self.rows = rows
        self.outcomes: list[Any] = []
        self.key: Key | None = None
        if entries and (key := entries[0].context.key) is not None:
            self.key = (entries[0].context.subject, entries[0].context.route, key)
        self._future = future

    def settle(self, outcome: list[Outcome] | Exception) -> None:
        """Answers the caller. One who left, or was told that the outcome is unknown, is past telling."""
        if self._future.done():
            return
        if isinstance(outcome, Exception):
            self._future.set_exception(outcome)
        else:
            self._future.set_result(outcome)


class _Pending(msgspec.Struct, frozen=True):
    stream: str
    version: int
    fact: Any


class Batch:
    """The arguments of one `append_batch`, column by column."""

    def __init__(self, domain: Domain, topic_of: Callable[[str, datetime], str], cache: Heads, past: Past) -> None:
        self._domain = domain
        self._topic_of = topic_of
        self._cache = cache
        self._past = past
        self._added: dict[str, list[Recalled]] = {}
        self.units: list[Unit] = []
        self.heads: Heads = {}
        self._expected: dict[str, int] = {}
        self._events: list[Event] = []
        self._bytes = 0
        self._keys: dict[Key, tuple[Unit, int, int]] = {}
        self._rows: dict[str, dict[tuple[Any, ...], Row]] = {}

    @property
    def full(self) -> bool:
        return len(self._events) >= MAX_FACTS or self._bytes >= MAX_BYTES

    def add(self, unit: Unit) -> None:
        """Decides the unit's commands. If anything but a refusal is raised, the batch stays as it was."""
        key = unit.key
        if key is not None and key in self._keys:
            unit.outcomes = [key]
            self.units.append(unit)
            return
        heads: Heads = {}
        events: list[Event] = []
        rows = list(unit.rows)
        added: dict[str, list[Recalled]] = {}
        outcomes: list[Any] = []
        for entry in unit.entries:
            outcomes.append(self._decide(entry, heads, events, rows, added))
        if unit.alone and isinstance(outcomes[0], Refused):
            rows = []
        self.units.append(unit)
        unit.outcomes = outcomes
        for stream, (version, state) in heads.items():
            if stream not in self._expected:
                self._expected[stream] = self._cache[stream][0]
            self.heads[stream] = (version, state)
        if key is not None and not isinstance(outcomes[0], Refused):
            self._keys[key] = (unit, len(self._events) + 1, len(self._events) + len(events))
        self._events += events
        for row in rows:
            self._rows.setdefault(row.table, {})[row.key] = row
        for stream, facts in added.items():
            self._added.setdefault(stream, []).extend(facts)

    def _decide(
        self, entry: Entry, heads: Heads, events: list[Event], rows: list[Row], added: dict[str, list[Recalled]]
    ) -> Any:
        domain, command = self._domain, entry.command
        streams = command.streams
        for stream in streams:
            if stream not in heads:
                heads[stream] = self.heads.get(stream) or self._cache[stream]
        states: dict[Any, Any] = {stream: heads[stream][1] for stream in streams}
        for recall in command.recalls:
            if recall.stream not in states:
                raise LookupError(f"{type(command).__name__} recalls {recall.stream}, which is not one of its streams")
            states[recall] = (
                *recall.among(self._past[recall.stream]),
                *self._added.get(recall.stream, ()),
                *added.get(recall.stream, ()),
            )
        try:
            decision = domain.decide(command, states)
        except Refused as refusal:
            return refusal
        context = entry.context
        metadata = _encode(Metadata(context.subject, context.route, context.key, context.cause, context.traceparent))
        occurred_at = microseconds(command.occurred_at)
        pending = []
        fact: Any
        for stream, fact in decision:
            version, state = heads[stream]
            state = domain.evolve(state, fact)
            heads[stream] = (version + 1, state)
            data = _encode(fact)
            if len(data) > MAX_FACT_BYTES or b"\\u0000" in data:
                raise Unstorable(f"{type(fact).__name__} of {stream}: {len(data)} bytes, or a NUL in them")
            promised = domain.promised.get(type(fact))
            topic = None if promised is None else self._topic_of(fact.office, command.now)
            name, schema = type(fact).__name__, promised or 1
            columns = digest(stream, version + 1, name, schema, data, metadata, occurred_at, topic)
            texts = data.decode(), metadata.decode()
            events.append((stream, version + 1, name, schema, *texts, occurred_at, topic, columns))
            self._bytes += len(data)
            pending.append(_Pending(stream, version + 1, fact))
            if stream in self._past:
                recalled = Recalled(version + 1, command.occurred_at, command.now, fact)
                added.setdefault(stream, []).append(recalled)
            rows.extend(domain.project(stream, fact, state))
        return pending

    def arguments(self) -> list[Any]:
        """The 28 arguments of `append_batch`."""
        streams = list(self.heads)
        heads = self.heads.values()
        schemas = self._domain.schemas
        expected = [self._expected[stream] for stream in streams]
        # A stream that was only read is compared, not written: its state need not travel.
        states = [
            _encode(state).decode() if version > before else NULL
            for (version, state), before in zip(heads, expected, strict=True)
        ]
        stream, version, type_, schema, data, metadata, occurred_at, topic, digests = _columns(self._events, 9)
        keys = [(*key, unit.entries[0].context.fingerprint, *span) for key, (unit, *span) in self._keys.items()]
        subject, route, key, fingerprint, first, last = _columns(keys, 6)
        reads = [unit.read for unit in self.units if unit.read is not None]
        return [
            _texts(streams),
            _numbers(expected),
            _numbers([version for version, _ in heads]),
            _numbers([schemas[category(stream)] for stream in streams]),
            _texts(states),
            _texts(stream),
            _numbers(version),
            _texts(type_),
            _numbers(schema),
            _texts(data),
            _texts(metadata),
            _numbers(occurred_at),
            _texts([NULL if name is None else name for name in topic]),
            b"".join(digests),
            _texts(subject),
            _texts(route),
            _texts(key),
            b"".join(fingerprint),
            _numbers(first),
            _numbers(last),
            [read.topic for read in reads],
            [read.expected for read in reads],
            [read.offset for read in reads],
            [read.sequence for read in reads],
            [read.epoch for read in reads],
            *self._row_columns(),
        ]

    def _row_columns(self) -> tuple[list[str], list[str], list[str]]:
        tables, sets, drops = [], [], []
        for table, rows in self._rows.items():
            tables.append(table)
            sets.append(_encode([row.values for row in rows.values() if row.values is not None]).decode())
            drops.append(_encode([row.key for row in rows.values() if row.values is None]).decode())
        return tables, sets, drops

    def settle(self, answer: Answer) -> list[Unit]:
        """Tells every unit what became of it; returns those refused under a key, which may have been used before."""
        assert answer.position is not None and answer.recorded_at is not None
        position, recorded_at = answer.position, answer.recorded_at
        asked_before = []
        done: dict[int, list[Outcome]] = {}
        for unit in self.units:
            outcomes: list[Outcome] = []
            for outcome in unit.outcomes:
                if isinstance(outcome, list):
                    facts = tuple(
                        Recorded(position + n, p.stream, p.version, p.fact, recorded_at)
                        for n, p in enumerate(outcome, start=1)
                    )
                    position += len(facts)
                    outcomes.append(Committed(position, facts))
                elif isinstance(outcome, Refused):
                    outcomes.append(outcome)
                else:
                    first = self._keys[outcome][0]
                    same = first.entries[0].context.fingerprint == unit.entries[0].context.fingerprint
                    answered = done[id(first)][0]
                    assert isinstance(answered, Committed)
                    outcomes.append(
                        Committed(answered.position, answered.facts, replayed=True) if same else KeyReused()
                    )
            if unit.key is not None and isinstance(outcomes[0], Refused):
                asked_before.append(unit)
                unit.outcomes = list(outcomes)
            else:
                done[id(unit)] = outcomes
                unit.settle(outcomes)
        return asked_before


def _columns(rows: Sequence[tuple[Any, ...]], width: int) -> Sequence[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * width


def _texts(values: Sequence[str]) -> str:
    joined = UNIT.join(values)
    if joined.count(UNIT) > max(len(values) - 1, 0):
        raise Unstorable("a name contains the unit separator")
    return joined


def _numbers(values: Sequence[int]) -> str:
    return ",".join(map(str, values))


def replayed(unit: Unit, facts: tuple[Recorded, ...], fingerprint: bytes, last: int) -> Outcome:
    """The answer to a request whose key was used before."""
    if fingerprint != unit.entries[0].context.fingerprint:
        return KeyReused()
    return Committed(last, facts, replayed=True)
