"""Spoiled, destroyed, lost, withdrawn and returned blanks over HTTP, and the month they add up to."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx2
import pytest
from fastapi import FastAPI

from services.stock.api.reports import CAUSES, HEADER
from services.stock.domain import BookOldCard, Cause, ReverseMovement, SpoilBlank
from shared.ledger import Context
from tests.hosting import Caller
from tests.stock.bengkulu import BENGKULU
from tests.stock.test_api import codes, counted, post, received, sent, types

pytestmark = pytest.mark.anyio

HERE, CENTRE = f"/offices/{BENGKULU}", "/offices/00"
PLACE = {"item": "KTP_WNI", "location": "Gudang Disdukcapil"}
WIB = ZoneInfo("Asia/Jakarta")
WHO = Context(subject="p:system", route="test")


def burned(by_cause: dict[str, int], **but: Any) -> dict[str, Any]:
    said = {"minutes": "BAP-7/2024", "witnesses": ["p:satpol", "p:inspektorat"], "document_sha256": "ab" * 32}
    return {**PLACE, **said, "by_cause": by_cause, **but}


def gone(quantity: int, **but: Any) -> dict[str, Any]:
    return {**PLACE, "quantity": quantity, "police_report": "LP/B/11/2024", **but}


async def held(client: httpx2.AsyncClient, office: str = HERE) -> tuple[int, int]:
    [item] = (await client.get(f"{office}/balances")).json()["items"]
    [location] = item["locations"]
    return item["on_hand"], location["spoiled"]


async def test_spoiled_burned_and_lost_blanks_leave_the_books_in_their_columns(caller: Caller) -> None:
    store, operator = caller("storekeeper", BENGKULU), caller("operator", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(10_000))
    spoilage = {**PLACE, "cause": "DAMAGED", "quantity": 5}
    assert types(await post(operator, f"{HERE}/spoilages", spoilage)) == ["BlankSpoiled"]
    assert await held(store) == (9_995, 5)
    assert types(await post(store, f"{HERE}/destructions", burned({"DAMAGED": 3}))) == ["BlanksDestroyed"]
    assert await held(store) == (9_995, 2)
    serials = {"first": "KT0001", "last": "KT0020"}
    assert types(await post(store, f"{HERE}/losses", gone(20, serials=serials))) == [
        "BlanksReportedLost",
        "CustodyChanged",
    ]
    assert await held(store) == (9_975, 2)
    beyond = await post(store, f"{HERE}/destructions", burned({"DAMAGED": 3}))
    assert (beyond.status_code, beyond.json()["code"]) == (409, "more_than_awaits")
    own = await post(
        store, f"{HERE}/destructions", burned({"DAMAGED": 1}, witnesses=["p:a", f"storekeeper-{BENGKULU}"])
    )
    assert (own.status_code, own.json()["code"]) == (409, "witness_is_storekeeper")


async def test_a_dry_run_shows_what_a_loss_would_leave(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    await post(store, f"{HERE}/opening-counts", counted(10_000))
    shown = await post(store, f"{HERE}/losses?dry_run=true", gone(20))
    assert shown.status_code == 200
    assert [(line["before"], line["after"]) for line in shown.json()["balances"]] == [(10_000, 9_980)]
    assert await held(store) == (10_000, 0)


NOT_SAID: list[tuple[str, dict[str, Any], str]] = [
    ("spoilages", {**PLACE, "cause": "STOLEN"}, "literal_error"),
    ("spoilages", {**PLACE, "cause": "DAMAGED", "quantity": 0}, "greater_than_equal"),
    ("spoilages", {**PLACE, "cause": "DAMAGED", "quantity": 2, "serial": "A1"}, "serials_do_not_fit"),
    ("destructions", burned({}), "too_short"),
    ("destructions", burned({"DAMAGED": 0}), "greater_than_equal"),
    ("destructions", burned({"DAMAGED": 1}, witnesses=["p:a", "p:a"]), "witnesses_are_one"),
    ("destructions", burned({"DAMAGED": 1}, witnesses=["p:a"]), "missing"),
    ("destructions", burned({"DAMAGED": 1}, document_sha256="AB" * 32), "string_pattern_mismatch"),
    ("destructions", burned({"DAMAGED": 1}, serials=[{"first": "A1", "last": "A2"}]), "serials_do_not_fit"),
    ("destructions", burned({"DAMAGED": 1}, serials=[{"first": "A2", "last": "A1"}]), "serials_do_not_fit"),
    ("losses", gone(0), "greater_than_equal"),
    ("losses", {**PLACE, "quantity": 5}, "missing"),
    ("losses", gone(5, serials={"first": "A1", "last": "A4"}), "serials_do_not_fit"),
    (f"consignments/{uuid4()}/returns", {**PLACE, "quantity": 0, "bast": "x"}, "greater_than_equal"),
    (
        f"consignments/{uuid4()}/returns",
        {**PLACE, "quantity": 2, "bast": "x", "serials": {"first": "A1", "last": "A4"}},
        "serials_do_not_fit",
    ),
    ("old-card-destructions", {"item": "KTP_WNI", "quantity": 1, "minutes": "x"}, "missing"),
]


async def test_what_is_not_said_as_it_should_be_changes_nothing(caller: Caller) -> None:
    store = caller("storekeeper", BENGKULU)
    for path, body, code in NOT_SAID:
        assert code in codes(await post(store, f"{HERE}/{path}", body)), (path, body)
    assert (await store.get(f"{HERE}/balances")).json()["position"] == 0


async def test_only_who_may_and_only_where_they_may(caller: Caller) -> None:
    for role, path, body in (
        ("operator", "destructions", burned({"DAMAGED": 1})),
        ("operator", "losses", gone(1)),
        ("auditor", "spoilages", {**PLACE, "cause": "DAMAGED"}),
        ("operator", "old-card-destructions", {}),
        ("operator", f"consignments/{uuid4()}/returns", {}),
    ):
        assert (await post(caller(role, BENGKULU), f"{HERE}/{path}", body)).status_code == 403, (role, path)
    assert (await post(caller("storekeeper", "17.01"), f"{HERE}/losses", gone(1))).status_code == 404


async def test_rejected_blanks_go_back_to_their_sender(caller: Caller) -> None:
    store, centre = caller("storekeeper", BENGKULU), caller("storekeeper", "00")
    await post(centre, f"{CENTRE}/opening-counts", counted(10_000))
    await post(store, f"{HERE}/opening-counts", counted(0))
    dispatch = sent(100)
    await post(centre, f"{CENTRE}/consignments", dispatch)
    arrival = received(90, consignment=dispatch["consignment"], rejected=10, reason="cacat")
    await post(store, f"{HERE}/receipts", arrival)
    back = {**PLACE, "quantity": 6, "bast": "470/9/BAST/2024"}
    path = f"consignments/{dispatch['consignment']}/returns"
    own = await post(store, f"{HERE}/{path}", back)
    assert (own.status_code, own.json()["code"]) == (409, "not_the_sender")
    assert "RejectedReturned" in types(await post(centre, f"{CENTRE}/{path}", back))
    assert "BlankSpoiled" in types(await post(store, f"{HERE}/{path}", {**back, "quantity": 4, "spoiled": "DAMAGED"}))
    found = (await store.get(f"/consignments/{dispatch['consignment']}")).json()
    assert (found["accepted"], found["rejected"], found["missing"], found["in_transit"]) == (100, 0, 0, 0)
    assert await held(centre, CENTRE) == (9_906, 0) and await held(store) == (90, 4)


async def test_withdrawn_cards_wait_until_they_are_destroyed(caller: Caller, app: FastAPI) -> None:
    store, now = caller("storekeeper", BENGKULU), datetime.now(UTC)
    for n in range(3):
        await app.state.ledger.execute(old_card(BENGKULU, now, n), WHO)
    burning = {"item": "KTP_WNI", "quantity": 2, "minutes": "BAP-8", "document_sha256": "cd" * 32}
    body = {**burning, "witnesses": ["p:satpol", "p:inspektorat"]}
    assert types(await post(store, f"{HERE}/old-card-destructions", body)) == ["OldCardsDestroyed"]
    [waiting] = (await store.get(f"{HERE}/old-cards")).json()["items"]
    assert (waiting["item"], waiting["awaiting"], waiting["destroyed"]) == ("KTP_WNI", 1, 2)
    assert (await post(store, f"{HERE}/old-card-destructions", body)).json()["code"] == "more_than_awaits"


async def test_thresholds_are_remembered_version_by_version_newest_first(caller: Caller) -> None:
    head = caller("head", BENGKULU)
    for low in (500, 600, 700):
        own = {"item": "KTP_WNI", "low": low, "critical": 200, "recovery": None, "low_days": 3, "critical_days": 1}
        assert (await post(head, f"{HERE}/thresholds", own)).status_code == 201
    asked: dict[str, str | int] = {"item": "KTP_WNI", "limit": 2}
    page = (await head.get(f"{HERE}/thresholds", params=asked)).json()
    assert [(line["version"], line["low"], line["low_days"]) for line in page["thresholds"]] == [
        (3, 700, 3),
        (2, 600, 3),
    ]
    assert page["thresholds"][0]["set_by"] == f"head-{BENGKULU}" and page["thresholds"][0]["set_at"] <= now_text()
    rest = (await head.get(f"{HERE}/thresholds", params={**asked, "cursor": page["next"]})).json()
    assert [line["version"] for line in rest["thresholds"]] == [1] and rest["next"] is None
    assert (await head.get(f"{HERE}/thresholds", params={"item": "KIA"})).json()["thresholds"] == []


def now_text() -> str:
    return (datetime.now(UTC) + timedelta(seconds=1)).isoformat()


def old_card(office: str, moment: datetime, n: int) -> BookOldCard:
    return BookOldCard(
        now=moment,
        occurred_at=moment,
        office=office,
        item="KTP_WNI",
        day=moment.date(),
        location="Gudang Disdukcapil",
        job=f"job-{n}",
    )


def misprint(
    office: str, moment: datetime, quantity: int, cause: Cause = "MISPRINT", job: str | None = "j"
) -> SpoilBlank:
    return SpoilBlank(
        now=moment,
        occurred_at=moment,
        office=office,
        item="KTP_WNI",
        day=moment.date(),
        location="Gudang Disdukcapil",
        job=job,
        cause=cause,
        quantity=quantity,
    )


FIRST = datetime(2024, 11, 1, tzinfo=WIB)
"""The month begins in Bengkulu, two hours after it did in Merauke."""
LAST = datetime(2024, 11, 30, 23, 59, 59, tzinfo=WIB)
A_SECOND = timedelta(seconds=1)


async def a_month(app: FastAPI, caller: Caller) -> None:
    """Two cities of Bengkulu and Merauke spoil blanks around November 2024; some are unsaid, some burned today."""
    ledger = app.state.ledger
    for command in (
        misprint(BENGKULU, FIRST - A_SECOND, 1),
        misprint(BENGKULU, FIRST, 2),
        misprint(BENGKULU, LAST, 4, "DEAD_CHIP"),
        misprint(BENGKULU, LAST + A_SECOND, 8),
        misprint(BENGKULU, FIRST + timedelta(days=9), 16, "DAMAGED", job=None),
        misprint("17.01", FIRST, 32),
        misprint("94.01", FIRST - timedelta(hours=1), 64),
        old_card(BENGKULU, FIRST, 1),
        old_card(BENGKULU, LAST, 2),
        old_card(BENGKULU, LAST + A_SECOND, 3),
        old_card(BENGKULU, FIRST - A_SECOND, 4),
        old_card("94.01", LAST, 5),
    ):
        await ledger.execute(command, WHO)
    async with app.state.engine.connect() as connection:
        version = await connection.exec_driver_sql("select version from events where data->>'cause' = 'DAMAGED'")
        entry = version.scalar_one()
    unsaid = ReverseMovement(
        now=datetime.now(UTC),
        occurred_at=FIRST + timedelta(days=9),
        office=BENGKULU,
        item="KTP_WNI",
        day=FIRST.date() + timedelta(days=9),
        by_head=True,
        late_reason="salah catat",
        reverses=entry,
        reason="salah catat",
        reversed_by="p:citra",
    )
    await ledger.execute(unsaid, WHO)
    store = caller("storekeeper", BENGKULU)
    burning = await post(store, f"{HERE}/destructions", burned({"MISPRINT": 5}))
    assert types(burning) == ["BlanksDestroyed"]


async def of_november(client: httpx2.AsyncClient) -> Any:
    return (await client.get("/reports/spoilage", params={"month": "2024-11"})).json()


async def test_a_month_is_the_offices_own_and_adds_up_from_city_to_nation(app: FastAPI, caller: Caller) -> None:
    await a_month(app, caller)
    report = await of_november(caller("auditor", "00"))
    by_office = {each["office"]: each["items"] for each in report["offices"]}
    assert by_office[BENGKULU]["KTP_WNI"] == {
        "spoiled": {"ENCODE_FAILURE": 0, "MISPRINT": 2, "DAMAGED": 0, "DEAD_CHIP": 4},
        "destroyed": 0,
        "awaiting": 7,
        "lost": 0,
        "withdrawn": 2,
        "old_cards_destroyed": 0,
    }, "one waited from October, two and four were spoiled; what was unsaid never was, what was burned later waited"
    assert by_office["94.01"]["KTP_WNI"]["spoiled"]["MISPRINT"] == 64, "November had begun there"
    assert by_office["94.01"]["KTP_WNI"]["withdrawn"] == 0, "December had begun there"
    assert by_office["17.02"] == {}
    of_province = {each["province"]: each["items"] for each in report["provinces"]}
    assert of_province["17"]["KTP_WNI"]["spoiled"]["MISPRINT"] == 34
    assert report["nation"]["items"]["KTP_WNI"]["spoiled"]["MISPRINT"] == 98
    assert report["nation"]["items"]["KTP_WNI"]["awaiting"] == 103


async def test_this_month_has_what_was_destroyed_and_lost_in_it(app: FastAPI, caller: Caller) -> None:
    await a_month(app, caller)
    store = caller("storekeeper", BENGKULU)
    await post(store, f"{HERE}/losses", gone(3))
    month = f"{datetime.now(WIB):%Y-%m}"
    found = (await store.get("/reports/spoilage", params={"month": month})).json()
    [bengkulu] = found["offices"]
    figures = bengkulu["items"]["KTP_WNI"]
    assert (figures["destroyed"], figures["lost"], figures["awaiting"]) == (5, 3, 10)


async def test_everybody_sees_the_sums_of_what_they_may_see(app: FastAPI, caller: Caller) -> None:
    await a_month(app, caller)
    city = await of_november(caller("head", BENGKULU))
    assert [each["office"] for each in city["offices"]] == [BENGKULU]
    assert (city["provinces"], city["nation"]) == ([], None)
    province = await of_november(caller("province", "17"))
    assert len(province["offices"]) == 11 and province["nation"] is None
    [sums] = province["provinces"]
    assert sums["items"]["KTP_WNI"]["spoiled"]["MISPRINT"] == 34


async def test_the_month_as_a_sheet_has_a_line_for_each_office_also_with_nothing_to_report(
    app: FastAPI, caller: Caller
) -> None:
    await a_month(app, caller)
    province = caller("province", "17")
    asked = await province.get("/reports/spoilage", params={"month": "2024-11"}, headers={"Accept": "text/csv"})
    assert asked.headers["content-type"] == "text/csv; charset=utf-8"
    again = await province.get("/reports/spoilage", params={"month": "2024-11", "format": "csv"})
    assert again.text == asked.text
    header, *lines = list(csv.reader(io.StringIO(asked.text)))
    assert tuple(header) == HEADER and get_args(Cause) == CAUSES and len(lines) == 12
    by_code = {(line[1], line[2]): (line[3], line[4], [int(figure) for figure in line[5:]]) for line in lines}
    assert by_code["Kota", BENGKULU] == ("Kota Bengkulu", "KTP_WNI", [0, 2, 0, 4, 6, 0, 7, 0, 2, 0])
    assert by_code["Provinsi", "17"] == ("Bengkulu", "KTP_WNI", [0, 34, 0, 4, 38, 0, 39, 0, 2, 0])
    assert by_code["Kabupaten", "17.02"][1:] == ("", [0] * 10)


async def test_a_month_is_written_as_it_should_be(caller: Caller) -> None:
    for month in ("2024-13", "2024-1", "november", "1999-01"):
        answer = await caller("head", BENGKULU).get("/reports/spoilage", params={"month": month})
        assert answer.status_code == 422, month
