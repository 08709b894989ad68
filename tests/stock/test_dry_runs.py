"""What would be: a dry run shows the affected balances and stores nothing."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient

from tests.hosting import Caller

pytestmark = pytest.mark.anyio

HERE = "/offices/17.71"
STORE, MALL = {"item": "KTP_WNI", "location": "Gudang"}, "MPP"
COUNTERS = ["p:ani", "p:budi"]


def ago(hours: float) -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).isoformat()


async def say(caller: AsyncClient, path: str, body: dict[str, Any], dry: bool = False) -> Any:
    query = "?dry_run=true" if dry else ""
    return await caller.post(f"{HERE}{path}{query}", json=body, headers={"Idempotency-Key": uuid4().hex})


async def test_a_backdated_move_shows_every_balance_since(caller: Caller) -> None:
    store = caller("storekeeper", "17.71")
    opening = {**STORE, "quantity": 100, "counters": COUNTERS, "minutes": "BA-1", "occurred_at": ago(72)}
    assert (await say(store, "/opening-counts", opening)).status_code == 201
    receipt = {**STORE, "quantity": 50, "source": "PROVINCE", "bast": "b", "counters": COUNTERS}
    assert (await say(store, "/receipts", {**receipt, "occurred_at": ago(24)})).status_code == 201

    move = {**STORE, "to": MALL, "quantity": 30, "occurred_at": ago(48)}
    shown = await say(store, "/moves", move, dry=True)
    assert shown.status_code == 200, shown.text
    answer = shown.json()
    assert (answer["dry_run"], answer["facts"][0]["type"]) == (True, "BlanksMoved")
    at_the_store, at_the_mall = answer["balances"]
    assert (at_the_store["location"], at_the_store["before"], at_the_store["after"]) == ("Gudang", 150, 120)
    assert [(later["before"], later["after"]) for later in at_the_store["later"]] == [(150, 120)]
    assert (at_the_mall["location"], at_the_mall["before"], at_the_mall["after"]) == ("MPP", 0, 30)

    [balance] = (await store.get(f"{HERE}/balances")).json()["items"]
    assert [place["on_hand"] for place in balance["locations"]] == [150], "nothing was stored"
    assert (await say(store, "/moves", move)).status_code == 201


async def test_a_dry_run_is_refused_as_the_real_one_would_be(caller: Caller) -> None:
    store = caller("storekeeper", "17.71")
    opening = {**STORE, "quantity": 10, "counters": COUNTERS, "minutes": "BA-1", "occurred_at": ago(72)}
    await say(store, "/opening-counts", opening)
    receipt = {**STORE, "quantity": 50, "source": "PROVINCE", "bast": "b", "counters": COUNTERS}
    await say(store, "/receipts", {**receipt, "occurred_at": ago(24)})
    refused = await say(store, "/moves", {**STORE, "to": MALL, "quantity": 30, "occurred_at": ago(48)}, dry=True)
    assert (refused.status_code, refused.json()["code"]) == (409, "later_balance_below_zero")
    assert refused.json()["figures"]["location_on_hand"] == 10


async def test_a_movement_is_reversed_over_http_by_its_entry_on_the_card(caller: Caller) -> None:
    store = caller("storekeeper", "17.71")
    opening = {**STORE, "quantity": 5_000, "counters": COUNTERS, "minutes": "BA-1", "occurred_at": ago(72)}
    await say(store, "/opening-counts", opening)
    receipt = {**STORE, "quantity": 50, "source": "PROVINCE", "bast": "b", "counters": COUNTERS}
    await say(store, "/receipts", {**receipt, "occurred_at": ago(24)})
    card = (await store.get(f"{HERE}/stock-card?item=KTP_WNI")).json()
    entry = card["lines"][-1]["entry"]
    body = {"item": "KTP_WNI", "entry": entry, "reason": "Salah ketik"}
    shown = (await say(store, "/reversals", body, dry=True)).json()
    assert [(b["before"], b["after"]) for b in shown["balances"]] == [(5_050, 5_000)]
    assert (await say(store, "/reversals", body)).status_code == 201
    again = await say(store, "/reversals", body)
    assert (again.status_code, again.json()["code"]) == (409, "already_reversed")
    assert (await say(store, "/reversals", {**body, "entry": 999})).status_code == 404
    lines = (await store.get(f"{HERE}/stock-card?item=KTP_WNI")).json()["lines"]
    [mistaken] = [line for line in lines if line["entry"] == entry]
    [undone] = [line for line in lines if line["reverses"] == entry]
    assert mistaken["reversed_by"] == undone["entry"]
