"""Group commit: commands that arrive while an append is under way go into the next one together.

There is no timer: under one caller a batch is one command, under many it grows by itself. One batch
is in flight. Each command is decided on the cached state of its streams, then everything is stored
in one call or nothing is; when another process was faster, the batch is decided again on the states
that came back, and after a second miss under the log's lock, so that it cannot starve.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Self

import asyncpg
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.database import OF_THE_DATABASE
from shared.decider import Command, Decision, Domain, Recall, Row, States
from shared.failpoints import reached
from shared.ledger.batch import Batch, Heads, Past, Unit, replayed
from shared.ledger.records import (
    Busy,
    Committed,
    Context,
    Entry,
    Outcome,
    OutcomeUnknown,
    PositionMoved,
    Read,
    Unstorable,
)
from shared.ledger.store import Answer, KeyUsed, Store

MAX_COMMANDS = 256
MAX_WAITING = 4_096
CALLER_WAITS = 5.0
"""Seconds until a caller is told that the outcome is unknown. The append itself is never cancelled."""
APPEND_LIMIT = 60.0
"""Seconds after which a connection that does not answer is given up."""
CACHED_STREAMS = 100_000

log = structlog.get_logger()


class Ledger:
    """The one way to write. `async with Ledger(...)` starts its writer and, at the end, lets it finish.

    `topic_of(office, moment)` names the topic of the office concerned by a promised fact.
    """

    def __init__(self, domain: Domain, engine: AsyncEngine, topic_of: Callable[[str, datetime], str]) -> None:
        self._domain = domain
        self._topic_of = topic_of
        self._store = Store(domain, engine)
        self._cache: Heads = {}
        self._queue: deque[Unit] = deque()
        self._wake = asyncio.Event()
        self._open = False
        self._writer: asyncio.Task[None] | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._callers: deque[tuple[float, asyncio.Future[Any]]] = deque()

    async def __aenter__(self) -> Self:
        self._open = True
        self._writer = asyncio.create_task(self._write(), name="ledger writer")
        self._sweeper = asyncio.create_task(self._sweep(), name="ledger sweeper")
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._open = False
        self._wake.set()
        assert self._writer is not None and self._sweeper is not None
        await asyncio.wait([self._writer], timeout=APPEND_LIMIT)
        for task in (self._writer, self._sweeper):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._store.disconnect()

    async def execute(self, command: Command, context: Context, rows: Sequence[Row] = ()) -> Committed:
        """Stores what the command leads to and answers with it, after the commit.

        `rows` are rows of keyed tables to be stored with it, before those of its facts; none if it is refused.
        Raises `Refused`, `KeyReused`, `Busy`, `OutcomeUnknown`, `Unstorable`, or the database's error.
        """
        future = self._enqueue((Entry(command, context),), None, rows, alone=True)
        self._callers.append((asyncio.get_running_loop().time() + CALLER_WAITS, future))
        outcome = (await future)[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome  # type: ignore[no-any-return]

    async def execute_all(
        self, entries: Sequence[Entry], read: Read | None = None, rows: Sequence[Row] = ()
    ) -> list[Outcome]:
        """Stores all commands' facts, the reader's position and the rows together, or nothing.

        A refused command is an outcome among the others, and the rows are stored all the same. Raises
        `PositionMoved`, or what makes the whole impossible to store. Waits as long as it takes.
        """
        outcomes: list[Outcome] = await self._enqueue(entries, read, rows)
        return outcomes

    async def preview(self, command: Command) -> tuple[Decision, States]:
        """What the command would lead to now, and the states and recalls that this was decided on. Stores nothing.

        Asks on a connection of its own and leaves the writer alone. Raises `Refused`, or the database's error.
        """
        async with self._store.another() as store:
            heads = await store.states(command.streams)
            states: dict[Any, Any] = {stream: state for stream, (_, state) in heads.items()}
            for recall in command.recalls:
                states[recall] = tuple((await store.past({recall: heads[recall.stream][0]}))[recall.stream])
        return self._domain.decide(command, states), states

    def _enqueue(
        self, entries: Sequence[Entry], read: Read | None, rows: Sequence[Row], *, alone: bool = False
    ) -> "asyncio.Future[Any]":
        if not self._open or len(self._queue) >= MAX_WAITING:
            raise Busy
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append(Unit(entries, read, rows, future, alone=alone))
        self._wake.set()
        return future

    async def _sweep(self) -> None:
        """Tells callers whose time is over. One task for all: a timer for each would cost more than its command."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.25)
            while self._callers and (self._callers[0][1].done() or self._callers[0][0] < loop.time()):
                _, future = self._callers.popleft()
                if not future.done():
                    future.set_exception(OutcomeUnknown())

    async def _write(self) -> None:
        while self._open or self._queue:
            if not self._queue:
                self._wake.clear()
                await self._wake.wait()
                continue
            units = self._take()
            try:
                await self._commit(units)
            except Exception as error:
                log.error("append_failed", error=type(error).__name__, commands=len(units))
                await self._give_up(units, OutcomeUnknown())

    def _take(self) -> list[Unit]:
        units: list[Unit] = []
        commands = 0
        while self._queue and (not units or commands + len(self._queue[0].entries) <= MAX_COMMANDS):
            unit = self._queue.popleft()
            commands += len(unit.entries)
            units.append(unit)
        return units

    async def _give_up(self, units: Iterable[Unit], error: Exception) -> None:
        self._cache.clear()
        for unit in units:
            unit.settle(error)
        with suppress(*OF_THE_DATABASE):
            await self._store.disconnect()

    async def _commit(self, units: list[Unit]) -> None:
        """Stores a batch; every unit has been settled when this returns, or is settled by who catches."""
        for attempt in range(3):
            async with asyncio.timeout(APPEND_LIMIT):
                units = await self._attempt(units, locked=attempt == 2)
            if not units:
                return
        raise AssertionError("a batch under the log's lock was overtaken")

    async def _attempt(self, units: list[Unit], *, locked: bool) -> list[Unit]:
        """Decides and stores once; returns the units that must be decided again."""
        transaction = await self._store.locked() if locked else None
        if locked:
            self._cache.clear()
        batch, failed = await self._build(units)
        for unit, error in failed:
            unit.settle(error)
        try:
            if not batch.units:
                return []
            reached("before_commit")
            answer = await self._store.append(batch.arguments())
            if transaction is not None and answer.position is not None:
                await transaction.commit()
                transaction = None
            reached("after_commit")
        except KeyUsed:
            if transaction is not None:
                await transaction.rollback()
                transaction = None
            await self._answer_used_keys(batch.units)
            remaining = [unit for unit in batch.units if unit.key is None or unit.outcomes]
            return await self._attempt(remaining, locked=locked) if remaining else []
        except (asyncpg.PostgresError, Unstorable) as error:
            if _of_the_server(error):
                raise
            if transaction is not None:
                await transaction.rollback()
                transaction = None
            await self._one_by_one(batch.units, error)
            return []
        finally:
            if transaction is not None:
                await transaction.rollback()
        return await self._settle(batch, answer)

    async def _build(self, units: list[Unit]) -> tuple[Batch, list[tuple[Unit, Exception]]]:
        needed = {stream for unit in units for entry in unit.entries for stream in entry.command.streams}
        unknown = needed - self._cache.keys()
        if unknown:
            if len(self._cache) > CACHED_STREAMS:
                self._cache.clear()
                unknown = needed
            self._cache.update(await self._store.states(unknown))
        batch = Batch(self._domain, self._topic_of, self._cache, await self._past(units))
        failed: list[tuple[Unit, Exception]] = []
        for n, unit in enumerate(units):
            if batch.full:
                self._queue.extendleft(reversed(units[n:]))
                break
            try:
                batch.add(unit)
            except Exception as error:
                failed.append((unit, error))
        return batch, failed

    async def _past(self, units: list[Unit]) -> Past:
        """What the units' commands recall. Up to the cached versions, for the append compares those."""
        widest: dict[str, Recall] = {}
        for unit in units:
            for entry in unit.entries:
                for recall in entry.command.recalls:
                    known = widest.get(recall.stream)
                    if known is None or recall.since < known.since:
                        widest[recall.stream] = recall
        # A stream that is none of its command's own is not there: that command fails, and alone.
        recalls = {recall: self._cache[stream][0] for stream, recall in widest.items() if stream in self._cache}
        return await self._store.past(recalls) if recalls else {}

    async def _settle(self, batch: Batch, answer: Answer) -> list[Unit]:
        if answer.position is None:
            for missed in answer.streams:
                self._cache[missed.stream] = await self._store.state(
                    missed.stream, missed.version, missed.schema, missed.state
                )
            moved = {read.topic: read.sequence for read in answer.reads}
            again = []
            for unit in batch.units:
                if unit.read is not None and unit.read.topic in moved:
                    unit.settle(PositionMoved(unit.read.topic, moved[unit.read.topic]))
                else:
                    again.append(unit)
            return again
        self._cache.update(batch.heads)
        refused = batch.settle(answer)
        if refused:
            await self._answer_used_keys(refused)
            for unit in refused:
                if unit.outcomes:
                    unit.settle(unit.outcomes)
        return []

    async def _answer_used_keys(self, units: Iterable[Unit]) -> None:
        """A request under a used key gets the answer it got then, even if it would be refused today."""
        keyed = [(unit, unit.key) for unit in units if unit.key is not None]
        used = await self._store.keys([key for _, key in keyed if key is not None])
        for unit, key in keyed:
            stored = used.get(key) if key is not None else None
            if stored is not None:
                facts = await self._store.recorded(stored.first, stored.last)
                unit.outcomes = []
                unit.settle([replayed(unit, facts, stored.fingerprint, stored.last)])

    async def _one_by_one(self, units: list[Unit], error: Exception) -> None:
        """A database error in a batch is not spread: only the culprit fails."""
        if len(units) == 1:
            units[0].settle(error)
            return
        log.warning("batch_split", error=type(error).__name__, commands=len(units))
        for unit in units:
            await self._commit([unit])


def _of_the_server(error: Exception) -> bool:
    """The server, not the data, is the trouble: connection, resources, shutdown, a standby, a deadlock."""
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in ("08", "53", "57", "58", "40", "XX") or state == "25006"
