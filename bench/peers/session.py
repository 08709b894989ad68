"""Our web process as most are written: one SQLAlchemy Core session a request, one transaction, no ledger.

Edge, token, body, domain and rows are the same; only the writing differs. Statements are built once and cached. It is
spared what makes the ledger's log verifiable: no lock, no chain, positions from a sequence with gaps.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from services.stock.api import api
from services.stock.domain import Book
from services.stock.service import STOCK
from services.stock.views.balances import balances
from shared.decider import Command
from shared.http import create_app
from shared.ledger import Committed, Context, Recorded
from shared.ledger.batch import Metadata
from shared.ledger.chain import digest, microseconds
from shared.offices import offices
from shared.settings import Settings

POOL = 16
"""Connections: more of them are slower on few cores, fewer leave the server waiting."""

log = sa.MetaData()
events = sa.Table(
    "events",
    log,
    sa.Column("position", sa.BigInteger, sa.Sequence("positions"), primary_key=True),
    *(sa.Column(name, sa.Text) for name in ("stream", "type", "topic")),
    *(sa.Column(name, sa.Integer) for name in ("version", "schema")),
    sa.Column("data", sa.JSON),
    sa.Column("metadata", sa.JSON),
    sa.Column("occurred_at", sa.DateTime(timezone=True)),
    sa.Column("recorded_at", sa.DateTime(timezone=True)),
    sa.Column("sequence", sa.BigInteger),
    sa.Column("hash", sa.LargeBinary),
)
streams = sa.Table(
    "streams",
    log,
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer),
    sa.Column("state_schema", sa.Integer),
    sa.Column("state", sa.JSON),
)
topics = sa.Table("topics", log, sa.Column("topic", sa.Text, primary_key=True), sa.Column("sequence", sa.BigInteger))
keys = sa.Table(
    "idempotency_keys",
    log,
    *(sa.Column(name, sa.Text, primary_key=True) for name in ("subject", "route", "key")),
    sa.Column("fingerprint", sa.LargeBinary),
    sa.Column("first", sa.BigInteger),
    sa.Column("last", sa.BigInteger),
    sa.Column("recorded_at", sa.DateTime(timezone=True)),
)


def upsert(table: sa.Table) -> Any:
    """Inserts a row, or changes the one with its key."""
    statement = insert(table)
    changed = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=changed)


FIND = sa.select(streams.c.version, streams.c.state).where(streams.c.stream == sa.bindparam("of")).with_for_update()
NEXT = topics.update().where(topics.c.topic == sa.bindparam("of")).values(sequence=topics.c.sequence + 1)
NEXT_SEQUENCE = NEXT.returning(topics.c.sequence)
ADD_EVENT = insert(events).returning(events.c.position)
ADD_KEY = insert(keys)
KEEP_STATE = upsert(streams)
KEEP_BALANCE = upsert(balances)


class Sessions:
    """Stands where the ledger stands in the other one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def execute(self, command: Command, context: Context) -> Committed:
        """Reads the state under a lock on its row, decides, and stores what follows, all in one transaction."""
        stream, *others = command.streams
        async with AsyncSession(self._engine) as session, session.begin():
            version, stored = (await session.execute(FIND, {"of": stream})).one()
            state = msgspec.convert(stored, Book)
            # Of the office's premises nothing was ever said: it is spared looking.
            states = {other: STOCK.start(other) for other in others} | {stream: state}
            fact: Any
            ((_, fact),) = STOCK.decide(command, states)
            state = STOCK.evolve(state, fact)
            now = datetime.now(UTC)
            kept = {"stream": stream, "version": version + 1, "state_schema": STOCK.schemas["office"]}
            await session.execute(KEEP_STATE, kept | {"state": msgspec.to_builtins(state)})
            for row in STOCK.project(stream, fact, state):
                await session.execute(KEEP_BALANCE, row.values and msgspec.to_builtins(row.values))
            topic = offices().topic("stock", fact.office, now)
            sequence = (await session.execute(NEXT_SEQUENCE, {"of": topic})).scalar_one()
            event = _event(stream, version + 1, fact, command, context, topic)
            event |= {"sequence": sequence, "recorded_at": now}
            position = (await session.execute(ADD_EVENT, event)).scalar_one()
            await session.execute(ADD_KEY, _key(context, position, now))
        return Committed(position, (Recorded(position, stream, version + 1, fact, now),))


def _event(stream: str, version: int, fact: Any, command: Command, context: Context, topic: str) -> dict[str, Any]:
    metadata = Metadata(context.subject, context.route, context.key)
    name, moment = type(fact).__name__, microseconds(command.occurred_at)
    texts = msgspec.json.encode(fact), msgspec.json.encode(metadata)
    return {
        "stream": stream,
        "version": version,
        "type": name,
        "schema": 1,
        "data": msgspec.to_builtins(fact),
        "metadata": msgspec.to_builtins(metadata),
        "occurred_at": command.occurred_at,
        "topic": topic,
        "hash": digest(stream, version, name, 1, *texts, moment, topic),
    }


def _key(context: Context, position: int, now: datetime) -> dict[str, Any]:
    return {
        "subject": context.subject,
        "route": context.route,
        "key": context.key,
        "fingerprint": context.fingerprint,
        "first": position,
        "last": position,
        "recorded_at": now,
    }


settings = Settings()


@asynccontextmanager
async def without_ledger(app: FastAPI) -> AsyncIterator[None]:
    engine = create_async_engine(settings.database_url, pool_size=POOL, max_overflow=0, pool_timeout=30)
    app.state.ledger = Sessions(engine)
    yield
    await engine.dispose()


app = create_app(STOCK, api, settings=settings, lifespan=without_ledger)
