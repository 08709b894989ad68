"""A database of the first version with an open escalation, brought to this one: it climbs on by its old patience."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.notify import views
from services.notify.reactions import due
from services.notify.service import NOTIFY
from shared.clock import Clock
from shared.ledger import Context, Ledger
from shared.news import News
from shared.rebuild import rebuild
from shared.reconcile import reconcile
from tests.hosting import migrated
from tests.notify.situations import BENGKULU, HOUR, NOON, STREAM, answer, over
from tests.notify.test_clock import nothing_to_await
from tests.notify.web import LISTEN, RULES

pytestmark = pytest.mark.anyio

WHO = Context(subject="u", route="test")
FIGURES = (
    '{"on_hand":1200,"available":1200,"as_of":"2024-11-18T05:00:00Z","daily_use":150.0,"days_of_cover":8.0,'
    '"projected_empty_on":"2024-11-26"}'
)
ABOUT = '"office":"17.71","item":"KTP_WNI","episode":4'
PATIENCE = '{"city":3600,"province":7200,"national":1800}'
OPENED = (
    f'{{"type":"EscalationOpened",{ABOUT},"level":"CITY","stock_level":"LOW","figures":{FIGURES},"policy_version":7,'
    f'"patience":{PATIENCE},"answer_by":"2024-11-18T06:00:00Z","told":["CITY"],"at":"2024-11-18T05:00:00Z"}}'
)
TOLD = (
    f'{{"type":"NoticeSent",{ABOUT},"step":1,"level":"CITY","kind":"SHORTAGE","recipient_role":"head",'
    f'"recipient_region":"17.71","stock_level":"LOW","figures":{FIGURES},"received":0,"at":"2024-11-18T05:00:00Z",'
    '"cause":null,"relief":null,"answer":null,"declined":null,"answer_by":"2024-11-18T06:00:00Z",'
    '"figures_may_be_old":false}'
)
STATE = (
    f'{{"episode":4,"level":"CITY","stock_level":"LOW","figures":{FIGURES},"policy_version":7,"patience":{PATIENCE},'
    '"opened_at":"2024-11-18T05:00:00Z","step":1,"waits":1,"due":"2024-11-18T06:00:00Z",'
    '"told":[{"role":"head","region":"17.71"}],"answer":null,"declined":null,"relief":null,"received":0}'
)
OF_THE_FIRST = f"""
insert into events (position, stream, version, type, schema, data, metadata, occurred_at, recorded_at, hash) values
    (1, '{STREAM}', 1, 'EscalationOpened', 1, '{OPENED}', '{{"subject":"r","route":"stock"}}',
     '2024-11-18T05:00:00Z', '2024-11-18T05:00:01Z', '\\x00'),
    (2, '{STREAM}', 2, 'NoticeSent', 1, '{TOLD}', '{{"subject":"r","route":"stock"}}',
     '2024-11-18T05:00:00Z', '2024-11-18T05:00:01Z', '\\x00');
insert into streams (stream, version, state_schema, state) values ('{STREAM}', 2, 1, '{STATE}');
update log_head set position = 2;
insert into escalations values
    ('17.71', 'KTP_WNI', 4, true, 'CITY', 'LOW', '{FIGURES}', 7, '2024-11-18T05:00:00Z', null, '2024-11-18T06:00:00Z',
     'ANSWER', '["CITY"]', null, null, null, 0);
insert into notices values
    ('{STREAM}/4/1/head/17.71', 'head', '17.71', 'SHORTAGE', '17.71', 'KTP_WNI', 4, '2024-11-18T05:00:00Z', '{TOLD}');
insert into deadlines values
    ('{STREAM}/1', '{STREAM}', '17.71', '2024-11-18T06:00:00Z', 'ANSWER', '1');
"""


def standing_at(now: datetime) -> datetime:
    return now


@pytest.fixture
def of_the_first(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "notify", OF_THE_FIRST) as database:
        yield database


async def test_an_escalation_of_the_first_version_climbs_on_by_its_old_patience_and_is_in_every_table_after_a_rebuild(
    of_the_first: ServiceDatabase,
) -> None:
    engine = create_async_engine(of_the_first.app_url)
    async with engine.connect() as connection:
        row = await views.escalation(connection, BENGKULU, "KTP_WNI")
        assert row is not None
        assert (row["open"], row["awaited"], row["rules"]) == (True, "CITY", "settings/7")
        assert (row["due"], row["answer_by"]) == (NOON + HOUR, NOON + HOUR)
        assert [id for id, _ in await views.inbox(connection, "head", BENGKULU, None, 9)] == [
            f"{STREAM}/4/1/head/17.71"
        ]
    async with Ledger(NOTIFY, engine, lambda office, moment: "blanko.17.notify") as ledger:
        for step in (LISTEN, RULES):
            await ledger.execute(step, WHO)
        levels = []
        for now in (NOON + HOUR, NOON + 3 * HOUR, NOON + 3.5 * HOUR):
            clock = Clock("notify", ledger, engine, due, News(), nothing_to_await, partial(standing_at, now))
            assert await clock.look() == 1
            async with engine.connect() as connection:
                row = await views.escalation(connection, BENGKULU, "KTP_WNI")
            assert row is not None
            levels.append((row["level"], row["due"]))
        assert levels == [
            ("PROVINCE", NOON + 3 * HOUR),
            ("NATIONAL", NOON + 3.5 * HOUR),
            ("NATIONAL", NOON + 4 * HOUR),
        ]
        assert (await rebuild(NOTIFY, engine))["episodes"] == 1
        assert await reconcile(NOTIFY, engine) == []
        async with engine.connect() as connection:
            row = await views.escalation(connection, BENGKULU, "KTP_WNI")
        assert row is not None and (row["rules"], row["step"]) == ("settings/7", 4)
    await engine.dispose()


async def test_one_of_the_first_version_is_answered_and_ends_before_any_rebuild(of_the_first: ServiceDatabase) -> None:
    engine = create_async_engine(of_the_first.app_url)
    async with Ledger(NOTIFY, engine, lambda office, moment: "blanko.17.notify") as ledger:
        for step in (LISTEN, answer(promised_by=NOON + timedelta(days=2)), over(now=NOON + HOUR)):
            await ledger.execute(step, WHO)
    async with engine.connect() as connection:
        assert (await connection.execute(text("select key from deadlines"))).all() == []
        [ended] = (await connection.execute(text("select episode, answered_at_level, how from episodes"))).all()
    assert tuple(ended) == (4, "CITY", "RESOLVED")
    await rebuild(NOTIFY, engine)
    assert await reconcile(NOTIFY, engine) == []
    await engine.dispose()
