"""What is stored beside the facts is held against them, and mended only when a person says so."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import anyio.to_thread
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.kafka import Kafka
from deploy.local.postgres import PostgreSQL, ServiceDatabase
from deploy.local.stack import SERVICES
from shared import reconcile as reconciler
from shared.decider import Row
from shared.ledger import Ledger
from shared.migrate import upgrade
from shared.rebuild import domain_of, rebuild
from shared.reconcile import BOOKS_DIFFER, Difference, reconcile, reconcile_nightly
from shared.schema import scripts_of
from shared.topics import create_topics
from tests.shared.conftest import asking, topic_of
from tests.shared.streams import eventually, opened, rows, running
from tests.shared.toy import TOY, Give, Keep, Put, Take
from tests.shared.toy.domain import project

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
EVERYTHING = ("events", "streams", "jars", "labels", "topics", "relay_cursors", "deadlines", "dead_letters")


@pytest.fixture
async def played(ledger: Ledger, engine: AsyncEngine) -> AsyncEngine:
    """A log in which something happened: jars a and b, and two labels."""
    for command in (Put(jar="a", count=5, label="red"), Take(jar="a"), Give(jar="a", to="b", count=2)):
        await ledger.execute(command, asking())
    await ledger.execute(Put(jar="b", label="blue"), asking())
    await ledger.execute(Keep(jar="a", text="a note"), asking())
    return engine


async def change(engine: AsyncEngine, statement: str) -> None:
    async with engine.begin() as connection:
        changed = await connection.execute(text(statement))
        assert changed.rowcount == 1


async def everything(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        queries = [text(f"select t::text from {table} t order by 1") for table in EVERYTHING]
        return [(await connection.execute(query)).all() for query in queries]


async def test_what_follows_from_the_facts_does_not_differ(played: AsyncEngine) -> None:
    assert await reconcile(TOY, played) == []


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("update streams set state = '{\"count\": 99}' where stream = 'jar/a'", "not what the facts lead to: count"),
        ("update streams set state = '{\"count\": \"x\"}' where stream = 'jar/a'", "what is stored cannot be read"),
        ("update streams set version = 3 where stream = 'jar/a'", "stored at version 3, 4 facts"),
        ("delete from streams where stream = 'jar/a'", "4 facts, but no state"),
        ("update streams set state_schema = 0, version = 5 where stream = 'jar/a'", "stored at version 5, 4 facts"),
    ],
)
async def test_a_state_that_the_facts_do_not_lead_to_is_found(played: AsyncEngine, tampering: str, found: str) -> None:
    await change(played, tampering)
    assert await reconcile(TOY, played) == [Difference("state", "jar/a", found)]


async def test_a_state_without_facts_is_found(played: AsyncEngine) -> None:
    await change(played, "insert into streams values ('jar/z', 1, 1, '{}')")
    assert await reconcile(TOY, played) == [Difference("state", "jar/z", "a state, but no facts")]


@pytest.mark.parametrize(
    "harmless",
    [
        "update streams set state = '{ \"count\" : 2 }' where stream = 'jar/a'",
        "update streams set state_schema = 0, state = '{\"count\": 99}' where stream = 'jar/a'",
        "update labels set told = '{ \"left\" : 5, \"count\" : 5 }' where label = 'red'",
        "insert into deadlines values ('k', 'jar/a', '17.71', now(), 'kind', '')",
        "insert into dead_letters values ('t', 1, 1, '17.71', 1, 'e', '{}', '', now(), false)",
    ],
    ids=[
        "spelled otherwise",
        "of another schema, hence never used",
        "spelled otherwise in a row",
        "deadline",
        "parked",
    ],
)
async def test_what_does_not_contradict_the_facts_is_no_difference(played: AsyncEngine, harmless: str) -> None:
    await change(played, harmless)
    assert await reconcile(TOY, played) == []


@pytest.mark.parametrize(
    ("tampering", "where", "detail"),
    [
        ("update jars set count = 99 where name = 'a'", 'jars ["a"]', "not what the facts lead to: count"),
        ("delete from jars where name = 'b'", 'jars ["b"]', "missing"),
        ("insert into jars values ('z', 0)", 'jars ["z"]', "follows from no fact"),
        ("update labels set told = '[]' where jar = 'a'", 'labels ["red", "a"]', "not what the facts lead to: told"),
        ("insert into labels values ('{}', 'red', 'b')", 'labels ["red", "b"]', "follows from no fact"),
        ("delete from labels where jar = 'b'", 'labels ["blue", "b"]', "missing"),
    ],
)
async def test_a_row_that_the_facts_do_not_lead_to_is_found_and_a_rebuild_mends_it(
    played: AsyncEngine, tampering: str, where: str, detail: str
) -> None:
    whole = await everything(played)
    await change(played, tampering)
    tampered = await everything(played)
    assert await reconcile(TOY, played) == [Difference("view", where, detail)]
    assert await everything(played) == tampered
    assert await rebuild(TOY, played) == {"jars": 2, "labels": 2}
    assert await everything(played) == whole


async def test_a_surplus_row_is_found_though_another_is_missing(played: AsyncEngine) -> None:
    await change(played, "update jars set name = 'z' where name = 'b'")
    assert await reconcile(TOY, played) == [
        Difference("view", 'jars ["b"]', "missing"),
        Difference("view", 'jars ["z"]', "follows from no fact"),
    ]


async def test_a_row_that_its_last_fact_deleted_is_not_missing(engine: AsyncEngine) -> None:
    def without_empty(stream: str, fact: Any, jar: Any) -> Iterable[Row]:
        for row in project(stream, fact, jar):
            yield row if jar.count else Row(row.table, row.key, None)

    domain = replace(TOY, project=without_empty)
    async with Ledger(domain, engine, topic_of) as ledger:
        for command in (Put(jar="a"), Take(jar="a"), Put(jar="b"), Take(jar="b"), Put(jar="b")):
            await ledger.execute(command, asking())
    assert await reconcile(domain, engine) == []
    assert await reconcile(TOY, engine) == [Difference("view", 'jars ["a"]', "missing")]


async def test_a_rebuild_leaves_states_deadlines_and_parked_messages_as_they_are(played: AsyncEngine) -> None:
    await change(played, "insert into deadlines values ('k', 'jar/a', '17.71', now(), 'kind', '')")
    await change(played, "insert into dead_letters values ('t', 1, 1, '17.71', 1, 'e', '{}', '', now(), false)")
    await change(played, "update streams set state = '{\"count\": 99}' where stream = 'jar/a'")
    before = await everything(played)
    await rebuild(TOY, played)
    assert await everything(played) == before
    assert [different.what for different in await reconcile(TOY, played)] == ["state"]


async def test_a_rebuild_that_fails_changes_nothing(played: AsyncEngine) -> None:
    await change(played, "update jars set count = 99 where name = 'a'")
    before = await everything(played)
    out_of_range = replace(TOY, project=lambda *_: [Row("labels", ("x",), {"told": {}, "label": None, "jar": "x"})])
    with pytest.raises(Exception, match="null value"):
        await rebuild(out_of_range, played)
    assert await everything(played) == before


@pytest.fixture
async def writing(ledger: Ledger) -> AsyncIterator[Ledger]:
    """Jars that are filled and emptied all the time."""

    async def play(jar: str) -> None:
        for count in range(1, 1_000_000):
            await ledger.execute(Put(jar=jar, count=count, label=str(count % 3)), asking())
            await ledger.execute(Take(jar=jar), asking())

    async with running(*(play(str(n)) for n in range(4))):
        yield ledger


async def test_writers_go_on_while_books_are_compared_and_nothing_differs(writing: Ledger, engine: AsyncEngine) -> None:
    counts = set()
    for _ in range(8):
        await asyncio.sleep(0.1)
        assert await reconcile(TOY, engine) == []
        counts |= set(await rows(engine, "select position from log_head"))
    assert len(counts) == 8


async def test_a_rebuild_loses_nothing_of_what_is_written_meanwhile(writing: Ledger, engine: AsyncEngine) -> None:
    for _ in range(4):
        await asyncio.sleep(0.1)
        await rebuild(TOY, engine)
        assert await reconcile(TOY, engine) == []


async def test_differences_without_number_are_told_up_to_a_limit(
    ledger: Ledger, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "LISTED", 3)
    await asyncio.gather(*(ledger.execute(Put(jar=str(n), label="x"), asking()) for n in range(10)))
    async with engine.begin() as connection:
        await connection.execute(text("update streams set version = 9"))
        await connection.execute(text("update jars set count = 9"))
        await connection.execute(text("update labels set label = 'y' where jar = '1'"))
        await connection.execute(text("insert into labels select '{}', 'z', n from generate_series(1, 10) n"))
    found = await reconcile(TOY, engine)
    assert [different.what for different in found] == ["state"] * 3 + ["view"] * 6
    assert [different.detail for different in found[6:]] == ["missing", *["follows from no fact"] * 2]
    await rebuild(TOY, engine)
    async with engine.begin() as connection:
        await connection.execute(text("delete from streams"))
    assert len(await reconcile(TOY, engine)) == 3


# Kafka


async def test_a_topic_that_does_not_end_where_the_log_says_is_found(
    toy_database: ServiceDatabase, kafka: Kafka
) -> None:
    streams = opened(kafka, toy_database, toy_database)
    bootstrap, (first, second) = kafka.bootstrap_servers, streams.topics

    async def found() -> list[str]:
        return [
            f"{different.what} {different.where.partition('.')[2].partition('.')[0]} {different.detail}"
            for different in await reconcile(TOY, streams.sender, bootstrap)
        ]

    await streams.put(10)
    await create_topics(bootstrap, streams.topics)
    assert await found() == []
    async with streams.relaying():
        await streams.all_is_published()
    assert await found() == []
    await streams.put(3, start=10)
    assert await found() == [], "what waits to be published is no difference"
    last = {topic: messages[-1].sequence for topic, messages in (await streams.published()).items()}
    async with streams.as_owner() as connection:
        ahead = "update relay_cursors set sequence = sequence + 1 where topic = :topic"
        await connection.execute(text(ahead), {"topic": first})
        other = "update events set hash = '' where topic = :topic and sequence = :sequence"
        await connection.execute(text(other), {"topic": second, "sequence": last[second]})
    assert await found() == [
        f"kafka 17 at message {last[first]}, though {last[first] + 1} were acknowledged",
        f"kafka 32 message {last[second]} is not the one in this log",
    ]
    async with streams.as_owner() as connection:
        await connection.execute(text("update topics set sequence = 1 where topic = :topic"), {"topic": first})
        await connection.execute(text("delete from topics where topic = :topic"), {"topic": second})
    assert await found() == [
        f"kafka 17 at message {last[first]}, this log at 1",
        f"kafka 32 at message {last[second]}, this log at 0",
    ]
    async with streams.as_owner() as connection:
        await connection.execute(text("update log_head set epoch = 2"))
    assert await found() == [], "what an earlier epoch published, a restored log may have lost"
    async with streams.as_owner() as connection:
        await connection.execute(text("update log_head set epoch = 0"))
    assert await found() == ["kafka 17 in epoch 1, this log in 0", "kafka 32 in epoch 1, this log in 0"]
    await streams.sender.dispose()
    await streams.receiver.dispose()


async def test_a_topic_that_is_empty_though_messages_were_acknowledged_is_found(
    played: AsyncEngine, kafka: Kafka
) -> None:
    await create_topics(kafka.bootstrap_servers, ["blanko.17.toy"])
    await change(played, "insert into relay_cursors values ('blanko.17.toy', 2)")
    found = await reconcile(TOY, played, kafka.bootstrap_servers)
    assert found == [Difference("kafka", "blanko.17.toy", "at message 0, though 2 were acknowledged")]


# Every night


class Log:
    """What would be in the log."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, dict[str, Any]]] = []

    def __getattr__(self, level: str) -> Any:
        return lambda event, **values: self.lines.append((level, event, values))

    async def has_lines(self, count: int) -> None:
        async def reached() -> bool:
            return len(self.lines) >= count

        await eventually(reached, f"{count} lines")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    log = Log()
    monkeypatch.setattr(reconciler, "log", log)
    return log


