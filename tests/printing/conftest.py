"""Printing over HTTP, on a database of its own, for each test that asks for it."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.printing.api import api
from services.printing.service import PRINTING
from shared.http import create_app
from shared.migrate import upgrade
from shared.schema import scripts_of
from shared.settings import Settings
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    database = postgres.create_service_database("printing", f"printing_{uuid4().hex[:12]}")
    upgrade(scripts_of("printing"), database.owner_url)
    yield database
    postgres.drop_database(database.name)


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
    app = create_app(PRINTING, api, settings=settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def caller(app: FastAPI, issuer: Issuer) -> Callable[[str, str], httpx2.AsyncClient]:
    """A client for somebody with this role and region."""

    def of(role: str, region: str) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {issuer.token(sub=f'{role}-{region}', role=role, region=region)}"}
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://printing", headers=headers)

    return of
