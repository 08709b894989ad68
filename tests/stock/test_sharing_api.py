"""The nation's blanks are divided over HTTP: simulated by one, approved by another."""

from collections.abc import Callable
from time import perf_counter
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from services.stock.domain import StockCommand, daily_use_default
from shared.ledger import Context, Entry
from shared.offices import offices
from tests.stock.bengkulu import BENGKULU, count
from tests.stock.test_api import CENTRE, HERE, SOON, codes, post, sent, types

pytestmark = pytest.mark.anyio

Caller = Callable[..., httpx2.AsyncClient]


def division(pieces: int, **but: Any) -> dict[str, Any]:
    return {"simulation": str(uuid4()), "from_office": "00", "item": "KTP_WNI", "quantity": pieces, **but}


def batch(simulation: dict[str, Any], **but: Any) -> dict[str, Any]:
    return {
        "batch": str(uuid4()),
        "simulation": simulation["simulation"],
        "promised_on": SOON,
        "reason": "Pilkada",
        **but,
    }


async def open_books(app: FastAPI, *commands: StockCommand) -> None:
    """By the ledger, for many at once."""
    context = Context(subject="test", route="test")
    await app.state.ledger.execute_all([Entry(command, context) for command in commands])


async def test_the_nations_514_offices_are_given_their_shares_at_once(caller: Caller, app: FastAPI) -> None:
    desk, director = caller("national", "00", "p:meja"), caller("national", "00", "p:direktur")
    nation = [office for office in offices().all() if office.type in ("kabupaten", "kota")]
    await open_books(
        app,
        count(5_000_000, office="00"),
        *(
            count(n % 9, office=office.id, daily_use_default=daily_use_default(office.population, "KTP_WNI"))
            for n, office in enumerate(nation)
        ),
    )
    asked = division(1_000_000)
    began = perf_counter()
    [simulated] = (await post(desk, "/allocations/simulations", asked)).json()["facts"]
    assert (len(simulated["lines"]), sum(line["quantity"] for line in simulated["lines"])) == (514, 1_000_000)
    assert all(line["quantity"] for line in simulated["lines"])
    refusal = await post(desk, "/allocations/batches", batch(asked))
    assert (refusal.status_code, refusal.json()["code"]) == (409, "requester_approves")
    approved = batch(asked)
    answer = await post(director, "/allocations/batches", approved)
    assert perf_counter() - began < 10
    promised = {fact["office"]: fact for fact in answer.json()["facts"] if fact["type"] == "AllocationApproved"}
    assert {office: fact["quantity"] for office, fact in promised.items()} == {
        line["office"]: line["quantity"] for line in simulated["lines"]
    }
    kota = promised[BENGKULU]
    dispatch = sent(kota["quantity"], location="store", allocation=kota["allocation"])
    assert "AllocationDispatched" in types(await post(desk, f"{CENTRE}/consignments", dispatch))
    assert types(await post(director, "/allocations/batches", approved)) == []


async def test_what_is_on_its_way_or_promised_counts_and_changes_the_stock(caller: Caller, app: FastAPI) -> None:
    desk, director = caller("national", "00", "p:meja"), caller("national", "00", "p:direktur")
    await open_books(app, count(50_000, office="00"), count(700), count(90, office="17.09"))
    allotted = {"allocation": str(uuid4()), "item": "KTP_WNI", "quantity": 30, "promised_on": SOON, "reason": "x"}
    await post(desk, f"{HERE}/allocations", allotted)
    await post(desk, f"{CENTRE}/consignments", sent(10, location="store", allocation=allotted["allocation"]))
    await post(desk, f"{CENTRE}/consignments", sent(5, location="store"))
    loan = {"lender": "17.09", "quantity": 7, "return_by": SOON, "requested_by": "p:dedi"}
    await post(desk, f"{HERE}/loans", {"loan": str(uuid4()), "item": "KTP_WNI", **loan})
    asked = division(1_000, offices=[BENGKULU, "17.09"])
    [simulated] = (await post(desk, "/allocations/simulations", asked)).json()["facts"]
    assert {line["office"]: line["in_transit"] for line in simulated["lines"]} == {BENGKULU: 42, "17.09": 0}
    await post(desk, "/offices/17.09/loans", {"loan": str(uuid4()), "item": "KTP_WNI", **loan, "lender": BENGKULU})
    refusal = await post(director, "/allocations/batches", batch(asked))
    assert (refusal.status_code, refusal.json()["code"]) == (409, "stock_changed")
    assert refusal.json()["figures"]["changed"] == [{"office": "17.09", "what": "in_transit", "simulated": 0, "now": 7}]


async def test_a_province_divides_its_own_buffer_among_its_own_offices(caller: Caller, app: FastAPI) -> None:
    province, another = caller("province", "17", "p:meja"), caller("province", "17", "p:kabid")
    await open_books(app, count(5_000, office="17"), count(700))
    asked = division(100, from_office="17")
    [simulated] = (await post(province, "/allocations/simulations", asked)).json()["facts"]
    assert len(simulated["lines"]) == 10 and {line["office"][:3] for line in simulated["lines"]} == {"17."}
    path = f"/allocations/simulations/{asked['simulation']}"
    assert (await another.get(path)).json()["lines"] == simulated["lines"]
    assert (await caller("province", "18").get(path)).status_code == 404
    assert (await another.get(f"/allocations/simulations/{uuid4()}")).status_code == 404

    elsewhere = await post(province, "/allocations/simulations", division(100, from_office="00"))
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "not_allowed")
    for wrong in (["18.01"], ["17"], []):
        answer = await post(province, "/allocations/simulations", division(9, from_office="17", offices=wrong))
        assert answer.status_code == 422
    assert (await post(caller("province", "18"), "/allocations/batches", batch(asked))).status_code == 422
    assert (await post(caller("national", "00"), "/allocations/batches", batch(asked))).status_code == 403
    assert codes(await post(another, "/allocations/batches", batch(division(1)))) == ["unknown_simulation"]
    assert types(await post(another, "/allocations/batches", batch(asked)))[-1] == "SharesApproved"
