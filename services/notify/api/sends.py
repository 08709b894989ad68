"""What was sent to whom, and what became of it."""

from fastapi import Request
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import WITH_A_DESK, DeskRole, api, desk_in_scope, own_desk
from services.notify.domain import Desk
from shared.auth import Role
from shared.http import Limit, Problem, Start, after, allow, cursor, engine_of, polled, principal


@api.get("/desks/{role}/{region}/sends")
@allow(Role.ADMIN, Role.AUDITOR, *WITH_A_DESK)
async def list_sends(request: Request, role: DeskRole, region: str, start: Start = None, limit: Limit = 50) -> Response:
    """What a desk was sent, the latest first: each bundle with its notices, each person's send and its tries.

    `absorbed` is how many notices the ones that were sent stand for besides. For administrators, auditors, and the
    desk itself.
    """
    desk_in_scope(request, role, region)
    desk, before = Desk(role, region), after(start, int)
    if principal(request).role not in (Role.ADMIN, Role.AUDITOR) and desk != own_desk(request):
        raise Problem(403, "not_allowed", "What was sent to another desk is not shown.")
    async with engine_of(request).connect() as connection:
        bundles = await views.sent_to(connection, desk, before[0] if before else None, limit)
    following = cursor(bundles[-1]["bundle"]) if len(bundles) == limit else None
    return polled(request, {"role": role, "region": region, "bundles": bundles, "next": following})
