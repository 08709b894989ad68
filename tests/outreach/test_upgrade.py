"""A database of the first version, with a visit and its recordings, brought to this one: it goes on where it was."""

from collections.abc import Iterator

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.outreach import views
from services.outreach.reactions import due
from services.outreach.service import OUTREACH
from shared.clock import Clock
from shared.ledger import Ledger
from shared.news import News
from shared.rebuild import rebuild
from shared.reconcile import reconcile
from tests.hosting import migrated
from tests.outreach.bengkulu import BENGKULU

pytestmark = pytest.mark.anyio

PERSON = (
    '{{"type":"PersonRecorded","office":"17.71","recording":"{0}","visit":"v-1","applicant":"A-{0}",'
    '"item":"KTP_WNI","location":"MPP","turns_17":{1},"timezone":"Asia/Jakarta"}}'
)
READY = (
    '{"type":"RecordingPrintReady","office":"17.71","recording":"r-2","visit":"v-1","applicant":"A-r-2",'
    '"item":"KTP_WNI","location":"MPP"}'
)
PLAN = '{"type":"VisitPlanned","office":"17.71","visit":"v-1","place":"SMAN 5","held_on":"2024-11-20","expected":100}'
WHEN = "'{\"subject\":\"o\",\"route\":\"r\"}', '2024-11-20T05:00:00Z', '2024-11-20T05:00:00Z', '\\x00'"
OF_THE_FIRST = f"""
insert into events (position, stream, version, type, schema, data, metadata, occurred_at, recorded_at, hash) values
    (1, 'visit/v-1', 1, 'VisitPlanned', 1, '{PLAN}', {WHEN}),
    (2, 'recording/r-1', 1, 'PersonRecorded', 1, '{PERSON.format("r-1", '"2025-03"')}', {WHEN}),
    (3, 'recording/r-2', 1, 'PersonRecorded', 1, '{PERSON.format("r-2", '"2024-10"')}', {WHEN}),
    (4, 'recording/r-2', 2, 'RecordingPrintReady', 1, '{READY}', {WHEN});
insert into streams (stream, version, state_schema, state) values
    ('visit/v-1', 1, 1, '{{"office":"17.71","place":"SMAN 5","held_on":"2024-11-20","expected":100}}'),
    ('recording/r-1', 1, 1, '{{"progress":"WAITING","turns_17":"2025-03"}}'),
    ('recording/r-2', 2, 1, '{{"progress":"PRINT_READY","turns_17":"2024-10"}}');
update log_head set position = 4;
insert into visits values ('v-1', '17.71', 'SMAN 5', '2024-11-20', 100);
insert into recordings values
    ('r-1', 'v-1', '17.71', 'A-r-1', 'KTP_WNI', 'MPP', '2025-03', 'WAITING'),
    ('r-2', 'v-1', '17.71', 'A-r-2', 'KTP_WNI', 'MPP', '2024-10', 'PRINT_READY');
insert into deadlines (key, stream, office, due, kind, data) values
    ('recording/r-1', 'recording/r-1', '17.71', '2025-03-31T17:00:00Z', 'PRINT_READY', '{{}}');
"""


@pytest.fixture
def of_the_first(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "outreach", OF_THE_FIRST) as database:
        yield database


async def test_who_waited_in_the_first_version_becomes_print_ready_in_this_one(of_the_first: ServiceDatabase) -> None:
    engine = create_async_engine(of_the_first.app_url, isolation_level="AUTOCOMMIT")
    assert await reconcile(OUTREACH, engine) == []
    async with Ledger(OUTREACH, engine, lambda office, moment: "blanko.17.outreach") as ledger:
        clock = Clock("outreach", ledger, engine, due, News(), lambda office, moment: ())
        assert (await clock.look(), await clock.look()) == (1, 0)
    async with engine.connect() as connection:
        visit = await views.visit(connection, BENGKULU, "v-1")
    assert visit is not None and (visit["stage"], visit["waiting"], visit["ready"]) == ("PLANNED", 0, 2)
    assert (await rebuild(OUTREACH, engine))["recordings"] == 2
    assert await reconcile(OUTREACH, engine) == []
    await engine.dispose()
