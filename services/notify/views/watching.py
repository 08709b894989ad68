"""What notify asks of itself: what it has read, what stands still, and who was not heard of."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec
from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import Listening
from services.notify.views.tables import offices_heard

_LISTENING = text("select cast(state as text) from watch where name = 'listening'")

# The first that is found is the answer: a log that has told people stops at once, one that is mute has told little.
_TOLD = text("""
select exists (
    select from notices n
     where not exists (select from posted p where p.notice = n.id and p.held = 'CATCHING_UP'))
""")

_STANDING_STILL = text("""
select 'shortage/' || e.office || '/' || e.item as stream
  from escalations e
  left join deadlines d on d.stream = 'shortage/' || e.office || '/' || e.item
 where e.open
 group by e.office, e.item
having coalesce(min(d.due) < :late_since, true)
 order by e.office, e.item
 limit :limit
""")


_AWAITED = text("""
select e.office, e.item, e.episode, e.awaited
  from escalations e
 where e.open and e.waiting_for <> 'PROMISE'
   and e.awaited in (select case role when 'head' then 'CITY' when 'province' then 'PROVINCE' else 'NATIONAL' end
                       from desks where kept and role in ('head', 'province', 'national'))
 order by e.office, e.item
""")


async def listening(connection: AsyncConnection) -> Listening | None:
    """Whether people are told yet; None before that was ever asked."""
    found = (await connection.execute(_LISTENING)).scalar()
    return None if found is None else msgspec.json.decode(found, type=Listening)


async def told_anybody(connection: AsyncConnection) -> bool:
    """Whether this log has ever told anybody anything that was not held back while it caught up."""
    return bool((await connection.execute(_TOLD)).scalar())


async def read_so_far(connection: AsyncConnection) -> Mapping[str, int]:
    """The last sequence that was applied, by topic."""
    rows = await connection.execute(text("select topic, sequence from read_positions"))
    return {row.topic: row.sequence for row in rows}


async def standing_still(connection: AsyncConnection, late_since: datetime, limit: int) -> tuple[str, ...]:
    """The streams of open escalations without a next moment, or whose next moment was before that."""
    rows = await connection.execute(_STANDING_STILL, {"late_since": late_since, "limit": limit})
    return tuple(rows.scalars())


async def awaited(connection: AsyncConnection) -> Sequence[RowMapping]:
    """Open escalations in which an answer is awaited, of levels at which some desk is kept: office, item, level."""
    return (await connection.execute(_AWAITED)).mappings().all()


async def last_heard(connection: AsyncConnection) -> Mapping[str, date]:
    """The last day on which each office was heard of, by office; those never heard of are left out."""
    rows = await connection.execute(select(offices_heard.c.office, offices_heard.c.day))
    return {row.office: row.day for row in rows}
