"""The calendar of surges: what everybody knows, and what was declared on top of it or instead."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import RowMapping, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.outreach.domain import NATION, SurgeKind
from services.outreach.views.tables import surges
from shared.workdays import holidays_of

KNOWN_VERSION = "2026-11"
"""Of the table below: it grows by decrees and announcements."""
AFTER_LEBARAN = timedelta(days=14)


class KnownSurge(NamedTuple):
    """From a day to a day, both included, the need is `factor` thousandths of the ordinary; no item: of all of them.

    `region` is an office's id, a province's code, or 00 for everybody. What is known by itself always was.
    """

    surge: str
    kind: SurgeKind
    name: str
    first_day: date
    last_day: date
    factor: int
    region: str = NATION
    item: str | None = None
    declared_on: date = date.min


DECREED = (
    KnownSurge("pemilu-2024", "PEMILU", "Pemilu 14-02-2024", date(2024, 1, 15), date(2024, 2, 14), 1500),
    KnownSurge("pilkada-2024", "PILKADA", "Pilkada 27-11-2024", date(2024, 10, 28), date(2024, 11, 27), 2000),
    KnownSurge("cpns-2023", "CPNS", "Seleksi CPNS dan PPPK 2023", date(2023, 8, 20), date(2023, 10, 9), 2000),
    KnownSurge("cpns-2024", "CPNS", "Seleksi CPNS 2024", date(2024, 7, 20), date(2024, 9, 10), 2000),
)
"""Elections by KPU's calendar (the month before the day of voting), selections by BKN's announcements (from a month
before registration until its end). The factors are what the press reported of earlier ones: see DOMAIN."""

_LATEST = text("select distinct on (surge) * from surges order by surge, version desc")

LEBARAN, SCHOOL_YEAR = 1850, 1200
"""Thousandths: the fortnight after the collective leave of Idul Fitri; enrolment for the school year."""


def known_surges(first: date, last: date) -> Iterator[KnownSurge]:
    """What everybody knows to come in these days, both included."""
    for surge in (*DECREED, *_of_every_year(range(first.year, last.year + 1))):
        if surge.first_day <= last and first <= surge.last_day:
            yield surge


def _of_every_year(years: range) -> Iterator[KnownSurge]:
    for year in years:
        name = f"Tahun ajaran {year}/{year + 1}"
        start, end = date(year, 6, 15), date(year, 7, 31)
        yield KnownSurge(f"tahun-ajaran-{year}", "SCHOOL_YEAR", name, start, end, SCHOOL_YEAR)
        leave = [day for day, holiday in holidays_of(year).items() if "Idul Fitri" in holiday]
        if leave:
            after = max(leave) + timedelta(days=1)
            yield KnownSurge(f"lebaran-{year}", "LEBARAN", f"Arus balik {year}", after, after + AFTER_LEBARAN, LEBARAN)


async def surges_in_force(connection: AsyncConnection, first: date, last: date) -> list[KnownSurge]:
    """The surges that hold somewhere in these days, both included, in order of their days.

    A declared one takes the place of what everybody knows under its id; a withdrawn one leaves it empty.
    """
    rows = (await connection.execute(_LATEST)).mappings().all()
    declared = {row["surge"] for row in rows}
    found = [surge for surge in known_surges(first, last) if surge.surge not in declared]
    found += [
        KnownSurge(*(row[name] for name in KnownSurge._fields))
        for row in rows
        if not row["withdrawn"] and row["first_day"] <= last and first <= row["last_day"]
    ]
    return sorted(found, key=lambda surge: (surge.first_day, surge.surge))


def felt_in(surges: Iterable[KnownSurge], regions: Collection[str]) -> list[KnownSurge]:
    """Those of these surges that hold in one of these regions."""
    return [surge for surge in surges if surge.region in regions]


async def versions_of(connection: AsyncConnection, surge: str) -> Sequence[RowMapping]:
    """Every version of a declared surge, the latest first."""
    query = select(surges).where(surges.c.surge == surge).order_by(surges.c.version.desc())
    return (await connection.execute(query)).mappings().all()
