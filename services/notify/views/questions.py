"""How shortages went: how many, how far they climbed, and how long people took to answer and stock to recover."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any

import msgspec
from sqlalchemy import RowMapping, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import OfficeHours, Works
from services.notify.domain.worktime import Calendar
from services.notify.views.tables import declared_days, episodes
from shared.offices import Office
from shared.workdays import is_working_day

DAY = timedelta(days=1)
LONGEST = timedelta(days=731)
"""What may be asked about at once: an episode counts on the day on which it was opened."""
AHEAD = timedelta(days=400)
"""How long after the asked time a first answer is counted in working time; later ones are in its percentiles not."""

# Working time is the difference of two readings of a clock that stands still outside office hours: so many working
# days before that day (`counted`), and what has passed of it. An array, and no table of days to join: when PostgreSQL
# settles for a plan that fits any values, it takes such a table for ten rows, and goes through it for each episode.
_FIGURES = text("""
with asked as (
  select *
    from unnest(cast(:offices as text[]), cast(:groups as text[]), cast(:zones as text[])) as a(office, grp, zone)
), seen as (
  select a.grp, e.level, e.answered_at_level, e.how, e.ended_at,
         cast(extract(epoch from e.answered_at - e.opened_at) as float8) / 3600 as answered,
         cast(extract(epoch from e.ended_at - e.opened_at) as float8) / 3600 as ended,
         e.opened_at at time zone a.zone as opened_here, e.answered_at at time zone a.zone as answered_here
    from episodes e join asked a using (office)
   where e.opened_at >= :since and e.opened_at < :until and (cast(:item as text) is null or e.item = :item)
), clocked as (
  select s.*, opened_here::date - cast(:first as date) + 1 as opened_on,
         answered_here::date - cast(:first as date) + 1 as answered_on,
         cast(extract(epoch from opened_here::time) as float8) / 3600 - cast(:opens as float8) as opened_into,
         cast(extract(epoch from answered_here::time) as float8) / 3600 - cast(:opens as float8) as answered_into
    from seen s
), timed as (
  select s.*, (counted[answered_on] - counted[opened_on]) * cast(:a_day as float8)
         + (counted[answered_on + 1] - counted[answered_on]) * least(greatest(answered_into, 0), :a_day)
         - (counted[opened_on + 1] - counted[opened_on]) * least(greatest(opened_into, 0), :a_day) as worked
    from clocked s, (select cast(:counted as integer[]) as counted) as c
)
select grp, count(*) as opened, count(*) filter (where ended_at is null) as unended,
       count(*) filter (where how = 'CLOSED') as closed, count(*) filter (where how = 'RESOLVED') as resolved,
       count(*) filter (where level = 'CITY') as to_city, count(*) filter (where level = 'PROVINCE') as to_province,
       count(*) filter (where level = 'NATIONAL') as to_national,
       count(*) filter (where answered_at_level = 'CITY') as by_city,
       count(*) filter (where answered_at_level = 'PROVINCE') as by_province,
       count(*) filter (where answered_at_level = 'NATIONAL') as by_national,
       percentile_cont(array[0.5, 0.9, 0.99]) within group (order by answered) as answer_hours,
       percentile_cont(array[0.5, 0.9, 0.99]) within group (order by worked) as answer_worked,
       percentile_cont(array[0.5, 0.9, 0.99]) within group (order by ended)
         filter (where how = 'RESOLVED') as recovery_hours
  from timed group by grouping sets ((), (grp)) order by grp
""")
_OPEN = text("""
select a.grp, e.level, count(*) as open
  from escalations e
  join unnest(cast(:offices as text[]), cast(:groups as text[])) as a(office, grp) using (office)
 where e.open and (cast(:item as text) is null or e.item = :item)
 group by grouping sets ((e.level), (a.grp, e.level))
