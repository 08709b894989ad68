"""What the bench puts on Kafka past stock is what notify reads, and what it finds in an inbox is what was told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from sqlalchemy.ext.asyncio import create_async_engine

from bench.books import ITEM, cities
from bench.figures import Void
from bench.inbox import watching
from bench.log import connect
from bench.loop import beside_round_trips, commits, producing
from bench.outage import ALL_CLOSED, ALL_OPENED, GATHERS, read_told, require_once, take_seats
from bench.outage import cities as everywhere
from bench.shortages import Stock, publish
from deploy.local.kafka import Kafka
from deploy.local.postgres import PostgreSQL, ServiceDatabase
from services.notify.domain import BeginListening, RaiseShortage, ShortageOver, StockLevel
from services.notify.reactions import react
from services.notify.service import NOTIFY
from shared.envelope import Incoming, parse
from shared.ledger import Entry, Ledger
from shared.topics import create_topics
from tests.hosting import migrated
from tests.notify.conftest import topic_of
from tests.notify.deliveries import WHO, post_office, short

pytestmark = pytest.mark.anyio

SHORT = ("17.71", "SHORTAGE", 1)
NOTICE = {"office": "17.71", "kind": "SHORTAGE", "episode": 1}


async def on(kafka: Kafka, topic: str, count: int) -> list[Incoming]:
    """The first messages of this topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([TopicPartition(topic, 0)])
    await consumer.seek_to_beginning()
    found: list[ConsumerRecord] = []
    while len(found) < count:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            found += records
    await consumer.stop()
    return [parse(record) for record in found]


async def test_messages_put_past_stock_are_what_notify_reads_numbered_without_a_gap(kafka: Kafka) -> None:
    office = next(office for office in cities() if office.id == "17.71")
    stock = Stock()
    messages = [*stock.opened(office), stock.short("17.71", "EMPTY", 1), stock.recovered("17.71", "EMPTY", 1)]
    assert {message.topic for message in messages} == {"blanko.17.stock"}
    topic = f"blanko.17.{uuid4().hex[:8]}"
    await create_topics(kafka.bootstrap_servers, [topic])
    async with producing(kafka.bootstrap_servers) as producer:
        await publish(producer, [replace(message, topic=topic) for message in messages])
    told = await on(kafka, topic, len(messages))
    assert [message.sequence for message in told] == list(range(1, len(messages) + 1))
    assert {(message.service, message.office, message.epoch) for message in told} == {("stock", "17.71", 1)}
    low, over = (react(message, datetime.now(UTC)) for message in told[-2:])
    assert isinstance(low, RaiseShortage) and isinstance(over, ShortageOver)
    assert (low.office, low.item, low.episode, low.stock_level) == ("17.71", ITEM, 1, StockLevel.EMPTY)
    assert (low.figures.on_hand, over.episode) == (0, 1)


