"""What people answer to a shortage: they undertake something, decline, forward, hand back, comment, or close it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Request
from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.notify.api.common import ANSWERERS, Item, about, api, own_desk
from services.notify.domain import Acknowledge, Close, Comment, Decline, Forward, HandBack
from shared.auth import Role
from shared.http import Body, SafeStr, allow, principal, write
from shared.http.documents import Written
from shared.moments import utcnow

A_YEAR = timedelta(days=366)


def _within_a_year(moment: datetime) -> datetime:
    if abs(moment - utcnow()) > A_YEAR:
        raise PydanticCustomError("too_far_away", "What is promised should be at most a year away")
    return moment.astimezone(UTC)


class Undertaking(Body):
    """What will be done about the shortage, and by when."""

    action: SafeStr
    promised_by: Annotated[AwareDatetime, AfterValidator(_within_a_year)]


class Because(Body):
    """Why."""

    reason: SafeStr


class Said(Body):
    """What others should know."""

    text: SafeStr


@api.post("/offices/{office}/escalations/{item}/acknowledge", response_model=Written)
@allow(*ANSWERERS)
async def acknowledge(request: Request, office: str, item: Item, body: Undertaking) -> Response:
    """Answers for the shortage, at the level whose answer is awaited or above. Past the promise it climbs on.

    409 `nothing_open`, `not_yours_to_answer`, `promise_is_past`, `promise_too_far`.
    """
    command = Acknowledge(
        **about(request, office, item),
        answerer=own_desk(request),
        action=body.action,
        promised_by=body.promised_by,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/escalations/{item}/decline", response_model=Written)
@allow(Role.PROVINCE)
async def decline(request: Request, office: str, item: Item, body: Because) -> Response:
    """Says that the province cannot help: the ministry is told at once.

    409 `nothing_open`, `not_yours_to_answer`, `province_not_asked`, `already_declined`.
    """
    command = Decline(**about(request, office, item), answerer=own_desk(request), reason=body.reason)
    return await write(request, body, command)


@api.post("/offices/{office}/escalations/{item}/forward", response_model=Written)
@allow(*ANSWERERS)
async def forward(request: Request, office: str, item: Item, body: Because) -> Response:
    """Asks the level above, by the one whose answer is awaited.

    409 `nothing_open`, `not_yours_to_answer`, `nobody_above`.
    """
    command = Forward(**about(request, office, item), answerer=own_desk(request), reason=body.reason)
    return await write(request, body, command)


@api.post("/offices/{office}/escalations/{item}/hand-back", response_model=Written)
@allow(*ANSWERERS)
async def hand_back(request: Request, office: str, item: Item, body: Because) -> Response:
    """Gives the shortage back to the level below, by the one whose answer is awaited: once in an episode.

    409 `nothing_open`, `not_yours_to_answer`, `nobody_below`, `handed_back_before`.
    """
    command = HandBack(**about(request, office, item), answerer=own_desk(request), reason=body.reason)
    return await write(request, body, command)


@api.post("/offices/{office}/escalations/{item}/comments", response_model=Written)
@allow(*ANSWERERS)
async def comment(request: Request, office: str, item: Item, body: Said) -> Response:
    """Adds a line to the history, until stock has recovered. Nobody is told of it. 409 `nothing_open`."""
    command = Comment(**about(request, office, item), role=principal(request).role, text=body.text)
    return await write(request, body, command)


@api.post("/offices/{office}/escalations/{item}/closing", response_model=Written)
@allow(*ANSWERERS)
async def close(request: Request, office: str, item: Item, body: Because) -> Response:
    """Ends the escalation by hand, though stock is short: everyone who was told is told. Worse stock opens it again.

    409 `nothing_open`, `not_yours_to_answer`.
    """
    command = Close(**about(request, office, item), answerer=own_desk(request), reason=body.reason)
    return await write(request, body, command)
