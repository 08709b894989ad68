"""HTTP: who there is to record at sixteen, who was, and which schools were visited."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from services.outreach import views
from services.outreach.api.common import READERS, WORKERS, SchoolNumber, api
from services.outreach.domain import CountYouths, RegisterSchools
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    NotFound,
    SafeStr,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    entered,
    fault_at,
    office_of,
    offices_in_scope,
    polled,
    principal,
    write,
)
from shared.http.csv_body import Table
from shared.http.documents import Written
from shared.moments import utcnow
from shared.offices import Office, Offices

YEARS = 2
"""Who was recorded so many years ago is past 17 by now."""
CSV_AT_MOST = 131_072
BODY_AT_MOST = 4 * CSV_AT_MOST
"""JSON may spell a character of the CSV in more than one byte."""

Csv = Annotated[str, Field(max_length=CSV_AT_MOST)]
People = Annotated[int, Field(ge=0, le=10_000_000)]


class _Count(Body):
    code: Annotated[str, Field(pattern=r"^[0-9]{2}\.[0-9]{2}$")]
    people: People


class _School(Body):
    npsn: SchoolNumber
    name: SafeStr
    pupils: Annotated[int, Field(ge=0, le=100_000)]


COUNTS = Table(_Count, required=("code", "people"), numbers=("people",), lines_at_most=600, key="code")
SCHOOLS = Table(_School, required=("npsn", "name", "pupils"), numbers=("pupils",), lines_at_most=900, key="npsn")


class Counts(Body):
    """A CSV of `code;people`: the 16- and 17-year-olds of each city and regency, and where the figures are from."""

    csv: Csv
    source: SafeStr


class SchoolList(Body):
    """A CSV of `npsn;name;pupils`: schools with their pupils of 16 and 17; none of them: it is closed."""

    csv: Csv


@api.post("/coverage", response_model=Written, max_body_size=BODY_AT_MOST)
@allow(Role.ADMIN, Role.NATIONAL, Role.PROVINCE)
async def count_youth(request: Request, body: Counts) -> Response:
    """Takes the counts of every region in a list, or of none if one line does not fit. `?dry_run=true` shows them."""
    everywhere: Offices = request.app.state.offices
    who, now = principal(request), utcnow()
    counts: dict[str, int] = {}
    for line, row in COUNTS.rows(body.csv):
        office = everywhere.get(row.code)
        if office is None or not everywhere.within(who.region, row.code, now):
            raise fault_at(f"/body/csv/{line}/code", "unknown_office", "Should be the id of an office in your scope")
        counts[row.code] = row.people
    where = everywhere.known(who.region).told_at(now)
    command = CountYouths(**where, counts=tuple(counts.items()), source=body.source)
    return await write(request, body, command)


@api.post("/offices/{office}/schools", response_model=Written, max_body_size=BODY_AT_MOST)
@allow(*WORKERS, Role.ADMIN)
async def register_schools(request: Request, office: str, body: SchoolList) -> Response:
    """Takes the schools in a list, or none if one line does not fit. A school named again is as it is named last."""
    schools = tuple((row.npsn, row.name, row.pupils) for _, row in SCHOOLS.rows(body.csv))
    return await write(request, body, RegisterSchools(**entered(request, office), schools=schools))


@api.get("/offices/{office}/schools")
@allow(*READERS)
async def list_schools(request: Request, office: str, start: Start = None, limit: Limit = 50) -> Response:
    """The office's schools by number: pupils, when they were visited in the last two years, and when they will be."""
    last, since = after(start, str), _since(office_of(request, office))
    async with engine_of(request).connect() as connection:
        schools = await views.schools_of(connection, office, since, last[0] if last else None, limit)
    following = cursor(schools[-1]["school"]) if len(schools) == limit else None
    return polled(request, {"office": office, "schools": schools, "next": following})


@api.get("/offices/{office}/coverage")
@allow(*READERS)
async def get_coverage(request: Request, office: str) -> Response:
    """How many 16- and 17-year-olds live there (`source` says how that is known), and how many of them were recorded
    at visits: in the last two years, for whoever was before is past 17 by now. Schools, and how many were visited."""
    here = office_of(request, office)
    if not here.serves:
        raise NotFound("coverage")
    return polled(request, (await _covered(request, [here]))[0])


@api.get("/coverage")
@allow(*READERS)
async def list_coverage(
    request: Request, province: Annotated[str | None, Query(pattern=r"^[0-9]{2}$")] = None
) -> Response:
    """The same for every city and regency in the caller's scope, the least covered first, and for all together."""
    now = utcnow()
    here = [each for each in offices_in_scope(request) if each.serves]
    here = [each for each in here if province in (None, each.province(now))]
    if not here:
        raise NotFound("province")
    shown = sorted(await _covered(request, here), key=lambda one: (one["share"], one["office"]))
    sums = {name: sum(one[name] for one in shown) for name in ("people", "recorded", "schools", "schools_visited")}
    return polled(request, {**sums, "share": _share(sums), "of_offices": shown})


async def _covered(request: Request, offices: list[Office]) -> list[dict[str, Any]]:
    ids, since = [office.id for office in offices], _since(offices[0])
    async with engine_of(request).connect() as connection:
        counted = await views.counted_youth(connection, ids)
        recorded = await views.recorded_since(connection, ids, since)
        schools = await views.schools_visited(connection, ids, since)
    covered = []
    for office in offices:
        known = counted.get(office.id)
        of_schools, visited = schools.get(office.id, (0, 0))
        figures = {
            "people": known["people"] if known is not None else office.population * views.YOUTH_SHARE // 1000,
            "recorded": recorded.get(office.id, 0),
            "schools": of_schools,
            "schools_visited": visited,
        }
        covered.append(
            {
                "office": office.id,
                "name": office.name,
                **figures,
                "share": _share(figures),
                "source": known["source"] if known is not None else f"{views.YOUTH_SHARE / 10} % of the population",
                "estimated": known is None,
                "valid_from": None if known is None else known["valid_from"],
                "recorded_since": since,
            }
        )
    return covered


def _share(figures: Mapping[str, int]) -> float:
    return round(figures["recorded"] / figures["people"], 3) if figures["people"] else 0.0


def _since(office: Office) -> date:
    today = office.day_at(utcnow())
    return today.replace(year=today.year - YEARS, day=min(today.day, 28))
