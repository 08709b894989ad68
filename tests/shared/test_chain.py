"""History tampered with is found, and named."""

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import ServiceDatabase
from shared.ledger import Ledger, verify
from tests.shared.conftest import asking
from tests.shared.toy import Keep, Put

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("tampering", "named"),
    [
        ("""update events set data = replace(data::text, '"count":1', '"count":2')::json where position = 7""", [7]),
        ("update events set occurred_at = occurred_at + interval '1 microsecond' where position = 3", [3]),
        ("update events set recorded_at = recorded_at - interval '1 second' where position = 4", [4]),
        ("update events set stream = 'jar/z' where position = 1", [1]),
        ("update events set metadata = replace(metadata::text, 'u1', 'u2')::json where position = 5", [5]),
        ("update events set topic = 'blanko.18.toy' where position = 9", [9]),
        ("update events set sequence = null where position = 9", [9]),
        ("delete from events where position = 6", [6]),
        ("delete from events where position in (1, 2)", [1, 2]),
        ("delete from events where position >= 19", [19, 20, 21]),
        (
            "update events set position = case position when 8 then 108 else 8 end where position in (8, 12);"
            "update events set position = 12 where position = 108",
            [8, 9, 12, 13],
        ),
    ],
)
async def test_verify_names_the_event_that_was_tampered_with(
    ledger: Ledger, engine: AsyncEngine, toy_database: ServiceDatabase, tampering: str, named: list[int]
) -> None:
    for n in range(20):
        await ledger.execute(Put(jar=f"{n}", label='quo"ted \\ é'), asking())
    await ledger.execute(Keep(jar="0", text="not published"), asking())
    assert [found async for found in verify(engine)] == []
    owner = create_async_engine(toy_database.owner_url)
    async with owner.begin() as connection:
        for statement in tampering.split(";"):
            await connection.exec_driver_sql(statement)
    await owner.dispose()
    assert [found.position async for found in verify(engine)] == named
