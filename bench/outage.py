"""A nation without blanks: 514 offices run out in the same moment, beside as many plain commands of a ledger.

The time is from the first message on Kafka until notify has opened all of their escalations. They tell three desks
each; what gathers there must close as one bundle a desk, with one letter a province.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import asyncpg
import msgspec
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import create_async_engine

from bench.appends import append_rate
from bench.books import Books
from bench.figures import Effort, Figure, Findings, Void, at_most, interleaved, measures, series
from bench.helper import Helper
from bench.log import connect
from bench.loop import commits, producing, settled
from bench.shortages import Stock, publish
from bench.site import Site
from deploy.local.stack import Ports, Stack
from services.notify.domain import MINISTRY, Appoint, Capacity, SetPolicy, StockLevel
from services.notify.domain.policy import DEFAULT
from services.notify.service import NOTIFY
from shared.ledger import Context, Ledger
from shared.offices import Office, offices

GATHERS = 10
"""Seconds that notices of an empty shelf gather, instead of a minute: all of them are posted long before."""
WITHIN = 120.0
"""Seconds until all is closed and every letter is written."""
WHO = Context(subject="bench", route="bench")
ALL_OPENED = "select count(*) >= $1 from escalations where open"
ALL_CLOSED = """
select not exists (select from posts where closes_at is not null)
   and not exists (select from bundles b where letter is not null
                      and not exists (select from letters l where l.role = b.role and l.letter = b.letter))
"""
_CAUGHT_UP = "select exists (select from watch where name = 'listening' and (state->>'caught_up')::boolean)"
_TOLD = """
with told as (select data->>'recipient_role' as role, data->>'recipient_region' as region, data->>'office' as office
                from events where type = 'NoticeSent'),
     opened as (select data->>'office' as office from events where type = 'EscalationOpened')
select json_build_object(
    'opened', (select count(*) from opened), 'offices', (select count(distinct office) from opened),
    'notices', (select count(*) from told), 'different', (select count(*) from (select distinct * from told) t),
    'bundles', (select count(*) from bundles),
    'desks', (select count(*) from (select distinct role, region from bundles) d),
    'gathered', (select coalesce(sum(json_array_length(notices)), 0) from bundles),
    'absorbed', (select coalesce(sum(absorbed), 0) from bundles),
    'provinces', (select count(*) from bundles where role = 'province' and letter is not null),
    'ministries', (select count(*) from bundles where role = 'national' and letter is not null),
    'letters', (select count(*) from letters), 'sends', (select count(*) from sends))
"""


@cache
def cities() -> tuple[Office, ...]:
    """All of them."""
    return tuple(office for office in offices().all() if "." in office.id)


@cache
def provinces() -> tuple[str, ...]:
    """All of them, by id."""
    return tuple(office.id for office in offices().all() if office.type == "province")


@measures(
    Figure("notify_nation_vs_ledger", at_most(1)),
    Figure("notify_nation", unit="s"),
    Figure("as_many_plain_commands", unit="s"),
)
def outage(site: Site, effort: Effort) -> Findings:
    """Each round is a new Kafka and a new worker, on notify's database as it was when people had taken their seats."""
    ours, plain = Books(site, "outage", "notify"), Books(site, "plain_beside_outage").opened()
    asyncio.run(take_seats(ours.url))
    ours.kept()
    with Helper("bench.helpers.appends", site.folder / "appends.log") as helper:
        modes: dict[str, Callable[[], float]] = {
            "nation": partial(_run_out, site, ours),
            "plain": lambda: len(cities()) / append_rate(helper, plain, callers=1, seconds=effort.seconds),
        }
        rounds = interleaved(modes, effort.rounds)
    return {
        "notify_nation_vs_ledger": series([r["nation"] / r["plain"] for r in rounds]),
        "notify_nation": series([r["nation"] for r in rounds]),
        "as_many_plain_commands": series([r["plain"] for r in rounds]),
    }


