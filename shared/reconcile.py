"""Compares what is stored beside a service's facts with what they lead to; repairs nothing.

    python -m shared.reconcile stock             every stream's state, and every row of the read tables
    python -m shared.reconcile stock --kafka     and the last message of each topic

One snapshot at DATABASE_URL, so that writers may go on meanwhile; exit 1 when something differs. The worker
does the same every night. States and last rows are in memory, about a kilobyte for each stream. Whether the
facts themselves are those that were stored is what `python -m shared.verify` says.
"""

import argparse
import asyncio
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Literal, get_args

import msgspec
import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.decider import Domain, category
from shared.envelope import Incoming
from shared.ledger.replay import Heads, connected
from shared.moments import utcnow
from shared.rebuild import AT_ONCE, chunks, domain_of, folded, read_tables
from shared.relay import last_messages

QUIET_HOUR = 19
"""In UTC: two in the morning in western Indonesia, four in the east."""
STREAMS_AT_NIGHT = 200_000
"""More would not fit into a worker's memory."""
LISTED = 1_000
"""Differences that are told of the states, and of each table."""
LOGGED = 20

What = Literal["state", "view", "kafka"]
BOOKS_DIFFER = Gauge("blanko_books_differ", "What is stored beside the facts and does not follow from them", ["what"])

log = structlog.get_logger()

_STATES = "select stream, version, state_schema, state::text from streams"
_COLUMNS = """
select a.attname as name, a.atttypid = 'json'::regtype as json, a.attnum = any(i.indkey) as key
  from pg_attribute a join pg_index i on i.indrelid = a.attrelid and i.indisprimary
 where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
 order by a.attnum
"""

_CURSORS = """
select topic, coalesce(c.sequence, 0) from topics full join relay_cursors c using (topic) order by topic
"""
_HASH = "select hash from events where topic = $1 and sequence = $2"

_encode = msgspec.json.Encoder().encode


class Difference(msgspec.Struct, frozen=True):
    """Something stored that does not follow from the facts: a stream's state, a view's row, a topic's end."""

    what: What
    where: str
    detail: str


async def reconcile(domain: Domain, engine: AsyncEngine, bootstrap_servers: str | None = None) -> list[Difference]:
    """What differs, at most `LISTED` of the states and of each table.

    Raises `msgspec.ValidationError` at a fact the domain does not know, `KafkaError`, or the database's error.
    """
    # Before the snapshot: no message can be on a topic that the snapshot does not have.
    published = None if bootstrap_servers is None else await _published(engine, bootstrap_servers)
    async with connected(engine, "begin isolation level repeatable read, read only") as driver:
        heads, rows = await folded(domain, driver)
        found = await _states(driver, domain, heads)
        for table in await read_tables(domain, driver):
            found += await _view(driver, table, rows.pop(table, {}).values())
        if published is not None:
            found += await _topics(driver, *published)
    return found


async def _states(driver: Any, domain: Domain, heads: Heads) -> list[Difference]:
    found: list[Difference] = []
    async for stream, version, schema, state in driver.cursor(_STATES, prefetch=AT_ONCE):
        detail = _unlike(domain, stream, version, schema, state, heads.pop(stream, None))
        if detail is not None and len(found) < LISTED:
            found.append(Difference("state", stream, detail))
    left = islice(heads.items(), LISTED - len(found))
    return found + [Difference("state", stream, f"{version} facts, but no state") for stream, (version, _) in left]


def _unlike(
    domain: Domain, stream: str, version: int, schema: int, state: str, head: tuple[int, Any] | None
) -> str | None:
    if head is None:
        return "a state, but no facts"
    if version != head[0]:
        return f"stored at version {version}, {head[0]} facts"
    # A state of another schema is never used: the ledger folds the facts again.
    if schema != domain.schemas[category(stream)] or state.encode() == _encode(head[1]):
        return None
    try:
        stored = msgspec.json.decode(state, type=type(head[1]))
    except msgspec.MsgspecError:
        return "what is stored cannot be read"
    names = [name for name in stored.__struct_fields__ if getattr(stored, name) != getattr(head[1], name)]
    return f"not what the facts lead to: {', '.join(names)}" if names else None


