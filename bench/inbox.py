"""How soon whoever is on duty sees a shortage: from stock's message on Kafka to the notice in an open inbox.

It is measured on the whole stack, otherwise idle, beside what Kafka alone takes for one message there and back.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from bench.books import cities
from bench.figures import Effort, Figure, Findings, Void, at_most, measures
from bench.loop import QUIET, Pair, beside_round_trips, producing, round_trips, settled
from bench.shortages import Stock, publish
from bench.site import Site, require_durable
from deploy.local.stack import Ports, Stack
from shared.offices import Office

WATCHED = 50
"""Heads of offices who look into their inboxes all the time."""
A_BREATH = 0.15
"""Seconds before a shortage: whoever waits for notices looks at most every 0.1 s, and waits again by then."""


@measures(
    Figure("notify_inbox_vs_kafka_rtt", at_most(3)),
    Figure("notify_inbox_p50", unit="ms"),
    Figure("notify_inbox_p99", unit="ms"),
    Figure("inbox_kafka_rtt_p50", unit="ms"),
    Figure("inbox_kafka_rtt_p99", unit="ms"),
)
def inbox(site: Site, effort: Effort) -> Findings:
    """Each shortage is followed by one round trip; a round is an episode of every office that is watched."""
    with Stack(site.folder / "inbox", Ports.free()) as stack:
        if stack.postgres is not None:
            require_durable(stack.postgres)
        rounds = asyncio.run(_measure(stack, cities()[:WATCHED], effort.rounds))
    return beside_round_trips(rounds, "notify_inbox", "inbox_kafka_rtt")


async def _measure(stack: Stack, offices: tuple[Office, ...], rounds: int) -> list[list[Pair]]:
    stock = Stock()
    async with (
        AsyncExitStack() as streams,
        producing(stack.bootstrap_servers) as producer,
        round_trips(stack.bootstrap_servers, producer) as round_trip,
    ):
        for office in offices:
            # No office's first news of the day is its shortage.
            await publish(producer, stock.opened(office))
        await settled(stack)
        port = stack.ports.by_name["notify"]
        inboxes = [
            (office.id, await streams.enter_async_context(watching(port, stack.token("head", office.id))))
            for office in offices
        ]
        for _ in range(20):
            await round_trip()
        found = []
        for episode in range(1, rounds + 1):
            pairs = []
            for id, inbox in inboxes:
                await asyncio.sleep(A_BREATH)
                told = await _tell(producer, stock, inbox, id, episode)
                await asyncio.sleep(QUIET)
                pairs.append((told, await round_trip()))
            found.append(pairs)
            await publish(producer, [stock.recovered(id, "LOW", episode) for id, _ in inboxes])
            for id, inbox in inboxes:
                await inbox.next(id, "RESOLVED", episode)
        return found


async def _tell(producer: AIOKafkaProducer, stock: Stock, inbox: "Inbox", office: str, episode: int) -> float:
    low = stock.short(office, "LOW", episode)
    began = time.perf_counter()
    await publish(producer, [low])
    return await inbox.next(office, "SHORTAGE", episode) - began


class Inbox:
    """A stream of server-sent events. A general HTTP client would take a millisecond to take one apart."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def next(self, office: str, kind: str, episode: int) -> float:
        """When the next notice had come. Raises `Void` when it is not this one."""
        async with asyncio.timeout(10):
            while True:
                event = await self._reader.readuntil(b"\n\n")
                at = time.perf_counter()
                data = next((line[6:] for line in event.splitlines() if line.startswith(b"data: ")), None)
                if data is not None:
                    break
        notice: dict[str, Any] = msgspec.json.decode(data)
        told = notice["office"], notice["kind"], notice["episode"]
        if told != (office, kind, episode):
            raise Void(f"an inbox was told {told}, and not {(office, kind, episode)}")
        return at


@asynccontextmanager
async def watching(port: int, token: str) -> AsyncIterator[Inbox]:
    """The open inbox of this token's desk, from now on. Raises `Void` when it is not given."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET /inbox/stream HTTP/1.1\r\nHost: notify\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise Void(f"the inbox was answered {answer.decode()}")
        await reader.readuntil(b"\n\n")
        yield Inbox(reader)
    finally:
        writer.close()
        await writer.wait_closed()
