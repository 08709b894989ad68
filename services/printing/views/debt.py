"""The debt book: cards that were put off for want of blanks, and those that are waited for longer than was promised."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.domain import CARDS, Debt
from services.printing.views.promise import promised_since
from services.printing.views.service_clock import pauses_since
from services.printing.views.tables import queues
from shared.offices import Office

LOOKED_BACK = timedelta(days=400)
"""Times without blanks that ended longer ago are left out: 24 working hours have passed since, or nobody had any."""

# Costs what is owed, and a look into the index for each office, however many wait. Whoever waits too long is found
# in order of age, up to the latest of its office's moments, for the index by age knows no items.
_OWED = text("""
with asked as materialized (
    select * from unnest(cast(:offices as text[]), cast(:items as text[]), cast(:since as timestamptz[]))
        as a(office, item, since)
), latest as (
    select office, max(since) as since from asked group by office
), owed as (
    select j.office, j.item, j.location, j.reason, j.put_off, j.print_ready_at
      from asked a
      join jobs j on j.office = a.office and j.item = a.item
     where j.put_off is not null and j.state in ('QUEUED', 'CLAIMED', 'HELD')
    union all
    select j.office, j.item, j.location, j.reason, j.put_off, j.print_ready_at
      from latest l
     cross join unnest(array['QUEUED', 'CLAIMED', 'HELD']) s(state)
     cross join lateral (
        select * from jobs
         where office = l.office and state = s.state and print_ready_at < l.since and put_off is null
         offset 0
     ) j
      join asked a on a.office = j.office and a.item = j.item and j.print_ready_at < a.since
)
select office, item, case when cast(:by_location as boolean) then location end as location, reason,
       count(*) as owed, count(put_off) as put_off, min(print_ready_at) as oldest_since
  from owed
 group by 1, 2, 3, 4
 order by 1, 2, 3, 4
""")

Debts = Mapping[tuple[str, str], Debt]
"""By office and item."""


async def debts(connection: AsyncConnection, offices: Sequence[Office], now: datetime) -> Debts:
    """What these offices owe at this moment; queues that owe nothing are left out."""
    found: dict[tuple[str, str], list[RowMapping]] = {}
    for row in await _owed(connection, offices, now, by_location=False):
        found.setdefault((row["office"], row["item"]), []).append(row)
    return {queue: _debt(rows) for queue, rows in found.items()}


async def debts_by_location(
    connection: AsyncConnection, office: Office, now: datetime
) -> Mapping[str, Mapping[str, Debt]]:
    """What an office owes at this moment, by item and service point."""
    found: dict[str, dict[str, list[RowMapping]]] = {}
    for row in await _owed(connection, [office], now, by_location=True):
        found.setdefault(row["item"], {}).setdefault(row["location"], []).append(row)
    return {item: {place: _debt(rows) for place, rows in places.items()} for item, places in found.items()}


async def told_debts(connection: AsyncConnection) -> Debts:
    """The debt of every queue as it was told last."""
    q = queues.c
    query = select(q.office, q.item, q.owed, q.put_off, q.by_reason, q.oldest_since)
    return {(row.office, row.item): debt_of(row._mapping) for row in await connection.execute(query)}


async def queues_among(connection: AsyncConnection, offices: Sequence[str], item: str) -> Mapping[str, RowMapping]:
    """What is known of these offices' queues of one item, with the debt as it was told last, by office."""
    query = select(queues).where(queues.c.office.in_(offices), queues.c.item == item)
    return {row["office"]: row for row in (await connection.execute(query)).mappings()}


def debt_of(row: RowMapping) -> Debt:
    """The debt that a queue's row says was told last."""
    return Debt(row["owed"], row["put_off"], row["by_reason"], row["oldest_since"])


def together(debts: Iterable[Debt]) -> Debt:
    """These debts as one."""
    owed, put_off, by_reason, since = 0, 0, dict[str, int](), list[datetime]()
    for debt in debts:
        owed, put_off = owed + debt.owed, put_off + debt.put_off
        for reason, count in debt.by_reason.items():
            by_reason[reason] = by_reason.get(reason, 0) + count
        if debt.oldest_since is not None:
            since.append(debt.oldest_since)
    return Debt(owed, put_off, by_reason, min(since, default=None))


async def _owed(
    connection: AsyncConnection, offices: Sequence[Office], now: datetime, *, by_location: bool
) -> Sequence[RowMapping]:
    only = offices[0].id if len(offices) == 1 else None
    pauses = await pauses_since(connection, now - LOOKED_BACK, now, only)
    unpaused = {zone: promised_since(now, (), zone) for zone in {office.timezone for office in offices}}
    asked = []
    for office in offices:
        for item in CARDS:
            paused = pauses.get((office.id, item))
            zone = office.timezone
            asked.append((office.id, item, promised_since(now, paused, zone) if paused else unpaused[zone]))
    ids, items, since = (list(column) for column in zip(*asked, strict=True))
    told = {"offices": ids, "items": items, "since": since, "by_location": by_location}
    return (await connection.execute(_OWED, told)).mappings().all()


def _debt(rows: Iterable[RowMapping]) -> Debt:
    return together(
        Debt(row["owed"], row["put_off"], {row["reason"]: row["owed"]}, row["oldest_since"]) for row in rows
    )
