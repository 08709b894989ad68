"""A visit's months are erased: what is left of them in a dump, on the topics, in the state opens nothing any more."""

import asyncio
import os
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.kafka import Kafka
from deploy.local.postgres import PostgreSQL, ServiceDatabase, binary
from services.outreach.sealing import CannotOpen, Keyring, MonthKey
from services.outreach.service import OUTREACH
from shared.leader import turn
from shared.ledger import verify
from shared.offices import offices
from shared.rebuild import rebuild
from shared.reconcile import reconcile
from shared.relay import Relay
from tests.hosting import Caller
from tests.outreach.test_recordings_api import line, lines, next_month, outcomes, stored
from tests.outreach.web import planned, post
from tests.shared.streams import eventually, running

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
TOPICS = offices().topics("outreach")


@pytest.fixture
def head(caller: Caller) -> httpx2.AsyncClient:
    return caller("head", "17.71")


def dump(postgres: PostgreSQL, name: str) -> str:
    """Everything that the database holds, as a backup has it."""
    server = urlsplit(postgres.url)
    address = f"postgresql://{server.username}@{server.hostname}:{server.port}/{name}"
    environment = {**os.environ, "PGPASSWORD": server.password or ""}
    done = subprocess.run([binary("pg_dump"), "-d", address], capture_output=True, check=True, env=environment)
    return done.stdout.decode()


