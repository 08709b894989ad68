"""Relay and reader on a real Kafka: whatever is killed, each fact has its effect exactly once, in order."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from deploy.local.kafka import Kafka
from deploy.local.postgres import PostgreSQL
from deploy.local.process import free_port
from shared.decider import Command
from shared.envelope import Incoming
from shared.migrate import upgrade
from shared.ops import accept_epoch, raise_epoch, release
from shared.reader import EpochDiffers
from shared.relay import Diverged
from shared.topics import create_topics
from shared.verify import verify_messages
from tests.shared.conftest import MIGRATIONS, asking
from tests.shared.streams import Streams, as_sent, opened, rows
from tests.shared.toy import Put
from tests.shared.toy_process import react, read, relay

pytestmark = pytest.mark.anyio

LONG = "BLANKO_LONG" in os.environ


def kills(*points: str) -> list[str]:
    """Each failpoint when it is come by the first, second, … time: twice each, or twelve times in the long run."""
    return [f"{point}:{n}:kill" for point in points for n in (range(1, 13) if LONG else (1, 3))]


@pytest.fixture
async def own_kafka(tmp_path: Path) -> AsyncIterator[Kafka]:
    """A broker that a test may hurt."""
    kafka = Kafka(tmp_path / "kafka", free_port())
    await asyncio.to_thread(kafka.start)
    yield kafka
    await asyncio.to_thread(kafka.stop)


@asynccontextmanager
async def two_services(postgres: PostgreSQL, kafka: Kafka) -> AsyncIterator[Streams]:
    databases = [postgres.create_service_database("toy", f"toy_{uuid4().hex[:12]}") for _ in range(2)]
    for database in databases:
        await asyncio.to_thread(upgrade, MIGRATIONS, database.owner_url)
    streams = opened(kafka, *databases)
    yield streams
    await streams.sender.dispose()
    await streams.receiver.dispose()
    for database in databases:
        postgres.drop_database(database.name)


@pytest.fixture
async def streams(postgres: PostgreSQL, kafka: Kafka) -> AsyncIterator[Streams]:
    async with two_services(postgres, kafka) as streams:
        yield streams


@pytest.fixture
async def fragile(postgres: PostgreSQL, own_kafka: Kafka) -> AsyncIterator[Streams]:
    """Streams over a broker of their own."""
    async with two_services(postgres, own_kafka) as streams:
        yield streams


async def test_what_is_appended_is_published_once_in_order_with_the_stored_bytes(streams: Streams) -> None:
    async with streams.relaying():
        await streams.put(300)
        await streams.all_is_published()
    for topic, messages in (await streams.published()).items():
        stored = await rows(
            streams.sender,
            "select sequence, position, hash, data::text as data from events where topic = :topic order by sequence",
            topic=topic,
        )
        assert [(m.sequence, m.position, m.hash, m.data.decode()) for m in messages] == [tuple(row) for row in stored]
        assert [message.sequence for message in messages] == list(range(1, len(messages) + 1))


async def test_a_restarted_relay_sends_nothing_twice(streams: Streams) -> None:
    for start in (0, 30, 60):
        async with streams.relaying():
            await streams.put(30, start)
            await streams.all_is_published()
    assert sum(map(len, (await streams.published()).values())) == 90


@pytest.mark.parametrize("point", ["before_commit:20:kill", "after_commit:20:kill"])
async def test_killed_while_committing_the_same_key_tells_what_became_of_it(streams: Streams, point: str) -> None:
    writer = await streams.process("write", "50", fail=point)
    assert await writer.wait() == -9
    again = await streams.process("write", "50")
    assert await again.wait() == 0
    assert await rows(streams.sender, "select count(*), max(position) from events") == [(50, 50)]


@pytest.mark.parametrize("point", kills("before_send", "after_send"))
async def test_a_relay_killed_around_a_send_loses_and_reorders_nothing(streams: Streams, point: str) -> None:
    await streams.put(60)
    killed, written = await streams.process("relay", fail=point), 60
    while killed.returncode is None:
        await streams.put(60, written)
        written += 60
        await asyncio.sleep(0.4)
        assert written < 3_000
    assert await killed.wait() == -9
    async with streams.relaying(), streams.reading():
        await streams.applied_once_and_in_order(written)


@pytest.mark.parametrize("point", kills("before_apply", "after_apply"))
async def test_a_reader_killed_around_an_effect_repeats_and_skips_nothing(streams: Streams, point: str) -> None:
    async with streams.relaying():
        killed = await streams.process("read", fail=point)
        written = 0
        while killed.returncode is None:
            await streams.put(60, written)
            written += 60
            await asyncio.sleep(0.4)
            assert written < 3_000
        assert await killed.wait() == -9
        async with streams.reading():
            await streams.applied_once_and_in_order(written)


async def test_two_readers_that_both_own_a_topic_apply_once(streams: Streams) -> None:
    async with streams.relaying(), streams.reading(readers=2):
        for start in range(0, 600, 60):
            await streams.put(60, start)
            await asyncio.sleep(0.05)
        await streams.applied_once_and_in_order(600)
        await asyncio.sleep(1)
        await streams.applied_once_and_in_order(600)


async def test_duplicates_of_any_past_slice_change_nothing(streams: Streams) -> None:
    async with streams.relaying(), streams.reading():
        await streams.put(90)
        await streams.applied_once_and_in_order(90)
        slice_ = (await streams.published())[streams.topics[0]][10:40]
        await streams.send(streams.topics[0], *[as_sent(message) for message in slice_])
        await streams.put(30, 90)
        await streams.applied_once_and_in_order(120)


async def test_after_a_gap_nothing_is_applied_until_the_missing_message_comes(streams: Streams) -> None:
    async with streams.relaying():
        await streams.put(90)
        await streams.all_is_published()
    topic = streams.topics[0]
    messages = (await streams.published())[topic]
    other = replace(streams, service=f"{streams.service}x")
    sent = [as_sent(message) for message in messages]
    await create_topics(streams.kafka.bootstrap_servers, other.topics)
    await streams.send(other.topics[0], *sent[:20], *sent[21:])
    async with other.reading():
        await other.has_applied(20)
        await asyncio.sleep(1)
        assert len(await other.effects()) == 20
        await streams.send(other.topics[0], sent[20], *sent[21:])
        await other.applied_once_and_in_order(60)


async def test_a_message_that_cannot_be_handled_parks_its_office_and_the_rest_flows(streams: Streams) -> None:
    async with streams.relaying(), streams.reading():
        await streams.put(30)
        async with streams.writing() as ledger:
            await ledger.execute(Put(jar="17.71", office="17.71", label="poison"), asking())
        await streams.put(30, 30)
        await streams.has_applied(50)
        parked = await rows(streams.receiver, "select office, sequence, error from dead_letters order by sequence")
        assert len(parked) == 11 and {row.office for row in parked} == {"17.71"} and parked[0].error == "ValueError"
        assert [row.sequence for row in parked] == sorted(row.sequence for row in parked)


async def test_parked_messages_are_redriven_in_order(streams: Streams) -> None:
    def mended(message: Incoming, now: datetime) -> Command | None:
        return react(replace(message, data=message.data.replace(b"poison", b"harmless")), now)

    async with streams.relaying():
        async with streams.reading():
            async with streams.writing() as ledger:
                await ledger.execute(Put(jar="17.71", office="17.71", label="poison"), asking())
            await streams.put(30)
            await streams.has_applied(20)
            # Before the repair another try fails, and the office stays parked, whole.
            await release(streams.receiver, "17.71")
            await asyncio.sleep(3)
            assert len(await streams.effects()) == 20
        async with streams.reading(react=mended):
            await release(streams.receiver, "17.71")
            await streams.has_applied(31)
            await streams.put(3, 30)
            await streams.has_applied(34)
    effects = await rows(
        streams.receiver, "select data->>'label' from events where stream = 'jar/17.71' order by position"
    )
    sequences = [int(effect[0].rpartition("/")[2]) for effect in effects]
    assert sequences == sorted(set(sequences)) and len(sequences) == 12
    assert await rows(streams.receiver, "select 1 from dead_letters") == []


async def test_a_record_that_is_no_message_of_ours_is_set_aside(streams: Streams) -> None:
    async with streams.relaying(), streams.reading():
        await streams.put(6)
        await streams.applied_once_and_in_order(6)
        await streams.send(streams.topics[0], (b"17.71", b"what is this", []))
        await streams.put(6, 6)
        await streams.applied_once_and_in_order(12)
    assert len(await rows(streams.receiver, "select 1 from dead_letters where office = ''")) == 1


async def test_while_the_broker_is_away_appends_go_on_and_all_is_delivered_afterwards(fragile: Streams) -> None:
    async with fragile.relaying(), fragile.reading():
        await fragile.put(30)
        await fragile.applied_once_and_in_order(30)
        await asyncio.to_thread(fragile.kafka.kill)
        for start in range(30, 330, 10):
            await fragile.put(10, start)
            await asyncio.sleep(1 if LONG else 0.2)
        await asyncio.to_thread(fragile.kafka.start)
        await fragile.has_applied(330)
        await fragile.applied_once_and_in_order(330)


async def test_a_broker_that_hangs_and_comes_back_is_no_trouble(fragile: Streams) -> None:
    async with fragile.relaying(), fragile.reading():
        await fragile.put(30)
        await fragile.applied_once_and_in_order(30)
        fragile.kafka.pause()
        await fragile.put(60, 30)
        await asyncio.sleep(20 if LONG else 4)
        fragile.kafka.resume()
        await fragile.has_applied(90)
        await fragile.applied_once_and_in_order(90)


async def test_a_broker_that_lost_its_tail_is_healed_by_itself(fragile: Streams, tmp_path: Path) -> None:
    """The broker comes back as it was at an earlier time; what it lost is sent again under the same numbers."""
    data, backup = fragile.kafka.folder / "data", tmp_path / "backup"
    async with fragile.reading():
        async with fragile.relaying():
            await fragile.put(60)
            await fragile.applied_once_and_in_order(60)
        await asyncio.to_thread(fragile.kafka.stop)
        shutil.copytree(data, backup)
        await asyncio.to_thread(fragile.kafka.start)
        async with fragile.relaying():
            await fragile.put(60, 60)
            await fragile.applied_once_and_in_order(120)
            await asyncio.to_thread(fragile.kafka.kill)
            shutil.rmtree(data)
            shutil.copytree(backup, data)
            await fragile.put(30, 120)
            await asyncio.to_thread(fragile.kafka.start)
            await fragile.has_applied(150)
            await fragile.applied_once_and_in_order(150)
            await fragile.all_is_published()
    for topic, messages in (await fragile.published()).items():
        head = (await rows(fragile.sender, "select sequence from topics where topic = :topic", topic=topic))[0][0]
        assert sorted({message.sequence for message in messages}) == list(range(1, head + 1))


async def test_verify_finds_a_message_that_is_not_the_event_it_says_it_is(streams: Streams) -> None:
    async with streams.relaying():
        await streams.put(30)
        await streams.all_is_published()
    servers = streams.kafka.bootstrap_servers
    assert [found async for found in verify_messages(streams.sender, servers)] == []
    message = (await streams.published())[streams.topics[1]][4]
    await streams.send(
        streams.topics[1], as_sent(replace(message, data=message.data.replace(b'"count":1', b'"count":2')))
    )
    assert [found.position async for found in verify_messages(streams.sender, servers)] == [message.position]


async def test_after_a_restore_the_relay_stops_and_readers_follow_only_when_told(streams: Streams) -> None:
    async with streams.relaying(), streams.reading():
        await streams.put(30)
        await streams.applied_once_and_in_order(30)
    # As after a restore from a backup: the log ends before the topics do.
    lost = "delete from events where topic = :topic and sequence > 15"
    async with streams.as_owner() as connection:
        await connection.execute(text(lost), {"topic": streams.topics[0]})
        await connection.execute(
            text("update topics set sequence = 15 where topic = :topic"), {"topic": streams.topics[0]}
        )
        await connection.execute(
            text("update streams set version = (select count(*) from events e where e.stream = streams.stream)")
        )
    with pytest.raises(Diverged):
        await relay(streams.service, streams.sender_url, streams.kafka.bootstrap_servers)
    await raise_epoch(streams.sender, streams.kafka.bootstrap_servers)
    await streams.put(30, 30)
    async with streams.relaying():
        await streams.all_is_published()
        with pytest.raises(EpochDiffers):
            await read(streams.service, streams.receiver_url, streams.kafka.bootstrap_servers)
        for topic in streams.topics:
            await accept_epoch(streams.receiver, topic, 2)
        async with streams.reading():
            await streams.has_applied(60)
    assert len(await streams.effects()) == 60
