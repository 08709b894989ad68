"""What a decision may know of a stream's past besides its state."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import ServiceDatabase
from shared.decider import AHEAD, Command, Decision, Domain, Recall, Recalled, Refused, States
from shared.ledger import Committed, Entry, Ledger, Unstorable
from shared.ledger import store as ledger_store
from shared.ledger.store import Store
from shared.testing import LONG_AGO, Scenario
from tests.shared.conftest import asking, topic_of
from tests.shared.toy import TOY, Give, Keep, Put, PutBack, Take
from tests.shared.toy.domain import MarblesPut, MarbleTaken, NoteKept

pytestmark = pytest.mark.anyio

# The ledger's clock only goes forward: from a moment that has not come yet it goes where a test says.
NOON = datetime(2100, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class Listening:
    """The toy domain, and what each of its decisions was told of the past: the texts of the notes recalled."""

    def __init__(self) -> None:
        self.told: list[tuple[Recalled, ...]] = []
        self.domain: Domain = replace(TOY, decide=self._decide)

    def _decide(self, command: Any, states: States) -> Decision:
        self.told += [states[recall] for recall in command.recalls]
        return TOY.decide(command, states)

    @property
    def heard(self) -> list[list[str]]:
        """For each decision that recalled something, the notes among it."""
        return [[told.fact.text for told in past if isinstance(told.fact, NoteKept)] for past in self.told]


def ask(since: datetime, jar: str = "a") -> PutBack:
    return PutBack(jar=jar, since=since)


async def record(ledger: Ledger, command: Command, engine: AsyncEngine, at: datetime) -> None:
    """Has it recorded at this very moment."""
    async with engine.begin() as connection:
        await connection.execute(text("update log_head set recorded_at = :at"), {"at": at})
    await ledger.execute(command, asking())


async def refused(ledger: Ledger, command: Command) -> None:
    with pytest.raises(Refused):
        await ledger.execute(command, asking())


async def test_what_was_recorded_since_a_moment_less_two_minutes_is_recalled(engine: AsyncEngine) -> None:
    ear, since = Listening(), NOON + AHEAD
    said = NOON - timedelta(days=3)
    async with Ledger(ear.domain, engine, topic_of) as ledger:
        await record(ledger, Keep(jar="a", text="too old"), engine, NOON - timedelta(microseconds=1))
        await record(ledger, Keep(jar="a", text="just now", occurred_at=said), engine, NOON)
        await record(ledger, Keep(jar="b", text="of another jar"), engine, NOON + SECOND)
        await record(ledger, Keep(jar="a", text="new"), engine, NOON + SECOND)
        await refused(ledger, ask(since))
    assert ear.told[0][0] == Recalled(2, said, NOON, NoteKept(text="just now"))
    assert [(told.version, told.recorded_at) for told in ear.told[0]] == [(2, NOON), (3, NOON + SECOND)]
    assert ear.heard == [["just now", "new"]]


async def test_a_decision_follows_from_what_it_recalls(ledger: Ledger) -> None:
    began = datetime.now(UTC)
    await ledger.execute(Put(jar="a", count=5), asking())
    for n in range(3):
        await ledger.execute(Take(jar="a", occurred_at=began + n * SECOND), asking())
    committed = await ledger.execute(ask(began + SECOND), asking())
    assert committed.facts[0].fact == MarblesPut(office="17.71", jar="a", count=2, left=4)


async def test_the_facts_of_earlier_commands_of_the_same_batch_are_recalled(engine: AsyncEngine) -> None:
    ear, since = Listening(), datetime.now(UTC)
    notes = [Keep(jar="a", text=str(n), now=NOON + n * SECOND, occurred_at=NOON - SECOND) for n in range(4)]
    async with Ledger(ear.domain, engine, topic_of) as ledger:
        await ledger.execute(Keep(jar="a", text="before"), asking())
        await asyncio.gather(
            ledger.execute(notes[0], asking()),
            ledger.execute(Keep(jar="b", text="of another jar"), asking()),
            ledger.execute_all([Entry(notes[1], asking()), Entry(ask(since), asking()), Entry(notes[2], asking())]),
            refused(ledger, ask(since)),
        )
    assert ear.heard == [["before", "0", "1"], ["before", "0", "1", "2"]]
    assert ear.told[1][3] == Recalled(4, NOON - SECOND, NOON + 2 * SECOND, NoteKept(text="2"))


async def test_what_a_failed_unit_would_have_added_is_not_recalled(engine: AsyncEngine) -> None:
    ear, since = Listening(), datetime.now(UTC)
    poisoned = [Entry(Keep(jar="a", text=words), asking()) for words in ("never said", "poi\0son")]
    async with Ledger(ear.domain, engine, topic_of) as ledger:
        failed, _ = await asyncio.gather(
            ledger.execute_all(poisoned), refused(ledger, ask(since)), return_exceptions=True
        )
    assert isinstance(failed, Unstorable)
    assert ear.heard == [[]]


async def test_commands_of_one_batch_recall_each_from_its_own_moment(engine: AsyncEngine) -> None:
    ear = Listening()
    async with Ledger(ear.domain, engine, topic_of) as ledger:
        for hour in range(4):
            await record(ledger, Keep(jar="a", text=str(hour)), engine, NOON + timedelta(hours=hour))
        sinces = [NOON + timedelta(hours=hour) for hour in (3, 1, 2)]
        await asyncio.gather(*(refused(ledger, ask(since)) for since in sinces))
    assert ear.heard == [["3"], ["1", "2", "3"], ["2", "3"]]


async def test_what_another_process_wrote_meanwhile_is_recalled_on_the_second_look(engine: AsyncEngine) -> None:
    ear, since = Listening(), datetime.now(UTC)
    async with Ledger(ear.domain, engine, topic_of) as ledger, Ledger(TOY, engine, topic_of) as other:
        await ledger.execute(Keep(jar="a", text="ours"), asking())
        await other.execute(Keep(jar="a", text="theirs"), asking())
        await refused(ledger, ask(since))
    assert ear.heard == [["ours"], ["ours", "theirs"]]


async def test_under_the_logs_lock_what_was_written_last_is_recalled(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every append but those under the lock finds that somebody was faster."""
    ear, since = Listening(), datetime.now(UTC)
    async with Ledger(ear.domain, engine, topic_of) as ledger, Ledger(TOY, engine, topic_of) as faster:
        append, locked = ledger._store.append, ledger._store.locked
        under_the_lock = False

        async def overtaken(arguments: Any) -> Any:
            if not under_the_lock:
                await faster.execute(Keep(jar="a", text=str(len(ear.told))), asking())
            return await append(arguments)

        async def holding() -> Any:
            nonlocal under_the_lock
            under_the_lock = True
            return await locked()

        monkeypatch.setattr(ledger._store, "append", overtaken)
        monkeypatch.setattr(ledger._store, "locked", holding)
        await refused(ledger, ask(since))
    assert ear.heard == [[], ["1"], ["1", "2"]]


