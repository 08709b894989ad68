"""What the whole costs on one machine: the seconds until a second `make run` is ready, and the memory it takes."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil

from bench.books import ITEM, LOCATION, cities
from bench.figures import Effort, Figure, Findings, Series, Void, at_most, measures, series
from bench.helper import Helper
from bench.helpers.load import KEY
from bench.site import Site
from deploy.local.paths import ROOT
from deploy.local.process import CannotStart
from deploy.local.stack import SERVICES, Ports, setting_of
from deploy.local.tokens import Issuer

WRITES = {"printing": 200, "stock": 60, "outreach": 40}
"""Writes a second over HTTP: the nation's 300. Each card printed is booked by stock as well, over Kafka."""
LOADED = 60
"""Seconds of that load."""
WAITED = 120.0


class Run:
    """`make run` in a folder of its own: what make calls once the environment is there."""

    def __init__(self, folder: Path) -> None:
        self.ports = Ports.free()
        self.issuer = Issuer(folder / "issuer")
        ports = {setting_of(name): str(port) for name, port in self.ports.by_name.items()}
        given = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(given)}
        self._environment = inherited | ports | {"BLANKO_HOME": str(folder), "PYTHONUNBUFFERED": "1"}

    @contextmanager
    def ready(self) -> Iterator[tuple[psutil.Process, float]]:
        """Its launcher and the seconds until it said it was ready, which all eight processes must confirm."""
        began = time.monotonic()
        command = [sys.executable, "-m", "deploy.local", "--with-parent"]
        launcher = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert launcher.stdout is not None
            said = []
            for line in launcher.stdout:
                said.append(line.strip())
                if line.startswith("Blanko is ready"):
                    break
            else:
                raise CannotStart(f"make run ended: {' '.join(said)[-300:]}")
            seconds = time.monotonic() - began
            self._confirm()
            yield psutil.Process(launcher.pid), seconds
        finally:
            launcher.terminate()
            launcher.communicate(timeout=60)

    def _confirm(self) -> None:
        for name in (*SERVICES, *(f"{service}-worker" for service in SERVICES)):
            connection = http.client.HTTPConnection("127.0.0.1", self.ports.by_name[name], timeout=5)
            connection.request("GET", "/health/ready")
            if (status := connection.getresponse().status) != 200:
                raise Void(f"{name} answered {status} when all was said to be ready")
            connection.close()


@measures(Figure("start_seconds", at_most(15), "s"))
def start(site: Site, effort: Effort) -> Findings:
    """The first start, which makes the data, does not count."""
    run = Run(site.folder / "start")
    with run.ready():
        pass
    rounds = []
    for _ in range(effort.rounds):
        with run.ready() as (_, seconds):
            rounds.append(seconds)
    return {"start_seconds": series(rounds)}


@measures(Figure("rss_mb", at_most(1000), "MB"), Figure("rss_mb_idle", unit="MB"))
def memory(site: Site, effort: Effort) -> Findings:
    """PSS of the launcher, its guard, four web and four worker processes, right after the load; the worst counts."""
    run = Run(site.folder / "memory")
    with run.ready() as (launcher, _), ExitStack() as stack:
        idle = _megabytes(launcher)
        generators = {}
        for service in WRITES:
            plan = site.folder / f"{service}.json"
            plan.write_text(json.dumps(_writes(service, run.issuer)))
            generators[service] = stack.enter_context(Helper("bench.helpers.load", site.folder / "load.log"))
        asked = []
        for service, rate in WRITES.items():
            port = run.ports.by_name[service]
            options = {"port": port, "connections": 16, "warm_up": 0, "seconds": LOADED, "rate": rate}
            generators[service].put(plan=str(site.folder / f"{service}.json"), **options)
        for service, generator in generators.items():
            said = generator.get()
            if said["failed"] or said["rate"] < 0.98 * WRITES[service]:
                raise Void(
                    f"{service} took {said['rate']:.0f} writes/s, {said['failed']} failed: {said['first_failure']}"
                )
        for _ in range(effort.rounds):
            asked.append(_megabytes(launcher))
            time.sleep(1)
    return {"rss_mb": Series(asked, max(asked)), "rss_mb_idle": series([idle])}


def _megabytes(launcher: psutil.Process) -> float:
    ours = [launcher, *launcher.children(recursive=True)]
    return sum(p.memory_full_info().pss for p in ours if "python" in p.name()) / 1e6


def _writes(service: str, issuer: Issuer) -> list[dict[str, Any]]:
    """What 500 offices say to a service, each with somebody's token of its own."""
    return [_write(service, office.id, issuer) for office in cities()]


def _write(service: str, office: str, issuer: Issuer) -> dict[str, Any]:
    role, path = "operator", f"/offices/{office}"
    body: dict[str, Any]
    if service == "printing":
        path += f"/jobs/{KEY}/printed"
        body = {"workstation": "ws-1", "location": LOCATION, "item": ITEM, "reason": "FIRST"}
    elif service == "stock":
        role, path = "storekeeper", f"{path}/receipts"
        body = {
            "item": ITEM,
            "location": LOCATION,
            "quantity": 5,
            "source": "GRANT",
            "bast": "BAST-470-2024",
            "counters": ["p-1", "p-2"],
        }
    else:
        path += "/visits"
        next_week = date.today() + timedelta(days=7)
        body = {
            "visit": KEY,
            "team": "A",
            "place": "SMA 1",
            "place_kind": "SCHOOL",
            "starts_at": f"{next_week}T08:00:00+07:00",
            "ends_at": f"{next_week}T15:00:00+07:00",
            "expected": 100,
        }
    return {"path": path, "token": issuer.mint(f"{role}-{office}", role, office), "body": body}
