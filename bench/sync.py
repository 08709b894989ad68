"""What a visit that comes home costs: a sync of 2,000 recordings, its lines beside plain ledger commands.

A device sends a whole request's worth at once. Every second line has a month, which is sealed, and waits; every other
is past 17 and print ready at once: that is three facts and two sealed or unsealed people for two lines. All are new.
"""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import create_async_engine

from bench.books import Books, cities
from bench.figures import Effort, Figure, Findings, Void, at_least, interleaved, measures, series
from bench.helper import Helper
from bench.server import Server
from bench.site import Site
from bench.web import CONNECTIONS, WARM_UP, receipts
from services.outreach.domain import PlanVisit
from services.outreach.service import OUTREACH
from shared.ledger import Context, Ledger
from shared.offices import Office, offices

LINES = 2_000
DEVICES = 4
"""That send at once."""
WINDOW = 3
"""A window is so many times as long as elsewhere: a sync takes as long as hundreds of commands."""
A_SECOND = 12
"""More requests than can be answered in one."""
FACTS = LINES + LINES // 2 + LINES // 500
"""Of a sync: everybody is recorded, half of them are print ready, and each part of 500 tells the visit."""


@measures(
    Figure("outreach_sync_vs_ledger", at_least(2)),
    Figure("outreach_sync", unit="lines/s"),
    Figure("outreach_plain_command", unit="/s"),
    Figure("outreach_sync_p50", unit="ms"),
    Figure("outreach_sync_line_cpu", unit="µs"),
)
def syncs(site: Site, effort: Effort) -> Findings:
    seconds = effort.seconds * WINDOW
    count = int((seconds + WARM_UP) * A_SECOND)
    home, plain = Books(site, "sync", "outreach"), Books(site, "plain_sync")
    asyncio.run(_planned(home.url, count))
    sent, asked = site.folder / "syncs.json", site.folder / "plain_receipts.json"
    sent.write_text(json.dumps(_syncs(site, count)))
    asked.write_text(json.dumps(receipts(site)))
    with Helper("bench.helpers.load", site.folder / "load.log") as generator:
        fire = partial(_fire, generator, site, seconds)
        modes = {
            "sync": partial(fire, "services.outreach.main:app", home.kept(), sent, DEVICES, FACTS, count),
            "plain": partial(fire, "bench.peers.plain:app", plain.kept(), asked, CONNECTIONS, 1, None),
        }
        rounds = interleaved(modes, effort.rounds)
    return {
        "outreach_sync_vs_ledger": series([r["sync"][0] * LINES / r["plain"][0] for r in rounds]),
        "outreach_sync": series([r["sync"][0] * LINES for r in rounds]),
        "outreach_plain_command": series([r["plain"][0] for r in rounds]),
        "outreach_sync_p50": series([r["sync"][1] for r in rounds]),
        "outreach_sync_line_cpu": series([r["sync"][2] / LINES for r in rounds]),
    }


def _fire(
    generator: Helper,
    site: Site,
    seconds: int,
    app: str,
    books: Books,
    plan: Path,
    connections: int,
    facts: int,
    at_most: int | None,
) -> tuple[float, float, float]:
    """Answers a second, their median in ms, and the server's CPU for each in µs. A new process each time."""
    books.reset()
    with Server(site, app, books.url) as server:
        cpu = server.cpu_seconds
        said = generator.ask(
            plan=str(plan), port=server.port, connections=connections, warm_up=WARM_UP, seconds=seconds
        )
        cpu = server.cpu_seconds - cpu
    answered = said["answered"]
    if said["failed"]:
        raise Void(f"{said['failed']} requests were not answered with 201; the first: {said['first_failure']}")
    if at_most is not None and answered > at_most:
        raise Void(f"{answered} syncs, and only {at_most} different ones: some came twice")
    if books.facts() != answered * facts:
        raise Void(f"{answered} requests were answered, {books.facts()} facts are stored and not {facts} for each")
    return said["rate"], said["p50_ms"], cpu / answered * 1e6


def _office(number: int) -> Office:
    return cities()[number % len(cities())]


def _visit(number: int) -> str:
    return str(UUID(int=number))


async def _planned(url: str, count: int) -> None:
    """A visit for each sync."""
    engine = create_async_engine(url)

    def topic_of(office: str, moment: datetime) -> str:
        return offices().topic("outreach", office, moment)

    async with Ledger(OUTREACH, engine, topic_of) as ledger:
        for number in range(count):
            await ledger.execute(_plan(number), Context(subject="dev-operator", route="bench", key=str(number)))
    await engine.dispose()


def _plan(number: int) -> PlanVisit:
    now, office = datetime.now(UTC), _office(number)
    return PlanVisit(
        now=now,
        occurred_at=now,
        office=office.id,
        day=office.day_at(now),
        visit=_visit(number),
        team=f"T{number}",
        place="SMAN 5",
        place_kind="SCHOOL",
        school=None,
        starts_at=now,
        ends_at=now + timedelta(hours=6),
        days=(office.day_at(now),),
        expected=LINES,
    )


def _syncs(site: Site, count: int) -> list[dict[str, Any]]:
    """Each visit's, by an operator of its office. All months are ahead, so that their recordings wait."""
    now = datetime.now(UTC)
    months = [f"{now.year + (now.month + ahead) // 12}-{(now.month + ahead) % 12 + 1:02}" for ahead in range(11)]
    return [
        {
            "path": f"/offices/{_office(number).id}/visits/{_visit(number)}/recordings",
            "token": site.issuer.mint(f"operator-{number}", "operator", _office(number).id),
            "body": {"lines": [_line(number * LINES + n, months[n // 2 % 11]) for n in range(LINES)]},
        }
        for number in range(count)
    ]


def _line(number: int, month: str) -> dict[str, Any]:
    return {
        "recording": str(UUID(int=number)),
        "applicant": f"PRR-2026-{number:06}",
        "item": "KTP_WNI",
        "location": "MPP",
        "turns_17": month if number % 2 else None,
    }
