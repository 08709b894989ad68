"""Toy services on the real PostgreSQL: a migrated database for each test."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from shared.ledger import Context, Ledger
from shared.migrate import upgrade
from tests.shared.toy import TOY

MIGRATIONS = Path(__file__).parent / "toy" / "migrations"


def topic_of(office: str, moment: datetime) -> str:
    return f"blanko.{office[:2]}.toy"


def asking(key: str | None = None, subject: str = "u1", fingerprint: bytes = bytes(32)) -> Context:
    """The context of a request in these tests."""
    return Context(subject=subject, route="/marbles", key=key, fingerprint=fingerprint)


@pytest.fixture
def toy_database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    database = postgres.create_service_database("toy", f"toy_{uuid4().hex[:12]}")
    upgrade(MIGRATIONS, database.owner_url)
    yield database
    postgres.drop_database(database.name)


@pytest.fixture
async def engine(toy_database: ServiceDatabase) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(toy_database.app_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def ledger(engine: AsyncEngine) -> AsyncIterator[Ledger]:
    async with Ledger(TOY, engine, topic_of) as ledger:
        yield ledger
