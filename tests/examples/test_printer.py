"""The simulated printer against a real printing service: what lies beside it is what the log says, whatever dies."""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from deploy.local.paths import ROOT
from deploy.local.postgres import PostgreSQL
from deploy.local.process import Process, free_port
from examples.printer import program
from examples.printer.machine import Journal, Line, Machine, Stop
from examples.printer.program import Program, Wire, Workstation
from shared.migrate import upgrade
from shared.schema import scripts_of
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish

CARDS, RIBBON, KILLS = 200, 45, 6
OFFICES = iter(("17.71", "17.01", "17.02"))
"""One for each test that asks for the service."""
REASONS = ("FIRST", "LOST", "DAMAGED", "CHANGE", "MOVE")
BOXES = {"printer-1": "KT0024010001", "printer-2": "KT0024020001"}
"""The first blank of each printer's box."""


@dataclass
class Service:
    """Printing's web process on a database of its own, and an office that no other test prints in."""

    office: str
    web: Process
    address: str
    issuer: Issuer
    postgres: PostgreSQL
    database: str

    def token(self, role: str) -> str:
        return self.issuer.token(sub=f"{role}-{self.office}", role=role, region=self.office)

    def starts(self) -> None:
        self.web.start()
        self.web.wait_until(self._is_ready, 60.0)

    def ask(self, role: str, method: str, path: str, **body: Any) -> Line:
        headers = {"Authorization": f"Bearer {self.token(role)}", "Idempotency-Key": uuid4().hex}
        where = f"{self.address}/offices/{self.office}{path}"
        response = httpx2.request(method, where, headers=headers, json=body or None, timeout=30)
        assert response.is_success, response.text
        answer: Line = response.json()
        return answer

    def facts(self, kind: str) -> list[Line]:
        rows = self.postgres.sql(
            f"select data::text from events where type = '{kind}' order by position", self.database
        )
        return [fact for fact in map(json.loads, rows.splitlines()) if fact["office"] == self.office]

    def printer(self, name: str, folder: Path, *options: str) -> Process:
        """A workstation's program; the day of a printer takes some seconds."""
        options = ("--workstation", name, "--journal", str(folder / f"{name}.journal"), *options)
        options += (
            "--first",
            BOXES[name],
            "--box",
            f"BOX-{name[-1]}",
            "--address",
            self.address,
            "--office",
            self.office,
        )
        options += ("--ribbon", str(RIBBON), "--spoiled", "0.08", "--seed", "17", "--speed", "8000")
        return Process(
            name,
            [sys.executable, "-m", "examples.printer", *options],
            folder / f"{name}.log",
            folder=ROOT,
            environment={"TOKEN": self.token("operator")},
        )

    def _is_ready(self) -> bool:
        with suppress(httpx2.TransportError):
            return httpx2.get(f"{self.address}/health/ready").status_code == 200
        return False


