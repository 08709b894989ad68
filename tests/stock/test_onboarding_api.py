"""Places, printers, the paper book, counts and closings over HTTP, on the real ledger and PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx2
import pytest

from tests.hosting import Caller
from tests.stock.bengkulu import BENGKULU
from tests.stock.test_api import HERE, codes, counted, post, received, types

pytestmark = pytest.mark.anyio

STORE = "Gudang Disdukcapil"
PAPER = """\ufeffitem;location;kind;quantity;serial_first;serial_last;blank_version\r
KTP_WNI;Gudang Disdukcapil;STORE;1.200;KT00010001;KT00011200;4.8\r
KTP_WNI;Gudang Disdukcapil;STORE;300;;;5\r
KTP_WNI;MPP;MALL;60;;;\r
\r
RIBBON;Gudang Disdukcapil;STORE;2;;;\r
"""


def paper(csv: str, **but: Any) -> dict[str, Any]:
    return {"csv": csv, "counters": ["p:ani", "p:budi"], "minutes": "BA-1/2024", **but}


async def balances(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await client.get(f"{HERE}/balances")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_office_takes_its_paper_book_over_after_trying_it(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    tried = await store.post(
        f"{HERE}/opening-counts/imports?dry_run=true", json=paper(PAPER), headers={"Idempotency-Key": "k"}
    )
    assert tried.status_code == 200, tried.text
    assert tried.json()["balances"] == [
        {"item": "KTP_WNI", "location": STORE, "before": 0, "after": 1_500, "later": []},
        {"item": "KTP_WNI", "location": "MPP", "before": 0, "after": 60, "later": []},
        {"item": "RIBBON", "location": STORE, "before": 0, "after": 2, "later": []},
    ]
    assert (await balances(store))["not_on_board"] == ["KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"]

    assert types(await post(store, f"{HERE}/opening-counts/imports", paper(PAPER))).count("BlanksReceived") == 4
    after = await balances(store)
    assert after["not_on_board"] == ["KTP_WNA", "KIA", "FILM"]
    held = {item["item"]: item for item in after["items"]}
    assert (held["KTP_WNI"]["on_hand"], held["RIBBON"]["on_hand"]) == (1_560, 2)
    assert (held["KTP_WNI"]["usable"], held["KTP_WNI"]["usable_bound_by"]) == (1_000, "RIBBON")
    kinds = {place["location"]: place["kind"] for place in (await store.get(f"{HERE}/locations")).json()["locations"]}
    assert kinds == {STORE: "STORE", "MPP": "MALL"}

    again = await post(store, f"{HERE}/opening-counts/imports", paper(PAPER))
    assert (again.status_code, again.json()["code"]) == (409, "lines_refused")
    assert [line["line"] for line in again.json()["figures"]["lines"]] == [2, 3, 4, 6]


HEADER = "item,location,kind,quantity,serial_first,serial_last,blank_version\n"
FAULTY: list[tuple[str, list[tuple[str, str]]]] = [
    ("", [("/body/csv/1", "header")]),
    ("item,location,kind\n", [("/body/csv/1", "header")]),
    ("item,location,kind,quantity,colour\n", [("/body/csv/1", "header")]),
    ("item,item,location,kind,quantity\n", [("/body/csv/1", "header")]),
    (HEADER, [("/body/csv", "empty")]),
    (HEADER + "KIA,a,STORE,5\n", [("/body/csv/2", "cells")]),
    (
        HEADER + 'SIM,a,STORE,5,,,\nKIA,a,STORE,"1,200",,,\nKIA,a,SHED,1.20,,,\nKIA,a,STORE,-5,,,\n',
        [
            ("/body/csv/2/item", "literal_error"),
            ("/body/csv/3/quantity", "not_a_number"),
            ("/body/csv/4/quantity", "not_a_number"),
            ("/body/csv/4/kind", "literal_error"),
            ("/body/csv/5/quantity", "not_a_number"),
        ],
    ),
    (HEADER + "KIA,a,STORE,,,,\n", [("/body/csv/2/quantity", "missing")]),
    (HEADER + "KIA,a,STORE,5,A1,A9,\n", [("/body/csv/2", "serials_do_not_fit")]),
    (HEADER + "KIA,a,STORE,5,A1,,\n", [("/body/csv/2", "serials_incomplete")]),
    (HEADER + "KIA,a,STORE,5,,,\nKTP_WNI,a,VAN,5,,,\n", [("/body/csv/3/kind", "another_kind")]),
    (HEADER + "KIA,a,STORE,9,A1,A9,\nKIA,b,STORE,5,A5,A9,\n", [("/body/csv/3/serial_first", "serials_overlap")]),
    (HEADER + "KIA,a,STORE,9000000,A0000001,A9000000,\n", [("/body/csv", "too_many_numbers")]),
    (HEADER + "KIA,a,STORE,5,,,\n" * 201, [("/body/csv/202", "too_many_lines")]),
    (HEADER + 'KIA,"a,STORE,5,,,\n', [("/body/csv/2", "not_csv")]),
    (HEADER + f"KIA,{'a' * 65},STORE,5,,,\n", [("/body/csv/2/location", "too_long")]),
    (HEADER + "KIA,1771012345670001,STORE,5,,,\n", [("/body/csv/2/location", "unsafe_text")]),
]


async def test_every_fault_of_a_paper_book_is_listed_by_its_line_and_nothing_is_stored(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    for csv, expected in FAULTY:
        answer = await post(store, f"{HERE}/opening-counts/imports", paper(csv))
        assert answer.status_code == 422, csv[:200]
        assert [(fault["at"], fault["code"]) for fault in answer.json()["errors"]] == expected, csv[:200]
    assert (await balances(store))["items"] == []
    assert codes(await post(store, f"{HERE}/opening-counts/imports", paper("x" * 65_537))) == ["string_too_long"]
    one = paper(PAPER, counters=["p:ani", "p:ani"])
    assert codes(await post(store, f"{HERE}/opening-counts/imports", one)) == ["counters_are_one"]


async def test_a_paper_book_as_large_as_it_may_be_is_read(caller: Caller) -> None:
    rows = "".join(f"KIA;{'é' * 60}{n % 2};STORE;1;;;\r\n" for n in range(200))
    answer = await post(
        caller("storekeeper", BENGKULU), f"{HERE}/opening-counts/imports", paper(HEADER.replace(",", ";") + rows)
    )
    assert types(answer).count("BlanksReceived") == 200


async def test_places_and_printers_are_the_offices_to_say(caller: Caller) -> None:
    store, admin = caller("storekeeper", BENGKULU), caller("admin", BENGKULU)
    assert (await post(caller("operator", BENGKULU), f"{HERE}/locations", {})).status_code == 403
    place = {"location": "MPP", "kind": "MALL", "opened_on": "2019-03-01"}
    assert types(await post(admin, f"{HERE}/locations", place)) == ["LocationOpened"]
    await post(store, f"{HERE}/receipts", received(5, location="Mobil"))
    shown = (await store.get(f"{HERE}/locations")).json()["locations"]
    assert shown == [
        {"location": "MPP", "kind": "MALL", "opened_on": "2019-03-01", "closed_on": None},
        {"location": "Mobil", "kind": None, "opened_on": None, "closed_on": None},
    ]
    assert types(await post(store, f"{HERE}/location-closings", {"location": "MPP"})) == ["LocationClosed"]
    refused = await post(store, f"{HERE}/location-closings", {"location": "Mobil"})
    assert (refused.status_code, refused.json()["code"]) == (409, "not_open")

    printer = {"printer": "pr-1", "takes": ["4.8"]}
    assert types(await post(store, f"{HERE}/printers", printer)) == ["PrinterRegistered"]
    assert codes(await post(store, f"{HERE}/printers", {"printer": "pr-2", "takes": []})) == ["too_short"]
    assert (await store.get(f"{HERE}/printers")).json()["printers"] == [printer]
    await post(store, f"{HERE}/opening-counts", counted(100, blank_version="5"))
    await post(store, f"{HERE}/receipts", received(30, blank_version="4.8"))
    [item] = (await balances(store))["items"]
    assert (item["on_hand"], item["usable"], item["usable_bound_by"]) == (135, 35, None)
    listed = (await caller("province", "17").get("/balances")).json()["balances"]
    assert [office["items"][0]["usable"] for office in listed if office["items"]] == [35]
    assert types(await post(store, f"{HERE}/printer-retirements", {"printer": "pr-1"})) == ["PrinterRetired"]
    assert (await balances(store))["items"][0]["usable"] == 135
    assert (await store.get("/items")).json()["items"][3] == {"item": "RIBBON", "unit": "roll", "cards": 500}


async def test_a_count_is_blind_until_nobody_has_to_count_any_more(caller: Caller) -> None:
    store, head = caller("storekeeper", BENGKULU), caller("head", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(1_000))
    count = str(uuid4())
    start = {"count": count, "item": "KTP_WNI", "location": STORE, "counter": "p:ani"}
    begun = await post(store, f"{HERE}/counts", start)
    assert types(begun) == ["CountStarted"]
    assert "1000" not in begun.text and "expected" not in begun.text
    here = f"{HERE}/counts/{count}"
    tried = await store.post(f"{here}/results?dry_run=true", json={"counted": 1}, headers={"Idempotency-Key": "k"})
    assert (tried.status_code, tried.json()["code"]) == (422, "no_dry_run")

    await post(store, f"{HERE}/receipts", received(5))
    refused = await post(store, f"{here}/results", {"counted": 900})
    assert (refused.status_code, refused.json()["code"]) == (409, "moved_meanwhile")
    figures = refused.json()["figures"]
    assert [movement["quantity"] for movement in figures["movements"]] == [5]
    given = await post(store, f"{here}/results", {"counted": 900, "through_entry": figures["rebase_to"]})
    assert types(given) == ["CountSubmitted"]
    shown = (await store.get(here)).json()
    assert (shown["status"], shown["counted"], shown["expected"]) == ("SUBMITTED", None, None)

    assert types(await post(store, f"{here}/repetitions", {"counted": 905, "counter": "p:budi"})) == ["CountRepeated"]
    shown = (await store.get(here)).json()
    assert (shown["status"], shown["counted"], shown["expected"], shown["repeated"]) == ("REPEATED", 900, 1_000, 905)
    assert (await post(store, f"{here}/approvals", {})).status_code == 403
    assert (await post(caller("province", "17"), f"{here}/approvals", {})).status_code == 403
    booked = await post(head, f"{here}/approvals", {})
    assert types(booked)[:3] == ["VarianceRecorded", "StockCounted", "CountApproved"]
    [item] = (await balances(store))["items"]
    assert item["on_hand"] == 905
    listed = (await store.get(f"{HERE}/counts", params={"status": "APPROVED", "item": "KTP_WNI"})).json()["counts"]
    assert [row["count"] for row in listed] == [count]
    assert (await store.get(f"{HERE}/counts", params={"status": "STARTED"})).json()["counts"] == []
    assert (await caller("storekeeper", "17.01").get(f"/offices/17.01/counts/{count}")).status_code == 404


async def test_a_count_is_booked_as_of_its_beginning(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(1_000))
    count = str(uuid4())
    begun = await post(store, f"{HERE}/counts", {**START, "count": count})
    since = begun.json()["facts"][0]["started_at"]
    assert "StockCounted" in types(await post(store, f"{HERE}/counts/{count}/results", {"counted": 997}))
    then = (await store.get(f"{HERE}/balances", params={"as_of": since})).json()
    assert then["items"][0]["on_hand"] == 997
    before = (datetime.fromisoformat(since) - timedelta(microseconds=1)).isoformat()
    then = (await store.get(f"{HERE}/balances", params={"as_of": before})).json()
    assert then["items"][0]["on_hand"] == 1_000


START = {"item": "KTP_WNI", "location": STORE, "counter": "p:ani"}


async def test_a_count_may_be_discarded_with_a_reason(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(1_000))
    count = str(uuid4())
    await post(store, f"{HERE}/counts", {**START, "count": count})
    assert types(await post(store, f"{HERE}/counts/{count}/discards", {"reason": "Salah rak"})) == ["CountDiscarded"]
    assert (await post(store, f"{HERE}/counts/{uuid4()}/discards", {"reason": "?"})).status_code == 404


async def test_the_head_says_whose_the_numbers_are(caller: Caller) -> None:
    store, head = caller("storekeeper", BENGKULU), caller("head", BENGKULU)
    serials = {"first": "KT0001", "last": "KT0020"}
    box = received(20, serials=serials)
    await post(caller("storekeeper", "17.01"), "/offices/17.01/receipts", box)
    assert "DiscrepancyFound" in types(await post(store, f"{HERE}/receipts", box))
    [question] = (await store.get(f"{HERE}/discrepancies")).json()["discrepancies"]
    entry = question["found"][0]["entry"]
    explanation = {"item": "KTP_WNI", "entry": entry, "rightful": "HERE", "reason": "Salah"}
    assert (await post(store, f"{HERE}/explanations", explanation)).status_code == 403
    assert (await post(head, f"{HERE}/explanations", {**explanation, "entry": entry - 1})).status_code == 404
    explained = types(await post(head, f"{HERE}/explanations", explanation))
    assert explained == ["CustodyChanged", "DiscrepancyExplained"]
    assert not (await balances(store))["items"][0]["in_question"]


async def test_the_head_closes_a_period_by_the_offices_own_days(caller: Caller) -> None:
    store, head = caller("storekeeper", BENGKULU), caller("head", BENGKULU)
    here = datetime.now(ZoneInfo("Asia/Jakarta"))
    yesterday = here.date() - timedelta(days=1)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    opened = counted(1_000, occurred_at=(midnight - timedelta(hours=2)).isoformat())
    await post(store, f"{HERE}/opening-counts", opened)
    body = {"item": "KTP_WNI", "through": yesterday.isoformat()}
    assert (await post(store, f"{HERE}/closings", body)).status_code == 403
    today = await post(head, f"{HERE}/closings", {**body, "through": here.date().isoformat()})
    assert (today.status_code, today.json()["code"]) == (409, "not_over")
    for far in ("9999-12-31", "2001-01-01"):
        assert codes(await post(head, f"{HERE}/closings", {**body, "through": far})) == ["too_far_away"]
    answer = await post(head, f"{HERE}/closings", body)
    assert types(answer) == ["BookClosed"]
    closed = answer.json()["facts"][0]
    assert datetime.fromisoformat(closed["until"]) == midnight.astimezone(UTC)
    assert closed["locations"] == {STORE: 1_000}
    late = received(5, occurred_at=(midnight - timedelta(minutes=1)).isoformat())
    assert (await post(store, f"{HERE}/receipts", late)).json()["code"] == "book_closed"
