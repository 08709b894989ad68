"""The office in a path, and who may act there."""

from datetime import datetime
from typing import Any, Protocol

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


class Entered(Protocol):
    """What a body says of when something happened."""

    @property
    def occurred_at(self) -> datetime: ...


def entered(request: Request, office: str, body: Entered | None = None) -> dict[str, Any]:
    """What a command entered in an office is told: where, and when it happened (now, unless the body says).

    Raises what `require_own` raises.
    """
    require_own(request, office)
    return office_of(request, office).told_at(utcnow(), None if body is None else body.occurred_at)


def require_own(request: Request, office: str) -> None:
    """Raises a 403 `Problem` for who works in one office and would act in another, though it be in their scope."""
    who = principal(request)
    if who.role in OF_ONE_OFFICE and who.region not in (office, office_of(request, office).code(utcnow())):
        raise Problem(403, "not_allowed", "Whoever works in an office acts in that office only.")
