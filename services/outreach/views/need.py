"""What is known of an office's need: days of use as the forecast takes them, stock and debt as told last."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.outreach.views.tables import demand_days, demand_now, spells, visits
from shared.workdays import is_working_day

A_DAY = timedelta(days=1)
SILENT = 5
"""After more working days than this without a word, nobody knows what was needed on them."""
COMES_AT_ONCE = {"SCHOOL": 500, "VILLAGE": 800, "OTHER": 800}
"""Thousandths of the people expected at a visit whose card is printed at once: those past 17. An assumption; the others
are cards of their birthdays, which are known once they are recorded."""


@dataclass(frozen=True, slots=True)
class Used:
    """Days of use of an office's item, one value for each day from `first` on; None: it does not show the need."""

    first: date
    pieces: tuple[int | None, ...]


@dataclass(slots=True)
class _Told:
    """What was told of an office: by item the days with their pieces, and the days that show no need."""

    days: dict[str, dict[date, int | None]] = field(default_factory=lambda: defaultdict(dict))
    spells: dict[str, list[tuple[date, date]]] = field(default_factory=lambda: defaultdict(list))


async def used_by(
    connection: AsyncConnection, offices: Collection[str], since: date, today: date
) -> dict[tuple[str, str], Used]:
    """The days of use of these offices by (office, item), from the first day told since then until yesterday."""
    told: dict[str, _Told] = defaultdict(_Told)
    d, s = demand_days.c, spells.c
    days = select(d.office, d.item, d.day, d.used, d.ran_out).where(d.office.in_(offices), d.day >= since)
    for office, item, day, used, ran_out in await connection.execute(days.where(d.day < today)):
        told[office].days[item][day] = None if ran_out else used
    lasted = select(s.office, s.item, s.since, s.until).where(s.office.in_(offices))
    for office, item, begun, until in await connection.execute(lasted):
        told[office].spells[item].append((begun, until or today))
    return {
        (office, item): as_needed(of.days[item], [*of.days.values()], of.spells[item], today)
        for office, of in told.items()
        for item in of.days
        if of.days[item]
    }


def as_needed(
    item: Mapping[date, int | None],
    of_office: Iterable[Collection[date]],
    out: Sequence[tuple[date, date]],
    today: date,
) -> Used:
    """An item's days of use from the first on that was told, until yesterday.

    A day within `out` (both ends included: the office was EMPTY or owed cards) shows what there was. When the office
    told nothing of any item for more than `SILENT` working days, they are unknown, and so are working days that it
    has not told of yet; otherwise nothing was used on a day without a word.
    """
    heard = sorted({day for days in of_office for day in days})
    unknown = set(_between(heard, today))
    pieces: list[int | None] = []
    first = day = min(item)
    while day < today:
        shown = day not in unknown and not any(begun <= day <= until for begun, until in out)
        pieces.append(item.get(day, 0) if shown else None)
        day += A_DAY
    return Used(first, tuple(pieces))


def _between(heard: Sequence[date], today: date) -> Iterable[date]:
    """The days of which nothing is known, though no word came: long silences, and what is not told yet."""
    for before, after in zip(heard, [*heard[1:], today], strict=True):
        gap = [before + A_DAY * n for n in range(1, (after - before).days)]
        working = [day for day in gap if is_working_day(day)]
        if len(working) > SILENT:
            yield from gap
        elif after == today:
            yield from working


async def heard_of(connection: AsyncConnection) -> frozenset[str]:
    """The offices of whose need anything is known: stock or printing told of them, or they brought their days along."""
    query = select(demand_now.c.office).distinct()
    return frozenset((await connection.execute(query)).scalars())


async def known_now(connection: AsyncConnection, offices: Collection[str]) -> dict[tuple[str, str], RowMapping]:
    """What stock and printing said last, by (office, item)."""
    query = select(demand_now).where(demand_now.c.office.in_(offices))
    return {(row["office"], row["item"]): row for row in (await connection.execute(query)).mappings()}


async def visits_ahead(connection: AsyncConnection, today: date, last: date) -> dict[str, dict[date, float]]:
    """Cards that visits will need at once, in pieces by office and day."""
    v = visits.c
    query = select(v.office, v.held_on, v.place_kind, v.expected).where(
        v.held_on >= today, v.held_on <= last, v.stage.in_(("PLANNED", "CONFIRMED", "EQUIPPED"))
    )
    ahead: dict[str, dict[date, float]] = defaultdict(lambda: defaultdict(float))
    for office, day, kind, expected in await connection.execute(query):
        ahead[office][day] += expected * COMES_AT_ONCE[kind] / 1000
    return ahead
