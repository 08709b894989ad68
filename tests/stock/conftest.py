"""Stock's web process on its own migrated database, and callers of every role."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.stock.api import api
from services.stock.service import STOCK
from shared.http import create_app
from shared.settings import Settings
from tests.hosting import Caller, migrated

KEY = ec.generate_private_key(ec.SECP256R1())


def token(role: str, region: str, subject: str = "") -> str:
    now = datetime.now(UTC)
    claims = {"iss": "dev", "aud": "blanko", "sub": subject or f"{role}-{region}", "role": role, "region": region}
    times = {"iat": now, "nbf": now, "exp": now + timedelta(minutes=5)}
    return jwt.encode(claims | times, KEY, algorithm="ES256", headers={"kid": "k1"})


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "stock") as database:
        yield database


@pytest.fixture
async def app(database: ServiceDatabase, tmp_path: Path) -> AsyncIterator[FastAPI]:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(KEY.public_key()))
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [{**public, "kid": "k1", "alg": "ES256"}]}))
    settings = Settings(
        database_url=database.app_url,
        kafka_bootstrap_servers="",
        auth_issuer="dev",
        auth_audience="blanko",
        auth_jwks=str(keys),
    )
    app = create_app(STOCK, api, settings=settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def caller(app: FastAPI) -> Caller:
    def of(role: str, region: str, subject: str = "") -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token(role, region, subject)}"}
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://stock", headers=headers)

    return of
