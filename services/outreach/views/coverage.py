"""Who there is to record at sixteen, who was, and which schools were visited."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.outreach.views.tables import recordings, schools, visits, youth

YOUTH_SHARE = 33
"""Thousandths of the people who are 16 or 17 years old: an assumption, until somebody counts.

In the census of 2020 (BPS, Sensus Penduduk 2020) those of 15 to 19 were 8.2 % of the nation; two of their five years.
"""
WENT_THERE = ("RUNNING", "SYNCED", "RECONCILED", "CLOSED")
TO_COME = ("PLANNED", "CONFIRMED", "EQUIPPED")


async def counted_youth(connection: AsyncConnection, offices: Collection[str]) -> dict[str, RowMapping]:
    """What was counted at these offices, by office; the others are estimated."""
    query = select(youth).where(youth.c.office.in_(offices))
    return {row["office"]: row for row in (await connection.execute(query)).mappings()}


async def recorded_since(connection: AsyncConnection, offices: Collection[str], since: date) -> dict[str, int]:
    """First cards of citizens recorded at visits held since that day, by office."""
    query = (
        select(recordings.c.office, func.count())
        .join(visits, visits.c.visit == recordings.c.visit)
        .where(recordings.c.office.in_(offices), recordings.c.item == "KTP_WNI", visits.c.held_on >= since)
        .group_by(recordings.c.office)
    )
    return {row[0]: int(row[1]) for row in await connection.execute(query)}


async def schools_visited(
    connection: AsyncConnection, offices: Collection[str], since: date
) -> Mapping[str, tuple[int, int]]:
    """By office: schools that have pupils, and how many of them were visited since that day."""
    went = exists().where(
        visits.c.office == schools.c.office,
        visits.c.school == schools.c.school,
        visits.c.stage.in_(WENT_THERE),
        visits.c.held_on >= since,
    )
    query = (
        select(schools.c.office, func.count(), func.count().filter(went))
        .where(schools.c.office.in_(offices), schools.c.pupils > 0)
        .group_by(schools.c.office)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in await connection.execute(query)}


async def schools_of(
    connection: AsyncConnection, office: str, since: date, after: str | None, limit: int
) -> Sequence[Mapping[str, Any]]:
    """An office's schools by number: pupils, the last visit since that day, the next one; `after` is the last seen."""

    def visit_day(stages: tuple[str, ...], *, latest: bool) -> Any:
        chosen = func.max(visits.c.held_on) if latest else func.min(visits.c.held_on)
        return (
            select(chosen)
            .where(visits.c.office == schools.c.office, visits.c.school == schools.c.school)
            .where(visits.c.stage.in_(stages), visits.c.held_on >= since)
            .scalar_subquery()
        )

    query = (
        select(
            schools.c.school,
            schools.c.name,
            schools.c.pupils,
            visit_day(WENT_THERE, latest=True).label("visited_on"),
            visit_day(TO_COME, latest=False).label("next_on"),
        )
        .where(schools.c.office == office, schools.c.school > (after or ""))
        .order_by(schools.c.school)
        .limit(limit)
    )
    return [dict(row) for row in (await connection.execute(query)).mappings()]
