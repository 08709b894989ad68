"""What is refused while a service is put together, and what a worker says of its health."""

import asyncio
import json
import logging
import random
from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID

import pytest
import structlog
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.auth import Role
from shared.http import Api, Body, NoPolicy, PersonReference, SafeStr, allow, allow_anyone, create_app
from shared.settings import Settings
from shared.telemetry import configure_logging, serve_health
from tests.shared.toy import TOY

PERSON: TypeAdapter[str] = TypeAdapter(PersonReference)
TEXT: TypeAdapter[str] = TypeAdapter(SafeStr)


class Empty(Body):
    pass


class Lax(BaseModel):
    pass


def current() -> str:
    return "me"


async def nobody_named(request: Request) -> None: ...
@allow_anyone
def in_a_thread(request: Request) -> None: ...
@allow_anyone
async def depending(me: Annotated[str, Depends(current)]) -> None: ...
@allow_anyone
async def without_a_body(request: Request) -> None: ...
@allow_anyone
async def with_a_lax_body(body: Lax, request: Request) -> None: ...
@allow_anyone
async def with_two_bodies(body: Empty, other: Empty) -> None: ...
@allow_anyone
async def with_a_query(body: Empty, dry: Annotated[bool, Query()]) -> None: ...
@allow_anyone
async def proper(body: Empty, request: Request) -> Response:
    return Response()


@pytest.mark.parametrize("endpoint", [nobody_named, in_a_thread, depending])
def test_a_route_without_a_policy_a_blocking_one_or_a_depending_one_is_not_built(
    endpoint: Callable[..., Awaitable[None]],
) -> None:
    with pytest.raises(NoPolicy):
        Api().get("/x")(endpoint)


@pytest.mark.parametrize("endpoint", [without_a_body, with_a_lax_body, with_two_bodies, with_a_query])
def test_what_writes_takes_one_strict_body_and_nothing_else(endpoint: Callable[..., Awaitable[None]]) -> None:
    with pytest.raises(NoPolicy):
        Api().post("/x")(endpoint)


def test_there_is_no_other_method_than_get_and_post() -> None:
    with pytest.raises(NoPolicy):
        Api().put("/x")(proper)


def test_to_allow_nobody_is_a_mistake() -> None:
    with pytest.raises(NoPolicy):
        allow()
    assert allow(Role.OPERATOR)(proper) is proper


def test_a_router_that_asks_for_no_policy_is_not_served() -> None:
    stranger, within = APIRouter(), Api()
    stranger.get("/x")(nobody_named)
    within.include_router(stranger)
    settings = Settings(
        database_url="postgresql+asyncpg://nowhere/x",
        kafka_bootstrap_servers="",
        auth_issuer="",
        auth_audience="",
        auth_jwks="none.json",
    )
    for router in (stranger, within):
        with pytest.raises(NoPolicy):
            create_app(TOY, router, settings=settings)  # type: ignore[arg-type]


@pytest.mark.anyio
async def test_a_worker_says_whether_it_lives_is_ready_and_how_it_fares() -> None:
    ready = False

    async def get(port: int, path: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        answer = (await reader.read()).decode()
        writer.close()
        await writer.wait_closed()
        return answer

    async with serve_health(0, lambda: ready) as port:
        assert (await get(port, "/health/live")).startswith("HTTP/1.1 200")
        assert (await get(port, "/health/ready")).startswith("HTTP/1.1 503")
        ready = True
        assert (await get(port, "/health/ready")).startswith("HTTP/1.1 200")
        assert "python_info" in await get(port, "/metrics")
        assert (await get(port, "/other")).startswith("HTTP/1.1 404")


def test_a_log_line_holds_no_number_of_a_person_and_no_message_of_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging("toy", "info")
        try:
            raise ValueError("1771010101010001")
        except ValueError:
            logging.getLogger("library").exception("for %s", "1771010101010001")
        logging.getLogger("library").info("trace 4bf92f3577b34da6123456789012abcd")
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()
    bad, trace = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (bad["event"], bad["raised"]) == ("for …", "ValueError")
    assert "1771010101010001" not in json.dumps(bad)
    assert trace["event"] == "trace 4bf92f3577b34da6123456789012abcd"


def test_what_a_machine_makes_is_never_taken_for_a_number_of_a_person() -> None:
    chance = random.Random(1)
    for _ in range(20_000):
        made = UUID(int=chance.getrandbits(128), version=4)
        for id in (str(made), made.hex, f"a:{made}"):
            assert PERSON.validate_python(id) == id
            assert TEXT.validate_python(f"sesuai {id}") == f"sesuai {id}"


def unsafe(text: str) -> bool:
    try:
        return TEXT.validate_python(text) != text
    except ValidationError as error:
        return [each["type"] for each in error.errors()] == ["unsafe_text"]


def test_a_text_shows_what_it_holds_and_holds_nothing_that_is_not_seen() -> None:
    turning = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
    unseen = [0x00AD, 0x200B, 0x200D, 0x2060, 0xFEFF, 0x2028, 0x2029, 0x0085, 0xE0041]
    for code in (*turning, *unseen):
        assert unsafe(f"Ambil 2.000{chr(code)} keping"), hex(code)
    assert unsafe("1771\u200b012345\u200b670001"), "nor a person's number in pieces"
    for text in ("Muko Muko – “baik”, 5\u00a0km", "satu\ndua\ttiga", "Ḥājj Ibrāhīm", "🙂"):
        assert not unsafe(text)