""")


class Percentiles(msgspec.Struct, frozen=True):
    """Hours within which half, nine of ten, and 99 of a hundred were."""

    p50: float
    p90: float
    p99: float


class Figures(msgspec.Struct, frozen=True):
    """Of the episodes that were opened in a time: how far they climbed, who answered first, and how long it took.

    `answered` has how many were first answered by each level, `share` the part of all that is, 0 to 1. Hours of
    working time are between `opens` and `closes` of working days of the office; what nobody answered, or has not
    recovered yet, is in no percentile. `open_now` is of the moment, whenever it was opened, by the level reached.
    """

    opened: int
    resolved: int
    closed: int
    unended: int
    reached: Mapping[str, int]
    answered: Mapping[str, int]
    share: Mapping[str, float]
    answer_hours: Percentiles | None
    answer_working_hours: Percentiles | None
    recovery_hours: Percentiles | None
    open_now: Mapping[str, int]


async def figures(
    connection: AsyncConnection,
    groups: Iterable[tuple[Office, str]],
    since: datetime,
    until: datetime,
    works: Works,
    hours: OfficeHours,
    item: str | None = None,
) -> tuple[Figures, dict[str, Figures]]:
    """Of all these offices, and of each group of them by name. At least one office; at most `LONGEST` at once."""
    asked = [(office.id, group, office.timezone.key) for office, group in groups]
    offices, names, zones = (list(column) for column in zip(*asked, strict=True))
    about = {"offices": offices, "groups": names, "item": item}
    first = since.astimezone(UTC).date() - DAY
    calendar = {"first": first, "counted": _counted(first, until.astimezone(UTC).date() + AHEAD, works)}
    span = {"since": since, "until": until, "opens": hours.opens / 60, "a_day": hours.working_day / timedelta(hours=1)}
    rows = (await connection.execute(_FIGURES, {**about, "zones": zones, **span, **calendar})).mappings()
    opened = {row["grp"]: row for row in rows}
    levels: dict[str | None, dict[str, int]] = {}
    for grp, level, count in await connection.execute(_OPEN, about):
        levels.setdefault(grp, {})[level] = count
    return (
        _figures(opened.get(None), levels.get(None, {})),
        {name: _figures(opened.get(name), levels.get(name, {})) for name in sorted(set(names))},
    )


async def calendar_of(connection: AsyncConnection) -> Works:
    """Which days are worked: by the official list, and by what an administrator declared."""
    rows = await connection.execute(select(declared_days.c.day, declared_days.c.works))
    return Calendar(days={row.day: row.works for row in rows}, official=is_working_day).works


async def episodes_of(
    connection: AsyncConnection, office: str, item: str | None, before: tuple[str, int] | None, limit: int
) -> Sequence[RowMapping]:
    """The episodes of an office, the latest first; `before` is the (item, number) of the last one seen."""
    of = episodes.c
    query = select(episodes).where(of.office == office)
    if item is not None:
        query = query.where(of.item == item)
    if before is not None:
        last_item, number = before
        seen = select(of.opened_at).where(of.office == office, of.item == last_item, of.episode == number)
        query = query.where(
            tuple_(of.opened_at, of.item, of.episode)
            < tuple_(seen.scalar_subquery(), literal(last_item), literal(number))
        )
    query = query.order_by(of.opened_at.desc(), of.item.desc(), of.episode.desc())
    return (await connection.execute(query.limit(limit))).mappings().all()


def _counted(first: date, last: date, works: Works) -> list[int]:
    """How many working days come before each day from `first` to `last`, and before the day after."""
    days = (first + n * DAY for n in range((last - first).days + 1))
    return [0, *accumulate(int(works(day)) for day in days)]


def _figures(row: RowMapping | None, open_now: Mapping[str, int]) -> Figures:
    def by_level(prefix: str) -> dict[str, int]:
        return {name.upper(): row[f"{prefix}_{name}"] if row else 0 for name in ("city", "province", "national")}

    opened, answered = row["opened"] if row else 0, by_level("by")
    return Figures(
        opened=opened,
        resolved=row["resolved"] if row else 0,
        closed=row["closed"] if row else 0,
        unended=row["unended"] if row else 0,
        reached=by_level("to"),
        answered=answered,
        share={level: round(count / opened, 4) if opened else 0.0 for level, count in answered.items()},
        answer_hours=_percentiles(row and row["answer_hours"]),
        answer_working_hours=_percentiles(row and row["answer_worked"]),
        recovery_hours=_percentiles(row and row["recovery_hours"]),
        open_now={level: open_now.get(level, 0) for level in ("CITY", "PROVINCE", "NATIONAL")},
    )


def _percentiles(found: Any) -> Percentiles | None:
    if not found or found[0] is None:
        return None
    return Percentiles(*(round(float(hours), 2) for hours in found))
