"""A ledger in memory that promises what the real one does.

Facts in order; a state for each stream, compared by version when something is added; rows of read tables, a reader's
position and an idempotency key in the same append; all of it or nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from services.notify.service import NOTIFY
from shared.decider import Command, Decision, Refused, Row, fold

encode = msgspec.json.encode
STORED: dict[type[Any], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in {*NOTIFY.facts, *map(type, NOTIFY.states.values())}
}
"""What reads facts and states back as they are stored, by their type."""
Key = tuple[Any, ...]
Rows = dict[Key, Mapping[str, Any]]


class Moved(Exception):
    """Somebody else added to one of the streams, or read on, since this was decided: nothing was stored."""


class Read(NamedTuple):
    """How far a reader has come on a topic, and where it believes it stood before."""

    topic: str
    expected: int
    sequence: int


class Draft(NamedTuple):
    """What commands lead to, decided on states that may be old: one append. `facts` are in order of the decisions."""

    commands: tuple[Command, ...]
    expected: Mapping[str, int]
    facts: Decision
    rows: tuple[Row, ...]
    now: datetime
    read: Read | None = None
    key: str | None = None
    refused: tuple[str, ...] = ()


class Written(NamedTuple):
    """A fact as the log holds it, with the command's `now`, and the stream's states `before` and `after` it."""

    stream: str
    fact: Any
    now: datetime
    before: Any
    after: Any


@dataclass
class Store:
    """The database that all processes share.

    `touched` names the tables that the last append changed. As indexes: `posted_to` has the rows of each desk's post
    in order, `unsettled` the keys of the sends that are not over or whose failure was not reported, `unwritten` the
    letters, each with the key of its bundle.
    """

    heads: dict[str, tuple[int, Any]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    log: list[Written] = field(default_factory=list)
    by_stream: dict[str, list[Written]] = field(default_factory=dict)
    tables: defaultdict[str, Rows] = field(default_factory=lambda: defaultdict(dict))
    read: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    touched: set[str] = field(default_factory=set)
    posted_to: defaultdict[Key, list[Mapping[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    unsettled: dict[Key, None] = field(default_factory=dict)
    unwritten: dict[Key, Key] = field(default_factory=dict)

    def head(self, stream: str) -> tuple[int, Any]:
        """The stream's version and state."""
        if stream not in self.heads:
            self.heads[stream] = 0, NOTIFY.start(stream)
        return self.heads[stream]

    def state(self, stream: str) -> Any:
        return self.head(stream)[1]

    def rows(self, table: str) -> Rows:
        return self.tables[table]

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
        written, rows = [], list(draft.rows)
        for stream, fact in draft.facts:
            version, before = self.head(stream)
            after = NOTIFY.evolve(before, fact)
            self.heads[stream] = (version + 1, after)
            written.append(Written(stream, fact, draft.now, before, after))
            self.by_stream.setdefault(stream, []).append(written[-1])
            rows.extend(NOTIFY.project(stream, fact, after))
        for stream in dict.fromkeys(each.stream for each in written):
            # Another process reads the state as it was stored.
            version, state = self.heads[stream]
            stored = encode(state)
            self.sizes[stream] = len(stored)
            self.heads[stream] = (version, STORED[type(state)].decode(stored))
        self.log += written
        self._store(rows)
        return written

    def _store(self, rows: Sequence[Row]) -> None:
        self.touched = {row.table for row in rows}
        for row in rows:
            if row.values is None:
                self.rows(row.table).pop(row.key, None)
                continue
            self.rows(row.table)[row.key] = row.values
            if row.table == "posted":
                self.posted_to[row.key[:2]].append(row.values)
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
        read = [STORED[type(fact)].decode(encode(fact)) for fact in facts]
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
        for n, command in enumerate(commands, start=1):
            streams = command.streams
            for stream in streams:
                if stream not in heads:
                    if stream not in self._cache:
                        self._cache[stream] = self.store.head(stream)
                    expected[stream], heads[stream] = self._cache[stream]
            try:
                # What one command did not name, it must not find here either.
                states = heads if len(commands) == 1 else {stream: heads[stream] for stream in streams}
                decision = NOTIFY.decide(command, states)
            except Refused as refusal:
                refused.append(refusal.code)
                continue
            for stream, fact in decision:
                assert stream in streams, f"{type(command).__name__} adds to {stream}, which it did not name"
                if n < len(commands):
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
        for stream, _ in draft.facts:
            self._cache[stream] = self.store.head(stream)
