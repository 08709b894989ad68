"""A service of the project on a database of its own: migrated, over HTTP, and brought up from its first version."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx2
from alembic import command
from alembic.config import Config
from fastapi import FastAPI

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from shared.decider import Domain
from shared.http import Api, create_app
from shared.migrate import upgrade
from shared.schema import scripts_of
from shared.settings import Settings
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish

Caller = Callable[[str, str], httpx2.AsyncClient]
"""Makes a client for somebody with this role and region."""


@contextmanager
def migrated(postgres: PostgreSQL, service: str, of_the_first: str | None = None) -> Iterator[ServiceDatabase]:
    """A database of the service, dropped afterwards; `of_the_first` is SQL that its first version had stored."""
    database = postgres.create_service_database(service, f"{service}_{uuid4().hex[:12]}")
    if of_the_first is not None:
        config = Config()
        config.set_main_option("script_location", str(scripts_of(service)))
        config.set_main_option("path_separator", "os")
        config.attributes["url"] = database.owner_url
        command.upgrade(config, "0001")
        postgres.sql(of_the_first, database.name)
    upgrade(scripts_of(service), database.owner_url)
    yield database
    postgres.drop_database(database.name)


@asynccontextmanager
async def hosted(
    domain: Domain, api: Api, database: ServiceDatabase, issuer: Issuer, folder: Path
) -> AsyncIterator[FastAPI]:
    """The service's web process on this database, believing this issuer; its key set is in `folder`."""
    keys = folder / "keys.json"
    publish(keys, issuer)
    settings = Settings(
        database_url=database.app_url,
        kafka_bootstrap_servers="",
        auth_issuer=ISSUER,
        auth_audience=AUDIENCE,
        auth_jwks=str(keys),
    )
    app = create_app(domain, api, settings=settings)
    async with app.router.lifespan_context(app):
        yield app


def calling(app: FastAPI, issuer: Issuer) -> Caller:
    """Clients of the hosted service."""

    def of(role: str, region: str) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {issuer.token(sub=f'{role}-{region}', role=role, region=region)}"}
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://service", headers=headers)

    return of
