"""How fast one web process takes durable commands, beside an echo and beside a session for each request.

All four servers run under the same uvicorn and get the very same requests: token, key and body of a receipt.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from bench.books import ITEM, LOCATION, Books, cities
from bench.figures import Effort, Figure, Findings, Series, Void, at_least, interleaved, measures, series
from bench.helper import Helper
from bench.server import Server
from bench.site import Site

CONNECTIONS = 64
WARM_UP = 1.0
HEADROOM = 3.0
"""How many times the echo's rate the generator must reach on a raw echo, for the echo to be the limit, not itself."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one server did in one window: answers a second, its process's CPU for each in µs, latencies in ms."""

    rate: float
    cpu: float
    p50: float
    p99: float


@measures(
    Figure("http_command_vs_echo", at_least(0.45)),
    Figure("http_command_vs_session_per_request", at_least(4)),
    Figure("http_command", unit="/s"),
    Figure("http_command_p50", unit="ms"),
    Figure("http_command_p99", unit="ms"),
    Figure("http_command_cpu", unit="µs"),
    Figure("http_echo_cpu", unit="µs"),
    Figure("http_session_per_request_cpu", unit="µs"),
    Figure("http_generator_headroom", at_least(HEADROOM)),
)
def http_commands(site: Site, effort: Effort) -> Findings:
    plan = site.folder / "receipts.json"
    plan.write_text(json.dumps(receipts(site)))
    ours, theirs = Books(site, "web").opened(), Books(site, "session").opened()
    theirs.sql("create sequence positions start 1000000; grant usage on positions to stock")
    with ExitStack() as stack:
        generator = stack.enter_context(Helper("bench.helpers.load", site.folder / "load.log"))
        fire = partial(_fire, generator, plan, effort.seconds)

        def mode(app: str, books: Books | None = None) -> Callable[[], Window]:
            server = stack.enter_context(Server(site, app, books.url if books else ""))
            return partial(fire, server, books)

        modes = {
            "command": mode("services.stock.main:app", ours),
            "echo": mode("bench.peers.echo:app"),
            "session": mode("bench.peers.session:app", theirs),
            "raw": mode("bench.peers.raw:app"),
        }
        return _findings(interleaved(modes, effort.rounds))


def receipts(site: Site) -> list[dict[str, Any]]:
    """A receipt for each office, as its own storekeeper."""
    body = {
        "item": ITEM,
        "location": LOCATION,
        "quantity": 100,
        "source": "GRANT",
        "bast": "BAST-470-2024",
        "counters": ["p-1", "p-2"],
    }
    return [
        {
            "path": f"/offices/{office.id}/receipts",
            "token": site.issuer.mint(f"storekeeper-{office.id}", "storekeeper", office.id),
            "body": body,
        }
        for office in cities()
    ]


def _fire(generator: Helper, plan: Path, seconds: int, server: Server, books: Books | None) -> Window:
    if books is not None:
        books.reset()
    options = {"port": server.port, "connections": CONNECTIONS, "warm_up": WARM_UP, "seconds": seconds}
    cpu = server.cpu_seconds
    said = generator.ask(plan=str(plan), **options)
    cpu = server.cpu_seconds - cpu
    if said["failed"]:
        raise Void(f"{said['failed']} requests were not answered with 2xx; the first: {said['first_failure']}")
    if books is not None and books.facts() != said["answered"]:
        raise Void(f"{said['answered']} requests were answered, {books.facts()} facts are stored")
    return Window(said["rate"], cpu / said["answered"] * 1e6, said["p50_ms"], said["p99_ms"])


def _findings(rounds: list[dict[str, Window]]) -> Findings:
    headroom = series([r["raw"].rate / r["echo"].rate for r in rounds])
    too_slow = f"the generator reached {headroom.value:.2f} times the echo's rate on a raw echo, not {HEADROOM:g} times"
    void = too_slow if headroom.value < HEADROOM else None

    def of(value: Callable[[dict[str, Window]], float], void: str | None = None) -> Series:
        return series([value(r) for r in rounds], void)

    return {
        "http_command_vs_echo": of(lambda r: r["command"].rate / r["echo"].rate, void),
        "http_command_vs_session_per_request": of(lambda r: r["command"].rate / r["session"].rate),
        "http_command": of(lambda r: r["command"].rate),
        "http_command_p50": of(lambda r: r["command"].p50),
        "http_command_p99": of(lambda r: r["command"].p99),
        "http_command_cpu": of(lambda r: r["command"].cpu),
        "http_echo_cpu": of(lambda r: r["echo"].cpu),
        "http_session_per_request_cpu": of(lambda r: r["session"].cpu),
        "http_generator_headroom": headroom,
    }
