"""Read tables of printing, and the questions they answer."""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

from sqlalchemy import Column, DateTime, Index, Integer, MetaData, RowMapping, Table, Text, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.domain import (
    CardPrinted,
    CardSpoiled,
    Job,
    JobQueued,
    PrintingFact,
    RequestCameLate,
    SecondCardPrinted,
    StockLevelNoted,
)
from shared.decider import Row

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("job", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("applicant", Text),
    Column("state", Text, nullable=False),
    Column("queued_at", DateTime(timezone=True), nullable=False),
    Column("printed_at", DateTime(timezone=True)),
    Column("tries", Integer, nullable=False),
    Column("cards", Integer, nullable=False),
    Index("jobs_by_age", "office", "state", "queued_at", "job"),
)

queues = Table(
    "queues",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("level", Text, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Column("as_of", DateTime(timezone=True), nullable=False),
)


def project(stream: str, fact: PrintingFact, state: Any) -> Iterable[Row]:
    """The rows that a fact changes."""
    match fact:
        case JobQueued() | RequestCameLate() | CardPrinted() | CardSpoiled():
            yield _job(fact.job, state)
        case SecondCardPrinted():
            pass
        case StockLevelNoted():
            values = {
                "office": fact.office,
                "item": fact.item,
                "level": fact.level,
                "episode": fact.episode,
                "since": fact.since,
                "as_of": fact.as_of,
            }
            yield Row("queues", (fact.office, fact.item), values)
        case _:
            assert_never(fact)


def _job(job: str, state: Job) -> Row:
    values = {
        "job": job,
        "office": state.office,
        "item": state.item,
        "location": state.location,
        "reason": state.reason,
        "applicant": state.applicant,
        "state": state.place,
        "queued_at": state.queued_at,
        "printed_at": state.printed_at,
        "tries": state.tries,
        "cards": state.cards,
    }
    return Row("jobs", (job,), values)


async def jobs_by_age(
    connection: AsyncConnection, office: str, state: str, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """An office's jobs in this state, oldest first; `after` is the last job seen, which may have left the state."""
    query = (
        select(jobs)
        .where(jobs.c.office == office, jobs.c.state == state)
        .order_by(jobs.c.queued_at, jobs.c.job)
        .limit(limit)
    )
    if after is not None:
        last = jobs.alias("last")
        age = select(last.c.queued_at).where(last.c.job == after).scalar_subquery()
        query = query.where(tuple_(jobs.c.queued_at, jobs.c.job) > tuple_(age, after))
    return (await connection.execute(query)).mappings().all()


async def job(connection: AsyncConnection, office: str, job: str) -> RowMapping | None:
    """One job of this office."""
    query = select(jobs).where(jobs.c.job == job, jobs.c.office == office)
    return (await connection.execute(query)).mappings().one_or_none()


async def queue(connection: AsyncConnection, office: str) -> list[dict[str, Any]]:
    """For each item: how many jobs wait, by reason, and what is known of the blanks behind them."""
    counts = select(jobs.c.item, jobs.c.reason, func.count()).where(jobs.c.office == office, jobs.c.state == "QUEUED")
    waiting = (await connection.execute(counts.group_by(jobs.c.item, jobs.c.reason))).all()
    known = (await connection.execute(select(queues).where(queues.c.office == office))).mappings().all()
    levels = {row["item"]: {name: row[name] for name in ("level", "episode", "since", "as_of")} for row in known}
    return [
        {
            "item": item,
            "queued": {reason: count for of, reason, count in sorted(waiting) if of == item},
            "stock": levels.get(item),
        }
        for item in sorted({item for item, _, _ in waiting} | levels.keys())
    ]
