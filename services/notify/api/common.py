"""What all of notify's routes share: the router, the words of their bodies, and who sits at which desk."""

from typing import Any, Literal

from fastapi import Request

from services.notify.domain import MINISTRY, Desk
from services.notify.reactions import place_of
from shared.auth import Role
from shared.http import Api, NotFound, principal, require_own
from shared.moments import utcnow
from shared.offices import Office, Offices

api = Api(tags=["notify"])

READERS = (Role.OPERATOR, Role.STOREKEEPER, Role.HEAD, Role.PROVINCE, Role.NATIONAL, Role.AUDITOR, Role.SERVICE)
ANSWERERS = (Role.HEAD, Role.PROVINCE, Role.NATIONAL)
WITH_A_DESK = (Role.STOREKEEPER, *ANSWERERS, Role.OPS)
"""Who is told of something, and has an inbox."""

Item = Literal["KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"]
DeskRole = Literal["head", "storekeeper", "province", "national", "ops"]

OF_A_CITY = (Role.HEAD, Role.STOREKEEPER)
OF_A_PROVINCE = (Role.PROVINCE,)
OF_THE_MINISTRY = (Role.NATIONAL, Role.OPS)


def about(request: Request, office: str, item: Item) -> dict[str, Any]:
    """What each answer has: who says it, of what, now. Raises a 403 `Problem` for another's office."""
    require_own(request, office)
    now, by = utcnow(), principal(request).subject
    return {
        "now": now,
        "occurred_at": now,
        "office": office,
        "item": item,
        "place": place_of(office, now),
        "by": by,
    }


def own_desk(request: Request) -> Desk:
    """The desk the caller sits at. An office's token names it by its code of the day, a desk by its id."""
    who, now = principal(request), utcnow()
    if who.role not in OF_A_CITY:
        return Desk(who.role, who.region)
    everywhere: Offices = request.app.state.offices
    at_home = (office.id for office in everywhere.all() if office.code(now) == who.region)
    return Desk(who.role, next(at_home, who.region))


def desk_in_scope(request: Request, role: DeskRole, region: str) -> Office:
    """The office of this desk. Raises `NotFound` if there is no such desk, or the caller may not see it."""
    office = _in_scope(request, region)
    if office is None or role not in _roles_at(office):
        raise NotFound("desk")
    return office


def region_in_scope(request: Request, region: str) -> None:
    """Raises `NotFound` unless this is a province, or the nation (`00`), in the caller's scope."""
    if _in_scope(request, region) is None:
        raise NotFound("region")
    province_or_nation(request, region)


def province_or_nation(request: Request, region: str) -> None:
    """Raises `NotFound` unless this is a province, or the nation (`00`)."""
    everywhere: Offices = request.app.state.offices
    office = everywhere.get(region)
    if office is None or office.type not in ("province", "centre"):
        raise NotFound("region")


def _in_scope(request: Request, id: str) -> Office | None:
    everywhere: Offices = request.app.state.offices
    return everywhere.get(id) if everywhere.within(principal(request).region, id, utcnow()) else None


def _roles_at(office: Office) -> tuple[Role, ...]:
    if office.id == MINISTRY:
        return OF_THE_MINISTRY
    return OF_A_PROVINCE if office.type == "province" else OF_A_CITY
