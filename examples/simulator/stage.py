"""A stack whose time is virtual from its very first fact, and a play on it."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from deploy.local.paths import ROOT
from deploy.local.stack import SERVICES, Ports, Stack
from examples.simulator.clock import VirtualTime, installed
from examples.simulator.desks import Desks
from examples.simulator.journal import Journal
from examples.simulator.play import MORNING, Play, Wish
from examples.simulator.quiet import Quiet
from shared.moments import VARIABLE

SETTINGS = {"LOG_LEVEL": "WARNING"}


class SimulatedStack(Stack):
    """The embedded stack, whose processes and databases follow one clock file in its folder."""

    def __init__(self, folder: Path, ports: Ports, start: datetime, tell: Callable[[str], None]) -> None:
        self.clock_file = folder.absolute() / "clock"
        self.clock_file.parent.mkdir(parents=True, exist_ok=True)
        self.clock = VirtualTime(self.clock_file, start)
        super().__init__(folder, ports, environment=SETTINGS | {VARIABLE: str(self.clock_file)}, tell=tell)

    def _make_databases(self) -> None:
        super()._make_databases()
        if self.postgres:
            for service in SERVICES:
                self.postgres.sql(installed(self.clock.now()), self.databases[service].name)

    def superusers(self) -> dict[str, str]:
        """The address of each service's database for who may look at everything."""
        if self.postgres is None:
            return {}
        server = urlsplit(self.postgres.url)
        return {name: urlunsplit(server._replace(path=f"/{self.databases[name].name}")) for name in SERVICES}

    def environment_of_checks(self) -> dict[str, str]:
        """What the checker is told of this stack."""
        addresses = {f"{service.upper()}_URL": self.address(service) for service in SERVICES}
        return {
            **addresses,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "TOKEN": self.token("auditor", "00"),
        }


@asynccontextmanager
async def staged(stack: SimulatedStack, file: Path, wish: Wish, tell: Callable[[str], None]) -> AsyncIterator[Play]:
    """A play on a stack that runs, its journal in `file`."""
    urls = stack.superusers()
    desks = Desks({service: stack.address(service) for service in SERVICES}, stack.token)
    await stack.clock.open(list(urls.values()))
    try:
        with Journal(file, stack.clock.now) as journal:
            async with desks, Quiet(urls, stack.bootstrap_servers) as quiet:
                yield Play(wish, desks, stack.clock, quiet, journal, tell)
    finally:
        await stack.clock.close()


def begin_of(wish: Wish) -> datetime:
    """An hour before the first morning: the offices are opened then."""
    return datetime.combine(wish.first, MORNING).astimezone(UTC) - timedelta(hours=1)


def check(journal: Path, environment: Mapping[str, str]) -> int:
    """The independent checker's verdict, in a process of its own: 0 if journal and services agree."""
    command = [sys.executable, "-m", "examples.simulator.check", str(journal)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
