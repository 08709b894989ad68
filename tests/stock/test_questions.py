"""The questions stock answers, over HTTP on the real PostgreSQL."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.stock.api import silence
from services.stock.api.stock_card import HEADER
from services.stock.domain import COLUMNS, NotePrintDebt, UseBlank
from shared.ledger import Context
from tests.hosting import Caller
from tests.stock.bengkulu import BENGKULU
from tests.stock.test_api import CENTRE, HERE, PLACE, SOON, counted, post, received, sent, types

pytestmark = pytest.mark.anyio

STORE = PLACE["location"]
WNI = {"item": "KTP_WNI"}


def ago(**past: float) -> str:
    return (datetime.now(UTC) - timedelta(**past)).isoformat()


async def got(client: httpx2.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def status(client: httpx2.AsyncClient, path: str, **params: Any) -> int:
    return (await client.get(path, params=params)).status_code


async def use(app: FastAPI, subject: str = "stock-worker", **but: Any) -> None:
    now = datetime.now(UTC)
    said: dict[str, Any] = {"now": now, "occurred_at": now, "office": BENGKULU, "item": "KTP_WNI", "day": now.date()}
    said |= {"location": STORE, "job": uuid4().hex, "daily_use_default": 1_000}
    await app.state.ledger.execute(UseBlank(**said | but), Context(subject=subject, route="test"))


@pytest.fixture
async def office(caller: Caller) -> httpx2.AsyncClient:
    """A storekeeper whose store was counted three days ago, was given 50 a day later, and 20 more just now."""
    store = caller("storekeeper", BENGKULU)
    types(await post(store, f"{HERE}/opening-counts", counted(100, occurred_at=ago(days=3))))
    types(await post(store, f"{HERE}/receipts", received(50, occurred_at=ago(days=2))))
    types(await post(store, f"{HERE}/receipts", received(20, bast="=470/2")))
    return store


async def test_balances_as_of_a_moment_and_as_known_at_another(office: httpx2.AsyncClient) -> None:
    async def on_hand(**when: str) -> int:
        [item] = (await got(office, f"{HERE}/balances", **when))["items"]
        assert item["locations"] == [{"location": STORE, "on_hand": item["on_hand"]}]
        return int(item["on_hand"])

    assert await on_hand(as_of=ago(days=4)) == 0
    assert await on_hand(as_of=ago(days=2.5)) == 100
    assert await on_hand(as_of=ago(days=1)) == 150
    assert await on_hand(as_of=ago(days=-1)) == 170
    assert await on_hand(known_at=ago(days=1)) == 0, "all of it was entered today"
    assert await status(office, f"{HERE}/balances", as_of="2024-11-04T12:00:00") == 422
    assert await status(office, f"{HERE}/balances", as_of="0001-01-01T00:00:00+10:00") == 422


async def test_a_stock_card_a_page_at_a_time(office: httpx2.AsyncClient) -> None:
    whole = await got(office, f"{HERE}/stock-card", **WNI)
    assert (whole["opening"], whole["closing"], whole["next"]) == (0, 170, None)
    assert [line["balance"] for line in whole["lines"]] == [100, 150, 170]
    assert [line["late"] for line in whole["lines"]] == [True, True, False]
    first = whole["lines"][0]
    assert (first["fact"], first["reference"], first["entry"]) == ("BlanksReceived", "BA-1/2024", 2)
    assert first["columns"] == dict.fromkeys(COLUMNS, 0) | {"received": 100}
    page = await got(office, f"{HERE}/stock-card", **WNI, limit=2)
    rest = await got(office, f"{HERE}/stock-card", **WNI, limit=2, cursor=page["next"])
    assert page["lines"] + rest["lines"] == whole["lines"] and rest["next"] is None
    window = await got(office, f"{HERE}/stock-card", **WNI, **{"from": ago(days=2.5), "to": ago(days=1)})
    assert (window["opening"], window["closing"], len(window["lines"])) == (100, 150, 1)
    elsewhere = await got(office, f"{HERE}/stock-card", **WNI, location="van")
    assert (elsewhere["opening"], elsewhere["closing"], elsewhere["lines"]) == (0, 0, [])
    never = await got(office, f"{HERE}/stock-card", item="KIA")
    assert (never["closing"], never["lines"]) == (0, [])
    for start in (ago(days=-1), ago(days=400)):
        assert await status(office, f"{HERE}/stock-card", **WNI, **{"from": start}) == 422


async def test_a_reversal_and_what_it_reversed_name_each_other_on_the_card(office: httpx2.AsyncClient) -> None:
    card = await got(office, f"{HERE}/stock-card", **WNI)
    mistaken = card["lines"][1]["entry"]
    types(await post(office, f"{HERE}/reversals", {**WNI, "entry": mistaken, "reason": "dua kali"}))
    lines = (await got(office, f"{HERE}/stock-card", **WNI))["lines"]
    assert [line["balance"] for line in lines] == [100, 150, 100, 120]
    assert lines[1]["reversed_by"] == lines[2]["entry"] and lines[2]["reverses"] == mistaken
    assert lines[2]["columns"]["received"] == -50 and lines[0]["reversed_by"] is None


async def test_a_stock_card_as_csv(office: httpx2.AsyncClient) -> None:
    answer = await office.get(f"{HERE}/stock-card", params={**WNI, "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    header, *lines = csv.reader(io.StringIO(answer.text))
    assert tuple(header) == HEADER
    assert [line[header.index("Sisa")] for line in lines] == ["100", "150", "170"]
    assert lines[2][header.index("Referensi")] == "'=470/2", "no formula"
    assert lines[0][header.index("Terjadi")].endswith(" WIB")


async def test_the_custody_of_a_number_and_who_asked_for_it(caller: Caller) -> None:
    centre, store, desk = caller("storekeeper", "00"), caller("storekeeper", BENGKULU), caller("national", "00")
    box, name = {"first": "KT0001", "last": "KT0010"}, str(uuid4())
    await post(centre, f"{CENTRE}/opening-counts", counted(0))
    types(await post(centre, f"{CENTRE}/receipts", received(10, source="PROCUREMENT", serials=box)))
    part = {"first": "KT0003", "last": "KT0004"}
    types(await post(desk, f"{CENTRE}/consignments", sent(2, consignment=name, serials=part)))
    types(await post(store, f"{HERE}/receipts", received(2, consignment=name, serials=part)))
    found = await got(store, "/serials/KTP_WNI/KT0004")
    held = [(link["condition"], link["office"], link["place"]) for link in found["chain"]]
    assert held == [("HELD", "00", STORE), ("IN_TRANSIT", "00", name), ("HELD", BENGKULU, STORE)]
    assert found["custodian"] == found["chain"][-1] and found["gap"] is None
    assert len((await got(desk, "/serials/KTP_WNI/KT0005"))["chain"]) == 1

    assert await status(store, "/serials/KTP_WNI/KT0005") == 404, "never held in Bengkulu"
    assert await status(desk, "/serials/KTP_WNI/KT0011") == 404, "never heard of"
    assert await status(desk, "/serials/KIA/KT0004") == 404
    assert await status(desk, "/serials/KTP_WNI/KT-4") == 422

    types(await post(store, f"{HERE}/receipts", received(1, serials={"first": "KT0007", "last": "KT0007"})))
    stolen = await got(desk, "/serials/KTP_WNI/KT0007")
    assert stolen["gap"] == {"link": 1, "why": "not_handed_over"}

    auditor = caller("auditor", "00")
    page = await got(auditor, "/custody-reads", limit=4)
    rest = await got(auditor, "/custody-reads", limit=4, cursor=page["next"])
    asked = [(read["subject"], read["serial"], read["found"]) for read in page["reads"] + rest["reads"]]
    assert asked == [
        ("national-00", "KT0007", True),
        ("national-00", "KT0004", False),
        ("national-00", "KT0011", False),
        (f"storekeeper-{BENGKULU}", "KT0005", False),
        ("national-00", "KT0005", True),
        (f"storekeeper-{BENGKULU}", "KT0004", True),
    ]
    here = await got(caller("auditor", "17"), "/custody-reads")
    assert {read["subject"] for read in here["reads"]} == {f"storekeeper-{BENGKULU}"}
    assert await status(desk, "/custody-reads") == 403


async def test_the_nation_at_a_glance_and_its_provinces(caller: Caller) -> None:
    desk = caller("national", "00")
    await post(caller("storekeeper", "00"), f"{CENTRE}/opening-counts", counted(900))
    await post(caller("storekeeper", BENGKULU), f"{HERE}/opening-counts", counted(10_000))
    await post(caller("storekeeper", "17.01"), "/offices/17.01/opening-counts", counted(0))
    types(await post(desk, f"{CENTRE}/consignments", sent(300)))
    nation = await got(desk, "/overview", **WNI)
    assert nation["offices"] == {"total": 514, "onboard": 2, "not_on_board": 512, "unknown": 0}
    assert nation["levels"] == {"OK": 1, "LOW": 0, "CRITICAL": 0, "EMPTY": 1}
    assert (nation["on_hand"], nation["in_buffers"], nation["in_transit"]) == (10_600, 600, 300)
    assert nation["usable"] == nation["available"] == 10_600
    assert nation["worst"][0]["office"] == "17.01"
    assert len(nation["provinces"]) == 39
    [bengkulu] = [each for each in nation["provinces"] if each["province"] == "17"]
    assert (bengkulu["on_hand"], bengkulu["in_transit"], bengkulu["offices"]["total"]) == (10_000, 300, 10)
    one = await got(desk, "/overview", **WNI, province="17")
    statuses = [(each["office"], each["status"]) for each in one["of_offices"]]
    assert statuses[:2] == [("17.01", "EMPTY"), (BENGKULU, "OK")] and len(statuses) == 11
    assert {status for _, status in statuses[2:]} == {"not_on_board"}
    province = await got(caller("province", "17"), "/overview", **WNI)
    assert [each["province"] for each in province["provinces"]] == ["17"] and province["on_hand"] == 10_000
    assert await status(caller("province", "17"), "/overview", **WNI, province="18") == 404
    ribbons = {**counted(1), "item": "RIBBON"}
    types(await post(caller("storekeeper", BENGKULU), f"{HERE}/opening-counts", ribbons))
    assert (await got(desk, "/overview", **WNI))["usable"] == 600 + 500, "a ribbon is for 500 cards"
    assert (await got(desk, "/overview", item="RIBBON"))["on_hand"] == 1


async def test_what_an_office_owes_stands_beside_what_it_holds(caller: Caller, app: FastAPI) -> None:
    store, desk, now = caller("storekeeper", BENGKULU), caller("national", "00"), datetime.now(UTC)
    await post(store, f"{HERE}/opening-counts", counted(200))
    for office, owed in ((BENGKULU, 212), ("17.01", 30)):
        told: dict[str, Any] = {"now": now, "occurred_at": now, "day": now.date(), "office": office}
        debt = NotePrintDebt(**told, item="KTP_WNI", owed=owed)
        await app.state.ledger.execute(debt, Context(subject="stock-worker", route="test"))
    [balance] = (await got(store, f"{HERE}/balances"))["items"]
    assert (balance["on_hand"], balance["print_debt"]) == (200, 212)
    nation = await got(desk, "/overview", **WNI)
    assert nation["print_debt"] == 242
    assert [each["print_debt"] for each in nation["provinces"] if each["province"] == "17"] == [242]
    of_province = (await got(desk, "/overview", **WNI, province="17"))["of_offices"]
    assert {each["office"]: each["print_debt"] for each in of_province if each["print_debt"]} == {
        BENGKULU: 212,
        "17.01": 30,
    }


async def test_an_office_of_which_only_the_clock_speaks_is_unknown(
    caller: Caller, app: FastAPI, database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "REMEMBERED", 0.0)
    store, desk = caller("storekeeper", BENGKULU), caller("national", "00")
    await post(store, f"{HERE}/opening-counts", counted(10_000))
    await post(store, f"{HERE}/opening-counts", {**counted(10), "item": "KIA"})
    owner = create_async_engine(database.owner_url)

    async def seen() -> tuple[set[str], int]:
        items = (await got(store, f"{HERE}/balances"))["items"]
        return {item["status"] for item in items}, (await got(desk, "/overview", **WNI))["offices"]["unknown"]

    async def all_recorded(days: int) -> None:
        async with owner.begin() as connection:
            moment = datetime.now(UTC) - timedelta(days=days)
            await connection.execute(text("update events set recorded_at = :at"), {"at": moment})

    assert (await seen())[1] == 0
    await all_recorded(days=21)
    assert await seen() == ({"unknown"}, 1)
    await use(app, subject="stock-clock")
    assert await seen() == ({"unknown"}, 1), "the clock is not the office"
    await use(app, item="KIA")
    statuses, unknown = await seen()
    assert "unknown" not in statuses and unknown == 0, "an office that speaks of one item is not silent"
    await owner.dispose()


async def test_an_office_that_has_just_spoken_is_not_taken_for_silent_meanwhile(
    caller: Caller, app: FastAPI, database: ServiceDatabase
) -> None:
    store = caller("storekeeper", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(10_000))
    owner = create_async_engine(database.owner_url)
    async with owner.begin() as connection:
        await connection.execute(text("update events set recorded_at = '2024-01-01Z'"))
    await owner.dispose()
    [item] = (await got(store, f"{HERE}/balances"))["items"]
    assert item["status"] == "unknown"
    await use(app)
    [item] = (await got(store, f"{HERE}/balances"))["items"]
    assert item["status"] == "OK", "what is remembered for a minute is asked again for one office"


async def test_a_balance_is_explained_from_its_last_count(office: httpx2.AsyncClient, app: FastAPI) -> None:
    await use(app)
    explained = await got(office, f"{HERE}/explain", **WNI)
    [here] = explained["locations"]
    assert (here["location"], here["on_hand"], here["held"]) == (STORE, 169, 100)
    assert (here["counted"]["fact"]["type"], here["counted"]["entry"]) == ("BlanksReceived", 2)
    assert here["since"] == {"received": 70, "used": -1} and here["movements"] == 3
    assert [entry["fact"]["type"] for entry in here["deciding"]] == ["BlanksReceived", "BlankUsed"]
    await use(app, location="van")
    van = (await got(office, f"{HERE}/explain", **WNI, location="van"))["locations"]
    assert (van[0]["held"], van[0]["counted"], van[0]["since"]) == (0, None, {"used": -1})
    both = (await got(office, f"{HERE}/explain", **WNI))["locations"]
    assert [(each["location"], each["held"], each["movements"]) for each in both] == [(STORE, 100, 3), ("van", 0, 1)]
    assert await status(office, f"{HERE}/explain", **WNI, location="nowhere") == 404
    assert await status(office, f"{HERE}/explain", **WNI, location=STORE, entry=1) == 422


async def test_a_crossing_is_explained_by_what_decided_it_and_what_was_believed(
    office: httpx2.AsyncClient, caller: Caller
) -> None:
    own = {**WNI, "low": 100, "critical": 50, "recovery": None}
    assert types(await post(caller("head", BENGKULU), f"{HERE}/thresholds", own))[-1] == "StockRecovered"
    answer = await got(office, f"{HERE}/explain", **WNI, episode=1)
    low, recovered = answer["crossings"][0], answer["crossings"][-1]
    assert low["crossing"]["fact"]["type"] == "StockLow" and low["thresholds"]["version"] == 0
    assert [entry["fact"]["type"] for entry in low["because"]] == ["DailyUseEstimated", "BlanksReceived"]
    assert low["thresholds"]["low"] > 1_000 and low["daily_use"] > 100
    assert recovered["crossing"]["fact"]["type"] == "StockRecovered"
    assert [entry["fact"]["type"] for entry in recovered["because"]] == ["ThresholdsSet"]
    assert recovered["thresholds"] == {"low": 100, "critical": 50, "recovery": 120, "version": 1}
    assert await status(office, f"{HERE}/explain", **WNI, episode=2) == 404


async def test_a_refusal_is_retraced_at_its_entry(office: httpx2.AsyncClient) -> None:
    before = (await got(office, f"{HERE}/stock-card", **WNI))["lines"][1]["entry"]
    at = await got(office, f"{HERE}/explain", **WNI, entry=before)
    assert at["locations"] == [{"location": STORE, "on_hand": 150, "quarantined": 0}]
    assert (at["on_hand"], at["available"], at["level"]) == (150, 150, "CRITICAL")
    assert at["deciding"]["fact"]["type"] == "BlanksReceived" and at["thresholds"]["version"] == 0
    assert await status(office, f"{HERE}/explain", **WNI, entry=999) == 404
    assert await status(office, f"{HERE}/explain", **WNI, entry=0) == 422
    assert await status(office, f"{HERE}/explain", item="KIA", entry=1) == 404


async def test_consignments_are_listed_for_both_ends_and_nobody_else(caller: Caller) -> None:
    desk, store = caller("national", "00"), caller("storekeeper", BENGKULU)
    await post(caller("storekeeper", "00"), f"{CENTRE}/opening-counts", counted(900))
    names = sorted(str(uuid4()) for _ in range(3))
    for name in names:
        types(await post(desk, f"{CENTRE}/consignments", sent(5, consignment=name)))
    types(await post(store, f"{HERE}/receipts", received(5, consignment=names[0])))

    async def listed(client: httpx2.AsyncClient, **params: Any) -> list[str]:
        return [each["consignment"] for each in (await got(client, "/consignments", **params))["consignments"]]

    assert await listed(desk) == await listed(store) == await listed(store, office=BENGKULU) == names
    assert await listed(store, open="true") == names[1:]
    assert await listed(caller("province", "18")) == []
    assert await status(store, "/consignments", office="17.01") == 404
    page = await got(store, "/consignments", limit=2)
    assert await listed(store, cursor=page["next"]) == names[2:]


async def test_loans_are_listed_for_both_ends_with_what_is_still_owed(caller: Caller) -> None:
    lender = caller("storekeeper", "17.01")
    await post(lender, "/offices/17.01/opening-counts", counted(9_000))
    name = str(uuid4())
    granted = {**WNI, "loan": name, "lender": "17.01", "quantity": 40, "return_by": SOON, "requested_by": "p:dedi"}
    types(await post(caller("province", "17"), f"{HERE}/loans", granted))
    types(await post(lender, "/offices/17.01/consignments", sent(40, loan=name)))
    for client in (caller("storekeeper", BENGKULU), lender, caller("province", "17")):
        [loan] = (await got(client, "/loans"))["loans"]
        assert (loan["loan"], loan["lender"], loan["borrower"]) == (name, "17.01", BENGKULU)
        assert (loan["lent"], loan["outstanding"], loan["return_by"]) == (40, 40, SOON)
    assert (await got(caller("storekeeper", "17.02"), "/loans"))["loans"] == []
    assert await status(lender, "/loans", office=BENGKULU) == 404


async def test_open_questions_name_the_facts_that_asked(office: httpx2.AsyncClient, app: FastAPI) -> None:
    assert (await got(office, f"{HERE}/discrepancies"))["discrepancies"] == []
    await use(app, location="van")
    [question] = (await got(office, f"{HERE}/discrepancies"))["discrepancies"]
    assert (question["item"], question["location"], question["kind"]) == ("KTP_WNI", "van", "BELOW_ZERO")
    assert question["count_wanted"] and [found["figures"] for found in question["found"]] == [{"location_on_hand": -1}]
    types(await post(office, f"{HERE}/opening-counts", counted(3, location="van")))
    assert (await got(office, f"{HERE}/discrepancies"))["discrepancies"] == []
    for _ in range(4):
        await use(app, location="van")
    [question] = (await got(office, f"{HERE}/discrepancies"))["discrepancies"]
    assert len(question["found"]) == 1, "what a count has answered asks no more"
