"""Visits as they stand, by day, by team, by school; and how many of the people recorded there wait for a birthday."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, Select, func, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.outreach.views.recordings import progress
from services.outreach.views.tables import recordings, visits

UNDER_WAY = ("PLANNED", "CONFIRMED", "EQUIPPED", "RUNNING", "SYNCED", "RECONCILED")


async def visits_by_day(
    connection: AsyncConnection,
    office: str,
    after: str | None,
    limit: int,
    *,
    stage: str | None = None,
    school: str | None = None,
) -> Sequence[RowMapping]:
    """An office's visits with what came of them, the latest first; `after` is the last visit seen."""
    query = _with_counts().where(visits.c.office == office).order_by(visits.c.held_on.desc(), visits.c.visit.desc())
    if stage is not None:
        query = query.where(visits.c.stage == stage)
    if school is not None:
        query = query.where(visits.c.school == school)
    if after is not None:
        last = visits.alias("last")
        day = select(last.c.held_on).where(last.c.visit == after).scalar_subquery()
        query = query.where(tuple_(visits.c.held_on, visits.c.visit) < tuple_(day, after))
    return (await connection.execute(query.limit(limit))).mappings().all()


async def visit(connection: AsyncConnection, office: str, visit: str) -> RowMapping | None:
    """One visit of this office, with what came of it."""
    query = _with_counts().where(visits.c.visit == visit, visits.c.office == office)
    return (await connection.execute(query)).mappings().one_or_none()


async def calendar_of(
    connection: AsyncConnection, office: str, first: date, last: date, team: str | None
) -> Sequence[RowMapping]:
    """Where the office's teams are from a day to a day, both included, in order of their hours; not what was called
    off. A visit of several days is there if one of them is."""
    days = func.json_array_elements_text(visits.c.days).table_valued("value").alias("day")
    held = select(func.max(days.c.value)).select_from(days).scalar_subquery()
    query = (
        select(visits.c.visit, visits.c.team, visits.c.place, visits.c.place_kind, visits.c.school, visits.c.stage)
        .add_columns(visits.c.starts_at, visits.c.ends_at, visits.c.expected)
        .where(visits.c.office == office, visits.c.team.is_not(None), visits.c.stage != "CANCELLED")
        .where(visits.c.held_on <= last, held >= first.isoformat())
        .order_by(visits.c.starts_at, visits.c.visit)
    )
    if team is not None:
        query = query.where(visits.c.team == team)
    return (await connection.execute(query)).mappings().all()


def _with_counts() -> Select[*tuple[Any, ...]]:
    """Counted when asked: a visit holds about a hundred recordings."""
    waiting = func.count().filter(progress == "WAITING")
    ready = func.count().filter(progress == "PRINT_READY")
    erased = func.count().filter(progress == "MONTH_ERASED")
    counts = (
        select(waiting.label("waiting"), ready.label("ready"), erased.label("erased"))
        .where(recordings.c.visit == visits.c.visit)
        .lateral("counts")
    )
    return select(visits, counts.c.waiting, counts.c.ready, counts.c.erased).join(counts, true())
