"""The canary sings once a night, whoever works and whoever does not."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.kafka import Kafka
from deploy.local.postgres import ServiceDatabase
from deploy.local.process import Process, free_port
from examples.demo.people import until
from examples.demo.witness import Event, read
from services.stock.domain import CanarySung
from services.stock.reactions import due, song_of_tonight
from services.stock.service import STOCK
from services.stock.views import project
from services.stock.worker import wake_canary
from shared.clock import Clock, Deadline
from shared.decider import Command
from shared.ledger import Context, Ledger
from shared.news import News
from shared.offices import offices
from shared.testing import Scenario
from tests.stock.bengkulu import holding

ROOT = Path(__file__).parents[2]
TOPIC, STREAM = "blanko.00.stock", "canary/00"
ONE = datetime(2024, 11, 17, 18, tzinfo=UTC)
"""One in the morning of the 18th at the centre, where it is seven hours later than in UTC."""
NIGHT = timedelta(days=1)
WHO = Context(subject="u", route="test")
nobody = Scenario(STOCK)


def songs(scenario: Scenario, command: Command) -> list[tuple[int, int]]:
    """Day of the month and number of each song that this command leads to."""
    facts: list[Any] = [fact for _, fact in scenario.when(command)]
    return [(fact.night.day, fact.number) for fact in facts]


def test_the_night_begins_at_one_in_jakarta() -> None:
    assert song_of_tonight(ONE).night == date(2024, 11, 18)
    assert song_of_tonight(ONE - timedelta(seconds=1)).night == date(2024, 11, 17)


def test_a_night_is_sung_for_once() -> None:
    assert nobody.when(song_of_tonight(ONE)) == [
        (STREAM, CanarySung(office="00", night=date(2024, 11, 18), number=1, at=ONE))
    ]
    sung = nobody.after(song_of_tonight(ONE))
    for later in (timedelta(0), timedelta(hours=23, minutes=59), -NIGHT):
        assert songs(sung, song_of_tonight(ONE + later)) == []
    assert songs(sung, song_of_tonight(ONE + NIGHT)) == [(19, 2)]


def test_of_nights_that_were_missed_only_the_latest_is_sung_for_late() -> None:
    back = ONE + 3 * NIGHT + timedelta(hours=9)
    sung = nobody.after(song_of_tonight(ONE))
    assert songs(sung, song_of_tonight(back)) == [(21, 2)]
    # The clock may be first, with the wait that the last song left.
    wait = Deadline("canary/00/canary/2024-11-19", STREAM, "00", ONE + NIGHT, "canary", "2024-11-19")
    assert songs(sung, due(wait, back, False)) == [(21, 2)]


def test_each_song_leaves_the_wait_for_the_next_one_and_changes_no_view() -> None:
    late = song_of_tonight(ONE + timedelta(hours=5))
    sung = nobody.after(late)
    happened: list[tuple[str, Any]] = list(nobody.when(late))
    [(stream, song)] = happened
    rows = list(project(stream, song, sung.state(stream)))
    assert [row.table for row in rows] == ["deadlines"]
    assert rows[0].values is not None
    wait = Deadline(**rows[0].values)
    assert (wait.office, wait.due.astimezone(UTC)) == ("00", ONE + NIGHT)
    assert songs(sung, due(wait, wait.due, False)) == [(19, 2)]
    assert songs(sung.after(song_of_tonight(wait.due)), due(wait, wait.due, False)) == []


def test_no_book_knows_of_it() -> None:
    before = holding(5_000)
    after = before.after(song_of_tonight(ONE))
    assert after.states.keys() - before.states.keys() == {STREAM}


@pytest.fixture
async def engine(database: ServiceDatabase) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database.app_url)
    yield engine
    await engine.dispose()


def of_stock(engine: AsyncEngine) -> Ledger:
    """A worker's ledger."""
    return Ledger(STOCK, engine, lambda office, at: offices().topic("stock", office, at))


