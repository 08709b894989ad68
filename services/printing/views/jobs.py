"""Jobs, one by one and in lists."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.views.tables import jobs

_QUEUED = text("""
select item, reason, priority, count(*) as jobs, min(print_ready_at) as oldest_since
  from jobs where office = :office and state in ('QUEUED', 'CLAIMED', 'HELD')
 group by item, reason, priority order by item, reason, priority
""")


async def jobs_by_age(
    connection: AsyncConnection, office: str, state: str, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """An office's jobs in this place, oldest first; `after` is the last job seen, which may have left the place."""
    query = (
        select(jobs)
        .where(jobs.c.office == office, jobs.c.state == state)
        .order_by(jobs.c.print_ready_at, jobs.c.job)
        .limit(limit)
    )
    if after is not None:
        last = jobs.alias("last")
        age = select(last.c.print_ready_at).where(last.c.job == after).scalar_subquery()
        query = query.where(tuple_(jobs.c.print_ready_at, jobs.c.job) > tuple_(age, after))
    return (await connection.execute(query)).mappings().all()


async def job(connection: AsyncConnection, office: str, job: str) -> RowMapping | None:
    """One job of this office."""
    query = select(jobs).where(jobs.c.job == job, jobs.c.office == office)
    return (await connection.execute(query)).mappings().one_or_none()


async def jobs_among(connection: AsyncConnection, ids: Collection[str]) -> Mapping[str, RowMapping]:
    """Those of these jobs that are known, by id, whichever office's they are."""
    query = select(jobs).where(jobs.c.job.in_(ids))
    return {row["job"]: row for row in (await connection.execute(query)).mappings()}


async def waiting(connection: AsyncConnection, office: str) -> Sequence[RowMapping]:
    """How many jobs wait at an office, and since when the oldest, by item, reason and class."""
    return (await connection.execute(_QUEUED, {"office": office})).mappings().all()


async def uncollected(
    connection: AsyncConnection, office: str, after: tuple[datetime, str] | None, limit: int
) -> Sequence[RowMapping]:
    """Cards that were printed and not handed over, the longest waiting first."""
    query = (
        select(jobs.c.job, jobs.c.item, jobs.c.location, jobs.c.reason, jobs.c.printed_at)
        .where(jobs.c.office == office, jobs.c.state == "PRINTED")
        .order_by(jobs.c.printed_at, jobs.c.job)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(jobs.c.printed_at, jobs.c.job) > tuple_(*after))
    return (await connection.execute(query)).mappings().all()


async def uncollected_since(
    connection: AsyncConnection, office: str, moments: Sequence[datetime]
) -> Sequence[tuple[str, str, list[int]]]:
    """For each service point and item the uncollected cards that were printed before each of these moments."""
    counts = [func.count().filter(jobs.c.printed_at < moment) for moment in moments]
    query = (
        select(jobs.c.location, jobs.c.item, *counts)
        .where(jobs.c.office == office, jobs.c.state == "PRINTED")
        .group_by(jobs.c.location, jobs.c.item)
        .order_by(jobs.c.location, jobs.c.item)
    )
    return [(row[0], row[1], list(row[2:])) for row in await connection.execute(query)]
