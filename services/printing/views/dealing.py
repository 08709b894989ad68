"""The queue as it is dealt: by class, then age, and whoever waited too long first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.domain import DEFAULT, NATION, InForce, Level, QueuePolicy, Undeclared, in_force, in_shortage
from services.printing.views.policies import policy_of

ALL = 1_000_000
"""Room for as many as there are."""
LAST = 1_000_000
"""The rank of a class that the policy of the day does not know: jobs of an earlier policy wait behind all others."""

# Each class is read in its own order, so that an answer costs what it returns, however many wait. Within a class
# those who waited too long are the first, so that the first of every class are enough to find them.
_NEXT = text("""
with classes as (
    select * from unnest(cast(:names as text[]), cast(:ranks as integer[]), cast(:placed as boolean[]),
                         cast(:rooms as integer[]), cast(:ages as text[])) as c(name, rank, placed, room, age)
), first as (
    select j.job, j.print_ready_at, c.*
      from classes c
     cross join lateral (
        select job, print_ready_at
          from jobs
         where office = :office and item = :item and state = 'QUEUED' and priority = c.name and placed = c.placed
           and print_ready_at < case c.age when 'OLD' then cast(:aged as timestamptz) else 'infinity' end
           and print_ready_at >= case c.age when 'YOUNG' then cast(:aged as timestamptz) else '-infinity' end
           and (cast(:location as text) is null or location = :location)
         order by print_ready_at, job
         limit least(:limit, c.room)
     ) j
    union all
    select j.job, j.print_ready_at, c.*
      from jobs j
      join classes c on c.name = j.priority and c.placed = j.placed
       and c.age in ('ANY', case when j.print_ready_at < :aged then 'OLD' else 'YOUNG' end)
     where j.office = :office and j.item = :item and j.state = 'CLAIMED' and j.claimed_until <= :now
       and (cast(:location as text) is null or j.location = :location)
), numbered as (
    select *, row_number() over (partition by name, placed, age order by print_ready_at, job) as number from first
)
select job
  from numbered
 where number <= room
 order by case when print_ready_at < :aged then 0 else 1 end, case when print_ready_at < :aged then 0 else rank end,
          print_ready_at, job
 limit :limit
""")
_RULES = text("""
select p.office, p.policy, q.level, q.quota_day, q.taken
  from (select 1) one
  left join policies p on p.office in (:office, :nation) and p.kind = 'QUEUE'
  left join queues q on q.office = :office and q.item = :item
""")
_UNDECLARED = text("""
select job, claim, claimed_until as until from jobs
 where office = :office and state = 'CLAIMED' and claimed_until <= :now and workstation = :workstation
union
select job, claim, until from lapsed_claims
 where office = :office and workstation = :workstation and until <= :now
 order by until, job
 limit :limit
""")


@dataclass(frozen=True, slots=True)
class Rules:
    """By which a queue is dealt at this moment.

    `classes` are names, ranks, whether those with a place in a quota are meant, and for how many there is room;
    `ANY`, `YOUNG`, or `OLD`: who has waited too long waits for no quota.
    """

    in_force: InForce
    level: Level | None
    classes: tuple[tuple[str, int, bool, int, str], ...]
    quotas_left: dict[str, int]


async def rules_of(connection: AsyncConnection, office: str, item: str, day: date) -> Rules:
    """The policy of the day, the level of stock, and for which classes the day's quota has room."""
    rows = (await connection.execute(_RULES, {"office": office, "nation": NATION, "item": item})).all()
    policies = [(row.office, policy_of(row.policy, QueuePolicy)) for row in rows if row.office is not None]
    own, nations = ([policy for whose, policy in policies if whose == of] for of in (office, NATION))
    policy, level = in_force(office, own, nations, day), rows[0].level
    taken = rows[0].taken if rows[0].quota_day == day else {}
    left = {
        each.name: quota - taken.get(each.name, 0)
        for each in policy.policy.classes
        if (quota := policy.policy.quota(each.name, level)) is not None
    }
    every = [DEFAULT, *(known for _, known in policies)]
    names = dict.fromkeys(each.name for known in (policy.policy, *every) for each in known.classes) | {"": None}
    classes = []
    for name in names:
        known = policy.policy.named(name)
        rank = LAST if known is None else known.shortage_rank if in_shortage(level) else known.rank
        room = left.get(name, ALL)
        classes += [(name, rank, True, ALL, "ANY"), (name, rank, False, ALL, "OLD")]
        if room > 0:
            classes.append((name, rank, False, room, "YOUNG"))
    return Rules(policy, level, tuple(classes), left)


async def next_jobs(
    connection: AsyncConnection, office: str, item: str, rules: Rules, now: datetime, limit: int, location: str | None
) -> list[str]:
    """The jobs to be printed next, in order, of one service point or of all: at most `limit`."""
    names, ranks, placed, rooms, ages = (list(column) for column in zip(*rules.classes, strict=True))
    asked: dict[str, Any] = {"office": office, "item": item, "names": names, "ranks": ranks}
    asked |= {"placed": placed, "rooms": rooms, "ages": ages}
    asked |= {"now": now, "aged": rules.in_force.policy.aged(now), "limit": limit, "location": location}
    return list((await connection.execute(_NEXT, asked)).scalars())


async def undeclared(
    connection: AsyncConnection, office: str, workstation: str, now: datetime, limit: int = 50
) -> tuple[Undeclared, ...]:
    """Jobs whose time is over at this workstation, and of which it has not said what became of them."""
    asked = {"office": office, "workstation": workstation, "now": now, "limit": limit}
    return tuple(Undeclared(job=row.job, claim=row.claim) for row in await connection.execute(_UNDECLARED, asked))


async def held_by(connection: AsyncConnection, office: str, workstation: str, now: datetime) -> Sequence[RowMapping]:
    """The jobs that a workstation has at this moment, the oldest first."""
    query = text(
        "select job, item, location, reason, priority, applicant, tries, claim, claimed_until from jobs"
        " where office = :office and state = 'CLAIMED' and claimed_until > :now and workstation = :workstation"
        " order by print_ready_at, job"
    )
    asked = {"office": office, "workstation": workstation, "now": now}
    return (await connection.execute(query, asked)).mappings().all()
