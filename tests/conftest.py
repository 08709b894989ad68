"""The real PostgreSQL and Kafka for tests: one of each a session, started when the first test asks for it."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from deploy.local.kafka import Kafka
from deploy.local.postgres import PostgreSQL, ServiceDatabase
from deploy.local.process import free_port


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgreSQL]:
    with PostgreSQL(tmp_path_factory.mktemp("postgres"), free_port()) as server:
        yield server


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """Shared by all tests of the session: name topics so that no other test's are met."""
    with Kafka(tmp_path_factory.mktemp("kafka"), free_port()) as broker:
        yield broker


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    """An empty database of the test's own; its roles are `test_owner` and `test`."""
    fresh = postgres.create_service_database("test", f"test_{uuid4().hex[:12]}")
    yield fresh
    postgres.drop_database(fresh.name)