async def on_topics(kafka: Kafka) -> str:
    """Everything on outreach's topics: keys, values, headers."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    found = []
    try:
        parts = [TopicPartition(topic, 0) for topic in TOPICS]
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        left = sum((await consumer.end_offsets(parts)).values())
        while left > 0:
            for records in (await consumer.getmany(timeout_ms=1_000)).values():
                left -= len(records)
                found += [repr((record.key, record.value, record.headers)) for record in records]
    finally:
        await consumer.stop()
    return "\n".join(found)


def recovered(text: str, visit: str, recordings: Iterable[str], service_key: str, *wrapped: str) -> Mapping[str, str]:
    """The months that whoever has all this, and the service's key, reads: by every text that could be a key or a month.

    `wrapped` are keys that somebody remembers from before.
    """
    texts = set(BASE64.findall(text))
    keyring, keys = Keyring([b64decode(service_key)]), []
    for candidate in texts | set(wrapped):
        try:
            keys.append(keyring.unwrap(visit, candidate))
        except CannotOpen:
            # Perhaps it is the key itself.
            with suppress(ValueError):
                keys.append(MonthKey(visit, b64decode(candidate)))
    found = {}
    for key in keys:
        for candidate in texts:
            for recording in recordings:
                try:
                    found[recording] = key.unseal(recording, candidate)
                except CannotOpen:
                    continue
    return found


@asynccontextmanager
async def published(engine: AsyncEngine, kafka: Kafka) -> AsyncIterator[None]:
    """Inside, the relay works; at the end it has published everything."""
    async with turn(engine) as held:
        relay = Relay("outreach", engine, kafka.bootstrap_servers, TOPICS, held)
        async with running(relay.run()):
            yield

            async def all_left() -> bool:
                async with engine.connect() as connection:
                    waiting = "select count(*) from topics t left join relay_cursors c using (topic)"
                    waiting += " where t.sequence > coalesce(c.sequence, 0)"
                    return bool((await connection.exec_driver_sql(waiting)).scalar() == 0)

            await eventually(all_left, "everything is published")


async def replayed(database: ServiceDatabase, kafka: Kafka, service_key: str) -> str:
    """What an engineer does after a restore, and what it prints."""
    told = {
        "DATABASE_URL": database.app_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "OUTREACH_SEALING_KEYS": service_key,
        "AUTH_ISSUER": "i",
        "AUTH_AUDIENCE": "a",
        "AUTH_JWKS": "k",
    }
    command = [sys.executable, "-m", "services.outreach.sealing", "replay"]
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=ROOT, env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def test_after_an_erasure_nothing_anywhere_opens_a_month_and_a_restore_does_not_bring_it_back(
    app: FastAPI,
    operator: httpx2.AsyncClient,
    head: httpx2.AsyncClient,
    database: ServiceDatabase,
    postgres: PostgreSQL,
    kafka: Kafka,
    sealing_key: str,
) -> None:
    sent, engine = lines(20), app.state.engine
    waiting = {one["recording"]: one["turns_17"] for one in sent if one["turns_17"]}
    async with published(engine, kafka):
        path = await planned(operator)
        visit = path.rpartition("/")[2]
        assert outcomes(await post(operator, f"{path}/recordings", {"lines": sent})) == ["PRINT_READY", "WAITING"] * 10
    wrapped = await stored(app, "select wrapped from month_keys")
    before = dump(postgres, database.name)
    assert recovered(before, visit, waiting, sealing_key) == waiting, "who has everything reads it: the search is one"
    assert recovered(before.replace(wrapped, ""), visit, waiting, sealing_key) == {}

    async with published(engine, kafka):
        assert (await post(head, f"{path}/months/erasure", {})).status_code == 201
    after, topics = dump(postgres, database.name), await on_topics(kafka)
    assert visit in after and visit in topics and "VisitMonthsErased" in topics
    assert recovered(after + topics, visit, waiting, sealing_key) == {}
    assert recovered(topics, visit, waiting, sealing_key, wrapped) == {}, "not even a key that was kept opens a topic"
    assert next_month() not in before + after + topics
    assert wrapped not in after + topics
    assert [broken async for broken in verify(engine)] == []
    assert await reconcile(OUTREACH, engine) == []
    await rebuild(OUTREACH, engine)
    assert await stored(app, "select count(*) from month_keys where wrapped is not null") == 0

    restored = postgres.create_service_database("outreach", f"restored_{uuid4().hex[:12]}")
    postgres.sql(before, restored.name)
    assert recovered(dump(postgres, restored.name), visit, waiting, sealing_key) == waiting
    assert "this log had forgotten 1" in await replayed(restored, kafka, sealing_key)
    assert "this log had forgotten 0" in await replayed(restored, kafka, sealing_key)
    assert recovered(dump(postgres, restored.name), visit, waiting, sealing_key) == {}
    again = create_async_engine(restored.app_url)
    async with again.connect() as connection:
        keys = "select count(*) from month_keys where wrapped is not null"
        assert (await connection.exec_driver_sql(keys)).scalar() == 0
        known = f"select months_erased from visits where visit = '{visit}'"
        assert (await connection.exec_driver_sql(known)).scalar() is True
    assert [broken async for broken in verify(again)] == []
    assert await reconcile(OUTREACH, again) == []
    await again.dispose()
    postgres.drop_database(restored.name)


async def test_who_waited_is_shown_as_somebody_whose_month_is_gone(
    operator: httpx2.AsyncClient, head: httpx2.AsyncClient
) -> None:
    visit = await planned(operator)
    await post(operator, f"{visit}/recordings", {"lines": lines(4)})
    assert (await post(head, f"{visit}/months/erasure", {})).json()["facts"][0]["because"] == "REQUESTED"
    seen = (await operator.get(visit)).json()
    assert (seen["waiting"], seen["ready"], seen["erased"], seen["months_erased"]) == (0, 2, 2, True)
    states = [row["state"] for row in (await operator.get(f"{visit}/recordings")).json()["recordings"]]
    assert sorted(states) == ["MONTH_ERASED", "MONTH_ERASED", "PRINT_READY", "PRINT_READY"]


async def test_what_comes_after_an_erasure_is_recorded_without_its_month(
    app: FastAPI, operator: httpx2.AsyncClient, head: httpx2.AsyncClient
) -> None:
    visit = await planned(operator)
    await post(head, f"{visit}/months/erasure", {})
    sync = await post(operator, f"{visit}/recordings", {"lines": [line(next_month()), line()]})
    assert outcomes(sync) == ["MONTH_ERASED", "PRINT_READY"]
    assert await stored(app, "select count(*) from recordings where sealed <> ''") == 0
    assert await stored(app, "select count(*) from month_keys where wrapped is not null") == 0


async def test_an_erasure_is_asked_by_a_head_or_an_administrator_for_their_own_and_is_one(
    app: FastAPI, operator: httpx2.AsyncClient, head: httpx2.AsyncClient, caller: Caller
) -> None:
    visit = await planned(operator)
    await post(operator, f"{visit}/recordings", {"lines": lines(2)})
    assert (await post(operator, f"{visit}/months/erasure", {})).status_code == 403
    elsewhere = await post(caller("head", "17.01"), f"{visit.replace('17.71', '17.01')}/months/erasure", {})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (409, "visit_unknown")
    assert (await post(head, f"{visit}/months/erasure?dry_run=true", {})).status_code == 200
    assert await stored(app, "select count(*) from month_keys where wrapped is not null") == 1
    first = await post(caller("admin", "17"), f"{visit}/months/erasure", {})
    again = await post(head, f"{visit}/months/erasure", {})
    assert [len(answer.json()["facts"]) for answer in (first, again)] == [1, 0]
    assert await stored(app, "select count(*) from month_keys where wrapped is not null") == 0
