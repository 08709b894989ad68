"""Stock over HTTP, on the real ledger and PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.hosting import Caller
from tests.stock.bengkulu import BENGKULU

pytestmark = pytest.mark.anyio

HERE, CENTRE = f"/offices/{BENGKULU}", "/offices/00"
SOON = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
PLACE = {"item": "KTP_WNI", "location": "Gudang Disdukcapil"}


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})


def counted(pieces: int, **but: Any) -> dict[str, Any]:
    return {**PLACE, "quantity": pieces, "counters": ["p:ani", "p:budi"], "minutes": "BA-1/2024", **but}


def received(pieces: int, **but: Any) -> dict[str, Any]:
    return {
        **PLACE,
        "quantity": pieces,
        "source": "CENTRE",
        "bast": "470/1/BAST/2024",
        "counters": ["p:ani", "p:budi"],
        **but,
    }


def sent(pieces: int, **but: Any) -> dict[str, Any]:
    said = {"consignment": str(uuid4()), "to": BENGKULU, "quantity": pieces, "promised_on": SOON}
    return {**PLACE, **said, **but}


def types(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 201, answer.text
    return [fact["type"] for fact in answer.json()["facts"]]


def codes(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    return [fault["code"] for fault in answer.json()["errors"]]


async def test_from_the_opening_count_to_a_shortage_and_out_of_it(caller: Caller) -> None:
    store, desk, centres_store = caller("storekeeper", BENGKULU), caller("national", "00"), caller("storekeeper", "00")
    assert (await store.get(f"{HERE}/balances")).json() == {
        "office": BENGKULU,
        "onboard": False,
        "items": [],
        "not_on_board": ["KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"],
        "position": 0,
    }
    assert types(await post(store, f"{HERE}/opening-counts", counted(700)))[-1] == "StockLow"
    assert types(await post(centres_store, f"{CENTRE}/opening-counts", counted(900_000)))[-1] == "StockLow"

    allocation = {
        "allocation": str(uuid4()),
        "item": "KTP_WNI",
        "quantity": 10_000,
        "promised_on": SOON,
        "reason": "Pilkada",
    }
    assert types(await post(desk, f"{HERE}/allocations", allocation)) == ["AllocationApproved", "BlanksSetAside"]
    dispatch = sent(10_000, allocation=allocation["allocation"])
    assert types(await post(desk, f"{CENTRE}/consignments", dispatch)) == [
        "BlanksDispatched",
        "ConsignmentAnnounced",
        "AllocationDispatched",
    ]
    serials = {"first": "KT00010001", "last": "KT00019995"}
    arrival = received(9_995, consignment=dispatch["consignment"], missing=5, reason="Kardus rusak", serials=serials)
    assert types(await post(store, f"{HERE}/receipts", arrival)) == [
        "BlanksReceived",
        "CustodyChanged",
        "ConsignmentReceived",
        "VarianceRecorded",
        "StockRecovered",
    ]
    balances = (await store.get(f"{HERE}/balances")).json()
    [balance] = balances["items"]
    assert balances["onboard"]
    assert balance == {
        "item": "KTP_WNI",
        "onboard": True,
        "status": "OK",
        "on_hand": 10_695,
        "reserved": 0,
        "available": 10_695,
        "usable": 10_695,
        "usable_bound_by": None,
        "print_debt": 0,
        "level": "OK",
        "foreseen": False,
        "episode": 1,
        "daily_use": 143.361,
        "days_of_cover": 74.6,
        "projected_empty_on": balance["projected_empty_on"],
        "cover_from": "USE",
        "forecast": None,
        "thresholds": {"low": 1_434, "critical": 717, "recovery": 1_721, "version": 0},
        "in_question": False,
        "locations": [
            {
                "location": "Gudang Disdukcapil",
                "on_hand": 10_695,
                "spoiled": 0,
                "counted": True,
                "questions": [],
                "quarantined": 0,
            }
        ],
    }
    for role, region in (("storekeeper", BENGKULU), ("province", "17"), ("national", "00")):
        found = (await caller(role, region).get(f"/consignments/{dispatch['consignment']}")).json()
        assert (found["sender"], found["receiver"], found["sent"]) == ("00", BENGKULU, 10_000)
        assert (found["accepted"], found["rejected"], found["missing"], found["in_transit"]) == (9_995, 0, 5, 0)
    assert (await caller("province", "18").get(f"/consignments/{dispatch['consignment']}")).status_code == 404
    assert (await store.get(f"/consignments/{uuid4()}")).status_code == 404


async def test_fifty_requests_at_once_for_one_of_ten_blanks_are_granted_ten_times(caller: Caller) -> None:
    store = caller("storekeeper", "00")
    await post(store, f"{CENTRE}/opening-counts", counted(10))
    answers = await asyncio.gather(*[post(store, f"{CENTRE}/consignments", sent(1)) for _ in range(50)])
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 40
    refusal = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refusal["code"] == "not_enough"
    none = {"location_on_hand": 0, "available": 0, "set_aside": 0, "quarantined": 0}
    assert refusal["figures"].items() >= ({"asked": 1} | none).items()
    [balance] = (await store.get(f"{CENTRE}/balances")).json()["items"]
    assert (balance["on_hand"], balance["level"]) == (0, "EMPTY")


async def test_the_head_sets_thresholds_and_gives_them_up(caller: Caller) -> None:
    head = caller("head", BENGKULU)
    await post(caller("storekeeper", BENGKULU), f"{HERE}/opening-counts", counted(1_000))
    own = {"item": "KTP_WNI", "low": 500, "critical": 200, "recovery": None}
    assert types(await post(head, f"{HERE}/thresholds", own)) == ["ThresholdsSet", "StockRecovered"]
    [balance] = (await head.get(f"{HERE}/balances")).json()["items"]
    assert balance["thresholds"] == {"low": 500, "critical": 200, "recovery": 600, "version": 1}
    none = {"item": "KTP_WNI", "low": None, "critical": None, "recovery": None}
    assert types(await post(head, f"{HERE}/thresholds", none)) == ["ThresholdsSet", "StockLow"]
    assert codes(await post(head, f"{HERE}/thresholds", {**none, "low": 3})) == ["thresholds_incomplete"]
    assert (await post(head, f"{HERE}/thresholds", {**own, "critical": 501})).status_code == 409


async def test_a_province_lists_its_offices_also_those_that_are_not_on_board(caller: Caller) -> None:
    await post(caller("storekeeper", BENGKULU), f"{HERE}/opening-counts", counted(1_000))
    province = caller("province", "17")
    first = (await province.get("/balances", params={"limit": 6})).json()
    rest = (await province.get("/balances", params={"limit": 6, "cursor": first["next"]})).json()
    offices = {shown["office"]: shown["onboard"] for shown in first["balances"] + rest["balances"]}
    assert len(offices) == 11 and rest["next"] is None
    assert [office for office, onboard in offices.items() if onboard] == [BENGKULU]
    assert (await province.get("/balances", params={"province": "18"})).json()["balances"] == []
    national = (await caller("national", "00").get("/balances", params={"province": "17"})).json()
    assert [shown["office"] for shown in national["balances"]] == list(offices)


NOT_A_COUNT: list[tuple[dict[str, Any], str]] = [
    ({"counters": ["p:ani", "p:ani"]}, "counters_are_one"),
    ({"counters": ["p:ani"]}, "missing"),
    ({"counters": ["p:ani", "1771012345670001"]}, "not_opaque"),
    ({"item": "SIM"}, "literal_error"),
    ({"quantity": -1}, "greater_than_equal"),
    ({"location": "x" * 65}, "too_long"),
    ({"occurred_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, "in_the_future"),
]


async def test_an_opening_count_that_is_not_one_changes_nothing(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    for but, code in NOT_A_COUNT:
        assert code in codes(await post(store, f"{HERE}/opening-counts", counted(5, **but))), but
    assert (await store.get(f"{HERE}/balances")).json()["items"] == []


NOT_A_RECEIPT: list[tuple[dict[str, Any], str]] = [
    ({"quantity": 0}, "nothing_received"),
    ({"quantity": -5}, "greater_than_equal"),
    ({"quantity": True}, "int_type"),
    ({"quantity": "5"}, "int_type"),
    ({"quantity": 10**20}, "less_than_equal"),
    ({"source": "OPENING"}, "literal_error"),
    ({"missing": 2, "reason": "?"}, "no_consignment"),
    ({"missing": 2, "consignment": str(uuid4())}, "no_reason"),
    ({"serials": {"first": "A1", "last": "A9"}}, "serials_do_not_fit"),
    ({"serials": {"first": "A1", "last": "B5"}}, "serials_do_not_fit"),
    ({"serials": {"first": "A1", "last": "A05"}}, "serials_do_not_fit"),
    ({"bast": "a\0b"}, "unsafe_text"),
    ({"colour": "blue"}, "extra_forbidden"),
]


async def test_a_receipt_that_is_not_one_changes_nothing(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    for but, code in NOT_A_RECEIPT:
        assert code in codes(await post(store, f"{HERE}/receipts", received(5, **but))), but
    assert (await store.get(f"{HERE}/balances")).json()["items"] == []


async def test_only_who_may_and_only_where_they_may(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    assert (await post(caller("operator", BENGKULU), f"{HERE}/receipts", received(5))).status_code == 403
    assert (await post(caller("storekeeper", "17.01"), f"{HERE}/receipts", received(5))).status_code == 404
    assert (await post(caller("head", BENGKULU), f"{HERE}/allocations", {})).status_code == 403
    assert (await post(caller("national", "00"), f"{HERE}/consignments", sent(5, to="17.01"))).status_code == 403
    assert codes(await post(store, f"{HERE}/consignments", sent(5, to="99.99"))) == ["unknown_office"]
    counters = ["p:ani", f"storekeeper-{BENGKULU}"]
    refused = await post(store, f"{HERE}/opening-counts", counted(5, counters=counters))
    assert (refused.status_code, refused.json()["code"]) == (409, "counter_is_storekeeper")


async def test_a_receipt_told_fifty_times_at_once_is_booked_once(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    answers = await asyncio.gather(*[post(store, f"{HERE}/receipts", received(5), "the-same") for _ in range(50)])
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert (await store.get(f"{HERE}/balances")).json()["items"][0]["on_hand"] == 5


async def test_whoever_works_in_one_office_acts_in_no_other_though_it_be_in_their_scope(caller: Caller) -> None:
    for role, region in (("storekeeper", "17"), ("storekeeper", "00"), ("head", "17")):
        for path, body in (("receipts", received(1)), ("reversals", {"item": "KTP_WNI", "entry": 1, "reason": "x"})):
            answer = await post(caller(role, region), f"{HERE}/{path}", body)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert (await caller(role, region).get(f"{HERE}/balances")).status_code == 200
    back = {**PLACE, "quantity": 1, "bast": "470/9/BAST/2024"}
    for role, region in (("national", "00"), ("province", "17")):
        answer = await post(caller(role, region), f"{HERE}/consignments/{uuid4()}/returns", back)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_a_province_lends_the_blanks_of_its_own_offices_only(caller: Caller) -> None:
    loan = {"loan": str(uuid4()), "item": "KTP_WNI", "quantity": 40, "return_by": SOON, "requested_by": "p:dedi"}
    answer = await post(caller("province", "17"), f"{HERE}/loans", {**loan, "lender": "18.71"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert types(await post(caller("national", "00"), f"{HERE}/loans", {**loan, "lender": "18.71"})) == ["LoanGranted"]


async def test_a_receipt_names_each_number_once_and_no_number_of_a_person(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    boxes = [{"first": "KT0001", "last": "KT0010"}, {"first": "KT0006", "last": "KT0015"}]
    twice = received(20, serials=boxes[0], further_serials=boxes[1:])
    assert codes(await post(store, f"{HERE}/receipts", twice)) == ["serials_overlap"]
    assert codes(await post(store, f"{HERE}/receipts", received(1, blank_version="1771010101010001"))) != []


async def test_a_loan_that_comes_back_under_another_name_is_returned_all_the_same(caller: Caller) -> None:
    lender, borrower, loan, back = caller("storekeeper", BENGKULU), caller("storekeeper", "17.01"), uuid4(), uuid4()
    await post(lender, f"{HERE}/opening-counts", counted(9_000))
    await post(borrower, "/offices/17.01/opening-counts", counted(100))
    said = {"loan": str(loan), "item": "KTP_WNI", "quantity": 40, "return_by": SOON, "requested_by": "p:dedi"}
    types(await post(caller("province", "17"), "/offices/17.01/loans", {**said, "lender": BENGKULU}))
    types(await post(lender, f"{HERE}/consignments", sent(40, to="17.01", loan=str(loan))))
    types(await post(borrower, "/offices/17.01/consignments", sent(40, loan=str(loan), consignment=str(back))))
    arrival = received(40, source="GRANT", consignment=str(back))
    assert "LoanReturned" in types(await post(lender, f"{HERE}/receipts", arrival))
