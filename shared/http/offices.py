"""The office in a path, and who may act there."""

from fastapi import Request

from shared.auth import Role
from shared.http.answers import principal
from shared.http.problems import Problem
from shared.moments import utcnow
from shared.offices import Office, Offices

OF_ONE_OFFICE = (Role.OPERATOR, Role.STOREKEEPER, Role.HEAD)
"""Who works in an office and enters what happens there: what others of the province do is for them to read only."""


def office_of(request: Request, id: str) -> Office:
    """The office in the path: the edge has judged that there is one."""
    everywhere: Offices = request.app.state.offices
    return everywhere.known(id)


def offices_in_scope(request: Request) -> list[Office]:
    """Every office that the caller may see today."""
    everywhere: Offices = request.app.state.offices
    region, now = principal(request).region, utcnow()
    return [office for office in everywhere.all() if everywhere.within(region, office.id, now)]


def require_own(request: Request, office: str) -> None:
    """Raises a 403 `Problem` for who works in one office and would act in another, though it be in their scope."""
    who = principal(request)
    if who.role in OF_ONE_OFFICE and who.region not in (office, office_of(request, office).code(utcnow())):
        raise Problem(403, "not_allowed", "Whoever works in an office acts in that office only.")
