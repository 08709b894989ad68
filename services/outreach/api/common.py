"""What all of outreach's routes share: the router, the words of their bodies, and who enters what, where, when."""

from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import Request
from pydantic import Field

from shared.auth import Role
from shared.http import Api, SafeStr, office_of, require_own
from shared.moments import utcnow

api = Api(tags=["outreach"])

WORKERS = (Role.OPERATOR, Role.HEAD)
"""Who plans and holds an office's visits."""
READERS = tuple(role for role in Role if role is not Role.OPS)
"""Who may read figures; none of them says anything of a citizen."""

Location = Annotated[SafeStr, Field(max_length=64)]
"""A place of the office, by the name that its stock is booked under."""
TeamName = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,15}$")]
"""What an office calls one of its teams."""
SchoolNumber = Annotated[str, Field(pattern=r"^[0-9]{8}$")]
"""A school's national number (NPSN)."""


class Entered(Protocol):
    """What a body says of when something happened."""

    @property
    def occurred_at(self) -> datetime: ...


def entered(request: Request, office: str, body: Entered | None = None) -> dict[str, Any]:
    """What every command has: who enters it where, and when it happened (now, unless the body says)."""
    require_own(request, office)
    now = utcnow()
    occurred_at = now if body is None else body.occurred_at
    day = office_of(request, office).day_at(occurred_at)
    return {"now": now, "occurred_at": occurred_at, "office": office, "day": day}
