"""How a program opens its service's database, and knows that it is the one it was written for."""

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.schema import newest
from shared.settings import Settings

OF_THE_DATABASE = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What its driver, the driver's adapter, and the way to it raise."""


class WrongSchema(Exception):
    """The database is at another version than this program was written for."""


def open_engine(settings: Settings, program: str) -> AsyncEngine:
    """A small pool to the primary; a caller waits at most 3 s for its turn. PostgreSQL shows us as `program`.

    Each statement stands alone: what must be stored together is one call of the ledger, and a question in a
    transaction would cost four more round trips (begin and rollback, of the question and of the pool's ping).
    """
    return create_async_engine(
        settings.database_url,
        isolation_level="AUTOCOMMIT",
        pool_size=settings.database_connections,
        max_overflow=0,
        pool_timeout=3,
        pool_pre_ping=True,
        connect_args={
            "timeout": 5,
            # A primary that was demoted still answers, and refuses every write: it is not where we want to be.
            "target_session_attrs": "read-write",
            "server_settings": {"application_name": program, "timezone": "UTC"},
        },
    )


async def check(engine: AsyncEngine, service: str) -> None:
    """Raises `WrongSchema` unless the database is at the version this program was written for."""
    wanted = newest(service)
    async with engine.connect() as connection:
        known = (await connection.execute(text("select to_regclass('alembic_version')"))).scalar()
        found = (await connection.execute(text("select version_num from alembic_version"))).scalar() if known else None
    if found != wanted:
        raise WrongSchema(f"the database of {service} is at {found}, this program needs {wanted}: run its migration")
