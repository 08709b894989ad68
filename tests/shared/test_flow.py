"""/health/flow: whether what is promised leaves, told by a web process whose worker and broker are away."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from deploy.local.kafka import Kafka
from deploy.local.postgres import PostgreSQL, ServiceDatabase
from deploy.local.process import free_port
from shared.flow import STUCK_AFTER, Outbox, outbox
from shared.ledger import Ledger
from shared.migrate import upgrade
from tests.shared.conftest import MIGRATIONS, asking
from tests.shared.streams import Streams, eventually, opened
from tests.shared.toy import Keep
from tests.shared.web import Web, serving

pytestmark = pytest.mark.anyio

HALF_PAST_SIX = datetime(2024, 11, 18, 23, 30, tzinfo=UTC)


@pytest.fixture
async def streams(toy_database: ServiceDatabase, kafka: Kafka) -> AsyncIterator[Streams]:
    streams = opened(kafka, toy_database, toy_database)
    yield streams
    await streams.sender.dispose()
    await streams.receiver.dispose()


async def age(streams: Streams, by: timedelta, topic: str = "%") -> None:
    """What was recorded, of these topics, was recorded so much earlier."""
    async with streams.as_owner() as owner:
        query = "update events set recorded_at = recorded_at - cast(:by as interval) where topic like :topic"
        await owner.execute(text(query), {"by": by, "topic": topic})


async def flow(web: Web) -> tuple[int, dict[str, Any]]:
    """Status and answer, asked without a token."""
    response = await asyncio.to_thread(web.client.get, "/health/flow")
    return response.status_code, response.json()


async def asked(streams: Streams) -> Outbox:
    async with streams.sender.connect() as connection:
        return await outbox(connection)


async def test_facts_that_do_not_leave_for_fifteen_minutes_are_told_until_they_have_left(
    streams: Streams, toy_database: ServiceDatabase, tmp_path: Path
) -> None:
    with serving(toy_database, tmp_path) as web:
        nothing = {"flowing": True, "waiting": 0, "topic": None, "since": None}
        assert await flow(web) == (200, nothing)

        await streams.put(3)
        await age(streams, STUCK_AFTER - timedelta(seconds=30))
        status, young = await flow(web)
        assert (status, young["flowing"], young["waiting"]) == (200, True, 3)
        assert "detail" not in young

        await age(streams, timedelta(minutes=1), topic="%.32.%")
        status, stuck = await flow(web)
        assert (status, stuck["flowing"], stuck["waiting"]) == (503, False, 3)
        assert stuck["topic"] == f"blanko.32.{streams.service}"
        since = datetime.fromisoformat(stuck["since"])
        assert datetime.now(UTC) - since > STUCK_AFTER
        here = (since + timedelta(hours=7)).strftime("%H:%M")
        assert stuck["detail"] == f"shortages have not left this office since {here}"
        assert (await asyncio.to_thread(web.client.get, "/health/ready")).status_code == 200

        async with streams.relaying():
            await streams.all_is_published()

            async def flowing() -> bool:
                return await flow(web) == (200, nothing)

            await eventually(flowing, "everything has left")


async def test_what_is_published_of_a_topic_does_not_wait_however_old(streams: Streams) -> None:
    await streams.put(6)
    await age(streams, timedelta(days=3))
    assert (await asked(streams)).stuck
    async with streams.as_owner() as owner:
        await owner.execute(text("insert into relay_cursors select * from topics"))
    assert await asked(streams) == Outbox()
    await streams.put(2)
    young = await asked(streams)
    assert (young.waiting, young.topic, young.stuck) == (2, f"blanko.17.{streams.service}", False)


async def test_what_is_not_promised_does_not_wait(streams: Streams, ledger: Ledger) -> None:
    await ledger.execute(Keep(jar="a", text="kept at home"), asking())
    assert await asked(streams) == Outbox()


async def test_while_the_database_is_away_it_is_not_known_whether_anything_leaves(tmp_path: Path) -> None:
    with PostgreSQL(tmp_path / "postgres", free_port()) as server:
        database = server.create_service_database("toy", "toy")
        await asyncio.to_thread(upgrade, MIGRATIONS, database.owner_url)
        with serving(database, tmp_path) as web:
            await asyncio.to_thread(server.kill)
            assert await flow(web) == (503, {"flowing": None, "detail": "the database does not answer"})
            await asyncio.to_thread(server.start)

            async def answers() -> bool:
                return (await flow(web))[0] == 200

            await eventually(answers, "the database is asked again")


def test_the_hour_is_jakartas_and_the_word_the_services_own() -> None:
    just = Outbox(7, "blanko.17.notify", HALF_PAST_SIX, STUCK_AFTER)
    assert just.told("notices")["flowing"]
    late = replace(just, age=STUCK_AFTER + timedelta(microseconds=1))
    assert late.told("notices") == {
        "flowing": False,
        "waiting": 7,
        "topic": "blanko.17.notify",
        "since": HALF_PAST_SIX,
        "detail": "notices have not left this office since 06:30",
    }
