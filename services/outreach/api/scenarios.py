"""HTTP: what if more were needed? Who runs out when, and how many blanks are missing."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from services.outreach import views
from services.outreach.api.common import READERS, api
from services.outreach.api.forecasts import Region, cities
from services.outreach.domain import Item
from shared.http import SomeDay, allow, engine_of, fault_at, polled
from shared.offices import Office


@api.get("/scenarios")
@allow(*READERS)
async def ask_what_if(
    request: Request,
    item: Item,
    factor: Annotated[float, Query(gt=0, le=20)],
    since: Annotated[SomeDay, Query(alias="from")],
    to: SomeDay,
    region: Region = None,
) -> Response:
    """What if `factor` times as much were needed from a day to a day, both included, and nothing arrived?

    From the latest forecasts and what stock said last: for every office the day on which it runs out within the 90
    days of its forecast (null: it does not) and the blanks missing at their end, as foreseen and as asked;
    `missing_at_most` is exceeded once in ten times. Who runs out first comes first. The factor is on top of what the
    forecast has: surges that it knows, cards owed, visits and birthdays are in it. An office without a forecast or a
    book is `unknown`, and in no sum.
    """
    if to < since:
        raise fault_at("/query/to", "days", "Should not be before `from`")
    here = cities(request, region)
    ids = [office.id for office in here]
    async with engine_of(request).connect() as connection:
        forecasts = {row["office"]: row for row in await views.forecasts_of(connection, ids, item)}
        known = await views.known_now(connection, ids)
    shown, unknown = [], []
    for office in here:
        forecast, stock = forecasts.get(office.id), known.get((office.id, item))
        if forecast is None or stock is None or stock["available"] is None:
            unknown.append(office.id)
        else:
            shown.append(_office(office, forecast, stock, factor, since, to))
    shown.sort(key=lambda one: (one["as_asked"]["runs_out_on"] or date.max, one["office"]))
    ages = [one["as_of"] for one in shown]
    content = {
        "item": item,
        "region": region,
        "factor": factor,
        "from": since,
        "to": to,
        "oldest_figures": min(ages, default=None),
        "oldest_forecast": min((one["made_on"] for one in shown), default=None),
        "as_foreseen": _together(shown, "as_foreseen"),
        "as_asked": _together(shown, "as_asked"),
        "unknown": unknown,
        "of_offices": shown,
    }
    return polled(request, content)


def _office(
    office: Office, forecast: Mapping[Any, Any], stock: Mapping[Any, Any], factor: float, since: date, to: date
) -> dict[str, Any]:
    days: Sequence[int] = forecast["median"]
    first: date = forecast["first_day"]
    asked = [factor if since <= first + timedelta(days=n) <= to else 1.0 for n in range(len(days))]
    available = max(stock["available"], 0)
    return {
        "office": office.id,
        "name": office.name,
        "available": stock["available"],
        "as_of": stock["as_of"],
        "made_on": forecast["made_on"],
        "as_foreseen": _ends(available, first, forecast, [1.0] * len(days)),
        "as_asked": _ends(available, first, forecast, asked),
    }


def _ends(available: int, first: date, forecast: Mapping[Any, Any], factors: Sequence[float]) -> dict[str, Any]:
    """When so many run out, and how many are missing at the end.

    Each day's share of the need grows by its factor: what is expected of the days together, and what is exceeded once
    in ten times, grow by what these days add to them.
    """
    expected = _grown(forecast["cumulative_median"], factors)
    at_most = _grown(forecast["cumulative_high"], factors)
    out = next((n for n, needed in enumerate(expected) if needed > available), None)
    return {
        "runs_out_on": None if out is None else first + timedelta(days=out),
        "missing": max(round(expected[-1]) - available, 0),
        "missing_at_most": max(round(at_most[-1]) - available, 0),
    }


def _grown(together: Sequence[int], factors: Sequence[float]) -> list[float]:
    steps = [after - before for before, after in zip((0, *together[:-1]), together, strict=True)]
    return list(accumulate(step * factor for step, factor in zip(steps, factors, strict=True)))


def _together(shown: Sequence[Mapping[str, Any]], name: str) -> dict[str, int]:
    """Each office's own blanks count for itself: what is left at one is not at another."""
    return {
        "run_out": sum(one[name]["runs_out_on"] is not None for one in shown),
        "missing": sum(one[name]["missing"] for one in shown),
        "missing_at_most": sum(one[name]["missing_at_most"] for one in shown),
    }
