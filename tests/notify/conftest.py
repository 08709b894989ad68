"""Notify's own database, migrated, for each test that asks for one; and notify over HTTP on it."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.notify.api import api
from services.notify.service import NOTIFY
from shared.ledger import Ledger
from shared.offices import offices
from tests.hosting import Caller, calling, hosted, migrated
from tests.shared.issuer import Issuer


def topic_of(office: str, moment: datetime) -> str:
    return offices().topic("notify", office, moment)


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "notify") as database:
        yield database


@pytest.fixture
async def engine(database: ServiceDatabase) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database.app_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def ledger(engine: AsyncEngine) -> AsyncIterator[Ledger]:
    async with Ledger(NOTIFY, engine, topic_of) as ledger:
        yield ledger


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def app(database: ServiceDatabase, issuer: Issuer, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with hosted(NOTIFY, api, database, issuer, tmp_path) as app:
        yield app


@pytest.fixture
def caller(app: FastAPI, issuer: Issuer) -> Caller:
    """A client for somebody with this role and region."""
    return calling(app, issuer)
