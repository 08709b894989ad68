"""Which days are worked: the official list, and what an administrator of the nation declares beside it."""

from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import READERS, api
from services.notify.domain import MINISTRY, DeclareDay
from shared.auth import Role
from shared.http import Body, Problem, SafeStr, SomeDay, allow, engine_of, office_of, polled, principal, write
from shared.http.documents import Written
from shared.moments import utcnow
from shared.workdays import holidays_of, is_working_day

Year = Annotated[int, Query(ge=2000, le=2099)]


class Declared(Body):
    """A day that is worked, or is not, whatever the official list says; None: as the list says again."""

    day: SomeDay
    works: bool | None
    note: SafeStr


@api.post("/calendar/days", response_model=Written)
@allow(Role.ADMIN)
async def declare_day(request: Request, body: Declared) -> Response:
    """Declares a day of the whole nation. Terms that run keep the end they were given.

    409 `day_is_past`, `too_many_days`.
    """
    who = principal(request)
    if who.region != MINISTRY:
        raise Problem(403, "not_allowed", "Days are declared for the whole nation, by its administrator.")
    now = utcnow()
    command = DeclareDay(
        now=now,
        occurred_at=now,
        day=body.day,
        works=body.works,
        note=body.note,
        by=who.subject,
        today=office_of(request, MINISTRY).day_at(now),
    )
    return await write(request, body, command)


@api.get("/calendar")
@allow(*READERS, Role.ADMIN)
async def get_calendar(request: Request, year: Year) -> Response:
    """A year's public holidays and collective leave by the official list, and the days that were declared.

    What was declared counts. The list of a coming year is an estimate until it is decreed.
    """
    async with engine_of(request).connect() as connection:
        rows = await views.days_declared(connection, year)
    official = [{"day": day, "name": name, "works": is_working_day(day)} for day, name in holidays_of(year).items()]
    return polled(request, {"year": year, "official": official, "declared": [dict(row) for row in rows]})
