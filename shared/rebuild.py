"""Rebuilds a service's read tables from its facts: `python -m shared.rebuild stock`.

Everything in one transaction at DATABASE_URL, as the service's own role: who reads sees the tables as they
were, then as they should be. Who writes waits, for the log's lock is held from the first fact to the commit.
"""

import asyncio
import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.decider import Domain
from shared.ledger.replay import Heads, connected, replay_on
from shared.ledger.store import LOCK

NOT_OF_FACTS_ALONE = frozenset(("deadlines", "dead_letters"))
"""The clock takes deadlines away and the reader parks messages: no fact says so."""
AT_ONCE = 1_000

Rows = dict[str, dict[tuple[Any, ...], bytes]]
"""Each read table's rows as JSON, by their keys."""

_KEYED = "select prosrc from pg_proc where oid = 'append_batch'::regproc"

_encode = msgspec.json.Encoder().encode


async def folded(domain: Domain, driver: Any) -> tuple[Heads, Rows]:
    """What all facts lead to: every stream's version and state, and the last row of every key."""
    rows: Rows = defaultdict(dict)

    def project(stream: str, fact: Any, state: Any) -> None:
        for row in domain.project(stream, fact, state):
            if row.values is None:
                rows[row.table].pop(row.key, None)
            else:
                rows[row.table][row.key] = _encode(row.values)

    return await replay_on(driver, domain, project), rows


async def read_tables(domain: Domain, driver: Any) -> list[str]:
    """The keyed tables that follow from facts alone: of those that an append writes."""
    written = re.findall(r"when '(\w+)' then", await driver.fetchval(_KEYED))
    return [table for table in written if table not in NOT_OF_FACTS_ALONE and table not in domain.apart]


def chunks(rows: Iterable[bytes]) -> Iterator[str]:
    """Rows as JSON arrays, each of so many as are sent at once."""
    rest = iter(rows)
    while chunk := list(islice(rest, AT_ONCE)):
        yield f"[{b','.join(chunk).decode()}]"


async def rebuild(domain: Domain, engine: AsyncEngine) -> dict[str, int]:
    """Replaces what is in the read tables; returns how many rows each has now."""
    async with connected(engine, "begin") as driver:
        await driver.execute(f"select pg_advisory_xact_lock({LOCK})")
        _, rows = await folded(domain, driver)
        tables = await read_tables(domain, driver)
        for table in tables:
            await driver.execute(f"delete from {table}")
            insert = f"insert into {table} select * from json_populate_recordset(null::{table}, $1::json)"
            for chunk in chunks(rows[table].values()):
                await driver.execute(insert, chunk)
        return {table: len(rows[table]) for table in tables}


def domain_of(service: str) -> Domain:
    """A service's domain, by its name. Raises `ModuleNotFoundError`."""
    domain: Domain = getattr(import_module(f"services.{service}.service"), service.upper())
    return domain


async def main() -> None:
    """Rebuilds the service named on the command line."""
    domain = domain_of(sys.argv[1])
    engine = create_async_engine(os.environ["DATABASE_URL"])
    for table, count in (await rebuild(domain, engine)).items():
        print(f"{table}: {count} rows")
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