def at(clock: str) -> Any:
    return lambda: datetime.fromisoformat(f"2026-11-24T{clock}Z")


def told() -> dict[str, float]:
    return {sample.labels["what"]: sample.value for family in BOOKS_DIFFER.collect() for sample in family.samples}


async def test_at_the_quiet_hour_differences_are_counted_and_told(played: AsyncEngine, kafka: Kafka, log: Log) -> None:
    async with played.begin() as connection:
        await connection.execute(text("insert into jars select 'z' || n, 0 from generate_series(1, 50) n"))
    await change(played, "delete from streams where stream = 'jar/a'")
    await create_topics(kafka.bootstrap_servers, ["blanko.17.toy"])
    async with running(reconcile_nightly(TOY, played, kafka.bootstrap_servers, at("18:59:59.700"))):
        await asyncio.sleep(0.1)
        assert log.lines == []
        await log.has_lines(20)
    assert told() == {"state": 1, "view": 50, "kafka": 0}
    assert len(log.lines) == 20
    state = {"what": "state", "where": "jar/a", "detail": "4 facts, but no state"}
    assert log.lines[0] == ("critical", "books_differ", state)


@pytest.mark.parametrize("hour", [19, 20, 0, 18])
async def test_at_other_hours_and_at_its_start_a_worker_compares_nothing(
    engine: AsyncEngine, hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Any] = []

    async def comparing(*given: Any) -> list[Difference]:
        compared.append(given)
        return []

    monkeypatch.setattr(reconciler, "reconcile", comparing)
    async with running(reconcile_nightly(TOY, engine, "127.0.0.1:1", at(f"{hour:02}:00:00"))):
        await asyncio.sleep(0.3)
    assert compared == []


