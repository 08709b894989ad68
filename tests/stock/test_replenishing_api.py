"""A request over HTTP, from asking to closing, and who may see and decide what."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI

from services.stock.domain import CloseDay, NotePrintDebt, ProposeRelief, UseBlank
from shared.http import cursor
from shared.ledger import Context
from tests.hosting import Caller
from tests.stock.bengkulu import A_DAY, BENGKULU
from tests.stock.test_api import CENTRE, HERE, SOON, counted, post, received, sent, types

pytestmark = pytest.mark.anyio


async def told(app: FastAPI, *commands: Any) -> None:
    for command in commands:
        await app.state.ledger.execute(command, Context(subject="test", route="test"))


def said(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"now": now, "occurred_at": now, "day": now.date(), "office": BENGKULU, "item": "KTP_WNI", **more}


def wanted(pieces: int) -> dict[str, Any]:
    return {"request": str(uuid4()), "item": "KTP_WNI", "quantity": pieces, "reason": "Pilkada"}


def promise(pieces: int, **more: Any) -> dict[str, Any]:
    return {"allocation": str(uuid4()), "quantity": pieces, "promised_on": SOON, **more}


async def test_from_asking_to_closing(caller: Caller, app: FastAPI) -> None:
    head, store, province = caller("head", BENGKULU), caller("storekeeper", BENGKULU), caller("province", "17")
    desk = caller("national", "00")
    await post(caller("storekeeper", "00"), f"{CENTRE}/opening-counts", counted(900_000))
    await post(caller("storekeeper", "17"), "/offices/17/opening-counts", counted(1_000))
    await post(store, f"{HERE}/opening-counts", counted(700))
    today = datetime.now(UTC).date()
    cards = [UseBlank(**said(location="Gudang Disdukcapil", job=f"job-{n}", daily_use_default=A_DAY)) for n in range(3)]
    yesterday = UseBlank(
        **said(day=today - timedelta(days=1), location="Gudang Disdukcapil", job="job-0", daily_use_default=A_DAY)
    )
    await told(app, yesterday, CloseDay(**said(day=today - timedelta(days=1))), *cards)
    await told(app, NotePrintDebt(**said(owed=90)))

    asked = wanted(30_000)
    [request] = (await post(store, f"{HERE}/replenishments", asked)).json()["facts"]
    assert request["situation"] == {
        "on_hand": 696,
        "available": 696,
        "in_transit": 0,
        "print_debt": 90,
        "use_30_days": 4,
        "days_left": request["situation"]["days_left"],
        "cover_from": "USE",
    }
    here = f"{HERE}/replenishments/{asked['request']}"
    assert types(await post(province, f"{here}/verifications", {"note": "sesuai"})) == ["ReplenishmentVerified"]
    from_buffer = promise(1_000)
    assert "ReplenishmentFilled" in types(await post(province, f"{here}/fillings", from_buffer))
    assert types(await post(province, f"{here}/forwardings", {"reason": "habis"})) == ["ReplenishmentForwarded"]
    waiting = (await desk.get("/replenishments", params={"status": "FORWARDED"})).json()["replenishments"]
    assert [(row["office"], row["forwarded"]) for row in waiting] == [(BENGKULU, 29_000)]
    assert (await desk.get("/replenishments", params={"status": "REQUESTED"})).json()["replenishments"] == []
    from_centre = promise(10_000, reason="Pilkada")
    assert types(await post(desk, f"{here}/approvals", from_centre))[-1] == "ReplenishmentApproved"

    assert (await store.get(f"{here}/pick-up-letter")).status_code == 404
    letter = {"letter": "SP-1/2024", "collect_at": "Gudang Ditjen Dukcapil, Jakarta"}
    assert types(await post(desk, f"{here}/pick-up-letters", letter)) == ["PickUpLetterIssued"]
    printed = await store.get(f"{here}/pick-up-letter")
    assert printed.headers["content-type"].startswith("text/plain")
    for line in (
        "Nomor   : SP-1/2024",
        "Kepada  : Disdukcapil Kota Bengkulu",
        "Jumlah  : 11.000 keping",
        "Diminta    : 30.000 keping",
        f"Tanggal : {datetime.now(UTC).astimezone(app.state.offices.get(BENGKULU).timezone):%d-%m-%Y}",
    ):
        assert line in printed.text.splitlines()
    assert "1.000 keping dari Disdukcapil Provinsi Bengkulu, alokasi" in printed.text
    assert "10.000 keping dari Direktorat Jenderal" in printed.text
    assert "national" not in printed.text and "province-17" not in printed.text

    dispatch = sent(10_000, allocation=from_centre["allocation"])
    assert types(await post(desk, f"{CENTRE}/consignments", dispatch))
    other = sent(40)
    await post(desk, f"{CENTRE}/consignments", other)
    shown = (await store.get(here)).json()
    assert (shown["asked"], shown["promised"], shown["sent"], shown["in_transit"]) == (30_000, 11_000, 10_000, 10_000)
    refusal = await post(head, f"{here}/closings", {})
    assert (refusal.status_code, refusal.json()["code"]) == (409, "still_in_transit")
    arrival = received(9_995, consignment=dispatch["consignment"], missing=5, reason="Kardus rusak")
    await post(store, f"{HERE}/receipts", arrival)
    [closed] = (await post(head, f"{here}/closings", {})).json()["facts"]
    assert (closed["asked"], closed["approved"], closed["received"]) == (30_000, 11_000, 9_995)
    shown = (await store.get(here)).json()
    assert (shown["status"], shown["received"], len(shown["steps"])) == ("CLOSED", 9_995, 7)
    assert shown["steps"][0]["fact"]["requested_by"] == f"storekeeper-{BENGKULU}"


async def test_requests_are_seen_and_answered_by_those_they_concern(caller: Caller) -> None:
    store, asked = caller("storekeeper", BENGKULU), wanted(100)
    await post(store, f"{HERE}/replenishments", asked)
    here = f"{HERE}/replenishments/{asked['request']}"
    note = {"note": "sesuai"}
    assert (await post(store, f"{here}/verifications", note)).status_code == 403
    assert (await post(caller("province", "18"), f"{here}/verifications", note)).status_code == 404
    elsewhere = f"/offices/17.01/replenishments/{asked['request']}"
    assert (await post(caller("province", "17"), f"{elsewhere}/verifications", note)).status_code == 404
    assert (await post(caller("province", "17"), f"{here}/approvals", promise(1, reason="x"))).status_code == 403
    assert (await post(caller("national", "00"), f"{here}/fillings", promise(1))).status_code == 403
    assert (await caller("province", "18").get("/replenishments")).json()["replenishments"] == []
    for role, region in (("province", "17"), ("storekeeper", BENGKULU), ("auditor", "00")):
        assert len((await caller(role, region).get("/replenishments")).json()["replenishments"]) == 1


async def test_requests_are_listed_page_by_page(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    made = [wanted(100 + n) for n in range(3)]
    for asked in made:
        await post(store, f"{HERE}/replenishments", asked)
    first = (await store.get("/replenishments", params={"limit": 2})).json()
    rest = (await store.get("/replenishments", params={"limit": 2, "cursor": first["next"]})).json()
    listed = [row["request"] for row in first["replenishments"] + rest["replenishments"]]
    assert sorted(listed) == sorted(asked["request"] for asked in made) and rest["next"] is None


async def test_the_newest_proposal_is_shown_with_what_is_on_its_way(caller: Caller, app: FastAPI) -> None:
    store, desk = caller("storekeeper", BENGKULU), caller("national", "00")
    await post(caller("storekeeper", "00"), f"{CENTRE}/opening-counts", counted(900_000))
    await post(store, f"{HERE}/opening-counts", counted(700))
    assert (await store.get(f"{HERE}/relief", params={"item": "KTP_WNI"})).status_code == 404
    await post(caller("storekeeper", "17"), "/offices/17/opening-counts", counted(300))
    helpers = {"province": ("17", 3.0), "neighbours": ()}
    await told(app, ProposeRelief(**said(episode=1, level="CRITICAL", **helpers)))
    await post(desk, f"{CENTRE}/consignments", sent(40))
    shown = (await store.get(f"{HERE}/relief", params={"item": "KTP_WNI"})).json()
    assert (shown["episode"], shown["level"], shown["covered"], shown["in_transit"]) == (1, "CRITICAL", 300, 40)
    [line] = shown["lines"]
    assert (line["office"], line["quantity"], line["threshold"]) == ("17", 300, None)
    assert (await caller("auditor", "18").get(f"{HERE}/relief", params={"item": "KTP_WNI"})).status_code == 404


async def test_a_loan_and_what_was_sent_for_the_request_are_received_for_it(caller: Caller, app: FastAPI) -> None:
    store, province, desk = caller("storekeeper", BENGKULU), caller("province", "17"), caller("national", "00")
    await post(caller("storekeeper", "00"), f"{CENTRE}/opening-counts", counted(900_000))
    await post(caller("storekeeper", "17.09"), "/offices/17.09/opening-counts", counted(9_000))
    asked = wanted(1_000)
    await post(store, f"{HERE}/replenishments", asked)
    here = f"{HERE}/replenishments/{asked['request']}"
    await post(province, f"{here}/verifications", {"note": "sesuai"})
    loan = {"loan": str(uuid4()), "item": "KTP_WNI", "lender": "17.09", "quantity": 300, "return_by": SOON}
    await post(province, f"{HERE}/loans", {**loan, "requested_by": "p:dedi"})
    named = {"loan": loan["loan"], "promised_on": SOON}
    assert types(await post(province, f"{here}/loans", named)) == ["ReplenishmentFilled"]
    lent = await post(caller("storekeeper", "17.09"), "/offices/17.09/consignments", sent(300, loan=loan["loan"]))
    assert types(lent)
    assert (await store.get(here)).json()["in_transit"] == 300
    await post(desk, f"{CENTRE}/consignments", sent(20, request=asked["request"]))
    await post(desk, f"{CENTRE}/consignments", sent(20, request=asked["request"], to="17.01"))
    assert (await store.get(here)).json()["in_transit"] == 320, "what goes elsewhere is not received here"


async def test_a_cursor_with_a_day_that_there_is_not_is_a_page_like_any_other(caller: Caller) -> None:
    for day in (0, 2**40):
        answer = await caller("province", "17").get("/replenishments", params={"cursor": cursor(day, "x")})
        assert (answer.status_code, answer.json()["replenishments"]) == (200, [])
