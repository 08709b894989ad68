"""Notify's own database, migrated, for each test that asks for one; and notify over HTTP on it."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.notify.api import api
from services.notify.service import NOTIFY
from shared.http import create_app
from shared.ledger import Ledger
from shared.migrate import upgrade
from shared.offices import offices
from shared.schema import scripts_of
from shared.settings import Settings
from tests.notify.web import Caller
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish


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


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def app(database: ServiceDatabase, issuer: Issuer, tmp_path: Path) -> AsyncIterator[FastAPI]:
    keys = tmp_path / "keys.json"
    publish(keys, issuer)
    settings = Settings(
        database_url=database.app_url,
        kafka_bootstrap_servers="",
        auth_issuer=ISSUER,
        auth_audience=AUDIENCE,
        auth_jwks=str(keys),
    )
    app = create_app(NOTIFY, api, settings=settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def caller(app: FastAPI, issuer: Issuer) -> Caller:
    """A client for somebody with this role and region."""

    def of(role: str, region: str) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {issuer.token(sub=f'{role}-{region}', role=role, region=region)}"}
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://notify", headers=headers)

    return of