@pytest.fixture(scope="module")
def printing(postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("printing")
    database = postgres.create_service_database("printing", f"printing_{uuid4().hex[:12]}")
    upgrade(scripts_of("printing"), database.owner_url)
    issuer, port = Issuer(), free_port()
    publish(folder / "keys.json", issuer)
    environment = {
        "DATABASE_URL": database.app_url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_JWKS": str(folder / "keys.json"),
    }
    web = Process(
        "printing",
        [sys.executable, "-m", "uvicorn", "services.printing.main:app", "--port", str(port), "--no-access-log"],
        folder / "web.log",
        folder=ROOT,
        environment=environment,
    )
    running = Service("", web, f"http://127.0.0.1:{port}", issuer, postgres, database.name)
    running.starts()
    yield running
    web.stop()
    postgres.drop_database(database.name)


@pytest.fixture
def service(printing: Service) -> Service:
    return replace(printing, office=next(OFFICES))


class Killed(Exception):
    """The power failed."""


class Power(httpx2.AsyncBaseTransport):
    """A connection whose power fails at its `last` request: before it is sent, or before its answer is read.

    Of the others each second answer is lost, though the service has heard.
    """

    def __init__(self, last: int, heard: bool) -> None:
        self._real = httpx2.AsyncHTTPTransport()
        self._last, self._heard, self._requests = last, heard, 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._requests += 1
        if self._requests == self._last and not self._heard:
            raise Killed
        response = await self._real.handle_async_request(request)
        await response.aread()
        if self._requests == self._last:
            raise Killed
        if self._requests % 2:
            raise httpx2.ReadError("The answer was lost")
        return response

    async def aclose(self) -> None:
        await self._real.aclose()


def asked_for(cards: int) -> list[Line]:
    return [
        {
            "job": str(uuid4()),
            "item": "KTP_WNI",
            "location": "gudang",
            "reason": REASONS[number % len(REASONS)],
            "applicant": f"A-{number}",
        }
        for number in range(cards)
    ]


def test_a_day_with_power_cuts_is_in_the_log_as_it_lies_beside_the_printers(service: Service, tmp_path: Path) -> None:
    chance = random.Random(5)
    jobs = asked_for(CARDS)
    service.ask("operator", "POST", "/jobs/bulk", lines=jobs)
    printers = [service.printer(name, tmp_path) for name in BOXES]
    for printer in printers:
        printer.start()
    for number in range(KILLS):
        victim = printers[number % len(printers)]
        lines_until_then = chance.randint(4, 30) + len(read(tmp_path / f"{victim.name}.journal"))
        wait_for(lambda: len(read(tmp_path / f"{victim.name}.journal")) >= lines_until_then)  # noqa: B023
        assert victim.alive, "the day was too short for so many power cuts"
        victim.kill()
        if number == KILLS // 2:
            service.web.kill()
            service.starts()
        victim.start()
    until_nothing_waits(service, printers)

    journals = {name: read(tmp_path / f"{name}.journal") for name in BOXES}
    lines = [line for journal in journals.values() for line in journal]
    cards, blanks = service.facts("CardPrinted"), service.facts("CardSpoiled")
    assert sorted(job["job"] for job in jobs) == sorted(card["job"] for card in cards)
    assert told(cards, "chip_serial") == seen(lines, "CARD", "chip")
    assert told(blanks, "cause") == seen(lines, "SPOILED", "cause")
    used = [fact["blank_serial"] for fact in (*cards, *blanks)]
    assert sorted(used) == sorted(line["blank"] for line in lines if line["kind"] == "BLANK")
    assert len(set(used)) == len(used)
    for name, journal in journals.items():
        ribbons = [fact for fact in service.facts("RibbonChanged") if fact["printer"] == name]
        changes = [line["id"] for line in journal if line["kind"] == "RIBBON"]
        assert [(fact["ribbon"], fact["cards"]) for fact in ribbons] == [(change, RIBBON) for change in changes]
        assert changes, "the day was long enough for a new ribbon"
    collected = {line["job"] for line in lines if line["kind"] == "HANDED_OVER"}
    assert Counter(fact["job"] for fact in service.facts("CardHandedOver")) == Counter(collected)
    old = {line["job"] for line in lines if line["kind"] == "HANDED_OVER" and line["old_card"]}
    assert Counter(fact["job"] for fact in service.facts("OldCardWithdrawn")) == Counter(old)
    assert 0 < len(old) < len(collected) < CARDS
    assert any(line["kind"] == "SPOILED" and line["cause"] == "DAMAGED" for line in lines)


def test_cards_go_on_while_the_service_is_away_and_are_told_when_it_is_back(service: Service, tmp_path: Path) -> None:
    service.ask("operator", "POST", "/jobs/bulk", lines=asked_for(8))
    printer = service.printer("printer-1", tmp_path, "--jobs", "8")
    printer.start()
    wait_for(lambda: len(kinds(tmp_path / "printer-1.journal", "CARD")) >= 1)
    service.web.kill()
    before = len(service.facts("CardPrinted"))
    wait_for(lambda: len(kinds(tmp_path / "printer-1.journal", "CARD")) >= before + 2)
    printer.kill()
    service.starts()
    printer.start()
    until_nothing_waits(service, [printer])
    assert told(service.facts("CardPrinted"), "chip_serial") == seen(
        read(tmp_path / "printer-1.journal"), "CARD", "chip"
    )


@pytest.mark.anyio
async def test_whichever_answer_is_lost_and_at_whichever_request_it_dies_each_thing_is_told_once(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.ask("operator", "POST", "/jobs/bulk", lines=asked_for(12))
    monkeypatch.setattr(program, "AGAIN_AFTER", 0.0)
    headers = {"Authorization": f"Bearer {service.token('operator')}"}
    file, deaths = tmp_path / "printer.journal", 0
    for run in range(400):
        journal = Journal(file)
        machine = Machine(journal, first_serial="KT0024010001", blanks=99, batch="BOX", spoiled=0.3, ribbon=7)
        power = Power(last=4 + run % 5, heard=run % 3 > 0)
        try:
            async with httpx2.AsyncClient(transport=power, base_url=service.address, headers=headers) as http:
                place = Workstation(service.office, "printer-1", "gudang", jobs=3)
                await Program(Wire(http), machine, journal, place).day()
            break
        except Killed:
            deaths += 1
        finally:
            journal.close()
    lines = read(file)
    assert deaths > 10
    assert told(service.facts("CardPrinted"), "chip_serial") == seen(lines, "CARD", "chip")
    assert told(service.facts("CardSpoiled"), "cause") == seen(lines, "SPOILED", "cause")
    held = service.ask("head", "GET", "/jobs?state=HELD")["jobs"]
    assert len(service.facts("CardPrinted")) == 12 - len(held)
    ribbons = [line["id"] for line in lines if line["kind"] == "RIBBON"]
    assert [fact["ribbon"] for fact in service.facts("RibbonChanged")] == ribbons != []
    collected = sorted(line["job"] for line in lines if line["kind"] == "HANDED_OVER")
    assert sorted(fact["job"] for fact in service.facts("CardHandedOver")) == collected != []


def test_a_journal_has_one_keeper_and_forgets_what_was_not_written_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "printer.journal"
    journal = Journal(file)
    machine = Machine(journal, first_serial="KT07", blanks=9)
    whole = journal.write("RIBBON", machine.now())
    with pytest.raises(Stop, match="Another program"):
        Journal(file)
    journal.close()
    with file.open("ab") as torn:
        torn.write(b'{"id": "1", "kind": "CA')
    assert Journal(file).lines == [whole]


@pytest.mark.anyio
async def test_the_same_seed_spoils_the_same_blanks_wherever_the_program_was_killed(tmp_path: Path) -> None:
    job = {"job": "1", "claim": "1", "item": "KTP_WNI", "reason": "LOST"}

    async def fates(name: str, *runs: int) -> list[tuple[Any, ...]]:
        for blanks in runs:
            journal = Journal(tmp_path / name)
            machine = Machine(journal, first_serial="KT0996", blanks=80, seed=3, spoiled=0.4)
            for _ in range(blanks):
                await machine.make(job)
            journal.close()
        lines = read(tmp_path / name)
        return [(line["kind"], line["blank"], line.get("cause")) for line in lines if line["kind"] != "BLANK"]

    whole = await fates("whole", 80)
    assert whole == await fates("pieces", 30, 1, 49)
    assert whole[0][1] == "KT0996" and whole[4][1] == "KT1000"
    assert {cause for _, _, cause in whole} == {None, "ENCODE_FAILURE", "MISPRINT", "DAMAGED", "DEAD_CHIP"}


def test_it_explains_itself() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "examples.printer", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "--journal" in shown.stdout and "TOKEN" in shown.stdout


def until_nothing_waits(service: Service, printers: list[Process]) -> None:
    """Each printer to its end; the head lets what spoiled too many blanks be tried again."""
    while True:
        for printer in printers:
            wait_for(lambda: not printer.alive)  # noqa: B023
            assert printer.exit_code == 0, printer.tail()
        held = service.ask("head", "GET", "/jobs?state=HELD")["jobs"]
        for job in held:
            service.ask("head", "POST", f"/jobs/{job['job']}/resumption", note="Coba lagi")
        if not held and not service.ask("head", "GET", "/jobs?state=QUEUED")["jobs"]:
            return
        for printer in printers:
            printer.start()


def wait_for(condition: Any, within: float = 40.0) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.05)


def read(file: Path) -> list[Line]:
    """What happened, whoever was told of it."""
    if not file.exists():
        return []
    whole = file.read_bytes()
    lines = [json.loads(line) for line in whole[: whole.rfind(b"\n") + 1].splitlines()]
    return [line for line in lines if line["kind"] != "TOLD"]


def kinds(file: Path, kind: str) -> list[Line]:
    return [line for line in read(file) if line["kind"] == kind]


def seen(lines: list[Line], kind: str, further: str) -> Counter[tuple[str, ...]]:
    """What physically came out: of which job and claim, on which blank of which box."""
    names = ("job", "claim", "blank", "batch", further)
    return Counter(tuple(line[name] for name in names) for line in lines if line["kind"] == kind)


def told(facts: list[Line], further: str) -> Counter[tuple[str, ...]]:
    """The same, as the log has it."""
    names = ("job", "claim", "blank_serial", "batch", further)
    return Counter(tuple(fact[name] for name in names) for fact in facts)
