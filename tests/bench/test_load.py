"""The load generator against a server that answers in pieces."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from bench.helpers.load import KEY, measure, measure_in_turn, request

pytestmark = pytest.mark.anyio

Respond = Callable[[asyncio.StreamWriter, bytes], Awaitable[None]]
PLAN = [request(f"/offices/{office}/jobs/{KEY}", "t", {"job": KEY, "n": office}) for office in ("17.71", "17.72")]


@asynccontextmanager
async def server(respond: Respond) -> AsyncIterator[int]:
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        with suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((int(n[15:]) for n in head.split(b"\r\n") if n.startswith(b"Content-Length:")), 0)
                await respond(writer, head + await reader.readexactly(length))
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield listening.sockets[0].getsockname()[1]
    listening.close()
    await asyncio.wait([task for task in serving if task is not None])


async def test_every_request_has_one_key_in_all_its_places_and_no_other_request_has_it() -> None:
    seen: list[bytes] = []

    async def respond(writer: asyncio.StreamWriter, request: bytes) -> None:
        key = request.partition(b"Idempotency-Key: ")[2][:36]
        assert request.count(key) == 3
        seen.append(key)
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok")

    async with server(respond) as port:
        answer = await measure(PLAN, port, connections=4, warm_up=0.05, seconds=0.1)
    assert answer["answered"] == len(seen) == len(set(seen)) > 8
    assert answer["failed"] == 0


async def test_an_answer_in_pieces_is_one_answer() -> None:
    asked = 0

    async def respond(writer: asyncio.StreamWriter, _: bytes) -> None:
        nonlocal asked
        asked += 1
        for piece in (b"HTTP/1.1 200 OK\r\nconte", b"nt-length: 4\r\n\r", b"\na\r\n", b"b"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.001)

    async with server(respond) as port:
        answer = await measure(PLAN, port, connections=3, warm_up=0.0, seconds=0.1)
    assert answer["answered"] == asked > 3


async def test_what_is_not_2xx_is_counted_and_shown() -> None:
    async def respond(writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")

    async with server(respond) as port:
        answer = await measure(PLAN, port, connections=1, warm_up=0.0, seconds=0.05)
    assert answer["failed"] == answer["answered"] > 0
    assert answer["first_failure"].endswith("busy")


async def test_a_pace_is_kept_over_all_connections() -> None:
    used: dict[asyncio.StreamWriter, int] = {}

    async def respond(writer: asyncio.StreamWriter, _: bytes) -> None:
        used[writer] = used.get(writer, 0) + 1
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n")

    async with server(respond) as port:
        answer = await measure(PLAN, port, connections=4, warm_up=0.0, seconds=0.5, rate=100)
    assert answer["rate"] == pytest.approx(100, rel=0.1)
    assert len(used) == 4 and max(used.values()) - min(used.values()) <= 1


async def test_a_connection_that_the_server_closes_is_no_success() -> None:
    async def respond(writer: asyncio.StreamWriter, _: bytes) -> None:
        raise asyncio.IncompleteReadError(b"", None)

    async with server(respond) as port:
        with pytest.raises(ConnectionResetError):
            await measure(PLAN, port, connections=1, warm_up=0.0, seconds=0.05)


async def test_servers_take_turns_and_get_the_same_questions() -> None:
    seen: list[tuple[str, bytes]] = []

    def responds(name: str, status: bytes) -> Respond:
        async def respond(writer: asyncio.StreamWriter, request: bytes) -> None:
            seen.append((name, request))
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")

        return respond

    plan = [request(f"/offices/{office}/balances", "t") for office in ("17.71", "17.72")]
    async with server(responds("a", b"200 OK")) as a, server(responds("b", b"503 Busy")) as b:
        said = (await measure_in_turn(plan, [a, b], lines=1, warm_up=0.05, seconds=0.1))["servers"]
    assert len(seen) > 8 and {len(plan[0]), len(plan[1])} == {1}
    assert [name for name, _ in seen] == ["a", "b"] * (len(seen) // 2) + ["a"] * (len(seen) % 2)
    asked = [[question for name, question in seen if name == who] for who in ("a", "b")]
    assert asked[0][: len(asked[1])] == asked[1] and asked[0][:2] == [plan[0][0], plan[1][0]]
    assert [one["failed"] for one in said] == [0, len(asked[1])]
    assert all(one["p50_ms"] <= one["p99_ms"] for one in said)


async def test_a_server_that_closes_its_connection_ends_all_turns() -> None:
    async def respond(writer: asyncio.StreamWriter, _: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def hang_up(writer: asyncio.StreamWriter, _: bytes) -> None:
        raise asyncio.IncompleteReadError(b"", None)

    async with server(respond) as a, server(hang_up) as b:
        with pytest.raises(ConnectionResetError):
            await measure_in_turn(PLAN, [a, b], lines=1, warm_up=0.0, seconds=0.05)
