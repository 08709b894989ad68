"""How long news takes: from a card printed over HTTP to the shortage it causes, committed at notify.

It is measured on the whole stack, otherwise idle, beside what Kafka alone takes for one message there and back.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from statistics import median, quantiles
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from bench.books import ITEM, LOCATION, cities
from bench.figures import Effort, Figure, Findings, Series, Void, at_most, measures, series
from bench.log import connect
from bench.site import Site, require_durable
from deploy.local.stack import Ports, Stack
from shared.offices import Office
from shared.topics import create_topics

CROSSINGS = 250
"""Offices, each of which crosses its threshold once."""
HELD = 100
QUIET = 0.02
"""Seconds between two measurements, so that none meets what the one before it left to do."""
TOPIC = "blanko.bench"
MESSAGE = b"x" * 300
_OPENED = "select true from events where stream = $1 limit 1"

Pair = tuple[float, float]
"""Seconds that something took, and the bare round trip after it."""
FrontEnd = Callable[[bytes], Awaitable[None]]
"""Sends a request and reads its answer."""
Until = Callable[[str, tuple[object, ...], float], Awaitable[float]]
"""When a commit, not before the moment given, was followed by a yes to this question."""


@measures(
    Figure("print_to_notify_vs_kafka_rtt", at_most(6)),
    Figure("print_to_notify_p50", unit="ms"),
    Figure("print_to_notify_p99", unit="ms"),
    Figure("kafka_rtt_p50", unit="ms"),
    Figure("kafka_rtt_p99", unit="ms"),
)
def print_to_notify(site: Site, effort: Effort) -> Findings:
    """Each card is followed by one round trip; a round is a share of the offices."""
    with Stack(site.folder / "loop", Ports.free()) as stack:
        if stack.postgres is not None:
            require_durable(stack.postgres)
        pairs = asyncio.run(_measure(stack, cities()[:CROSSINGS]))
    rounds = [pairs[number :: effort.rounds] for number in range(effort.rounds)]
    return beside_round_trips(rounds, "print_to_notify", "kafka_rtt")


def beside_round_trips(rounds: Sequence[Sequence[Pair]], name: str, bare: str) -> Findings:
    """The figures `…_vs_kafka_rtt`, p50 ÷ p50, and p50 and p99 of both under these names, in ms."""

    def milliseconds(of: Callable[[list[float]], float], which: int) -> Series:
        # The value is that of all samples, which for a rare one is not the median of the rounds.
        columns = [[pair[which] * 1000 for pair in round] for round in rounds]
        return Series([of(column) for column in columns], of([each for column in columns for each in column]))

    return {
        f"{name}_vs_kafka_rtt": series([median(c for c, _ in r) / median(t for _, t in r) for r in rounds]),
        f"{name}_p50": milliseconds(median, 0),
        f"{name}_p99": milliseconds(_p99, 0),
        f"{bare}_p50": milliseconds(median, 1),
        f"{bare}_p99": milliseconds(_p99, 1),
    }


def _p99(seconds: list[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[98]


async def _measure(stack: Stack, offices: Iterable[Office]) -> list[Pair]:
    """Seconds from each card to its shortage, and of the round trip after it."""
    offices = list(offices)
    url = stack.databases["notify"].app_url
    async with (
        _front_end(stack) as front_end,
        commits(url) as until,
        producing(stack.bootstrap_servers) as producer,
        round_trips(stack.bootstrap_servers, producer) as round_trip,
    ):
        async with httpx2.AsyncClient(timeout=10) as client:
            for office in offices:
                await _stock_up(client, stack, office)
        for office in offices:
            # No office's first card is the one that makes it low: the books it touches were touched before.
            await front_end(_printed(stack, office))
        await settled(stack)
        for _ in range(20):
            await round_trip()
        pairs = []
        for office in offices:
            await asyncio.sleep(QUIET)
            card = await _print(front_end, stack, office, until)
            await asyncio.sleep(QUIET)
            pairs.append((card, await round_trip()))
        return pairs


async def _stock_up(client: httpx2.AsyncClient, stack: Stack, office: Office) -> None:
    """The second card from now makes its stock low."""
    low = {"item": ITEM, "low": HELD - 2, "critical": 10, "recovery": HELD + 20}
    await _post(client, stack, "stock", "head", office, "thresholds", low)
    count = {"item": ITEM, "location": LOCATION, "quantity": HELD, "counters": ["p-01", "p-02"], "minutes": "BA-001"}
    await _post(client, stack, "stock", "storekeeper", office, "opening-counts", count)


async def _print(front_end: FrontEnd, stack: Stack, office: Office, until: Until) -> float:
    request = _printed(stack, office)
    began = time.perf_counter()
    await front_end(request)
    return await until(_OPENED, (f"shortage/{office.id}/{ITEM}",), began) - began


def _printed(stack: Stack, office: Office) -> bytes:
    """The bytes of a report of a card. A general HTTP client would take a millisecond to make them."""
    body = msgspec.json.encode({"workstation": "ws-1", "location": LOCATION, "item": ITEM, "reason": "FIRST"})
    head = (
        f"POST /offices/{office.id}/jobs/{uuid4()}/printed HTTP/1.1\r\nHost: printing\r\n"
        f"Authorization: Bearer {stack.token('operator', office.id)}\r\nIdempotency-Key: {uuid4()}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def _front_end(stack: Stack) -> AsyncIterator[FrontEnd]:
    """One kept connection to printing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stack.ports.by_name["printing"])

    async def send(request: bytes) -> None:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await reader.readexactly(int(length.partition(b":")[2]))
        if b" 201 " not in head.partition(b"\r\n")[0]:
            raise Void(f"printing answered {head.decode()}{body.decode()}")

    yield send
    writer.close()


