"""The load generator: requests built beforehand, connections kept open, uvloop, and as little parsing as will do.

Each request has a key of its own. What is not answered 2xx is counted; nothing is sent after the window, and every
answer is awaited.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from random import getrandbits
from typing import Any, cast

import uvloop

from bench.helper import serve

KEY = "<key>"
"""Stands for a new UUID, the same one throughout a request."""

Parts = Sequence[bytes]
"""A request, split where its key belongs."""


def request(path: str, token: str, body: Mapping[str, Any] | None = None) -> Parts:
    """A POST, whose path and body may hold `KEY`; without a body a GET."""
    if body is None:
        return (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode(),)
    content = json.dumps(body)
    length = len(content) + content.count(KEY) * (36 - len(KEY))
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {KEY}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    return (head + content).encode().split(KEY.encode())


def new_key() -> bytes:
    """A random UUID, made fast."""
    bits = getrandbits(128)
    fields = bits >> 96, bits >> 80 & 0xFFFF, bits >> 64 & 0xFFFF, bits >> 48 & 0xFFFF, bits & 0xFFFFFFFFFFFF
    return b"%08x-%04x-%04x-%04x-%012x" % fields


class Tally:
    """What a window has seen so far."""

    def __init__(self, plan: Sequence[Parts], paced: bool = False) -> None:
        self.plan = plan
        self.paced = paced
        self.sent = count()
        self.sending = True
        self.answered = 0
        self.failed = 0
        self.first_failure = ""
        self.seconds: list[float] = []
        self.lost: Exception | None = None

    def next(self) -> bytes:
        return new_key().join(self.plan[next(self.sent) % len(self.plan)])


class Connection(asyncio.Protocol):
    """Sends a request, awaits its answer, and has the next one sent at once unless the tally is paced.

    `following` is who sends it: itself, unless it takes turns with connections to other servers.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._held = b""
        self._began = 0.0
        self.idle = asyncio.Event()
        self.idle.set()
        self.following = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        self.idle.clear()
        self._began = time.perf_counter()
        self._transport.write(self.following_request())

    def following_request(self) -> bytes:
        """What is sent next."""
        return self._tally.next()

    def heard(self, answer: bytes) -> None:
        """The whole answer, head and body, for whom what is sent next depends on it."""

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or len(data) - end - 4 < _length(data[: end + 2]):
            self._held = data
            return
        self._held = b""
        tally = self._tally
        tally.answered += 1
        tally.seconds.append(time.perf_counter() - self._began)
        if data[9:10] != b"2":
            tally.failed += 1
            tally.first_failure = tally.first_failure or data.decode(errors="replace")
        self.heard(data)
        self.idle.set()
        if tally.sending and not tally.paced:
            self.following.send()

    def connection_lost(self, error: Exception | None) -> None:
        if self._tally.sending or not self.idle.is_set():
            self._tally.lost = error or ConnectionResetError("the server closed a connection")
            self.idle.set()


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.index(b"content-length:") + 15
    return int(lower[at : lower.index(b"\r\n", at)])


async def measure(
    plan: Sequence[Parts],
    port: int,
    connections: int,
    warm_up: float,
    seconds: float,
    rate: float | None = None,
    kind: Callable[[Tally], Connection] = Connection,
) -> Mapping[str, Any]:
    """Answers a second in the window, all answers, those that were no 2xx, and the window's latencies in ms."""
    tally = Tally(plan, paced=rate is not None)
    loop = asyncio.get_running_loop()
    opened = [await loop.create_connection(partial(kind, tally), "127.0.0.1", port) for _ in range(connections)]
    lines = [protocol for _, protocol in opened]
    if rate is None:
        for line in lines:
            line.send()
    pacing = asyncio.ensure_future(_pace(lines, rate)) if rate is not None else None
    await asyncio.sleep(warm_up)
    began, before = time.perf_counter(), tally.answered
    tally.seconds.clear()
    await asyncio.sleep(seconds)
    during, lasted = tally.answered - before, time.perf_counter() - began
    tally.sending = False
    latencies = sorted(tally.seconds)
    if pacing is not None:
        pacing.cancel()
    async with asyncio.timeout(30):
        for line in lines:
            await line.idle.wait()
    for transport, _ in opened:
        transport.close()
    if tally.lost is not None:
        raise tally.lost
    return _said(tally, during / lasted, latencies)


async def measure_in_turn(
    plan: Sequence[Parts], ports: Sequence[int], lines: int, warm_up: float, seconds: float
) -> Mapping[str, Any]:
    """The same of several servers at once, in the order of `ports`.

    Each line sends to one server after the other, each time when the last one has answered: whatever else the
    machine does meets all of them alike, and each gets as many requests, the same ones.
    """
    tallies = [Tally(plan) for _ in ports]
    loop = asyncio.get_running_loop()
    opened = []
    for _ in range(lines):
        turn = [
            (await loop.create_connection(partial(Connection, tally), "127.0.0.1", port))[1]
            for tally, port in zip(tallies, ports, strict=True)
        ]
        for connection, following in zip(turn, turn[1:] + turn[:1], strict=True):
            connection.following = following
        opened.append(turn)
    for number, turn in enumerate(opened):
        turn[number % len(turn)].send()
    await asyncio.sleep(warm_up)
    began, before = time.perf_counter(), [tally.answered for tally in tallies]
    for tally in tallies:
        tally.seconds.clear()
    await asyncio.sleep(seconds)
    during = [tally.answered - earlier for tally, earlier in zip(tallies, before, strict=True)]
    lasted = time.perf_counter() - began
    latencies = []
    for tally in tallies:
        tally.sending = False
        latencies.append(sorted(tally.seconds))
    async with asyncio.timeout(30):
        for turn in opened:
            for connection in turn:
                await connection.idle.wait()
    for turn in opened:
        for connection in turn:
            connection.close()
    for tally in tallies:
        if tally.lost is not None:
            raise tally.lost
    said = zip(tallies, during, latencies, strict=True)
    return {"servers": [_said(tally, count / lasted, seconds) for tally, count, seconds in said]}


def _said(tally: Tally, rate: float, latencies: Sequence[float]) -> Mapping[str, Any]:
    return {
        "rate": rate,
        "answered": tally.answered,
        "failed": tally.failed,
        "first_failure": tally.first_failure,
        "p50_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[len(latencies) * 99 // 100] * 1000,
    }


async def _pace(lines: Sequence[Connection], rate: float) -> None:
    """Sends `rate` requests a second; one that finds no free connection is late, not dropped."""
    began, sent, turns = time.perf_counter(), 0, deque(lines)
    while True:
        due = int((time.perf_counter() - began) * rate)
        # In turns: the server closes a connection on which nothing was asked for some seconds.
        for _ in range(len(turns)):
            if sent == due:
                break
            if turns[0].idle.is_set():
                turns[0].send()
                sent += 1
            turns.rotate(-1)
        await asyncio.sleep(0.005)


def answer(plan: str, **options: Any) -> Mapping[str, Any]:
    """`plan` is a file: a JSON list of requests, with path, token and body. With `ports` servers take turns."""
    requests = [request(**wish) for wish in json.loads(Path(plan).read_text())]
    if "ports" in options:
        return uvloop.run(measure_in_turn(requests, **options))
    return uvloop.run(measure(requests, **options))


if __name__ == "__main__":
    serve(answer)
