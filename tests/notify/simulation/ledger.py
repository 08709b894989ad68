"""A ledger in memory that promises what the real one does.

Facts in order; a state for each stream, compared by version when something is added; rows of read tables, a reader's
position and an idempotency key in the same append; all of it or nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from services.notify.service import NOTIFY
from shared.decider import Command, Decision, Refused, Row, fold

encode = msgspec.json.encode
Key = tuple[Any, ...]
Rows = dict[Key, Mapping[str, Any]]


class Moved(Exception):
    """Somebody else added to one of the streams, or read on, since this was decided: nothing was stored."""


@dataclass(frozen=True)
class Read:
    """How far a reader has come on a topic, and where it believes it stood before."""

    topic: str
    expected: int
    sequence: int


@dataclass(frozen=True)
class Draft:
    """What commands lead to, decided on states that may be old: one append. `facts` are in order of the decisions."""

    commands: tuple[Command, ...]
    expected: Mapping[str, int]
    facts: Decision
    rows: tuple[Row, ...]
    now: datetime
    read: Read | None = None
    key: str | None = None
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """A fact as the log holds it, with the command's `now`."""

    stream: str
    fact: Any
    now: datetime


@dataclass
class Store:
    """The database that all processes share.

    `touched` names the tables that the last append changed; `unsettled` are, as an index, the keys of the sends that
    are not over or whose failure was not reported, `unwritten` the letters, each with the key of its bundle.
    """

    heads: dict[str, tuple[int, Any]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    log: list[Written] = field(default_factory=list)
    by_stream: dict[str, list[Written]] = field(default_factory=dict)
    tables: dict[str, Rows] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    unsettled: dict[Key, None] = field(default_factory=dict)
    unwritten: dict[Key, Key] = field(default_factory=dict)

    def head(self, stream: str) -> tuple[int, Any]:
        """The stream's version and state."""
        return self.heads.get(stream) or (0, NOTIFY.start(stream))

    def state(self, stream: str) -> Any:
        return self.head(stream)[1]

    def rows(self, table: str) -> Rows:
        return self.tables.setdefault(table, {})

    def append(self, draft: Draft) -> list[Written]:
        """Stores all of it, and answers with the facts. Raises `Moved`."""
        if draft.key is not None and draft.key in self.keys:
            return []
        if any(self.head(stream)[0] != version for stream, version in draft.expected.items()):
            raise Moved
        read = draft.read
        if read is not None and self.read.get(read.topic, 0) != read.expected:
            raise Moved
        if draft.key is not None and not draft.refused:
            self.keys.add(draft.key)
        if read is not None:
            self.read[read.topic] = read.sequence
        written = [Written(stream, fact, draft.now) for stream, fact in draft.facts]
        rows = list(draft.rows)
        for each in written:
            version, state = self.head(each.stream)
            state = NOTIFY.evolve(state, each.fact)
            self.heads[each.stream] = (version + 1, state)
            self.by_stream.setdefault(each.stream, []).append(each)
            rows.extend(NOTIFY.project(each.stream, each.fact, state))
        for stream in dict.fromkeys(each.stream for each in written):
            # Another process reads the state as it was stored.
            version, state = self.heads[stream]
            stored = encode(state)
            self.sizes[stream] = len(stored)
            self.heads[stream] = (version, msgspec.json.decode(stored, type=type(state)))
        self.log += written
        self._store(rows)
        return written

    def _store(self, rows: Sequence[Row]) -> None:
        self.touched = {row.table for row in rows}
        for row in rows:
            if row.values is None:
                self.rows(row.table).pop(row.key, None)
            else:
                self.rows(row.table)[row.key] = row.values
            if row.values is None:
                continue
            if row.table == "bundles" and row.values["letter"] is not None:
                self.unwritten[*row.key[:2], row.values["letter"]] = row.key
            if row.table == "letters":
                self.unwritten.pop(row.key, None)
            if row.table == "sends":
                self.unsettled.pop(row.key, None)
                if row.values["state"] in ("DUE", "UNDER_WAY") or row.values["unreached"] > row.values["reported"]:
                    self.unsettled[row.key] = None

    def replayed(self, stream: str) -> Any:
        """The state that the stream's facts add up to, read back as they are stored."""
        facts = [each.fact for each in self.by_stream[stream]]
        read = [msgspec.json.decode(encode(fact), type=type(fact)) for fact in facts]
        return fold(NOTIFY.evolve, NOTIFY.start(stream), read)


class Process:
    """A process with the states it has seen. What others add meanwhile it learns when it is told that they did."""

    def __init__(self, name: str, store: Store, clock: Callable[[], datetime]) -> None:
        self.name = name
        self.store = store
        self._clock = clock
        self._cache: dict[str, tuple[int, Any]] = {}

    @property
    def now(self) -> datetime:
        """What its own clock shows."""
        return self._clock()

    def restart(self) -> None:
        """All it knew is forgotten."""
        self._cache.clear()

    def decide(
        self, commands: Sequence[Command], rows: Sequence[Row] = (), read: Read | None = None, key: str | None = None
    ) -> Draft:
        """What these commands lead to by what the process knows, each on what the ones before it left behind."""
        heads: dict[str, Any] = {}
        expected: dict[str, int] = {}
        facts: Decision = []
        refused = []
        for command in commands:
            for stream in command.streams:
                if stream not in heads:
                    known = self._cache.setdefault(stream, self.store.head(stream))
                    expected[stream], heads[stream] = known
            try:
                decision = NOTIFY.decide(command, {stream: heads[stream] for stream in command.streams})
            except Refused as refusal:
                refused.append(refusal.code)
                continue
            for stream, fact in decision:
                assert stream in command.streams, f"{type(command).__name__} adds to {stream}, which it did not name"
                heads[stream] = NOTIFY.evolve(heads[stream], fact)
            facts += decision
        now = commands[0].now if commands else self.now
        return Draft(tuple(commands), expected, facts, tuple(rows), now, read, key, tuple(refused))

    def again(self, draft: Draft) -> Draft:
        """The same commands, decided on what is stored now."""
        for stream in draft.expected:
            self._cache[stream] = self.store.head(stream)
        return self.decide(draft.commands, draft.rows, draft.read, draft.key)

    def learn(self, draft: Draft) -> None:
        """What the process has stored itself it knows."""
        for stream in draft.expected:
            self._cache[stream] = self.store.head(stream)