async def _post(
    client: httpx2.AsyncClient,
    stack: Stack,
    service: str,
    role: str,
    office: Office,
    what: str,
    body: dict[str, Any],
) -> None:
    headers = {"Authorization": f"Bearer {stack.token(role, office.id)}", "Idempotency-Key": str(uuid4())}
    answer = await client.post(f"{stack.address(service)}/offices/{office.id}/{what}", json=body, headers=headers)
    if answer.status_code != 201:
        raise Void(f"{service} answered {answer.status_code} to {what}: {answer.text}")


@asynccontextmanager
async def commits(database_url: str) -> AsyncIterator[Until]:
    """Watches a service's log: its commits wake us, nothing is polled."""
    listener, reader = await connect(database_url), await connect(database_url)
    woken: asyncio.Queue[float] = asyncio.Queue()
    await listener.add_listener("appended", lambda *_: woken.put_nowait(time.perf_counter()))

    async def until(question: str, arguments: tuple[object, ...], since: float) -> float:
        async with asyncio.timeout(10):
            while True:
                at = await woken.get()
                if at > since and await reader.fetchval(question, *arguments):
                    return at

    yield until
    await listener.close()
    await reader.close()


@asynccontextmanager
async def producing(bootstrap_servers: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer with the settings of the relay's."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, enable_idempotence=True, acks="all", compression_type="zstd"
    )
    await producer.start()
    yield producer
    await producer.stop()


@asynccontextmanager
async def round_trips(
    bootstrap_servers: str, producer: AIOKafkaProducer
) -> AsyncIterator[Callable[[], Awaitable[float]]]:
    """One message to a topic and back, in seconds, with the settings of the reader's consumer."""
    await create_topics(bootstrap_servers, [TOPIC])
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    consumer.assign([TopicPartition(TOPIC, 0)])

    async def round_trip() -> float:
        began = time.perf_counter()
        await producer.send(TOPIC, MESSAGE, partition=0)
        async with asyncio.timeout(10):
            while not await consumer.getmany(timeout_ms=250):
                pass
        return time.perf_counter() - began

    yield round_trip
    await consumer.stop()


async def settled(stack: Stack) -> None:
    """Everything published so far has been applied everywhere."""
    heads: list[Any] = []
    for service in stack.services:
        heads.append(await connect(stack.databases[service].app_url))
    before: list[int] = []
    unchanged = 0
    async with asyncio.timeout(60):
        while unchanged < 4:
            await asyncio.sleep(0.5)
            now = [await connection.fetchval("select position from log_head") for connection in heads]
            unchanged = unchanged + 1 if now == before else 0
            before = now
    for connection in heads:
        await connection.close()
