"""How a program opens its service's database."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.settings import Settings


def open_engine(settings: Settings, program: str) -> AsyncEngine:
    """A small pool to the primary; a caller waits at most 3 s for its turn. PostgreSQL shows us as `program`."""
    return create_async_engine(
        settings.database_url,
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