async def take_seats(url: str) -> None:
    """Somebody is on duty for each province and the nation, and what they are told gathers for `GATHERS` seconds."""
    engine = create_async_engine(url)
    now, since = datetime.now(UTC), date(2024, 1, 1)
    policy = replace(DEFAULT, gather={**DEFAULT.gather, StockLevel.EMPTY: GATHERS})
    rules = SetPolicy(
        now=now, occurred_at=now, region=MINISTRY, policy=replace(policy, starts_on=since), by="u-1", today=since
    )
    desks = [("national", MINISTRY), *(("province", province) for province in provinces())]
    async with Ledger(NOTIFY, engine, partial(offices().topic, NOTIFY.service)) as ledger:
        await ledger.execute(rules, WHO)
        for role, region in desks:
            appoint = Appoint(
                now=now,
                occurred_at=now,
                role=role,
                region=region,
                person=f"{role}-{region}",
                capacity=Capacity.DEFINITIVE,
                since=since,
                until=None,
                by="u-1",
            )
            await ledger.execute(appoint, WHO)
    await engine.dispose()


def require_once(told: Mapping[str, int]) -> None:
    """Raises `Void` unless each office has one escalation, each desk one notice of it, and one bundle of all it got.

    `told` is what `read_told` answers.
    """
    nation, desks = len(cities()), len(cities()) + len(provinces()) + 1
    must = {
        "opened": nation,
        "offices": nation,
        "notices": 3 * nation,
        "different": 3 * nation,
        "bundles": desks,
        "desks": desks,
        "gathered": 3 * nation,
        "absorbed": 0,
        "provinces": len(provinces()),
        "ministries": 1,
        "letters": len(provinces()) + 1,
        "sends": len(provinces()) + 1,
    }
    if wrong := [f"{name} {told[name]}, not {count}" for name, count in must.items() if told[name] != count]:
        raise Void(f"the nation was not told once: {'; '.join(wrong)}")


async def read_told(reader: "asyncpg.Connection[Any]") -> Mapping[str, int]:
    """What notify's log and read tables say: how many escalations, notices, bundles, letters and sends there are."""
    return msgspec.json.decode(await reader.fetchval(_TOLD), type=dict[str, int])


def _run_out(site: Site, books: Books) -> float:
    """Seconds until all escalations are opened."""
    books.reset()
    given = {"DATABASE_URL_NOTIFY": books.url, "MIGRATION_DATABASE_URL_NOTIFY": books.owner_url}
    folder = Path(mkdtemp(prefix="outage-", dir=site.folder))
    with Stack(folder, Ports.free(), services=("notify",), environment=given) as stack:
        return asyncio.run(_measure(stack, books.url))


async def _measure(stack: Stack, url: str) -> float:
    stock = Stock()
    reader = await connect(url)
    async with producing(stack.bootstrap_servers) as producer, commits(url) as until:
        await _holds(reader, _CAUGHT_UP)
        for office in cities():
            # No office's first news of the day is its shortage.
            await publish(producer, stock.opened(office))
        await settled(stack)
        short = [stock.short(office.id, "EMPTY", 1) for office in cities()]
        began = time.perf_counter()
        await publish(producer, short)
        await until(ALL_OPENED, (len(short),), began)
        # Later than that commit, if by one question: it may have been answered out of the one after.
        seconds = time.perf_counter() - began
        await _holds(reader, ALL_CLOSED)
    require_once(await read_told(reader))
    await reader.close()
    return seconds


async def _holds(reader: "asyncpg.Connection[Any]", question: str) -> None:
    """Waits until the answer is yes. Raises `Void` when that takes too long."""
    try:
        async with asyncio.timeout(WITHIN):
            while not await reader.fetchval(question):  # noqa: ASYNC110 (another process answers it)
                await asyncio.sleep(0.25)
    except TimeoutError:
        raise Void(f"not within {WITHIN:.0f} s: {' '.join(question.split())}") from None