@asynccontextmanager
async def saying(answer: bytes, *pieces: bytes) -> AsyncIterator[int]:
    """The port of a server that says this to whoever asks, in pieces."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"GET /inbox/stream " in head and b"Bearer t0ken\r\n" in head
        for piece in (answer, *pieces):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.001)
        writer.close()
        await writer.wait_closed()
        served.set()

    served = asyncio.Event()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await served.wait()


def chunk(text: str) -> bytes:
    return f"{len(text):x}\r\n{text}\r\n".encode()


OK = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" + chunk("retry: 2000\n\n")


async def test_a_notice_in_pieces_is_one_notice_and_what_keeps_the_stream_alive_is_none() -> None:
    event = chunk(f"data: {msgspec.json.encode(NOTICE).decode()}\nid: 7\n\n")
    async with saying(OK, chunk(": ping\n\n"), event[:20], event[20:]) as port, watching(port, "t0ken") as inbox:
        assert await inbox.next(*SHORT) > 0


@pytest.mark.parametrize("other", [("office", "17.01"), ("kind", "RESOLVED"), ("episode", 2)])
async def test_a_notice_of_something_else_is_not_taken_for_the_one_that_is_awaited(other: tuple[str, object]) -> None:
    event = chunk(f"data: {msgspec.json.encode(NOTICE | dict([other])).decode()}\nid: 7\n\n")
    async with saying(OK, event) as port, watching(port, "t0ken") as inbox:
        with pytest.raises(Void, match="an inbox was told"):
            await inbox.next(*SHORT)


async def test_an_inbox_that_is_not_given_is_no_inbox() -> None:
    async with saying(b"HTTP/1.1 503 Service Unavailable\r\n\r\n") as port:
        with pytest.raises(Void, match="503"):
            async with watching(port, "t0ken"):
                pass


def test_a_ratio_is_that_of_each_rounds_medians_and_a_percentile_that_of_all_samples() -> None:
    rounds = [[(0.004, 0.002), (0.006, 0.002), (0.1, 0.002)], [(0.008, 0.001), (0.008, 0.001), (0.008, 0.001)]]
    found = beside_round_trips(rounds, "a", "b")
    assert found["a_vs_kafka_rtt"].rounds == pytest.approx([3, 8])
    assert found["a_p50"].value == pytest.approx(8) and found["a_p50"].rounds == pytest.approx([6, 8])
    assert found["b_p50"].value == pytest.approx(1.5)
    assert 8 < found["a_p99"].rounds[0] < 100


@pytest.fixture
def database(postgres: PostgreSQL) -> Iterator[ServiceDatabase]:
    with migrated(postgres, "notify") as database:
        yield database


async def test_a_nation_that_ran_out_was_told_once_and_what_comes_twice_is_void(database: ServiceDatabase) -> None:
    await take_seats(database.app_url)
    engine = create_async_engine(database.app_url)
    reader = await connect(database.app_url)
    async with Ledger(NOTIFY, engine, topic_of) as ledger, commits(database.app_url) as until:
        now = datetime.now(UTC)
        await ledger.execute(BeginListening(now=now, occurred_at=now, heads={}), WHO)
        entries = [Entry(short(office.id, StockLevel.EMPTY, now=now), WHO) for office in everywhere()]
        await asyncio.gather(*(ledger.execute_all(entries[n : n + 50]) for n in range(0, len(entries), 50)))
        assert await until(ALL_OPENED, (len(entries),), 0) > 0
        assert not await reader.fetchval(ALL_CLOSED)
        with pytest.raises(Void, match="bundles 0, not 553"):
            require_once(await read_told(reader))
        async with post_office(ledger, engine) as office:
            await office.at(now + timedelta(seconds=GATHERS - 1))
            assert not await reader.fetchval(ALL_CLOSED)
            await office.at(now + timedelta(seconds=GATHERS))
            assert await reader.fetchval(ALL_CLOSED)
            told = await read_told(reader)
            require_once(told)
            later = now + timedelta(hours=2)
            await ledger.execute(short("17.71", StockLevel.EMPTY, episode=2, now=later), WHO)
            await office.at(later + timedelta(seconds=GATHERS))
        with pytest.raises(Void, match=r"opened 515, not 514.*bundles 556, not 553.*letters 41, not 39"):
            require_once(await read_told(reader))
    await reader.close()
    await engine.dispose()


@pytest.mark.parametrize("name", ["opened", "offices", "notices", "different", "bundles", "desks", "gathered"])
async def test_one_too_few_of_anything_is_void(name: str) -> None:
    told = {
        **dict.fromkeys(("opened", "offices"), 514),
        **dict.fromkeys(("notices", "different", "gathered"), 3 * 514),
        **dict.fromkeys(("bundles", "desks"), 514 + 38 + 1),
        **dict.fromkeys(("letters", "sends"), 39),
        **{"absorbed": 0, "provinces": 38, "ministries": 1},
    }
    require_once(told)
    with pytest.raises(Void, match=f"{name} "):
        require_once(told | {name: told[name] - 1})
