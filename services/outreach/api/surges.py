"""HTTP: the calendar of surges. What everybody knows is there by itself; the rest is declared."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import Field
from starlette.responses import Response

from services.outreach import views
from services.outreach.api.common import READERS, api
from services.outreach.domain import NATION, DeclareSurge, Item, SurgeKind, WithdrawSurge
from shared.auth import Role
from shared.http import Body, NotFound, Problem, SafeStr, SomeDay, allow, engine_of, fault_at, polled, principal, write
from shared.http.documents import Written
from shared.moments import utcnow
from shared.offices import Office, Offices

A_YEAR = timedelta(days=366)
SurgeId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,47}$")]


class SurgeSaid(Body):
    """From `first_day` to `last_day`, both included, `factor` times the ordinary is needed; no `item`: of all.

    `region` is 00 for the nation, a province's code, or an office's id.
    """

    region: Annotated[str, Field(max_length=8)]
    kind: SurgeKind
    name: SafeStr
    first_day: SomeDay
    last_day: SomeDay
    factor: Annotated[float, Field(gt=0, le=20)]
    item: Item | None = None


class Withdrawal(Body):
    """Of which region it was declared."""

    region: Annotated[str, Field(max_length=8)]


@api.post("/surges/{surge}", response_model=Written)
@allow(Role.NATIONAL, Role.PROVINCE, Role.HEAD, Role.ADMIN)
async def declare_surge(request: Request, surge: SurgeId, body: SurgeSaid) -> Response:
    """Declares a surge, or says it anew: the latest version holds. Each may declare for his own region only.

    Under the id of what everybody knows (`GET`) it takes its place. 409 `surge_id_taken` if it is another region's.
    """
    if not timedelta(0) <= body.last_day - body.first_day <= A_YEAR:
        raise fault_at("/body/last_day", "days", "Should not be before `first_day`, nor more than a year after it")
    command = DeclareSurge(
        **_said(request, body.region),
        surge=surge,
        kind=body.kind,
        name=body.name,
        first_day=body.first_day,
        last_day=body.last_day,
        factor=round(body.factor * 1000),
        item=body.item,
    )
    return await write(request, body, command)


@api.post("/surges/{surge}/withdrawal", response_model=Written)
@allow(Role.NATIONAL, Role.PROVINCE, Role.HEAD, Role.ADMIN)
async def withdraw_surge(request: Request, surge: SurgeId, body: Withdrawal) -> Response:
    """It is not expected any more. What everybody knows is declared first, and then withdrawn."""
    return await write(request, body, WithdrawSurge(**_said(request, body.region), surge=surge))


@api.get("/surges")
@allow(*READERS)
async def list_surges(
    request: Request,
    region: Annotated[str | None, Query(max_length=8)] = None,
    since: Annotated[SomeDay | None, Query(alias="from")] = None,
    to: SomeDay | None = None,
) -> Response:
    """What is expected in a region (the caller's, unless it says) from a day to a day: a year from now, if not said."""
    here = _region(request, region or principal(request).region)
    first = since or here.day_at(utcnow())
    last = to or first + A_YEAR
    if not timedelta(0) <= last - first <= 4 * A_YEAR:
        raise fault_at("/query/to", "days", "Should not be before `from`, nor more than four years after it")
    async with engine_of(request).connect() as connection:
        everywhere = await views.surges_in_force(connection, first, last)
    found = views.felt_in(everywhere, regions_of(here, last))
    shown = [each._asdict() | {"factor": each.factor / 1000} for each in found]
    return polled(
        request, {"region": here.id, "from": first, "to": last, "known": views.KNOWN_VERSION, "surges": shown}
    )


@api.get("/surges/{surge}")
@allow(*READERS)
async def get_surge(request: Request, surge: SurgeId) -> Response:
    """Every version of a declared surge, the latest first: by whom, and whether it was withdrawn."""
    async with engine_of(request).connect() as connection:
        versions = await views.versions_of(connection, surge)
    if not versions:
        raise NotFound("surge")
    _region(request, versions[0]["region"], seen_from_below=True)
    shown = [dict(version) | {"factor": version["factor"] / 1000} for version in versions]
    return polled(request, {"surge": surge, "versions": shown})


def regions_of(office: Office, on: date) -> frozenset[str]:
    """The regions whose surges an office feels: its own, its province's, the nation's."""
    return frozenset({office.id, office.province(on), NATION})


def _said(request: Request, region: str) -> dict[str, Any]:
    who, here, now = principal(request), _region(request, region), utcnow()
    if who.role != Role.ADMIN and who.region not in (here.id, here.code(now)):
        raise Problem(403, "not_allowed", "A surge is declared by whoever answers for that region.")
    return here.told_at(now) | {"by": who.subject}


def _region(request: Request, id: str, *, seen_from_below: bool = False) -> Office:
    """The region, if the caller sees it: what a province or the nation expects, its offices see too. Raises 404."""
    everywhere: Offices = request.app.state.offices
    who, now = principal(request), utcnow()
    office = everywhere.get(id)
    if office is not None and everywhere.within(who.region, id, now):
        return office
    mine = everywhere.get(who.region)
    if office is not None and seen_from_below and mine is not None and id in regions_of(mine, now):
        return office
    raise NotFound("region")
