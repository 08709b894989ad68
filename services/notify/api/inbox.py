"""What a desk was told, with the words a person reads."""

from typing import Any

import msgspec
from fastapi import Request
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import WITH_A_DESK, api, own_desk
from services.notify.domain import AlarmSent, NoticeSent
from services.notify.views.helping import helped_at
from services.notify.wording import worded, worded_alarm
from shared.http import Limit, Start, after, allow, cursor, engine_of, polled
from shared.moments import utcnow
from shared.offices import Offices


@api.get("/inbox")
@allow(*WITH_A_DESK)
async def read_inbox(request: Request, start: Start = None, limit: Limit = 50) -> Response:
    """The notices and alarms for the caller's role and region, the latest first, with the words a person reads.

    Of those who could help, whoever is short by now is left out.
    `number` is the place in the desk's post: `/inbox/stream` goes on after it.
    """
    desk, last = own_desk(request), after(start, str)
    async with engine_of(request).connect() as connection:
        found = await views.inbox(connection, desk.role, desk.region, last[0] if last else None, limit)
        numbers = await views.numbers_in_post(connection, desk, [id for id, _ in found])
        helped = await helped_at(connection, [told for _, told in found], utcnow())
    notices = [readable(request, id, numbers.get(id), told) for (id, _), told in zip(found, helped, strict=True)]
    following = cursor(notices[-1]["id"]) if len(notices) == limit else None
    return polled(request, {"notices": notices, "next": following})


def readable(request: Request, id: str, number: int | None, told: NoticeSent | AlarmSent) -> dict[str, Any]:
    """A notice or an alarm with its id, its number in the post, and its words."""
    everywhere: Offices = request.app.state.offices
    if isinstance(told, AlarmSent):
        wording, office = worded_alarm(told), everywhere.get(told.office or "")
    else:
        office = everywhere.known(told.office)
        wording = worded(told, office.name, office.timezone)
    return {
        **msgspec.to_builtins(told),
        "id": id,
        "number": number,
        "office_name": office and office.name,
        "subject": wording.subject,
        "text": wording.text,
    }
