"""What the bench loads is what the service would have written itself."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bench.growth import AT_ONCE
from bench.log import connect
from bench.nation import DAYS, Nation
from bench.receiving import announce
from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.stock.service import STOCK
from shared.decider import category
from shared.ledger.chain import verify
from shared.ledger.replay import replay
from shared.migrate import upgrade
from shared.schema import scripts_of

EVENTS = 40_000
NOW = datetime.now(UTC)


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    database = postgres.create_service_database("stock", f"nation_{uuid4().hex[:12]}")
    upgrade(scripts_of("stock"), database.owner_url)
    yield database
    postgres.drop_database(database.name)


async def as_stored(engine: AsyncEngine) -> tuple[dict[str, Any], dict[str, Any]]:
    """Versions and states, and what the balances say."""
    async with engine.connect() as connection:
        streams = await connection.execute(text("select stream, version, state_schema, state::text from streams"))
        balances = await connection.execute(text("select office, item, on_hand, onboard, locations from balances"))
        heads = {}
        for stream, version, schema, state in streams:
            assert schema == STOCK.schemas[category(stream)]
            heads[stream] = version, msgspec.json.decode(state, type=type(STOCK.start(stream)))
        return heads, {f"office/{row[0]}/{row[1]}": row[2:] for row in balances}


async def check(url: str) -> tuple[int, dict[str, Any]]:
    """How many facts there are, and the balances, once all that was loaded agrees."""
    engine = create_async_engine(url)
    assert [broken async for broken in verify(engine)] == []
    folded = await replay(STOCK, engine)
    heads, balances = await as_stored(engine)
    await engine.dispose()
    assert folded == heads
    books = {stream: state for stream, (_, state) in heads.items() if category(stream) == "office"}
    assert balances.keys() == books.keys()
    for stream, (on_hand, onboard, locations) in balances.items():
        assert (on_hand, onboard) == (books[stream].on_hand, books[stream].onboard)
        assert {name: figures[0] for name, figures in locations.items()} == {
            name: shelf.on_hand for name, shelf in books[stream].locations.items()
        }
    return sum(version for version, _ in heads.values()), balances


async def load(url: str, nation: Nation) -> int:
    owner = await connect(url)
    await nation.write(owner)
    await owner.close()
    return nation.log.position


def test_a_nation_without_a_past_is_on_board_and_what_is_stored_of_it_agrees(database: ServiceDatabase) -> None:
    told = asyncio.run(load(database.owner_url, Nation(NOW)))
    facts, balances = asyncio.run(check(database.app_url))
    assert facts == told < AT_ONCE
    assert len(balances) == 514 * 5 + 1
    assert all(onboard for _, onboard, _ in balances.values())
    assert sum(len(locations) for _, _, locations in balances.values()) == 514 * 5 + 7_285 + 1


def test_lives_lived_for_many_offices_are_each_offices_own(database: ServiceDatabase) -> None:
    told = asyncio.run(load(database.owner_url, Nation(NOW, EVENTS)))
    facts, balances = asyncio.run(check(database.app_url))
    assert facts == told >= EVENTS
    assert all(on_hand > 0 for on_hand, _, _ in balances.values())
    assert sum(len(locations) for _, _, locations in balances.values()) == 514 * 5 + 7_285 + 1


def test_more_than_fits_into_the_days_is_not_pretended() -> None:
    nation = Nation(NOW, EVENTS)
    nation.log.at = NOW
    with pytest.raises(ValueError, match=str(DAYS)):
        for _ in nation._events():
            pass


def test_boxes_that_are_announced_are_on_their_way(database: ServiceDatabase) -> None:
    asyncio.run(announce(database.owner_url, boxes=30))
    engine = create_async_engine(database.app_url)

    async def read() -> list[Any]:
        async with engine.connect() as connection:
            query = "select sum(in_transit), count(*) from consignments where dispatched"
            rows = list((await connection.execute(text(query))).one())
        await engine.dispose()
        return rows

    facts, _ = asyncio.run(check(database.app_url))
    assert facts > 3 * 30
    assert asyncio.run(read()) == [30 * 500, 30]
