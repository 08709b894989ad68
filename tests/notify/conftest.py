"""Notify's own database, migrated, for each test that asks for one."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.notify.service import NOTIFY
from shared.ledger import Ledger
from shared.migrate import upgrade
from shared.offices import offices
from shared.schema import scripts_of


def topic_of(office: str, moment: datetime) -> str:
    return offices().topic("notify", office, moment)


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    database = postgres.create_service_database("notify", f"notify_{uuid4().hex[:12]}")
    upgrade(scripts_of("notify"), database.owner_url)
    yield database
    postgres.drop_database(database.name)


@pytest.fixture
async def engine(database: ServiceDatabase) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database.app_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def ledger(engine: AsyncEngine) -> AsyncIterator[Ledger]:
    async with Ledger(NOTIFY, engine, topic_of) as ledger:
        yield ledger
