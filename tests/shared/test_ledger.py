"""The ledger on a real PostgreSQL: what it promises, one sentence each."""

import asyncio
import os
import signal
import sys
from collections import Counter
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import ServiceDatabase
from shared.decider import Refused, Row
from shared.ledger import Busy, Committed, KeyReused, Ledger, OutcomeUnknown, Unstorable
from shared.ledger import ledger as queue
from tests.shared.conftest import asking, topic_of
from tests.shared.toy import TOY, Give, Jar, Keep, Put, Take
from tests.shared.toy.domain import MarblesPut

pytestmark = pytest.mark.anyio


async def rows(engine: AsyncEngine, query: str, **values: Any) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(text(query), values)).all())


async def settled(*waiting: Any) -> list[Any]:
    return list(await asyncio.gather(*waiting, return_exceptions=True))


async def test_fifty_parallel_requests_for_one_of_ten_grant_exactly_ten(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a", count=10), asking())
    outcomes = await settled(*(ledger.execute(Take(jar="a"), asking(str(n))) for n in range(50)))
    assert sum(isinstance(outcome, Committed) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, Refused) and outcome.code == "jar_empty" for outcome in outcomes) == 40
    assert await rows(engine, "select count from jars where name = 'a'") == [(0,)]


async def test_a_command_on_two_streams_is_stored_whole_or_not_at_all(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a", count=3), asking())
    committed = await ledger.execute(Give(jar="a", to="b", count=2), asking())
    assert [(recorded.stream, recorded.version) for recorded in committed.facts] == [("jar/a", 2), ("jar/b", 1)]
    with pytest.raises(Refused):
        await ledger.execute(Give(jar="a", to="b", count=2), asking())
    assert await rows(engine, "select name, count from jars order by name") == [("a", 1), ("b", 2)]
    assert len(await rows(engine, "select 1 from events")) == 3


async def test_positions_and_topic_sequences_have_no_gaps(ledger: Ledger, engine: AsyncEngine) -> None:
    puts = [Put(jar=str(n % 7), office=("17.71", "32.10")[n % 2]) for n in range(100)]
    await asyncio.gather(*(ledger.execute(put, asking()) for put in puts))
    await ledger.execute(Keep(jar="0", text="not published"), asking())
    found = await rows(engine, "select position, topic, sequence from events order by position")
    assert [row.position for row in found] == list(range(1, 102))
    assert found[-1][1:] == (None, None)
    for topic in ("blanko.17.toy", "blanko.32.toy"):
        assert [row.sequence for row in found if row.topic == topic] == list(range(1, 51))


async def test_recorded_at_never_decreases(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a"), asking())
    owner = "update log_head set recorded_at = now() + interval '1 hour'"
    async with engine.begin() as connection:
        await connection.execute(text(owner))
    await ledger.execute(Put(jar="a"), asking())
    first, second = await rows(engine, "select recorded_at from events order by position")
    assert (second[0] - first[0]).total_seconds() > 3500


async def test_the_same_key_fifty_times_at_once_is_one_fact(ledger: Ledger, engine: AsyncEngine) -> None:
    answers = await asyncio.gather(*(ledger.execute(Put(jar="a"), asking("k")) for _ in range(50)))
    assert {answer.facts for answer in answers} == {answers[0].facts}
    assert Counter(answer.replayed for answer in answers) == {False: 1, True: 49}
    assert len(await rows(engine, "select 1 from events")) == 1


async def test_a_key_answers_as_it_did_even_when_the_request_would_be_refused_today(ledger: Ledger) -> None:
    await ledger.execute(Put(jar="a"), asking())
    first = await ledger.execute(Take(jar="a"), asking("k"))
    again = await ledger.execute(Take(jar="a"), asking("k"))
    assert again.replayed and again.facts == first.facts
    with pytest.raises(Refused):
        await ledger.execute(Take(jar="a"), asking("another"))


async def test_a_key_reused_for_another_request_is_told_so(ledger: Ledger) -> None:
    await ledger.execute(Put(jar="a"), asking("k"))
    with pytest.raises(KeyReused):
        await ledger.execute(Put(jar="a", count=2), asking("k", fingerprint=b"2" * 32))
    at_once = await settled(*(ledger.execute(Put(jar="a"), asking("l", fingerprint=b"%032d" % n)) for n in range(2)))
    assert isinstance(at_once[0], Committed) and isinstance(at_once[1], KeyReused)


async def test_a_refusal_is_not_kept_under_its_key(ledger: Ledger) -> None:
    with pytest.raises(Refused):
        await ledger.execute(Take(jar="a"), asking("k"))
    await ledger.execute(Put(jar="a"), asking())
    assert not (await ledger.execute(Take(jar="a"), asking("k"))).replayed


async def test_rows_of_a_refused_request_are_not_stored(ledger: Ledger, engine: AsyncEngine) -> None:
    row = Row("jars", ("z",), {"name": "z", "count": 7})
    with pytest.raises(Refused):
        await ledger.execute(Take(jar="a"), asking("no"), [row])
    assert await rows(engine, "select 1 from jars where name = 'z'") == []
    await ledger.execute(Put(jar="a"), asking("yes"), [row])
    assert await rows(engine, "select count from jars where name = 'z'") == [(7,)]


async def test_keys_of_two_people_are_two_keys(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a"), asking("k", subject="u1"))
    await ledger.execute(Put(jar="a"), asking("k", subject="u2"))
    assert await rows(engine, "select count from jars") == [(2,)]


@pytest.mark.parametrize(
    "poison",
    [
        Put(jar="p", label="a\0b"),
        Put(jar="p", count=3_000_000_000),
        Put(jar="p\x1fq"),
        Put(jar="p", label="x" * 300_000),
    ],
    ids=["refused before the database", "refused by the database", "a separator in a name", "too large to publish"],
)
async def test_one_poisonous_command_of_64_fails_alone(ledger: Ledger, engine: AsyncEngine, poison: Put) -> None:
    commands = [Put(jar=str(n)) for n in range(63)]
    commands.insert(40, poison)
    outcomes = await settled(*(ledger.execute(command, asking(str(n))) for n, command in enumerate(commands)))
    assert [n for n, outcome in enumerate(outcomes) if not isinstance(outcome, Committed)] == [40]
    assert isinstance(outcomes[40], Unstorable | asyncpg.PostgresError)
    assert len(await rows(engine, "select 1 from events")) == 63


async def test_a_refusal_is_never_based_on_another_process_being_unseen(ledger: Ledger, engine: AsyncEngine) -> None:
    with pytest.raises(Refused):
        await ledger.execute(Take(jar="a"), asking())
    async with Ledger(TOY, engine, topic_of) as other:
        await other.execute(Put(jar="a"), asking())
    assert (await ledger.execute(Take(jar="a"), asking())).position == 2


async def test_two_processes_on_the_same_streams_lose_and_double_nothing(
    toy_database: ServiceDatabase, engine: AsyncEngine
) -> None:
    program = [sys.executable, "-m", "tests.shared.marble_player", toy_database.app_url]
    players = [
        await asyncio.create_subprocess_exec(*program, str(seed), stdout=asyncio.subprocess.PIPE) for seed in (1, 2)
    ]
    granted = [int((await player.communicate())[0]) for player in players]
    assert all(player.returncode == 0 for player in players)
    assert len(await rows(engine, "select 1 from events")) == sum(granted) > 2_000
    gaps = "select stream from events group by stream having max(version) <> count(*) or min(version) <> 1"
    assert await rows(engine, gaps) == []
    inverted = """
        select 1 from (select version, lag(version) over (partition by stream order by position) as before
                         from events) e
         where before >= version"""
    assert await rows(engine, inverted) == []
    unequal = """
        select j.name from jars j join (
            select data->>'jar' as name,
                   sum(case type when 'MarbleTaken' then -1 else (data->>'count')::int end) as count
              from events group by 1) e using (name)
         where e.count <> j.count or j.count < 0"""
    assert await rows(engine, unequal) == []


async def test_a_stream_that_two_processes_fight_over_is_decided_under_the_lock_in_the_end(
    ledger: Ledger, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every append but those under the lock finds that somebody was faster."""
    taken = 0
    append = ledger._store.append

    async def overtaken(arguments: Any) -> Any:
        nonlocal taken
        if (await rows(engine, "select count(*) from pg_locks where locktype = 'advisory'"))[0][0] == 0:
            taken += 1
            async with Ledger(TOY, engine, topic_of) as faster:
                await faster.execute(Put(jar="a"), asking())
        return await append(arguments)

    monkeypatch.setattr(ledger._store, "append", overtaken)
    committed = await ledger.execute(Put(jar="a"), asking())
    assert taken == 2
    assert committed.facts[0].fact == MarblesPut(office="17.71", jar="a", count=1, left=3)


async def test_the_versions_compared_are_those_after_the_wait_for_the_lock(
    engine: AsyncEngine, toy_database: ServiceDatabase
) -> None:
    """The trap that `append_batch` avoids: one statement reads the snapshot from before its wait."""
    owner = create_async_engine(toy_database.owner_url)
    naive = """
        select coalesce((select version from streams where stream = 'jar/a'), 0)
          from (select pg_advisory_xact_lock(1)) l"""
    careful = """
        create or replace function public.careful() returns integer language plpgsql {volatility} as $$
        begin
            perform pg_advisory_xact_lock(1);
            return coalesce((select version from streams where stream = 'jar/a'), 0);
        end $$"""

    async def seen(query: str, prepare: str | None = None) -> int:
        """The version a waiting session sees once the session it waits for has committed version n + 1."""
        async with engine.connect() as waiting, engine.connect() as writing:
            before = (await writing.execute(text("select coalesce(max(version), 0) from streams"))).scalar_one()
            if prepare is not None:
                async with owner.begin() as preparing:
                    await preparing.execute(text(prepare))
            await writing.execute(text("select pg_advisory_xact_lock(1)"))
            await writing.execute(
                text(
                    "insert into streams values ('jar/a', :v, 1, '{}') on conflict (stream) do update set version = :v"
                ),
                {"v": before + 1},
            )
            answer = asyncio.create_task(waiting.execute(text(query)))
            await asyncio.sleep(0.3)
            assert not answer.done()
            await writing.commit()
            version: int = (await answer).scalar_one() - before
            return version

    assert await seen(naive) == 0, "if this sees the new version, the trap is gone and the function could be simpler"
    assert await seen("select public.careful()", careful.format(volatility="stable")) == 0
    assert await seen("select public.careful()", careful.format(volatility="volatile")) == 1
    async with engine.connect() as connection:
        kind = """
            select l.lanname, p.provolatile::text from pg_proc p join pg_language l on l.oid = p.prolang
             where proname = 'append_batch'"""
        assert tuple((await connection.execute(text(kind))).one()) == ("plpgsql", "v")
    await owner.dispose()


async def test_a_state_of_another_schema_is_folded_from_its_facts(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a", count=5), asking())
    async with engine.begin() as connection:
        await connection.execute(text("update streams set state_schema = 0, state = '{\"count\": 999}'"))
    async with Ledger(TOY, engine, topic_of) as fresh:
        committed = await fresh.execute(Take(jar="a"), asking())
    assert committed.facts[0].fact.left == 4  # type: ignore[attr-defined]


async def test_the_services_own_role_cannot_rewrite_history(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a"), asking())
    for attempt in ("update events set type = 'x'", "delete from events", "truncate events"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with engine.begin() as connection:
                await connection.execute(text(attempt))


async def test_a_caller_who_leaves_does_not_undo_the_write(ledger: Ledger, engine: AsyncEngine) -> None:
    leaving = asyncio.create_task(ledger.execute(Put(jar="a"), asking("k")))
    await asyncio.sleep(0)
    leaving.cancel()
    again = await ledger.execute(Put(jar="a"), asking("k"))
    assert again.position == 1
    assert await rows(engine, "select count from jars") == [(1,)]


async def test_a_full_queue_says_so_at_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_WAITING", 10)
    outcomes = await settled(*(ledger.execute(Put(jar="a"), asking()) for _ in range(20)))
    assert sum(isinstance(outcome, Busy) for outcome in outcomes) == 10
    assert sum(isinstance(outcome, Committed) for outcome in outcomes) == 10


async def test_a_database_that_stands_still_is_an_unknown_outcome_and_the_key_tells_it_later(
    ledger: Ledger, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "CALLER_WAITS", 1.0)
    await ledger.execute(Put(jar="a"), asking())
    appending = (
        "select pid from pg_stat_activity where query like 'select append_batch%' and datname = current_database()"
    )
    (backend,) = (await rows(engine, appending))[0]
    os.kill(backend, signal.SIGSTOP)
    try:
        with pytest.raises(OutcomeUnknown):
            await ledger.execute(Put(jar="a"), asking("k"))
    finally:
        os.kill(backend, signal.SIGCONT)
    again = await ledger.execute(Put(jar="a"), asking("k"))
    assert again.position == 2
    assert await rows(engine, "select count from jars") == [(2,)]


async def test_a_lost_connection_is_replaced(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a"), asking())
    async with engine.connect() as connection:
        cut = """
            select pg_terminate_backend(pid) from pg_stat_activity
             where usename = current_user and pid <> pg_backend_pid()"""
        await connection.execute(text(cut))
    with pytest.raises(OutcomeUnknown):
        await ledger.execute(Put(jar="a"), asking("k"))
    assert (await ledger.execute(Put(jar="a"), asking("k"))).position == 2


async def test_states_rows_and_facts_agree(ledger: Ledger, engine: AsyncEngine) -> None:
    await asyncio.gather(*(ledger.execute(Put(jar=str(n % 5), count=n), asking()) for n in range(50)))
    states = await rows(engine, "select stream, state::text from streams")
    assert dict(states) == {f"jar/{n}": f'{{"count":{sum(m for m in range(50) if m % 5 == n)}}}' for n in range(5)}
    assert Jar() == TOY.start("jar/9")
