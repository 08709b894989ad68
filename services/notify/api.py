"""HTTP: who is short, who was told, and the answers they give."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Request
from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.notify import views
from services.notify.domain import Acknowledge, Decline, Desk, Level, NoticeSent
from services.notify.wording import worded
from shared.auth import Principal, Role
from shared.http import Api, Body, Limit, NotFound, SafeStr, after, allow, cursor, engine_of, polled, principal, write
from shared.offices import Offices

READERS = (Role.OPERATOR, Role.STOREKEEPER, Role.HEAD, Role.PROVINCE, Role.NATIONAL, Role.AUDITOR, Role.SERVICE)
ANSWERERS = (Role.HEAD, Role.PROVINCE, Role.NATIONAL)
A_YEAR = timedelta(days=366)

Item = Literal["KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"]


def _within_a_year(moment: datetime) -> datetime:
    if abs(moment - datetime.now(UTC)) > A_YEAR:
        raise PydanticCustomError("too_far_away", "What is promised should be at most a year away")
    return moment.astimezone(UTC)


class AcknowledgeBody(Body):
    """What will be done about the shortage, and by when."""

    action: SafeStr
    promised_by: Annotated[AwareDatetime, AfterValidator(_within_a_year)]


class DeclineBody(Body):
    """Why the province cannot help."""

    reason: SafeStr


api = Api(tags=["notify"])


@api.get("/escalations")
@allow(*READERS)
async def list_escalations(
    request: Request, level: Level | None = None, open: bool = True, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """The escalations in the caller's scope, at one level or at any, by office and item."""
    offices: Offices = request.app.state.offices
    region, now = principal(request).region, datetime.now(UTC)
    scope = [office.id for office in offices.all() if offices.within(region, office.id, now)]
    async with engine_of(request).connect() as connection:
        rows = await views.escalations_at(connection, level, open, scope, after(cursor, str, str), limit)
    page = [dict(row) for row in rows]
    return polled(request, {"escalations": page, "next": _next(page, limit, "office", "item")})


@api.get("/offices/{office}/escalations/{item}")
@allow(*READERS)
async def get_escalation(request: Request, office: str, item: Item) -> Response:
    """The latest escalation of this item at this office, open or over."""
    async with engine_of(request).connect() as connection:
        row = await views.escalation(connection, office, item)
    if row is None:
        raise NotFound("escalation")
    return polled(request, dict(row))


@api.post("/offices/{office}/escalations/{item}/acknowledge")
@allow(*ANSWERERS)
async def acknowledge(request: Request, office: str, item: Item, body: AcknowledgeBody) -> Response:
    """Answers for the shortage. Refused below the level whose answer is awaited."""
    who, now = principal(request), datetime.now(UTC)
    offices: Offices = request.app.state.offices
    command = Acknowledge(
        now=now,
        occurred_at=now,
        office=office,
        item=item,
        province=offices.province_of(office, now),
        by=who.subject,
        answerer=_desk(who, offices, now),
        action=body.action,
        promised_by=body.promised_by,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/escalations/{item}/decline")
@allow(Role.PROVINCE)
async def decline(request: Request, office: str, item: Item, body: DeclineBody) -> Response:
    """Says that the province cannot help: the ministry is told at once."""
    who, now = principal(request), datetime.now(UTC)
    offices: Offices = request.app.state.offices
    command = Decline(
        now=now,
        occurred_at=now,
        office=office,
        item=item,
        province=offices.province_of(office, now),
        by=who.subject,
        answerer=_desk(who, offices, now),
        reason=body.reason,
    )
    return await write(request, body, command)


@api.get("/inbox")
@allow(*ANSWERERS)
async def read_inbox(request: Request, cursor: str | None = None, limit: Limit = 50) -> Response:
    """The notices for the caller's role and region, the latest first, with the words a person reads."""
    offices: Offices = request.app.state.offices
    desk = _desk(principal(request), offices, datetime.now(UTC))
    last = after(cursor, str)
    async with engine_of(request).connect() as connection:
        found = await views.inbox(connection, desk.role, desk.region, last[0] if last else None, limit)
    notices = [_readable(id, notice, offices) for id, notice in found]
    return polled(request, {"notices": notices, "next": _next(notices, limit, "id")})


def _desk(who: Principal, offices: Offices, now: datetime) -> Desk:
    """The desk somebody sits at. A head's token names the office by its code of the day, a desk by its id."""
    if who.role is not Role.HEAD:
        return Desk(who.role, who.region)
    at_home = (office.id for office in offices.all() if office.code(now) == who.region)
    return Desk(who.role, next(at_home, who.region))


def _readable(id: str, notice: NoticeSent, offices: Offices) -> dict[str, Any]:
    office = offices.get(notice.office)
    assert office is not None, "a notice's office was looked up when it was sent"
    wording = worded(notice, office.name, office.timezone)
    words = {"id": id, "office_name": office.name, "subject": wording.subject, "text": wording.text}
    return {**msgspec.to_builtins(notice), **words}


def _next(page: Sequence[dict[str, Any]], limit: int, *key: str) -> str | None:
    return cursor(*(page[-1][name] for name in key)) if len(page) == limit else None