async def sung(engine: AsyncEngine) -> list[tuple[str, int]]:
    async with engine.connect() as connection:
        query = "select data->>'night', topic, version from events where type = 'CanarySung' order by position"
        found = (await connection.execute(text(query))).all()
    assert {row.topic for row in found} <= {TOPIC}
    return [(row[0], row.version) for row in found]


@pytest.mark.anyio
async def test_two_workers_that_are_woken_again_and_again_sing_once_a_night(
    engine: AsyncEngine,
) -> None:
    async with of_stock(engine) as one, of_stock(engine) as other:

        async def look(now: datetime) -> None:
            clocks = (Clock("stock", each, engine, due, News(), lambda *_: (), lambda: now) for each in (one, other))
            await asyncio.gather(*(clock.look() for clock in clocks))

        async def wake(now: datetime) -> None:
            await asyncio.gather(*(wake_canary(ledger, engine, lambda: now) for ledger in (one, other) * 5))

        await wake(ONE)
        assert await sung(engine) == [("2024-11-18", 1)]
        await look(ONE + NIGHT - timedelta(seconds=1))
        assert await sung(engine) == [("2024-11-18", 1)]
        await look(ONE + NIGHT)
        await look(ONE + NIGHT)
        assert await sung(engine) == [("2024-11-18", 1), ("2024-11-19", 2)]
        # Nobody works for two nights; then a turn is taken, and its clock looks at what was due long ago.
        back = ONE + 3 * NIGHT + timedelta(hours=7)
        await asyncio.gather(look(back), wake(back))
        await look(back)
        expected = [("2024-11-18", 1), ("2024-11-19", 2), ("2024-11-21", 3)]
        assert await sung(engine) == expected
    async with engine.connect() as connection:
        left = (await connection.execute(text("select key from deadlines"))).scalars().all()
    assert left == ["canary/00/canary/2024-11-22"]


@pytest.mark.anyio
async def test_a_canary_whose_wait_was_lost_sings_again_at_the_next_turn(
    engine: AsyncEngine,
) -> None:
    async with of_stock(engine) as ledger:
        await ledger.execute(song_of_tonight(ONE), WHO)
        async with engine.begin() as connection:
            await connection.execute(text("delete from deadlines"))
        await wake_canary(ledger, engine, lambda: ONE + 2 * NIGHT)
    assert await sung(engine) == [("2024-11-18", 1), ("2024-11-20", 2)]


@pytest.mark.anyio
async def test_two_real_workers_on_an_empty_database_are_heard_once_on_the_centres_topic(
    database: ServiceDatabase, engine: AsyncEngine, tmp_path: Path
) -> None:
    # A broker of its own: on the session's, others have written to the centre's topic.
    with Kafka(tmp_path / "kafka", free_port()) as kafka:
        await _heard_once(database, engine, kafka, tmp_path)


async def _heard_once(database: ServiceDatabase, engine: AsyncEngine, kafka: Kafka, tmp_path: Path) -> None:
    async def heard() -> list[Event] | None:
        async with engine.connect() as connection:
            published = await connection.scalar(
                text("select sequence from relay_cursors where topic = :topic"), {"topic": TOPIC}
            )
        if not published:
            return None
        return (await read(kafka.bootstrap_servers, [TOPIC]))[TOPIC]

    with ExitStack() as running:
        for name in ("one", "other"):
            worker = _worker(name, database, kafka, tmp_path)
            worker.start()
            running.callback(worker.stop)
        [event] = await until("the canary on Kafka", heard)
        assert (event.type, event.office, event.sequence, event.body["number"]) == ("CanarySung", "00", 1, 1)
        assert event.body["night"] == song_of_tonight(datetime.fromisoformat(event.body["at"])).night.isoformat()


def _worker(name: str, database: ServiceDatabase, kafka: Kafka, folder: Path) -> Process:
    environment = {
        "DATABASE_URL": database.app_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "AUTH_ISSUER": "dev",
        "AUTH_AUDIENCE": "blanko",
        "AUTH_JWKS": "none",
        "WORKER_PORT": str(free_port()),
    }
    command = [sys.executable, "-m", "services.stock.worker"]
    return Process(name, command, folder / f"{name}.log", folder=ROOT, environment=environment)
