"""A database of the first version with its rows in place, brought to this one: it is read before any rebuild."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.stock import views
from services.stock.reactions import due
from shared.clock import Deadline
from tests.hosting import migrated

pytestmark = pytest.mark.anyio

OF_THE_FIRST = """
insert into balances values
    ('17.71', 'KTP_WNI', true, 90, 0, 90, 'EMPTY', 3, 140000, 0, 1400, 700, 1680, true,
     '{"store": [80, 2, true, []], "van": [10, 0, false, ["BELOW_ZERO"]]}'),
    ('17', 'KTP_WNI', true, 0, 0, 0, 'EMPTY', 1, 0, 0, 0, 0, 0, false, '{}');
insert into consignments values
    ('c-1', '00', '17.71', 'KTP_WNI', 100, 60, 10, 0, 30, 0, '2024-11-08', null),
    ('c-2', '00', '17.71', 'KTP_WNI', 100, 100, 0, 0, 0, 0, '2024-11-08', null),
    ('c-3', null, '17.71', 'KTP_WNI', 0, 0, 0, 0, 0, 5, null, null);
"""


@pytest.fixture
def of_the_first(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "stock", OF_THE_FIRST) as database:
        yield database


async def test_rows_of_the_first_version_are_read_and_waited_for(of_the_first: ServiceDatabase) -> None:
    engine = create_async_engine(of_the_first.app_url)
    async with engine.connect() as connection:
        buffer, city = await views.balances_of(connection, ["17", "17.71"])
        open_ones = await views.consignments_of(connection, ["17.71"], is_open=True, after=None, limit=9)
        every_one = await views.consignments_of(connection, ["17.71"], is_open=False, after=None, limit=9)
        waits = (await connection.exec_driver_sql("select * from deadlines order by key")).mappings().all()
    await engine.dispose()
    assert buffer["locations"] == {} and (city["quarantined"], city["versions"]) == (0, {})
    assert city["locations"] == {"store": [80, 2, True, [], 0], "van": [10, 0, False, ["BELOW_ZERO"], 0]}
    assert [row["consignment"] for row in open_ones] == ["c-1"]
    assert [row["dispatched"] for row in every_one] == [True, True, False]
    found = [Deadline(**row) for row in waits]
    assert [(wait.key, wait.due.astimezone(UTC)) for wait in found] == [
        ("consignment/c-1/consignment/KTP_WNI", datetime(2024, 11, 8, 17, tzinfo=UTC)),
        ("office/17.71/KTP_WNI/relief/3/EMPTY", datetime(2000, 1, 1, tzinfo=UTC)),
    ]
    today = datetime(2024, 11, 25, tzinfo=UTC)
    assert [type(due(wait, today, False)).__name__ for wait in found] == ["CheckConsignment", "ProposeRelief"]
    assert due(found[0], today, False).day == date(2024, 11, 9)
