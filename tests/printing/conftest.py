"""Printing over HTTP, on a database of its own, for each test that asks for it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.printing.api import api
from services.printing.service import PRINTING
from tests.hosting import Caller, calling, hosted, migrated
from tests.shared.issuer import Issuer


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "printing") as database:
        yield database


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def app(database: ServiceDatabase, issuer: Issuer, tmp_path: Path) -> AsyncIterator[FastAPI]:
    async with hosted(PRINTING, api, database, issuer, tmp_path) as app:
        yield app


@pytest.fixture
def caller(app: FastAPI, issuer: Issuer) -> Caller:
    """A client for somebody with this role and region."""
    return calling(app, issuer)
