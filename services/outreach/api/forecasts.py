"""HTTP: what will be needed, by which method that is known, and how well that method did."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from starlette.responses import Response

from services.outreach import views
from services.outreach.api.common import READERS, api
from services.outreach.domain import Item, Method
from shared.http import NotFound, allow, engine_of, offices_in_scope, polled
from shared.moments import utcnow
from shared.offices import Office

SAID: dict[Method, str] = {
    "POISSON": "Poisson regression on weekdays, holidays, surges and a damped trend",
    "WEEKDAY_MEAN": "the mean of the same weekday in the last weeks",
    "SEASONAL_NAIVE": "the same weekday a week before",
    "MOVING_AVERAGE": "the mean of the last weeks",
    "POPULATION": "too little history: the office's share of the nation's prints, by its population",
}
NAIVE: Method = "SEASONAL_NAIVE"
Region = Annotated[str | None, Query(pattern=r"^[0-9]{2}(\.[0-9]{2})?$")]


@api.get("/offices/{office}/forecasts/{item}")
@allow(*READERS)
async def get_forecast(request: Request, office: str, item: Item) -> Response:
    """The latest forecast: each of 90 days with its median and the interval that holds 8 of 10 such days, in pieces,
    and all days up to it together. `method` says how it is known; POPULATION: the history is too short to say more."""
    async with engine_of(request).connect() as connection:
        found = await views.forecast(connection, office, item)
    if found is None:
        raise NotFound("forecast")
    days = [
        {
            "day": found["first_day"] + timedelta(days=n),
            "median": median / 1000,
            "low": low / 1000,
            "high": high / 1000,
            "together": together,
            "together_at_most": at_most,
        }
        for n, (median, low, high, together, at_most) in enumerate(
            zip(
                *(found[name] for name in ("median", "low", "high", "cumulative_median", "cumulative_high")),
                strict=True,
            )
        )
    ]
    said = {name: found[name] for name in ("office", "item", "made_on", "method", "history_days", "inputs")}
    return polled(request, said | {"method_said": SAID[found["method"]], "days": days})


@api.get("/forecasts")
@allow(*READERS)
async def list_forecasts(request: Request, item: Item, region: Region = None) -> Response:
    """What a region's offices will need of an item, in pieces: by week together, and each office's 30 and 90 days.

    `unknown` are offices without a forecast. Medians are added up as they are; the region's own interval is
    narrower than the sum of its offices' and is not given.
    """
    here = cities(request, region)
    async with engine_of(request).connect() as connection:
        found = await views.forecasts_of(connection, [office.id for office in here], item)
    names = {office.id: office.name for office in here}
    offices = [
        {
            "office": row["office"],
            "name": names[row["office"]],
            "made_on": row["made_on"],
            "method": row["method"],
            "days_30": row["cumulative_median"][29],
            "days_90": row["cumulative_median"][89],
            "days_30_at_most": row["cumulative_high"][29],
            "days_90_at_most": row["cumulative_high"][89],
        }
        for row in found
    ]
    weeks = [
        {"from": found[0]["first_day"] + timedelta(days=n), "median": round(_added(found, n, n + 7) / 1000)}
        for n in (range(0, 84, 7) if found else ())
    ]
    unknown = sorted(names.keys() - {row["office"] for row in found})
    return polled(request, {"item": item, "region": region, "weeks": weeks, "of_offices": offices, "unknown": unknown})


@api.get("/offices/{office}/backtests/{item}")
@allow(*READERS)
async def get_backtest(request: Request, office: str, item: Item) -> Response:
    """How each method would have done: `chosen_by` on earlier months, where the choice was made, and `judged_by` on
    later ones that it did not know. `mase` below 1 beats the same weekday a week before in the history; `coverage` is
    the share of days in the 80 % interval; `mae` in pieces a day. Both are empty when there is too little history."""
    async with engine_of(request).connect() as connection:
        found = await views.judgement(connection, office, item)
    if found is None:
        raise NotFound("backtest")
    scores = {name: _scores(found[name]) for name in ("chosen_by", "judged_by")}
    said = {name: found[name] for name in ("office", "item", "judged_on", "chosen")}
    return polled(request, said | {"chosen_said": SAID[found["chosen"]]} | scores)


@api.get("/backtests")
@allow(*READERS)
async def list_backtests(request: Request, item: Item, region: Region = None) -> Response:
    """The backtests of a region's offices: the chosen method against the seasonal-naive one on the later months, the
    worst first; `ratio` is MAE ÷ MAE. `beaten` counts the offices where the choice does better."""
    here = cities(request, region)
    async with engine_of(request).connect() as connection:
        found = await views.judgements_of(connection, [office.id for office in here], item)
    offices = []
    for row in found:
        judged = row["judged_by"]
        if judged:
            mine, naive = judged[row["chosen"]], judged[NAIVE]
            ratio = mine["mae"] / naive["mae"] if naive["mae"] else None
            offices.append({"office": row["office"], "chosen": row["chosen"], "ratio": ratio, **_score(mine)})
    offices.sort(key=lambda one: (-(one["ratio"] or 0), one["office"]))
    beaten = sum(one["ratio"] is not None and one["ratio"] < 1 for one in offices)
    counted = {"judged": len(offices), "beaten": beaten, "not_judged": len(here) - len(offices)}
    return polled(request, {"item": item, "region": region, **counted, "of_offices": offices})


def cities(request: Request, region: str | None) -> list[Office]:
    """The caller's cities and regencies, or those of a region in his scope. Raises 404."""
    now = utcnow()
    mine = [office for office in offices_in_scope(request) if office.serves]
    here = [office for office in mine if region in (None, "00", office.id, office.code(now), office.province(now))]
    if not here:
        raise NotFound("region")
    return here


def _added(found: Any, first: int, last: int) -> int:
    return sum(sum(row["median"][first:last]) for row in found)


def _scores(scores: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    return {method: _score(score) for method, score in scores.items()}


def _score(score: Mapping[str, int]) -> dict[str, Any]:
    thousandths = {name: score[name] / 1000 for name in ("mase", "coverage", "mae")}
    return thousandths | {"days": score["days"]}
