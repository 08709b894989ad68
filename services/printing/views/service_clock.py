"""How long people waited for their cards, and how long those who have none wait."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import RowMapping, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.views.promise import PROMISE, Pause, apart, hours, on_the_clock
from services.printing.views.tables import WAITING, day_book, empty_spells
from shared.offices import Office

_PRINTED = select(day_book.c.item, day_book.c.print_ready_at, day_book.c.at).where(
    day_book.c.kind == "PRINTED", day_book.c.number == 1
)
_WAITING = text("""
select j.item, count(*) as jobs, min(j.print_ready_at) as oldest_since,
       count(*) filter (where j.print_ready_at < a.since) as over_promise
  from jobs j
  join unnest(cast(:items as text[]), cast(:since as timestamptz[])) as a(item, since) on a.item = j.item
 where j.office = :office and j.state in ('QUEUED', 'CLAIMED', 'HELD')
 group by j.item order by j.item
""")

Pauses = Mapping[tuple[str, str], list[Pause]]
"""By office and item, each list `apart`."""


class JobClock(msgspec.Struct, frozen=True):
    """Working hours from print ready until printed, or until now; whether they are more than promised.

    `paused_because` and `paused_since` are set while the clock stands still for a job that waits.
    """

    worked_hours: float
    promised_hours: float
    late: bool
    paused_because: Literal["EMPTY"] | None = None
    paused_since: datetime | None = None


async def pauses_since(
    connection: AsyncConnection, since: datetime, now: datetime, office: str | None = None
) -> Pauses:
    """The times without blanks that were not over at `since`, by office and item: of one office or of all."""
    spells = empty_spells.c
    query = select(spells.office, spells.item, spells.began, spells.ended).where(
        or_(spells.ended.is_(None), spells.ended > since)
    )
    if office is not None:
        query = query.where(spells.office == office)
    found: dict[tuple[str, str], list[Pause]] = {}
    for row in await connection.execute(query):
        found.setdefault((row.office, row.item), []).append(Pause(row.began, row.ended))
    return {queue: apart(pauses, now) for queue, pauses in found.items()}


async def cards_printed(
    connection: AsyncConnection, office: str, since: datetime, until: datetime
) -> Sequence[RowMapping]:
    """Each job's first card that was printed at an office in this time: its item, when it was due, when it came."""
    query = _PRINTED.where(day_book.c.office == office, day_book.c.at >= since, day_book.c.at < until)
    return (await connection.execute(query)).mappings().all()


async def waiting_over(
    connection: AsyncConnection, office: str, promised: Mapping[str, datetime]
) -> dict[str, dict[str, Any]]:
    """Of each item how many wait at an office, since when the oldest, and how many longer than since that moment."""
    asked = {"office": office, "items": list(promised), "since": list(promised.values())}
    rows = (await connection.execute(_WAITING, asked)).mappings()
    return {row["item"]: {name: row[name] for name in ("jobs", "oldest_since", "over_promise")} for row in rows}


async def clock_of(connection: AsyncConnection, office: Office, job: RowMapping, now: datetime) -> JobClock | None:
    """The service clock of a job; None of one that was cancelled."""
    if job["state"] == "CANCELLED":
        return None
    known = await pauses_since(connection, job["print_ready_at"], now, office.id)
    pauses = known.get((office.id, job["item"]), [])
    time = on_the_clock(job["print_ready_at"], job["printed_at"] or now, pauses, office.timezone)
    clock = JobClock(hours(time), hours(PROMISE), time > PROMISE)
    if job["state"] in WAITING and pauses and pauses[-1].ended == now:
        return msgspec.structs.replace(clock, paused_because="EMPTY", paused_since=pauses[-1].began)
    return clock