async def _view(driver: Any, table: str, rows: Collection[bytes]) -> list[Difference]:
    columns = await driver.fetch(_COLUMNS, table)
    key = [f'"{column["name"]}"' for column in columns if column["key"]]
    # As JSON a key reads well and cannot be taken for another.
    key_of = "json_build_array({})::text".format
    unlike = ", ".join(_if_unlike(column["name"], json=column["json"]) for column in columns)
    compare = f"""
        select {key_of(", ".join(f"e.{part}" for part in key))}, t.{key[0]} is null as missing, d.names
          from json_populate_recordset(null::{table}, $1::json) e
          left join {table} t on {" and ".join(f"t.{part} = e.{part}" for part in key)}
         cross join lateral (select array_remove(array[{unlike}], null) as names) d
         where d.names <> '{{}}'"""
    found, present = [], len(rows)
    for chunk in chunks(rows):
        for row, missing, names in await driver.fetch(compare, chunk):
            present -= missing
            detail = "missing" if missing else f"not what the facts lead to: {', '.join(names)}"
            found.append(Difference("view", f"{table} {row}", detail))
        del found[LISTED:]
    if present < await driver.fetchval(f"select count(*) from {table}"):
        keys = key_of(", ".join(key))
        known = f"select {keys} from json_populate_recordset(null::{table}, $1::json)"
        wanted = {row[0] for chunk in chunks(rows) for row in await driver.fetch(known, chunk)}
        async for (row,) in driver.cursor(f"select {keys} from {table}", prefetch=AT_ONCE):
            if row not in wanted and len(found) < LISTED:
                found.append(Difference("view", f"{table} {row}", "follows from no fact"))
    return found


def _if_unlike(column: str, *, json: bool) -> str:
    cast = "::jsonb" if json else ""
    return f"""case when t."{column}"{cast} is distinct from e."{column}"{cast} then '{column}' end"""


async def _published(engine: AsyncEngine, bootstrap_servers: str) -> tuple[dict[str, int], dict[str, Incoming]]:
    """How far the broker had acknowledged each topic, and what is the last message there."""
    async with connected(engine, "begin") as driver:
        cursors = dict(await driver.fetch(_CURSORS))
    return cursors, await last_messages(bootstrap_servers, list(cursors)) if cursors else {}


async def _topics(driver: Any, cursors: Mapping[str, int], last: Mapping[str, Incoming]) -> list[Difference]:
    heads: dict[str, int] = dict(await driver.fetch("select topic, sequence from topics"))
    epoch = await driver.fetchval("select epoch from log_head")
    found = []
    for topic, cursor in cursors.items():
        head, message = heads.get(topic, 0), last.get(topic)
        sequence = message.sequence if message is not None else 0
        detail = None
        if message is not None and message.epoch != epoch:
            # What an earlier epoch published, a restored log may have lost: raising it said so.
            detail = f"in epoch {message.epoch}, this log in {epoch}" if message.epoch > epoch else None
        elif sequence > head:
            detail = f"at message {sequence}, this log at {head}"
        elif sequence < cursor:
            detail = f"at message {sequence}, though {cursor} were acknowledged"
        elif message is not None and message.hash != await driver.fetchval(_HASH, topic, sequence):
            detail = f"message {sequence} is not the one in this log"
        if detail is not None:
            found.append(Difference("kafka", topic, detail))
    return found


async def reconcile_nightly(
    domain: Domain, engine: AsyncEngine, bootstrap_servers: str, now: Callable[[], datetime] = utcnow
) -> None:
    """Compares at each `QUIET_HOUR` and tells, until cancelled. A night on which it fails is passed over."""
    while True:
        moment = now()
        due = moment.replace(hour=QUIET_HOUR, minute=0, second=0, microsecond=0)
        await asyncio.sleep(((due - moment) % timedelta(days=1) or timedelta(days=1)).total_seconds())
        try:
            async with connected(engine, "begin") as driver:
                streams = await driver.fetchval("select count(*) from streams")
            if streams > STREAMS_AT_NIGHT:
                log.error("books_not_compared", streams=streams)
            else:
                _tell(await reconcile(domain, engine, bootstrap_servers))
        except Exception as error:
            log.error("books_not_compared", error=type(error).__name__)


def _tell(found: Sequence[Difference]) -> None:
    for what in get_args(What):
        BOOKS_DIFFER.labels(what).set(sum(different.what == what for different in found))
    for different in found[:LOGGED]:
        log.critical("books_differ", what=different.what, where=different.where, detail=different.detail)


async def main() -> int:
    """Prints a line for each difference; answers with the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.reconcile")
    parser.add_argument("service")
    parser.add_argument("--kafka", action="store_true", help="compare with the last messages on Kafka too")
    wish = parser.parse_args()
    engine = create_async_engine(os.environ["DATABASE_URL"])
    bootstrap_servers = os.environ["KAFKA_BOOTSTRAP_SERVERS"] if wish.kafka else None
    found = await reconcile(domain_of(wish.service), engine, bootstrap_servers)
    await engine.dispose()
    for different in found:
        print(f"{different.what} {different.where}: {different.detail}")
    print(f"{len(found)} differences")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
