"""Outreach over HTTP, on a database of its own, for each test that asks for it."""

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from os import urandom
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.outreach.api import api
from services.outreach.service import OUTREACH
from tests.hosting import Caller, calling, hosted, migrated
from tests.shared.issuer import Issuer


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "outreach") as database:
        yield database


@pytest.fixture(autouse=True)
def sealing_key(monkeypatch: pytest.MonkeyPatch) -> str:
    """The service's key to the keys to birth months, as the environment names it; another one for each test."""
    key = b64encode(urandom(32)).decode()
    monkeypatch.setenv("OUTREACH_SEALING_KEYS", key)
    return key


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def app(database: ServiceDatabase, issuer: Issuer, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with hosted(OUTREACH, api, database, issuer, tmp_path) as app:
        yield app


@pytest.fixture
def caller(app: FastAPI, issuer: Issuer) -> Caller:
    """A client for somebody with this role and region."""
    return calling(app, issuer)


@pytest.fixture
def operator(caller: Caller) -> httpx2.AsyncClient:
    return caller("operator", "17.71")