async def test_a_night_on_which_it_fails_is_passed_over(
    engine: AsyncEngine, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> list[Difference]:
        raise TimeoutError

    monkeypatch.setattr(reconciler, "reconcile", failing)
    async with running(reconcile_nightly(TOY, engine, "127.0.0.1:1", at("18:59:59.990"))) as (task,):
        await log.has_lines(2)
        assert not task.done()
    assert log.lines[0] == ("error", "books_not_compared", {"error": "TimeoutError"})


async def test_more_streams_than_fit_into_a_worker_are_not_compared(
    played: AsyncEngine, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconciler, "STREAMS_AT_NIGHT", 1)
    async with running(reconcile_nightly(TOY, played, "127.0.0.1:1", at("18:59:59.900"))):
        await log.has_lines(1)
    assert log.lines[0] == ("error", "books_not_compared", {"streams": 2})


# On the command line, for every service


@pytest.mark.parametrize("service", SERVICES)
async def test_the_read_tables_of_every_service_are_compared_and_rebuilt(postgres: PostgreSQL, service: str) -> None:
    database = postgres.create_service_database(service, f"{service}_{uuid4().hex[:12]}")
    await anyio.to_thread.run_sync(upgrade, scripts_of(service), database.owner_url)
    engine = create_async_engine(database.app_url)
    assert await reconcile(domain_of(service), engine) == []
    assert set((await rebuild(domain_of(service), engine)).values()) == {0}
    await engine.dispose()
    postgres.drop_database(database.name)


async def test_the_commands_say_by_their_exit_code_whether_something_differs(postgres: PostgreSQL) -> None:
    database = postgres.create_service_database("outreach", f"outreach_{uuid4().hex[:12]}")
    await anyio.to_thread.run_sync(upgrade, scripts_of("outreach"), database.owner_url)

    async def run(*arguments: str) -> tuple[int | None, str]:
        settings: dict[str, Any] = {"cwd": ROOT, "env": {"DATABASE_URL": database.app_url}}
        command = [sys.executable, "-m", *arguments]
        process = await asyncio.create_subprocess_exec(*command, **settings, stdout=asyncio.subprocess.PIPE)
        said = (await process.communicate())[0].decode()
        return process.returncode, said

    assert await run("shared.reconcile", "outreach") == (0, "0 differences\n")
    engine = create_async_engine(database.app_url)
    await change(engine, "insert into visits (visit, office, place, held_on, expected) values ('v', '', '', now(), 1)")
    await engine.dispose()
    told = 'view visits ["v"]: follows from no fact\n1 differences\n'
    assert await run("shared.reconcile", "outreach") == (1, told)
    code, rebuilt = await run("shared.rebuild", "outreach")
    assert (code, "visits: 0 rows\n" in rebuilt, "month_keys" in rebuilt) == (0, True, False)
    assert await run("shared.reconcile", "outreach") == (0, "0 differences\n")
    postgres.drop_database(database.name)
