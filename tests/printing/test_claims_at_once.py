"""Two hundred workstations at two processes: none has what another has, no card is lost, none counts twice."""

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.paths import ROOT
from deploy.local.postgres import ServiceDatabase
from deploy.local.process import Process, free_ports
from services.printing import views
from services.printing.domain import CardNotPrinted, CardPrinted, CardSpoiled, JobClaimed, JobQueued, PrintingFact
from tests.printing.naive import held_by_two
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish

pytestmark = pytest.mark.anyio

WORKSTATIONS = 200
SECONDS = 60 if "BLANKO_LONG" in os.environ else 10
AHEAD = 2_000
"""Jobs that wait: more than all workstations take at once."""
ONE, TWENTY = ("17.71",), tuple(f"32.{n:02}" for n in (*range(1, 19), 71, 72))
DONE_AT_A_WORKSTATION = (JobClaimed, CardPrinted, CardSpoiled, CardNotPrinted)
Caller = tuple[str, int]
"""Office and number of a workstation."""


class Line:
    """One connection to a process. A general HTTP client would cost more than what is asked."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> None:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        self._streams[1].write(request)
        await self._streams[1].drain()

    async def hear(self) -> tuple[int, Any]:
        """Status and body of the answer."""
        assert self._streams is not None
        head = await self._streams[0].readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await self._streams[0].readexactly(int(length.partition(b":")[2]))
        return int(head.split(b" ", 2)[1]), json.loads(body)

    def cut(self) -> None:
        """The connection is gone, whatever was under way."""
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None


@dataclass
class Shift:
    """What all workstations did and were answered."""

    ports: Sequence[int]
    tokens: dict[str, str]
    queued: dict[str, str] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)
    chips: dict[str, str] = field(default_factory=dict)
    spoiled: Counter[str] = field(default_factory=Counter)
    left: dict[Caller, set[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    reports: int = 0
    repeated: int = 0
    over: bool = False


class Workstation:
    """Claims a batch and reports each job of it. One in twenty leaves its first batch lying, and never comes back."""

    def __init__(self, shift: Shift, office: str, number: int) -> None:
        self._shift = shift
        self._lines = [Line(port) for port in shift.ports]
        self._chance = random.Random(number)
        self._office = office
        self._me = (office, number)

    async def works(self) -> None:
        try:
            await self._works()
        finally:
            for line in self._lines:
                line.cut()

    async def _works(self) -> None:
        shift, chance = self._shift, self._chance
        while not shift.over:
            claim = {"claim": str(uuid4()), "item": "KTP_WNI", "jobs": chance.randint(1, 5)}
            began = time.perf_counter()
            jobs = [fact for fact in await self._say(f"workstations/WS-{self._me[1]}/claims", claim) if "until" in fact]
            shift.seconds.append(time.perf_counter() - began)
            if self._me[1] % 20 == 0 and jobs:
                shift.left[self._me] = {fact["job"] for fact in jobs}
                return
            for fact in jobs:
                await self._reports(fact, claim["claim"])
            if not jobs:
                await asyncio.sleep(0.05)

    async def _reports(self, fact: dict[str, Any], claim: Any) -> None:
        shift, chance, job = self._shift, self._chance, fact["job"]
        said: dict[str, Any] = {"workstation": f"WS-{self._me[1]}", "claim": claim}
        if chance.random() < 0.05:
            await self._say(f"jobs/{job}/not-printed", said)
            return
        said["location"] = "MPP"
        if fact["tries"] == 0 and chance.random() < 0.05:
            await self._say(f"jobs/{job}/spoiled", said | {"cause": "MISPRINT"})
            shift.spoiled[job] += 1
        chip = uuid4().hex
        await self._say(f"jobs/{job}/printed", said | {"chip_serial": chip})
        assert job not in shift.chips, "somebody else has printed it"
        shift.chips[job] = chip
        if chance.random() < 0.1:
            assert await self._say(f"jobs/{job}/printed", said | {"chip_serial": chip}) == [], "it is the same card"

    async def _say(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        """The facts that followed. Sometimes the workstation dies before it hears them, and says the same again."""
        shift, key = self._shift, uuid4().hex
        content = json.dumps(body).encode()
        request = (
            f"POST /offices/{self._office}/{path} HTTP/1.1\r\nHost: printing\r\nIdempotency-Key: {key}\r\n"
            f"Authorization: Bearer {shift.tokens[self._office]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        ).encode() + content
        if self._chance.random() < 0.05:
            line = self._chance.choice(self._lines)
            await line.send(request)
            await asyncio.sleep(self._chance.choice((0, 0.01)))
            line.cut()
            shift.repeated += 1
        while True:
            line = self._chance.choice(self._lines)
            try:
                await line.send(request)
                status, answer = await line.hear()
            except (OSError, asyncio.IncompleteReadError):
                # The server closes what was silent for long.
                line.cut()
                continue
            if status != 503:
                break
            await asyncio.sleep(0.05)
        assert status == 201, answer
        shift.reports += "/claims" not in path
        shift.facts += [json.dumps(fact, sort_keys=True) for fact in answer["facts"]]
        return list(answer["facts"])


@contextmanager
def serving(database: ServiceDatabase, folder: Path) -> Iterator[list[int]]:
    """Two of printing's web processes on one database, by their ports."""
    environment = {
        "DATABASE_URL": database.app_url,
        "KAFKA_BOOTSTRAP_SERVERS": "",
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_JWKS": str(folder / "keys.json"),
    }
    ports = free_ports(2)
    with ExitStack() as stack:
        for port in ports:
            command = [sys.executable, "-m", "uvicorn", "services.printing.main:app", "--port", str(port)]
            command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
            web = Process(f"printing {port}", command, folder / f"{port}.log", folder=ROOT, environment=environment)
            web.start()
            stack.callback(web.stop)
            web.wait_until(partial(ready, port), 60)
        yield ports


def ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health/ready").status_code == 200
    except httpx2.TransportError:
        return False


async def feed(shift: Shift, offices: Sequence[str]) -> None:
    """Requests come in as fast as they are printed."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{shift.ports[0]}", timeout=30) as client:
        while not shift.over:
            if len(shift.queued) - len(shift.chips) >= AHEAD:
                await asyncio.sleep(0.05)
                continue
            for office in offices:
                await ask(client, shift, office, 1_000 // len(offices))


async def ask(client: httpx2.AsyncClient, shift: Shift, office: str, cards: int) -> None:
    jobs = [str(uuid4()) for _ in range(cards)]
    lines = [{"item": "KTP_WNI", "location": "MPP", "reason": "LOST", "applicant": job, "job": job} for job in jobs]
    headers = {"Authorization": f"Bearer {shift.tokens[office]}", "Idempotency-Key": uuid4().hex}
    answer = await client.post(f"/offices/{office}/jobs/bulk", json={"lines": lines}, headers=headers)
    assert answer.status_code == 201, answer.text
    assert {line["outcome"] for line in answer.json()["lines"]} == {"QUEUED"}
    shift.queued |= dict.fromkeys(jobs, office)


@pytest.mark.parametrize("offices", [ONE, TWENTY], ids=["one office", "twenty offices"])
async def test_of_many_workstations_each_has_its_own_jobs_and_every_card_counts_once(
    database: ServiceDatabase, tmp_path: Path, offices: Sequence[str]
) -> None:
    issuer = Issuer()
    publish(tmp_path / "keys.json", issuer)
    tokens = {office: issuer.token(role="operator", region=office, sub=f"operator-{office}") for office in offices}
    with serving(database, tmp_path) as ports:
        shift = Shift(ports, tokens)
        began = time.perf_counter()
        async with asyncio.TaskGroup() as everybody:
            everybody.create_task(feed(shift, offices))
            for number in range(WORKSTATIONS):
                here = offices[number % len(offices)]
                everybody.create_task(Workstation(shift, here, number).works())
            await asyncio.sleep(SECONDS)
            shift.over = True
        seconds = time.perf_counter() - began
    engine = create_async_engine(database.app_url)
    await check(shift, engine)
    await engine.dispose()
    p50, p99 = (quantiles(shift.seconds, n=100)[n] * 1000 for n in (49, 98))
    print(
        f"{len(offices)} offices: {len(shift.seconds) / seconds:.0f} claims/s, {shift.reports / seconds:.0f} results/s,"
        f" a claim p50 {p50:.0f} ms, p99 {p99:.0f} ms; {len(shift.chips)} cards, {shift.repeated} requests repeated"
    )


async def check(shift: Shift, engine: AsyncEngine) -> None:
    """The facts are what was answered; each job is printed once, or where its workstation left it, or waits."""
    decode = msgspec.json.Decoder(PrintingFact).decode
    async with engine.connect() as connection:
        events = await connection.execute(text("select data::text, recorded_at from events order by position"))
        log = [(recorded_at, decode(data), data) for data, recorded_at in events]
        facts = [fact for _, fact, _ in log]
        assert held_by_two((recorded_at, fact) for recorded_at, fact, _ in log) == []
        stored = Counter(
            json.dumps(json.loads(data), sort_keys=True)
            for _, fact, data in log
            if isinstance(fact, DONE_AT_A_WORKSTATION)
        )
        assert stored == Counter(shift.facts), "the facts are not those that were answered"
        assert {fact.job for fact in facts if isinstance(fact, JobQueued)} == shift.queued.keys()
        cards = [(fact.job, fact.chip_serial) for fact in facts if isinstance(fact, CardPrinted)]
        assert sorted(cards) == sorted(shift.chips.items())
        assert Counter(fact.job for fact in facts if isinstance(fact, CardSpoiled)) == shift.spoiled
        jobs = {row.job: row for row in await connection.execute(text("select job, state, claim from jobs"))}
        left = set().union(*shift.left.values())
        assert {job for job, row in jobs.items() if row.state == "PRINTED"} == shift.chips.keys()
        assert {job for job, row in jobs.items() if row.state == "CLAIMED"} == left
        assert {
            job for job, row in jobs.items() if row.state == "QUEUED"
        } == shift.queued.keys() - shift.chips.keys() - left
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        for (office, number), own in shift.left.items():
            asked = await views.undeclared(connection, office, f"WS-{number}", tomorrow)
            assert {each.job for each in asked} == own
    assert shift.left and shift.spoiled and shift.repeated and len(shift.chips) > WORKSTATIONS
