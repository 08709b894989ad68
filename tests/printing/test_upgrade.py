"""A database of the first version with a job in it, brought to this one: it goes on where it was."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.printing import views
from services.printing.service import PRINTING
from shared.ledger import Context, Ledger
from shared.rebuild import rebuild
from shared.reconcile import reconcile
from tests.hosting import migrated
from tests.printing.bengkulu import BENGKULU, JOB, NOON, WEDNESDAY, claim, printed, stock

pytestmark = pytest.mark.anyio

OF_THE_FIRST = f"""
insert into events (position, stream, version, type, schema, data, metadata, occurred_at, recorded_at, hash) values
    (1, 'job/{JOB}', 1, 'JobQueued', 1,
     '{{"type":"JobQueued","office":"17.71","job":"{JOB}","item":"KTP_WNI","location":"MPP","reason":"LOST",'
     '"applicant":"A-17","queued_at":"2024-11-20T05:00:00Z"}}', '{{"subject":"o","route":"r"}}',
     '2024-11-20T05:00:00Z', '2024-11-20T05:00:00Z', '\\x00'),
    (2, 'queue/17.71/KTP_WNI', 1, 'StockLevelNoted', 1,
     '{{"type":"StockLevelNoted","office":"17.71","item":"KTP_WNI","level":"LOW","episode":2,'
     '"since":"2024-11-20T04:00:00Z","as_of":"2024-11-20T04:00:01Z"}}', '{{"subject":"w","route":"s"}}',
     '2024-11-20T04:00:00Z', '2024-11-20T05:00:00Z', '\\x00');
insert into streams (stream, version, state_schema, state) values
    ('job/{JOB}', 1, 1, '{{"place":"QUEUED","office":"17.71","item":"KTP_WNI","location":"MPP","reason":"LOST"}}'),
    ('queue/17.71/KTP_WNI', 1, 1, '{{"level":"LOW","episode":2}}');
update log_head set position = 2;
insert into jobs values
    ('{JOB}', '17.71', 'KTP_WNI', 'MPP', 'LOST', 'A-17', 'QUEUED', '2024-11-20T05:00:00Z', null, 0, 0);
insert into queues values ('17.71', 'KTP_WNI', 'LOW', 2, '2024-11-20T04:00:00Z', '2024-11-20T04:00:01Z');
"""


@pytest.fixture
def of_the_first(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "printing", OF_THE_FIRST) as database:
        yield database


async def test_a_job_of_the_first_version_is_dealt_printed_and_after_a_rebuild_in_the_day_book(
    of_the_first: ServiceDatabase,
) -> None:
    engine = create_async_engine(of_the_first.app_url)
    async with engine.connect() as connection:
        rules = await views.rules_of(connection, BENGKULU, "KTP_WNI", WEDNESDAY)
        offered = await views.next_jobs(connection, BENGKULU, "KTP_WNI", rules, NOON + timedelta(hours=1), 9, None)
    assert (rules.level, offered) == ("LOW", [JOB])
    async with Ledger(PRINTING, engine, lambda office, moment: "blanko.17.printing") as ledger:
        for step in (stock("EMPTY"), claim(blanks_in_hand=True), printed()):
            committed = await ledger.execute(step, Context(subject="test", route="test"))
            assert len(committed.facts) == 1
    assert (await rebuild(PRINTING, engine))["day_book"] == 2
    assert await reconcile(PRINTING, engine) == []
    async with engine.connect() as connection:
        job = await views.job(connection, BENGKULU, JOB)
    await engine.dispose()
    assert job is not None and (job["state"], job["print_ready_at"]) == ("PRINTED", NOON)
