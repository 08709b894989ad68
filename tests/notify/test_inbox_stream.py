"""The inbox as a stream of events, from the real web process: in order, resumable, and gone when the server goes."""

import asyncio
import json
import signal
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.postgres import ServiceDatabase
from services.notify.api import stream
from services.notify.api.doorbell import LOOK_EVERY, WATCHED_AT_MOST
from services.notify.domain import AlarmKind, Desk, RaiseAlarm
from shared.decider import Command
from shared.ledger import Context, Ledger
from tests.hosting import Caller
from tests.notify.situations import BENGKULU, NOON, critical, low, over
from tests.notify.web import LISTEN, RULES
from tests.shared.web import HONEST, Web, serving

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
STREAM = "/inbox/stream"


@pytest.fixture
def web(database: ServiceDatabase, tmp_path: Path) -> Iterator[Web]:
    """Notify's web process, on its database."""
    with serving(database, tmp_path, "services.notify.main:app") as web:
        yield web


def token(role: str = "head", region: str = BENGKULU) -> dict[str, str]:
    return {"Authorization": f"Bearer {HONEST.token(role=role, region=region)}"}


@asynccontextmanager
async def watching(
    web: Web, last: str | None = None, role: str = "head", region: str = BENGKULU
) -> AsyncIterator[AsyncIterator[tuple[int, dict[str, Any]]]]:
    """The events of a desk's stream that is open, each with its id."""
    headers = token(role, region) | ({} if last is None else {"Last-Event-ID": last})
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{web.port}", timeout=20) as client,
        client.stream("GET", STREAM, headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events(response.aiter_lines())


async def events(lines: AsyncIterator[str]) -> AsyncIterator[tuple[int, dict[str, Any]]]:
    data = ""
    async for line in lines:
        name, _, value = line.partition(": ")
        if name == "data":
            data = value
        elif name == "id":
            yield int(value), json.loads(data)


async def next_of(events: AsyncIterator[tuple[int, dict[str, Any]]]) -> tuple[int, dict[str, Any]]:
    async with asyncio.timeout(10):
        return await anext(events)


async def happened(ledger: Ledger, *commands: Command) -> None:
    for command in commands:
        await ledger.execute(command, Context(subject="u", route="test"))


def ups_and_downs(first: int, last: int) -> list[Command]:
    """Episodes, with two notices for the head each: that it began, and that it is over."""
    return [command for episode in range(first, last + 1) for command in (low(episode=episode), over(episode))]


def lost(number: int) -> RaiseAlarm:
    return RaiseAlarm(
        now=NOON,
        occurred_at=NOON,
        office=BENGKULU,
        id=f"alarm/blanko.17.stock/{number}",
        kind=AlarmKind.NUMBERS_LOST,
        desks=(Desk("head", BENGKULU),),
        figures={"quantity": 40},
    )


async def test_a_notice_comes_as_it_is_in_the_inbox_with_its_number_in_the_post(web: Web, ledger: Ledger) -> None:
    async with watching(web) as post, watching(web, role="province", region="17") as elsewhere:
        await happened(ledger, LISTEN, RULES, low())
        number, notice = await next_of(post)
        [lying] = web.client.get("/inbox", headers=token()).json()["notices"]
        assert (number, notice) == (1, lying)
        assert (notice["number"], notice["subject"][:11]) == (1, "Stok blanko")
        # What the other desk hears of first is what was told to it, and not what was told to this one.
        await happened(ledger, critical())
        assert (await next_of(elsewhere))[1]["recipient_role"] == "province"
        assert (await next_of(post))[0] == 2


async def test_whoever_comes_back_goes_on_after_what_they_saw_without_a_gap_or_a_repetition(
    web: Web, ledger: Ledger
) -> None:
    await happened(ledger, LISTEN, RULES, *ups_and_downs(1, 3))
    async with watching(web, last="2") as post:
        assert [(await next_of(post))[0] for _ in range(4)] == [3, 4, 5, 6]
        await happened(ledger, *ups_and_downs(4, 4))
        assert [(await next_of(post))[0] for _ in range(2)] == [7, 8]


async def test_far_more_than_fits_at_once_comes_in_order(web: Web, ledger: Ledger) -> None:
    await happened(ledger, LISTEN, RULES, *ups_and_downs(1, stream.AT_ONCE + 5))
    async with watching(web, last="0") as post:
        numbers = [(await next_of(post))[0] for _ in range(2 * stream.AT_ONCE + 10)]
    assert numbers == list(range(1, 2 * stream.AT_ONCE + 11))


async def test_without_a_number_of_this_post_it_begins_now(web: Web, ledger: Ledger) -> None:
    await happened(ledger, LISTEN, RULES, *ups_and_downs(1, 1))
    async with AsyncExitStack() as streams:
        posts = [
            await streams.enter_async_context(watching(web, last))
            for last in (None, "abc", "-1", "1; drop", "99", "9" * 40, "")
        ]
        await happened(ledger, low(episode=2))
        assert [(await next_of(post))[0] for post in posts] == [3] * len(posts)


async def test_it_rings_at_once_and_does_not_wait_for_the_next_look(web: Web, ledger: Ledger) -> None:
    await happened(ledger, LISTEN, RULES)
    took = []
    async with watching(web) as post:
        for command in ups_and_downs(1, 4)[:7]:
            await asyncio.sleep(0.3)
            began = time.monotonic()
            await happened(ledger, command)
            await next_of(post)
            took.append(time.monotonic() - began)
    assert statistics.median(took) < LOOK_EVERY / 5, took


async def test_an_alarm_for_which_nothing_rings_comes_with_the_next_look(web: Web, ledger: Ledger) -> None:
    await happened(ledger, LISTEN)
    async with watching(web) as post:
        for number in (1, 2):
            await happened(ledger, lost(number))
            seen, alarm = await next_of(post)
            assert (seen, alarm["type"], alarm["kind"]) == (number, "AlarmSent", "NUMBERS_LOST")
            assert alarm["office_name"] == "Kota Bengkulu"


async def test_a_lost_connection_to_the_database_is_taken_up_again(
    web: Web, ledger: Ledger, engine: AsyncEngine
) -> None:
    await happened(ledger, LISTEN, RULES)
    async with watching(web) as post:
        await happened(ledger, low())
        await next_of(post)
        async with engine.connect() as connection:
            cut = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'blanko notify web'"
            assert (await connection.execute(text(cut))).all()
        await happened(ledger, over())
        assert (await next_of(post))[0] == 2


async def test_a_signal_ends_the_streams_and_then_the_server(web: Web, ledger: Ledger) -> None:
    await happened(ledger, LISTEN, RULES)
    async with watching(web) as post, watching(web, role="ops", region="00") as idle:
        await happened(ledger, low())
        await next_of(post)
        began = time.monotonic()
        web.process.send_signal(signal.SIGTERM)
        for each in (post, idle):
            with pytest.raises(StopAsyncIteration):
                await next_of(each)
    # uvicorn gives the signal back once it has stopped, so this is how its process ends.
    assert web.process.wait(20) in (0, -signal.SIGTERM)
    assert time.monotonic() - began < 5
    said = web.log.read_text()
    assert not [each for each in ("Traceback", "ERROR", "destroyed", '"level":"error"') if each in said], said


async def test_so_many_streams_and_no_more_and_whoever_leaves_makes_room(web: Web, ledger: Ledger) -> None:
    await happened(ledger, LISTEN, RULES)
    limits = httpx2.Limits(max_connections=WATCHED_AT_MOST + 10)
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{web.port}", timeout=20, limits=limits) as client:
        async with AsyncExitStack() as streams:
            for _ in range(WATCHED_AT_MOST):
                await streams.enter_async_context(client.stream("GET", STREAM, headers=token()))
            async with asyncio.timeout(10):
                full = await client.get(STREAM, headers=token("ops", "00"))
            assert (full.status_code, full.json()["code"]) == (503, "too_many_streams")
            assert full.headers["retry-after"] == "10"
            # The others are served all the same.
            assert (await client.get("/inbox", headers=token())).status_code == 200
            assert f"blanko_inbox_streams {WATCHED_AT_MOST}.0" in (await client.get("/metrics")).text
        for _ in range(100):
            if "blanko_inbox_streams 0.0" in (await client.get("/metrics")).text:
                break
            await asyncio.sleep(0.1)
        async with watching(web) as post:
            await happened(ledger, low())
            assert (await next_of(post))[0] == 1


def test_a_stream_is_for_who_has_a_desk(web: Web) -> None:
    assert web.client.get(STREAM).status_code == 401
    assert web.client.get(STREAM, headers=token("operator")).status_code == 403
    assert web.client.get(STREAM, headers=token("auditor", "00")).status_code == 403


async def test_a_quiet_stream_pings_and_ends_in_time_so_that_its_token_is_judged_again(
    app: FastAPI, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "PING_EVERY", 0.1)
    monkeypatch.setattr(stream, "LIFE", 0.5)
    answer = await caller("head", BENGKULU).get(STREAM)
    assert answer.text.startswith("retry: 2000\n\n")
    assert answer.text.count(": ping\n\n") >= 2


async def test_when_nobody_watches_nobody_looks(app: FastAPI, caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LIFE", 0.2)
    monkeypatch.setattr(stream, "PING_EVERY", 0.1)
    engine: AsyncEngine = app.state.engine
    for _ in range(3):
        await caller("head", BENGKULU).get(STREAM)
        for _ in range(50):
            if not engine.pool.checkedout():  # type: ignore[attr-defined]
                break
            await asyncio.sleep(0.05)
        assert not engine.pool.checkedout()  # type: ignore[attr-defined]
