"""Every policy that was set, days that were declared, and silences, over or not."""

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import MINISTRY, EscalationPolicy, InForce, in_force
from services.notify.views.tables import declared_days, policies

_SILENCES = text("""
select s.silence, s.item, s.at_most, s.level, s.until, s.reason, s.by, s.at, l.by as lifted_by, l.at as lifted_at
  from silences s left join lifted_silences l on l.office = s.office and l.silence = s.silence and l.at >= s.at
 where s.office = :office
   and (cast(:before as text) is null
        or (s.at, s.silence) < (select at, silence from silences where office = :office and silence = :before))
 order by s.at desc, s.silence desc limit :limit
""")


async def policies_of(connection: AsyncConnection, region: str, before: int | None, limit: int) -> Sequence[RowMapping]:
    """The versions that were set for a region, newest first, of those before that version."""
    query = select(policies).where(policies.c.region == region).order_by(policies.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(policies.c.version < before)
    return (await connection.execute(query)).mappings().all()


async def policy_on(connection: AsyncConnection, region: str, day: date) -> InForce:
    """The policy that the offices of a region go by on a day."""
    query = select(policies.c.region, policies.c.policy).where(
        policies.c.region.in_((region, MINISTRY)), policies.c.starts_on <= day
    )
    known = (await connection.execute(query)).all()
    own, nations = (
        [msgspec.convert(row.policy, EscalationPolicy) for row in known if row.region == whose]
        for whose in (region, MINISTRY)
    )
    return in_force(region, own, nations, day)


async def days_declared(connection: AsyncConnection, year: int) -> Sequence[RowMapping]:
    """The days of a year that the official list has otherwise."""
    query = select(declared_days).where(declared_days.c.day.between(date(year, 1, 1), date(year, 12, 31)))
    return (await connection.execute(query.order_by(declared_days.c.day))).mappings().all()


async def silences_of(connection: AsyncConnection, office: str, before: str | None, limit: int) -> Sequence[RowMapping]:
    """An office's silences, the latest first, of those set before that one; and who lifted them, if anybody did."""
    asked = {"office": office, "before": before, "limit": limit}
    return (await connection.execute(_SILENCES, asked)).mappings().all()
