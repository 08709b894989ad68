"""What reading costs when there is much to remember: the same questions to a nation with a long past, and without."""

import asyncio
import json
import random
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.books import Books
from bench.figures import Effort, Figure, Findings, Void, at_most, measures, series
from bench.helper import Helper
from bench.log import connect
from bench.nation import CARDS, ITEMS, UNDER_WAY, Nation, service_points
from bench.server import Server
from bench.site import Site

APP = "services.stock.main:app"
LINES = 4
"""Questions at once: few, so that what is measured is an answer and not the queue before it."""
WARM_UP = 2.0
LONGER = 3
"""Times a window's length: of a hundred answers one counts."""
ASKED = 4_096
"""Questions, drawn at random and always the same, which are asked over and over."""
AT_ONCE = 15_000
"""More facts than this no nation needs to be on board."""

Question = dict[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """A nation that has just come on board, and one with a long past: the databases, and seconds to load the long."""

    short: Books
    long: Books
    seconds: float


@measures(
    Figure("stock_balance_growth", at_most(1.2)),
    Figure("stock_province_growth", at_most(1.2)),
    Figure("stock_balance_p99", unit="ms"),
    Figure("stock_province_p99", unit="ms"),
    Figure("stock_growth_loading", unit="s"),
)
def growth(site: Site, effort: Effort) -> Findings:
    """p99 with a long past ÷ with a short one. Both are asked the same questions, at once and in turn."""
    pair = loaded(site, effort)
    balance, province = site.folder / "balances.json", site.folder / "provinces.json"
    balance.write_text(json.dumps(balances(site)))
    province.write_text(json.dumps(provinces(site)))
    with ExitStack() as stack:
        generator = stack.enter_context(Helper("bench.helpers.load", site.folder / "load.log"))
        short, long = (stack.enter_context(Server(site, APP, books.url)) for books in (pair.short, pair.long))
        _are_alike(site, short, long)
        rounds = [
            {
                plan: [said["p99_ms"] for said in ask(generator, plan, effort, short, long)]
                for plan in (balance, province)
            }
            for _ in range(effort.rounds)
        ]
    return {
        "stock_balance_growth": series([long / short for short, long in (r[balance] for r in rounds)]),
        "stock_province_growth": series([long / short for short, long in (r[province] for r in rounds)]),
        "stock_balance_p99": series([r[balance][1] for r in rounds]),
        "stock_province_p99": series([r[province][1] for r in rounds]),
        "stock_growth_loading": series([pair.seconds]),
    }


def loaded(site: Site, effort: Effort) -> Pair:
    """Both databases, ready to be asked. Raises `Void` unless only their pasts differ."""
    now = datetime.now(UTC)
    short, long = Books(site, "nation"), Books(site, "nation_with_a_past")
    # A checkpoint for every gigabyte of it would write every page twice.
    site.postgres.sql("alter system set max_wal_size = '16GB'; select pg_reload_conf()")
    told_short = asyncio.run(write(short.owner_url, Nation(now)))
    began = time.monotonic()
    told_long = asyncio.run(write(long.owner_url, Nation(now, effort.events)))
    for books in (short, long):
        books.sql("vacuum analyze; checkpoint")
    seconds = time.monotonic() - began
    if told_short > AT_ONCE or told_long < effort.events:
        raise Void(f"the pasts have {told_short} and {told_long} events, not up to {AT_ONCE} and {effort.events}")
    for books, told in ((short, told_short), (long, told_long)):
        if (stored := books.sql("select count(*), max(position) from events")) != f"{told}|{told}":
            raise Void(f"{stored} events are stored in {books.name}, {told} were told")
    held = [books.sql(_HELD) for books in (short, long)]
    expected = f"{len(ITEMS) * len(service_points()) + 1}|{_locations()}|{UNDER_WAY}"
    if held != [expected, expected]:
        raise Void(f"books, locations and consignments under way are {held[0]} and {held[1]}, not {expected}")
    return Pair(short, long, seconds)


_HELD = """
select (select count(*) from balances where onboard),
       (select count(*) from balances b, json_object_keys(b.locations)),
       (select count(*) from consignments where in_transit > 0)
"""


def _locations() -> int:
    """Of all books: stores keep every item, service points keep cards. The centre has one more."""
    return len(ITEMS) * len(service_points()) + sum(service_points().values()) + 1


async def write(url: str, nation: Nation) -> int:
    """How many events it was told in."""
    owner = await connect(url)
    await nation.write(owner)
    await owner.close()
    return nation.log.position


def balances(site: Site) -> list[Question]:
    """What an office holds, asked by its head."""
    tokens = {office: site.issuer.mint(f"head-{office}", "head", office) for office in service_points()}
    asked = random.Random(4).choices(list(tokens), k=ASKED)
    return [{"path": f"/offices/{office}/balances", "token": tokens[office]} for office in asked]


def provinces(site: Site) -> list[Question]:
    """How a province's offices stand, asked by the province."""
    codes = sorted({office.partition(".")[0] for office in service_points()})
    tokens = {code: site.issuer.mint(f"province-{code}", "province", code) for code in codes}
    asked = random.Random(4).choices(codes, k=ASKED)
    return [{"path": f"/overview?item={CARDS}&province={code}", "token": tokens[code]} for code in asked]


def _are_alike(site: Site, *servers: Server) -> None:
    """Raises `Void` unless all say of every office that it is heard of, and on board with every item."""
    token = site.issuer.mint("national", "national", "00")
    for item in ITEMS:
        for server in servers:
            said = server.get(f"/overview?item={item}", token)["offices"]
            total = len(service_points())
            if said != {"total": total, "onboard": total, "not_on_board": 0, "unknown": 0}:
                raise Void(f"of {item} the offices are {said}")


def ask(generator: Helper, plan: Path, effort: Effort, *servers: Server) -> list[dict[str, Any]]:
    """What a window says of each server, asked in turn. Raises `Void` unless every question was answered."""
    options: dict[str, Any] = {"lines": LINES, "warm_up": WARM_UP, "seconds": LONGER * effort.seconds}
    said: list[dict[str, Any]] = generator.ask(plan=str(plan), ports=[server.port for server in servers], **options)[
        "servers"
    ]
    for one in said:
        if one["failed"]:
            raise Void(f"{one['failed']} questions were not answered with 200; the first: {one['first_failure']}")
    return said
