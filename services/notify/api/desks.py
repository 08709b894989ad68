"""Who sits at a desk: appointments, those who act for somebody (Plt, Plh), and leave. An administrator keeps them."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import WITH_A_DESK, DeskRole, api, desk_in_scope
from services.notify.api.people import require_keeper
from services.notify.domain import (
    Appoint,
    CancelLeave,
    Capacity,
    Desk,
    EndAppointment,
    RecordLeave,
    directory_of,
)
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    Reference,
    SafeStr,
    SomeDay,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    polled,
    principal,
    write,
)
from shared.http.documents import Written
from shared.moments import utcnow


class Appointing(Body):
    """Somebody has the desk from `since` on, `until` that day if it is known: both are included."""

    person: Reference
    capacity: Capacity
    since: SomeDay
    until: SomeDay | None = None


class Ending(Body):
    """The appointment in this capacity that covers the last day ends with it."""

    person: Reference
    capacity: Capacity
    last_day: SomeDay
    reason: SafeStr


class Leaving(Body):
    """Somebody is away from `since` until that day, both included; again with another last day, it is that one."""

    person: Reference
    since: SomeDay
    until: SomeDay


class Staying(Body):
    """The leave that begins on this day is not taken."""

    person: Reference
    since: SomeDay


@api.post("/desks/{role}/{region}/appointments", response_model=Written)
@allow(Role.ADMIN)
async def appoint(request: Request, role: DeskRole, region: str, body: Appointing) -> Response:
    """Appoints somebody by reference; how they are reached is said with `/people/{person}`.

    409 `ends_before_it_begins`, `appointment_overlaps`, `second_definitive`, `at_most_so_many`.
    """
    about = _about(request, role, region, body.person)
    async with engine_of(request).connect() as connection:
        await require_keeper(request, connection, body.person)
    command = Appoint(**about, capacity=body.capacity, since=body.since, until=body.until)
    return await write(request, body, command)


@api.post("/desks/{role}/{region}/appointments/ends", response_model=Written)
@allow(Role.ADMIN)
async def end_appointment(request: Request, role: DeskRole, region: str, body: Ending) -> Response:
    """Ends an appointment. 409 `not_appointed`, `ends_before_it_begins`."""
    about = _about(request, role, region, body.person)
    command = EndAppointment(**about, capacity=body.capacity, last_day=body.last_day, reason=body.reason)
    return await write(request, body, command)


@api.post("/desks/{role}/{region}/leave", response_model=Written)
@allow(Role.ADMIN)
async def record_leave(request: Request, role: DeskRole, region: str, body: Leaving) -> Response:
    """Records days on which somebody of the desk is not on duty, in whatever capacity.

    409 `ends_before_it_begins`, `not_appointed`, `at_most_so_many`.
    """
    about = _about(request, role, region, body.person)
    return await write(request, body, RecordLeave(**about, since=body.since, until=body.until))


@api.post("/desks/{role}/{region}/leave/cancellation", response_model=Written)
@allow(Role.ADMIN)
async def cancel_leave(request: Request, role: DeskRole, region: str, body: Staying) -> Response:
    """Cancels a leave. 409 `no_such_leave`."""
    about = _about(request, role, region, body.person)
    return await write(request, body, CancelLeave(**about, since=body.since))


@api.get("/desks/{role}/{region}")
@allow(Role.ADMIN, Role.AUDITOR, *WITH_A_DESK)
async def get_desk(request: Request, role: DeskRole, region: str, start: Start = None, limit: Limit = 50) -> Response:
    """Who is appointed and who is away, who is on duty today, who answers first; and every change, newest first.

    At a desk that was never `kept` whoever bears the role reads the inbox, and nothing is sent.
    """
    office = desk_in_scope(request, role, region)
    desk, today, before = Desk(role, region), office.day_at(utcnow()), after(start, int)
    async with engine_of(request).connect() as connection:
        holders = await views.holders(connection, desk)
        changes, more = await views.history(connection, directory_of(desk), before[0] if before else None, limit)
    content = {
        "role": role,
        "region": region,
        "kept": holders.kept,
        "day": today,
        "on_duty": holders.on_duty(today),
        "appointments": holders.appointments,
        "leave": holders.leave,
        "history": changes,
        "next": None if more is None else cursor(more),
    }
    return polled(request, content)


def _about(request: Request, role: DeskRole, region: str, person: str) -> dict[str, Any]:
    desk_in_scope(request, role, region)
    now = utcnow()
    by = principal(request).subject
    return {"now": now, "occurred_at": now, "role": role, "region": region, "person": person, "by": by}
