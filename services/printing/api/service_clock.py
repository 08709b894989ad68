"""From validated to printed within 24 working hours: how it went, and how it goes for those who wait."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import READERS, api
from services.printing.domain import CARDS
from services.printing.views import PROMISE, Pause, on_the_clock, promised_since
from shared.http import SomeDay, allow, engine_of, fault_at, office_of, polled
from shared.moments import utcnow

DAYS = 31
PERCENTILES = (50, 90, 95, 99)
NOBODY = {"jobs": 0, "oldest_since": None, "over_promise": 0}


@api.get("/offices/{office}/service-clock")
@allow(*READERS)
async def get_service_clock(
    request: Request,
    office: str,
    first: Annotated[SomeDay, Query(alias="from")],
    last: Annotated[SomeDay, Query(alias="to")],
) -> Response:
    """How many working hours the cards took that were printed on these days of the office, at most 31; what waits now.

    Each moment of a working day counts; none while stock's book was empty (`paused`). `unmeasured` are cards
    whose request came no sooner than they did. A job's second card is not counted.
    """
    if not first <= last < first + timedelta(days=DAYS):
        raise fault_at("/query/to", "days", f"Should be one of the {DAYS} days that begin with `from`")
    here, now = office_of(request, office), utcnow()
    begin, end = here.begin_of(first), here.end_of(last)
    async with engine_of(request).connect() as connection:
        cards = await views.cards_printed(connection, office, begin, end)
        oldest = min((card["print_ready_at"] for card in cards), default=begin)
        known = await views.pauses_since(connection, min(oldest, now - views.LOOKED_BACK), now, office)
        pauses: dict[str, list[Pause]] = {item: known.get((office, item), []) for item in CARDS}
        promised = {item: promised_since(now, paused, here.timezone) for item, paused in pauses.items()}
        waiting = await views.waiting_over(connection, office, promised)
    took: dict[str, list[timedelta]] = {item: [] for item in CARDS}
    unmeasured = dict.fromkeys(took, 0)
    for card in cards:
        item, ready, at = card["item"], card["print_ready_at"], card["at"]
        if ready < at:
            took[item].append(on_the_clock(ready, at, pauses[item], here.timezone))
        else:
            unmeasured[item] += 1
    content = {
        "office": office,
        "from": first,
        "to": last,
        "promised_hours": views.hours(PROMISE),
        "printed": percentiles([time for times in took.values() for time in times])
        | {"unmeasured": sum(unmeasured.values())},
        "items": [
            {
                "item": item,
                "printed": percentiles(took[item]) | {"unmeasured": unmeasured[item]},
                "paused": [_shown(pause, now) for pause in pauses[item] if _within(pause, begin, end)],
                "waiting": waiting.get(item, NOBODY),
            }
            for item in CARDS
        ],
    }
    return polled(request, content)


def percentiles(took: Sequence[timedelta]) -> dict[str, Any]:
    """Of so many cards the hours within which that share of them was printed, each one that a card took; or None."""
    known = sorted(took)
    within = sum(each <= PROMISE for each in known)
    shown: dict[str, Any] = {"count": len(known), "within": within, "share": _share(within, len(known))}
    for percent in PERCENTILES:
        shown[f"p{percent}"] = views.hours(known[ceil(len(known) * percent / 100) - 1]) if known else None
    return shown


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _within(pause: Pause, begin: datetime, end: datetime) -> bool:
    return pause.ended is not None and pause.began < end and pause.ended > begin


def _shown(pause: Pause, now: datetime) -> dict[str, Any]:
    over = pause.ended is not None and pause.ended < now
    return {"because": "EMPTY", "began": pause.began, "ended": pause.ended if over else None}
