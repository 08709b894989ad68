"""What a card costs from claim to report, and what the queue costs when it is long.

Workstations of 500 offices claim five jobs and report a card for each, beside the plain ledger command of
`bench.peers.plain`. The queue is asked for its next jobs where a thousand wait and where a million do.
"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.books import ITEM, LOCATION, Books, cities
from bench.figures import Effort, Figure, Findings, Void, at_least, at_most, interleaved, measures, series
from bench.growth import ask
from bench.helper import Helper
from bench.helpers.load import KEY
from bench.helpers.workstations import JOB
from bench.log import Log, Record, connect
from bench.server import Server
from bench.site import Site
from bench.web import CONNECTIONS, WARM_UP, receipts
from services.printing.domain import JobRequest, QueueJob
from services.printing.service import PRINTING

APP = "services.printing.main:app"
BATCH = 5
"""Jobs of a claim."""
A_SECOND = 5_000
"""More cards than can be reported in one."""
SHORT, LONG = 1_000, 1_000_000
OFFICE = "17.71"


@measures(
    Figure("printing_job_vs_ledger", at_least(0.5)),
    Figure("printing_job", unit="/s"),
    Figure("printing_card", unit="/s"),
    Figure("printing_job_p99", unit="ms"),
    Figure("printing_job_cpu", unit="µs"),
    Figure("printing_plain_command", unit="/s"),
)
def cards(site: Site, effort: Effort) -> Findings:
    jobs = int((effort.seconds + WARM_UP) * A_SECOND)
    queues, plain = Books(site, "workstations", "printing"), Books(site, "plain_beside_printing")
    asyncio.run(_queue(queues.owner_url, jobs))
    work, plan = site.folder / "workstations.json", site.folder / "plain_beside_printing.json"
    work.write_text(json.dumps(list(_shift(site))))
    plan.write_text(json.dumps(receipts(site)))
    for books in (queues, plain):
        books.kept()
    with ExitStack() as stack:
        workstations = stack.enter_context(Helper("bench.helpers.workstations", site.folder / "workstations.log"))
        generator = stack.enter_context(Helper("bench.helpers.load", site.folder / "load.log"))
        rounds = interleaved(
            {
                "job": partial(_fire, workstations, site, APP, queues, work, effort.seconds),
                "plain": partial(_fire, generator, site, "bench.peers.plain:app", plain, plan, effort.seconds),
            },
            effort.rounds,
        )
    return {
        "printing_job_vs_ledger": series([r["job"]["rate"] / r["plain"]["rate"] for r in rounds]),
        "printing_job": series([r["job"]["rate"] for r in rounds]),
        "printing_card": series([r["job"]["rate"] * r["job"]["cards"] / r["job"]["answered"] for r in rounds]),
        "printing_job_p99": series([r["job"]["p99_ms"] for r in rounds]),
        "printing_job_cpu": series([r["job"]["cpu"] for r in rounds]),
        "printing_plain_command": series([r["plain"]["rate"] for r in rounds]),
    }


@measures(
    Figure("printing_queue_growth", at_most(1.2)),
    Figure("printing_queue_p50", unit="ms"),
    Figure("printing_queue_p99", unit="ms"),
)
def growth(site: Site, effort: Effort) -> Findings:
    """p99 with a million jobs waiting ÷ with a thousand, at one office in shortage: the same questions, in turn."""
    short, long = Books(site, "short_queue", "printing"), Books(site, "long_queue", "printing")
    site.postgres.sql("alter system set max_wal_size = '16GB'; select pg_reload_conf()")
    for books, waiting in ((short, SHORT), (long, LONG)):
        books.sql(_WAITING.format(count=waiting))
        books.sql("vacuum analyze; checkpoint")
    plan = site.folder / "next_jobs.json"
    token = site.issuer.mint("operator", "operator", OFFICE)
    plan.write_text(json.dumps([{"path": f"/offices/{OFFICE}/next-jobs?item={ITEM}&limit=10", "token": token}]))
    with ExitStack() as stack:
        generator = stack.enter_context(Helper("bench.helpers.load", site.folder / "load.log"))
        servers = [stack.enter_context(Server(site, APP, books.url)) for books in (short, long)]
        rounds = [ask(generator, plan, effort, *servers) for _ in range(effort.rounds)]
    return {
        "printing_queue_growth": series([long["p99_ms"] / short["p99_ms"] for short, long in rounds]),
        "printing_queue_p50": series([long["p50_ms"] for _, long in rounds]),
        "printing_queue_p99": series([long["p99_ms"] for _, long in rounds]),
    }


_WAITING = f"""
insert into queues (office, item, level, episode, since, as_of, taken, owed, put_off, by_reason)
values ('{OFFICE}', '{ITEM}', 'CRITICAL', 1, now(), now(), '{{{{}}}}', 0, 0, '{{{{}}}}');
insert into jobs (job, office, item, location, reason, applicant, state, queued_at, tries, cards, priority, placed,
                  print_ready_at)
