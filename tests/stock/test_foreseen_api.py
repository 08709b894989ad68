"""What is foreseen, over HTTP: every page says the same figures, and what they follow from."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.stock.api import silence
from services.stock.domain import NoteForecast
from services.stock.service import STOCK
from shared.ledger import Context
from shared.moments import utcnow
from shared.rebuild import rebuild
from tests.hosting import Caller
from tests.stock.bengkulu import BENGKULU
from tests.stock.test_api import CENTRE, HERE, SOON, counted, post, received, sent, types
from tests.stock.test_questions import WNI, got, use

pytestmark = pytest.mark.anyio

HIGH, MEDIAN = 1_000, 800


async def foresee(app: FastAPI, days_ago: int = 0) -> date:
    """A forecast of 1,000 pieces a day at most, made so many days ago."""
    now = utcnow()
    day = (now + timedelta(hours=7)).date() - timedelta(days=days_ago)
    said: dict[str, Any] = {"now": now, "occurred_at": now, "day": day, "office": BENGKULU, "item": "KTP_WNI"}
    figures: dict[str, Any] = {
        "cumulative_median": tuple(MEDIAN * n for n in range(1, 91)),
        "cumulative_high": tuple(HIGH * n for n in range(1, 91)),
    }
    command = NoteForecast(**said, made_on=day, first_day=day, **figures)
    await app.state.ledger.execute(command, Context(subject="stock-worker", route="blanko.17.outreach"))
    return day


async def test_every_page_says_the_same_and_what_it_follows_from(
    caller: Caller, app: FastAPI, database: ServiceDatabase
) -> None:
    store, desk = caller("storekeeper", BENGKULU), caller("national", "00")
    await post(store, f"{HERE}/opening-counts", counted(4_000))
    [plain] = (await got(store, f"{HERE}/balances"))["items"]
    assert (plain["level"], plain["cover_from"], plain["forecast"], plain["foreseen"]) == ("OK", "USE", None, False)
    today = await foresee(app)

    async def seen() -> list[dict[str, Any]]:
        [here] = (await got(store, f"{HERE}/balances"))["items"]
        [listed] = [of for of in (await got(store, "/balances"))["balances"] if of["office"] == BENGKULU]
        [on_the_page] = [of for of in (await got(desk, "/overview", **WNI))["worst"] if of["office"] == BENGKULU]
        return [here, *listed["items"], on_the_page]

    for page in await seen():
        assert (page["level"], page["foreseen"]) == ("LOW", True)
        assert (page["days_of_cover"], page["cover_from"]) == (5.0, "FORECAST")
    here, listed, _ = await seen()
    assert here == listed
    assert here["projected_empty_on"] == (today + timedelta(days=5)).isoformat()
    assert here["forecast"] == {"made_on": today.isoformat(), "reorder_point": 8_000, "lead_days": 7}
    assert here["thresholds"]["low"] < 4_000, "those are the shelf's"

    [crossing] = (await got(store, f"{HERE}/explain", **WNI, episode=1))["crossings"]
    assert [entry["fact"]["type"] for entry in crossing["because"]] == ["ForecastNoted"]
    assert crossing["forecast"] == {"made_on": today.isoformat(), "reorder_point": 8_000}
    asked = {"request": str(uuid4()), "item": "KTP_WNI", "quantity": 9_000, "reason": "prakiraan"}
    [requested] = (await post(store, f"{HERE}/replenishments", asked)).json()["facts"]
    assert (requested["situation"]["days_left"], requested["situation"]["cover_from"]) == (5.0, "FORECAST")

    owner = create_async_engine(database.owner_url)
    await rebuild(STOCK, owner)
    await owner.dispose()
    assert (await seen())[0] == here


async def test_a_forecast_that_is_old_or_switched_off_is_on_no_page(caller: Caller, app: FastAPI) -> None:
    store, head = caller("storekeeper", BENGKULU), caller("head", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(4_000))
    await foresee(app, days_ago=8)
    [item] = (await got(store, f"{HERE}/balances"))["items"]
    assert (item["cover_from"], item["forecast"]) == ("USE", None)
    await foresee(app)
    [item] = (await got(store, f"{HERE}/balances"))["items"]
    assert item["cover_from"] == "FORECAST"
    alone = {"item": "KTP_WNI", "low": None, "critical": None, "recovery": None, "forecast": False}
    assert types(await post(head, f"{HERE}/thresholds", alone)) == ["ThresholdsSet", "StockRecovered"]
    [item] = (await got(store, f"{HERE}/balances"))["items"]
    assert (item["level"], item["foreseen"], item["cover_from"], item["forecast"]) == ("OK", False, "USE", None)
    [version] = (await got(store, f"{HERE}/thresholds", **WNI))["thresholds"]
    assert (version["version"], version["low"], version["forecast"]) == (1, None, False)


async def test_a_forecast_is_no_word_of_the_office(
    caller: Caller, app: FastAPI, database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "REMEMBERED", 0.0)
    store = caller("storekeeper", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(4_000))
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        await connection.execute(text("update events set recorded_at = '2024-01-01Z'"))
    await owner.dispose()
    await foresee(app)
    [item] = (await got(store, f"{HERE}/balances"))["items"]
    assert (item["status"], item["level"], item["foreseen"]) == ("unknown", "LOW", True)
    await use(app)
    [item] = (await got(store, f"{HERE}/balances"))["items"]
    assert item["status"] == "LOW"


async def test_what_leaves_under_an_allocation_answers_the_request_behind_it(caller: Caller) -> None:
    store, province, desk = caller("storekeeper", BENGKULU), caller("province", "17"), caller("national", "00")
    await post(caller("storekeeper", "00"), f"{CENTRE}/opening-counts", counted(900_000))
    await post(store, f"{HERE}/opening-counts", counted(4_000))
    asked = {"request": str(uuid4()), "item": "KTP_WNI", "quantity": 9_000, "reason": "Pilkada"}
    steps = f"{HERE}/replenishments/{asked['request']}"
    await post(store, f"{HERE}/replenishments", asked)
    await post(province, f"{steps}/verifications", {"note": "sesuai"})
    await post(province, f"{steps}/forwardings", {"reason": "habis"})
    promise = {"allocation": str(uuid4()), "quantity": 9_000, "promised_on": SOON, "reason": "Pilkada"}
    types(await post(desk, f"{steps}/approvals", promise))
    dispatch = sent(9_000, allocation=promise["allocation"])
    announced = (await post(desk, f"{CENTRE}/consignments", dispatch)).json()["facts"][1]
    assert announced["request"] == asked["request"] and announced["requested_on"] is not None
    arrived = await post(store, f"{HERE}/receipts", received(9_000, consignment=dispatch["consignment"]))
    [lesson] = [fact for fact in arrived.json()["facts"] if fact["type"] == "LeadTimeLearned"]
    assert (lesson["days"], lesson["request"]) == (0, asked["request"])