async def test_a_stream_is_read_backwards_as_far_as_is_recalled(
    engine: AsyncEngine, toy_database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even by a plan that takes the stream for short, and would read all of it and sort."""
    monkeypatch.setattr(ledger_store, "RECALLED_AT_ONCE", 50)
    owner = create_async_engine(toy_database.owner_url)
    async with owner.begin() as connection:
        long = """
            insert into events
            select n, 'jar/a', n, 'NoteKept', 1, json_build_object('type', 'NoteKept', 'text', n::text), '{}', :noon,
                   cast(:noon as timestamptz) + n * interval '1 minute', null, null, ''
              from generate_series(1, 20000) n"""
        await connection.execute(text(long), {"noon": NOON})
        await connection.execute(text("analyze events"))
    await owner.dispose()

    async def read(last: int) -> int:
        """Recalls so many facts and returns how many were read for it."""
        driver = await store._driver()
        fetched = "select seq_tup_read + idx_tup_fetch from pg_stat_xact_user_tables where relname = 'events'"
        async with driver.transaction():
            await driver.execute("set local enable_indexscan = off")
            before = await driver.fetchval(fetched)
            past = await store.past({Recall("jar/a", NOON + timedelta(minutes=20_001 - last) + AHEAD): 20_000})
            assert [told.fact.text for told in past["jar/a"]] == [str(n) for n in range(20_001 - last, 20_001)]
            count: int = await driver.fetchval(fetched) - before
            return count

    async with Store(TOY, engine).another() as store:
        assert await read(0) == 50
        assert await read(49) == 50
        assert await read(120) == 150
        assert await read(1_000) == 1_050


async def test_a_stream_that_is_none_of_the_commands_own_fails_that_command_alone(engine: AsyncEngine) -> None:
    class Nosy(PutBack):
        @property
        def recalls(self) -> tuple[Recall, ...]:
            return (Recall("jar/b", self.since),)

    async with Ledger(TOY, engine, topic_of) as ledger:
        nosy, honest = await asyncio.gather(
            ledger.execute(Nosy(jar="a", since=NOON), asking()),
            ledger.execute(Put(jar="a"), asking()),
            return_exceptions=True,
        )
        assert isinstance(nosy, LookupError) and isinstance(honest, Committed)
        await ledger.execute(Put(jar="b"), asking())
        with pytest.raises(LookupError):
            await ledger.execute(Nosy(jar="a", since=NOON), asking())
    with pytest.raises(AssertionError, match="jar/b is recalled"):
        Scenario(TOY).when(Nosy(jar="a", since=NOON))


# Without a database: the same in a scenario


def test_a_scenario_remembers_when_its_commands_were_carried_out() -> None:
    taken = Take(jar="a", occurred_at=NOON, now=NOON + SECOND)
    jar = Scenario(TOY).given([("jar/a", MarblesPut(office="17.71", jar="a", count=3))]).after(taken)
    ear = Listening()
    replace(jar, domain=ear.domain).when(ask(NOON))
    replace(jar, domain=ear.domain).when(ask(LONG_AGO + AHEAD))
    told = Recalled(2, NOON, NOON + SECOND, MarbleTaken(office="17.71", jar="a", left=2))
    assert ear.told == [(told,), (Recalled(1, LONG_AGO, LONG_AGO, jar.past["jar/a"][0].fact), told)]
    assert jar.when(ask(NOON)) == [("jar/a", MarblesPut(office="17.71", jar="a", count=1, left=3))]
    assert jar.refused(ask(NOON + SECOND)).code == "none_taken"


def test_a_scenario_recalls_what_was_recorded_two_minutes_before_and_not_earlier() -> None:
    early, late = NoteKept(text="early"), NoteKept(text="late")
    ear = Listening()
    jar = (
        Scenario(ear.domain).given([("jar/a", early)], at=NOON - AHEAD - SECOND).given([("jar/a", late)], NOON - AHEAD)
    )
    jar.refused(ask(NOON))
    assert ear.heard == [["late"]]


def test_what_a_scenario_is_given_later_was_recorded_later() -> None:
    jar = Scenario(TOY).after(Keep(jar="a", text="first", now=NOON)).given([("jar/a", NoteKept(text="second"))])
    assert [told.recorded_at for told in jar.past["jar/a"]] == [NOON, NOON]


# Looking ahead without a trace


async def everything(engine: AsyncEngine) -> list[Any]:
    tables = ("events", "streams", "jars", "idempotency_keys", "log_head", "topics")
    async with engine.connect() as connection:
        return [(await connection.execute(text(f"select * from {table}"))).all() for table in tables]


async def test_a_preview_tells_what_would_be_decided_and_stores_nothing(ledger: Ledger, engine: AsyncEngine) -> None:
    began = datetime.now(UTC)
    await ledger.execute(Put(jar="a", count=3), asking())
    await ledger.execute(Take(jar="a", occurred_at=began), asking())
    before = await everything(engine)
    decision, states = await ledger.preview(ask(began))
    assert decision == [("jar/a", MarblesPut(office="17.71", jar="a", count=1, left=3))]
    assert states["jar/a"].count == 2
    assert [told.version for told in states[Recall("jar/a", began)]] == [1, 2]
    with pytest.raises(Refused):
        await ledger.preview(Give(jar="a", to="b", count=9))
    assert await everything(engine) == before


async def test_a_preview_sees_what_another_process_wrote(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a"), asking())
    async with Ledger(TOY, engine, topic_of) as other:
        await other.execute(Put(jar="a"), asking())
    decision, _ = await ledger.preview(Take(jar="a"))
    assert decision == [("jar/a", MarbleTaken(office="17.71", jar="a", left=1))]


async def test_a_preview_does_not_wait_for_the_writer(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="a"), asking())
    async with engine.connect() as holding:
        await holding.execute(text(f"select pg_advisory_lock({ledger_store.LOCK})"))
        writing = asyncio.create_task(ledger.execute(Put(jar="a"), asking()))
        await asyncio.sleep(0.1)
        async with asyncio.timeout(2):
            await ledger.preview(Take(jar="a"))
        assert not writing.done()
        await holding.execute(text(f"select pg_advisory_unlock({ledger_store.LOCK})"))
    assert (await writing).position == 2


async def test_a_preview_gives_its_connection_back(ledger: Ledger, engine: AsyncEngine) -> None:
    async def connected() -> list[Any]:
        async with engine.connect() as connection:
            ours = "select pid from pg_stat_activity where datname = current_database() order by pid"
            return list((await connection.execute(text(ours))).all())

    await ledger.execute(Put(jar="a"), asking())
    before = await connected()
    for _ in range(30):
        await ledger.preview(Take(jar="a"))
        with pytest.raises(Refused):
            await ledger.preview(Take(jar="none"))
    assert await connected() == before
