"""What lies in a desk's inbox: notices of shortages, and alarms."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import AlarmSent, Desk, NoticeSent
from services.notify.views.tables import notices

_NUMBERS = text("""
select p.notice, max(p.number) as number
  from unnest(cast(:notices as text[])) n(notice) join posted p on p.notice = n.notice
 where p.role = :role and p.region = :region group by p.notice
""")
_POSTED_AFTER = text("""
select p.number, n.id, n.notice from posted p join notices n on n.id = p.notice
 where p.role = :role and p.region = :region and p.number > :number order by p.number limit :limit
""")
_LAST_POSTED = text("select max(number) from posted where role = :role and region = :region")


async def inbox(
    connection: AsyncConnection, role: str, region: str, before: str | None, limit: int
) -> list[tuple[str, NoticeSent | AlarmSent]]:
    """What a role in a region was told, with ids, the latest first; `before` is the id of the last one seen."""
    query = select(notices.c.id, notices.c.notice).where(
        notices.c.recipient_role == role, notices.c.recipient_region == region
    )
    if before is not None:
        sent_at = select(notices.c.at).where(notices.c.id == before).scalar_subquery()
        query = query.where(tuple_(notices.c.at, notices.c.id) < tuple_(sent_at, literal(before)))
    query = query.order_by(notices.c.at.desc(), notices.c.id.desc()).limit(limit)
    return [(row[0], told(row[1])) for row in await connection.execute(query)]


async def numbers_in_post(connection: AsyncConnection, desk: Desk, notices: Iterable[str]) -> dict[str, int]:
    """The number of each of these in the desk's post. What was told before there were numbers has none."""
    asked = {"role": desk.role, "region": desk.region, "notices": list(notices)}
    return {row.notice: row.number for row in await connection.execute(_NUMBERS, asked)}


async def posted_after(
    connection: AsyncConnection, desk: Desk, number: int, limit: int
) -> list[tuple[int, str, NoticeSent | AlarmSent]]:
    """What was laid in a desk's post after that number, in order, with numbers and ids."""
    asked = {"role": desk.role, "region": desk.region, "number": number, "limit": limit}
    return [(row.number, row.id, told(row.notice)) for row in await connection.execute(_POSTED_AFTER, asked)]


async def last_posted(connection: AsyncConnection, desk: Desk) -> int:
    """The number of what was laid in a desk's post last; 0 if nothing was."""
    found: int | None = (await connection.execute(_LAST_POSTED, {"role": desk.role, "region": desk.region})).scalar()
    return found or 0


def told(stored: Any) -> NoticeSent | AlarmSent:
    """A notice or an alarm from its column."""
    kind: Any = AlarmSent if stored["type"] == "AlarmSent" else NoticeSent
    found: NoticeSent | AlarmSent = msgspec.convert(stored, kind)
    return found
