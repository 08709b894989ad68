"""Migrations: Alembic, one history for each service's own database.

`python -m shared.migrate stock` brings the database at MIGRATION_DATABASE_URL to the newest version,
as the role that owns it. Only one runs at a time. A migration's revision is the number its file's
name begins with. A service refuses to start on another version than it was written for
(`shared.database.check`).
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic import command, context, op
from alembic.config import Config
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.ledger.store import LOCK
from shared.schema import scripts_of

SQL = Path(__file__).resolve().parent / "ledger"
EVERY_SERVICE = ("deadlines", "dead_letters")
"""The keyed tables that come with the ledger."""


def upgrade(scripts: Path, url: str) -> None:
    """Brings the database to the newest of these migrations; does nothing when it is there."""
    command.upgrade(_config(scripts, url), "head")


def run() -> None:
    """What each service's `migrations/env.py` does."""
    asyncio.run(_run(context.config.attributes["url"]))


def install_ledger() -> None:
    """In a migration: the log's tables."""
    _execute_script((SQL / "tables.sql").read_text())
    _execute_script((SQL / "watermark.sql").read_text().replace("{lock}", str(LOCK)))


def install_append_batch(tables: Sequence[str]) -> None:
    """In a migration: `append_batch`, writing these keyed tables besides those every service has.

    To be called again by each migration that adds, drops or changes a keyed table.
    """
    catalogue = inspect(op.get_bind())
    rows = "\n".join(_row_statements(catalogue, table) for table in (*EVERY_SERVICE, *tables))
    body = (SQL / "append_batch.sql").read_text().replace("{lock}", str(LOCK)).replace("{rows}", rows)
    _execute_script(body.replace("create function", "create or replace function"))


def grant(service: str, tables: Sequence[str]) -> None:
    """In a migration: what the service's own role may do. It can add events, never change or remove one."""
    role = f'"{service}"'
    of_the_ledger = ("streams", "topics", "log_head", "relay_cursors", "read_positions", "news", "idempotency_keys")
    kept = ", ".join((*of_the_ledger, *EVERY_SERVICE, *tables))
    _execute_script(
        f"grant select, insert on events to {role};"
        f"grant select, insert, update, delete on {kept} to {role};"
        f"grant select on alembic_version to {role}"
    )


def _row_statements(catalogue: Any, table: str) -> str:
    dialect = op.get_bind().dialect
    types = {column["name"]: column["type"].compile(dialect=dialect) for column in catalogue.get_columns(table)}
    key = catalogue.get_pk_constraint(table)["constrained_columns"]
    matches = " and ".join(f't."{name}" = (d.value->>{n})::{types[name]}' for n, name in enumerate(key))
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in types if name not in key)
    quoted = ", ".join(f'"{name}"' for name in key)
    return f"""\
        when '{table}' then
            delete from {table} t using json_array_elements(p_row_drops[i]::json) d where {matches};
            insert into {table} select * from json_populate_recordset(null::{table}, p_row_sets[i]::json)
                on conflict ({quoted}) do update set {changes};"""


def _execute_script(script: str) -> None:
    # A script holds several statements, which a prepared statement may not: it goes to the driver
    # itself, within the transaction that the statement before it has made sure of.
    op.execute("select 1")
    driver: Any = op.get_bind().connection.dbapi_connection
    driver.run_async(lambda connection: connection.execute(script))


def _config(scripts: Path, url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


async def _run(url: str) -> None:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text(f"select pg_advisory_lock({LOCK + 1})"))
        await connection.commit()
        await connection.run_sync(_migrate)
        await connection.commit()
    await engine.dispose()


def _migrate(connection: Connection) -> None:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Runs one service's migrations, named on the command line."""
    from shared.settings import migration_url

    upgrade(scripts_of(sys.argv[1]), migration_url())


if __name__ == "__main__":
    main()