select gen_random_uuid(), '{OFFICE}', '{ITEM}', '{LOCATION}', 'LOST', gen_random_uuid(), 'QUEUED', at, 0, 0,
       (array['FIRST', 'DISASTER', 'SUKET', 'CHANGED', 'REPLACEMENT'])[1 + n % 5], n % 7 = 0, at
  from generate_series(1, {{count}}) n, lateral (select now() - random() * interval '10 days' as at) a;
"""
"""Rows as facts leave them: what a question costs depends on them alone."""


def _fire(generator: Helper, site: Site, app: str, books: Books, plan: Path, seconds: int) -> dict[str, float]:
    """What one new process did in one window, and its CPU for each answer in µs."""
    books.reset()
    with Server(site, app, books.url) as server:
        cpu = server.cpu_seconds
        options = {"port": server.port, "connections": CONNECTIONS, "warm_up": WARM_UP, "seconds": seconds}
        said = generator.ask(plan=str(plan), **options)
        cpu = server.cpu_seconds - cpu
    if said["failed"]:
        raise Void(f"{said['failed']} requests were not answered with 201; the first: {said['first_failure']}")
    answered, cards = said["answered"], 0
    if app == APP:
        cards, twice, claims = map(int, books.sql(_DONE).split("|"))
        if twice or cards + claims != answered:
            raise Void(f"{answered} answers, {claims} claims and {cards} cards are stored, {twice} of them twice")
    elif books.facts() != answered:
        raise Void(f"{answered} requests were answered, {books.facts()} facts are stored")
    return {**said, "cards": cards, "cpu": cpu / answered * 1e6}


_DONE = """
select count(*) filter (where type = 'CardPrinted'),
       count(*) filter (where type = 'CardPrinted')
           - count(distinct stream) filter (where type = 'CardPrinted'),
       count(distinct data->>'claim') filter (where type = 'JobClaimed')
  from events where type in ('CardPrinted', 'JobClaimed')
"""


async def _queue(url: str, jobs: int) -> None:
    owner = await connect(url)
    log = Log(datetime.now(UTC), PRINTING)
    await log.write(owner, _queued(log, jobs))
    await owner.close()


def _queued(log: Log, jobs: int) -> Iterator[Record]:
    for number in range(jobs):
        office = cities()[number % len(cities())]
        ready = log.at - timedelta(hours=1, seconds=-number % 3_600)
        request = JobRequest(
            job=str(UUID(int=number)),
            item=ITEM,
            location=LOCATION,
            reason="LOST",
            applicant=f"A-{number}",
            print_ready_at=ready,
        )
        at: dict[str, Any] = {"now": log.at, "occurred_at": log.at, "day": log.at.date()}
        yield from log.carry_out(QueueJob(**at, office=office.id, request=request))


def _shift(site: Site) -> Iterator[dict[str, Any]]:
    """For each office the claim of its workstation, and the report of a card."""
    claim = {"claim": KEY, "item": ITEM, "jobs": BATCH}
    report = {"workstation": "WS-1", "location": LOCATION, "chip_serial": KEY, "blank_serial": "KTP000000001"}
    for office in cities():
        token = site.issuer.mint(f"operator-{office.id}", "operator", office.id)
        path = f"/offices/{office.id}"
        yield {"path": f"{path}/workstations/WS-1/claims", "token": token, "body": claim}
        yield {"path": f"{path}/jobs/{JOB}/printed", "token": token, "body": report}
