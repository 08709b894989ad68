"""The clock: due rows become commands, and the state decides whether they still matter.

Deadlines are rows of `deadlines`, written in the append of the facts they follow from and consumed
in the append of the command they lead to. A timer is never cancelled or moved. A due row speaks
only once this reader knows all that had happened by then; after ten minutes of trying it speaks
all the same, marked as stale.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from prometheus_client import Counter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.decider import Command, Refused, Row
from shared.ledger import INTERRUPTIONS, Context, Entry, Ledger
from shared.moments import utcnow
from shared.news import News
from shared.offices import offices

PATIENCE = timedelta(minutes=10)
LOOK_EVERY = 0.5
CHUNK = 200

DEADLINES = Counter("blanko_deadlines", "Deadlines that spoke", ["kind"])

log = structlog.get_logger()

_DUE = text("select key, stream, office, due, kind, data from deadlines where due <= :now order by due limit :chunk")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment at which somebody wanted to be woken."""

    key: str
    stream: str
    office: str
    due: datetime
    kind: str
    data: str

    def told(self, now: datetime) -> dict[str, Any]:
        """What a command that follows from it is told: it happened when the deadline was due."""
        return offices().known(self.office).told_at(now, self.due)

    @property
    def row(self) -> Row:
        values = {field: getattr(self, field) for field in ("key", "stream", "office", "due", "kind", "data")}
        return Row("deadlines", (self.key,), values)


Due = Callable[[Deadline, datetime, bool], Command]


class Clock:
    """Turns due rows into commands. Runs in the worker whose turn it is.

    `due(deadline, now, stale)` makes the command; `topics_of(office, moment)` names the topics whose
    news must have been read before a deadline of that office may speak.
    """

    def __init__(
        self,
        service: str,
        ledger: Ledger,
        engine: AsyncEngine,
        due: Due,
        news: News,
        topics_of: Callable[[str, datetime], Sequence[str]],
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        self._service = service
        self._ledger = ledger
        self._engine = engine
        self._due = due
        self._news = news
        self._topics_of = topics_of
        self._now = now

    async def run(self) -> None:
        """Looks for due rows until cancelled."""
        while True:
            try:
                spoke = await self.look()
            except INTERRUPTIONS as error:
                log.warning("clock_interrupted", error=repr(error))
                spoke = 0
            if spoke < CHUNK:
                await asyncio.sleep(LOOK_EVERY)

    async def look(self) -> int:
        """Lets what is due speak, as far as the news has been read; returns how many spoke."""
        now = self._now()
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_DUE, {"now": now, "chunk": CHUNK})).all()
        spoke = 0
        for row in rows:
            deadline = Deadline(*row)
            fresh = self._knows_all_until(deadline)
            if not fresh and now - deadline.due < PATIENCE:
                continue
            context = Context(subject=f"{self._service}-clock", route=deadline.kind, cause=deadline.key)
            entry = Entry(self._due(deadline, now, not fresh), context)
            (outcome,) = await self._ledger.execute_all([entry], rows=[Row("deadlines", (deadline.key,), None)])
            if isinstance(outcome, Refused):
                log.error("deadline_refused", key=deadline.key, code=outcome.code)
            DEADLINES.labels(deadline.kind).inc()
            spoke += 1
        return spoke

    def _knows_all_until(self, deadline: Deadline) -> bool:
        heard = [self._news.up_to(topic) for topic in self._topics_of(deadline.office, deadline.due)]
        return all(up_to is not None and up_to >= deadline.due for up_to in heard)
