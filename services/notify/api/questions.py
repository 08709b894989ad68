"""Questions: why there is an alert or none, how shortages went, and all episodes of an office."""

from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from services.notify.api.common import READERS, Item, api
from services.notify.domain import MINISTRY
from services.notify.views.questions import Figures, calendar_of, episodes_of, figures
from services.notify.views.rules import policy_on
from services.notify.views.why import why
from services.notify.wording.why import why_in_words
from shared.http import (
    Limit,
    NotFound,
    SomeDay,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    fault_at,
    office_of,
    offices_in_scope,
    polled,
)
from shared.moments import utcnow
from shared.offices import Office

DEFAULT_DAYS = 90
DAYS_AT_MOST = 366

From = Annotated[SomeDay | None, Query(alias="from")]
To = Annotated[SomeDay | None, Query(alias="to")]


@api.get("/offices/{office}/why/{item}")
@allow(*READERS)
async def get_why(request: Request, office: str, item: Item) -> Response:
    """Why there is an alert of this item at this office now, or none: every reason, and what happens next and when.

    `because` has the decisive reason first, `sentences` say the same in Bahasa Indonesia. People are references.
    """
    now = utcnow()
    here = office_of(request, office)
    topic = request.app.state.offices.topic("stock", office, now)
    async with engine_of(request).connect() as connection:
        answer = await why(connection, here, item, topic, now)
    return polled(request, {**msgspec.structs.asdict(answer), "sentences": why_in_words(answer)})


@api.get("/figures")
@allow(*READERS)
async def get_figures(
    request: Request,
    office: str | None = None,
    province: str | None = None,
    item: Item | None = None,
    since: From = None,
    until: To = None,
) -> Response:
    """Shortages that were opened on the days `from` to `to` (both included; the last 90), in the caller's scope.

    How many, how far they climbed, who answered first, and hours until an answer and until recovery: p50, p90, p99.
    For one office, for the offices of one province, or by province for all. Days begin at midnight at the centre,
    offices count where they are today; working hours are those of the nation's policy of today.
    """
    offices = [(each, each.province(utcnow())) for each in offices_in_scope(request)]
    offices = [(each, of) for each, of in offices if office in (None, each.id) and province in (None, of)]
    if not offices:
        raise NotFound("office" if office is not None else "province")
    by_office = office is not None or province is not None
    centre = request.app.state.offices.known(MINISTRY)
    first, last = _days(centre, since, until)
    async with engine_of(request).connect() as connection:
        whole, parts = await figures(
            connection,
            [(each, each.id if by_office else of) for each, of in offices],
            centre.begin_of(first),
            centre.end_of(last),
            await calendar_of(connection),
            (await policy_on(connection, MINISTRY, centre.day_at(utcnow()))).policy.hours,
            item,
        )
    content: dict[str, Any] = {"from": first, "to": last, "item": item, **_shown(whole)}
    part = "office" if by_office else "province"
    content[f"{part}s"] = [{part: name, **_shown(each)} for name, each in parts.items()]
    return polled(request, content)


@api.get("/offices/{office}/episodes")
@allow(*READERS)
async def get_episodes(
    request: Request, office: str, item: Item | None = None, start: Start = None, limit: Limit = 50
) -> Response:
    """Every episode of shortage at this office, the latest first: how far it climbed, who answered, how it ended."""
    async with engine_of(request).connect() as connection:
        rows = await episodes_of(connection, office, item, _last_seen(start), limit)
    following = cursor(rows[-1]["item"], rows[-1]["episode"]) if len(rows) == limit else None
    return polled(request, {"office": office, "episodes": [dict(row) for row in rows], "next": following})


def _last_seen(start: str | None) -> tuple[str, int] | None:
    key = after(start, str, int)
    return None if key is None else (key[0], min(max(key[1], 0), 2**31 - 1))


def _days(centre: Office, since: date | None, until: date | None) -> tuple[date, date]:
    """The days asked for. Raises a 422 `Problem` when they are too many, or end before they begin."""
    last = until or centre.day_at(utcnow())
    first = since or last - timedelta(days=DEFAULT_DAYS - 1)
    if not first <= last < first + timedelta(days=DAYS_AT_MOST):
        raise fault_at("/query/to", "days", f"Should be at most {DAYS_AT_MOST} days, `from` first")
    return first, last


def _shown(found: Figures) -> dict[str, Any]:
    return msgspec.structs.asdict(found)
