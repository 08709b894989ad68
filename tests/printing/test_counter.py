"""At the counter over HTTP: cards are handed over or wait for their citizens, other documents are counted."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from shared.ledger import Context
from tests.hosting import Caller
from tests.printing.bengkulu import stock
from tests.printing.test_api import JOBS, post, printed, queued

pytestmark = pytest.mark.anyio

HERE = "/offices/17.71"


@pytest.fixture
def operator(caller: Caller) -> httpx2.AsyncClient:
    return caller("operator", "17.71")


def handed(**but: Any) -> dict[str, Any]:
    return {"location": "MPP", "old_card_withdrawn": False} | but


def document(**but: Any) -> dict[str, Any]:
    return {"document": str(uuid4()), "kind": "KK", "location": "MPP", "quantity": 1, "sheets": 2} | but


def kia(**but: Any) -> dict[str, Any]:
    said = {"kind": "KIA", "sheets": 0, "card": {"workstation": "WS-2"}}
    return document(**said | but)


def types(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 201, answer.text
    return [fact["type"] for fact in answer.json()["facts"]]


async def made(operator: httpx2.AsyncClient, days_ago: float = 0, **request: Any) -> str:
    """The id of a job whose card was printed so long ago."""
    job = await queued(operator, **request)
    at = datetime.now(UTC) - timedelta(days=days_ago)
    report = printed(location=request.get("location", "MPP"), occurred_at=at.isoformat(), chip_serial=None)
    assert (await post(operator, f"{job}/printed", report)).status_code == 201
    return job.removeprefix(f"{JOBS}/")


async def test_a_card_is_handed_over_once_and_the_old_one_comes_back(operator: httpx2.AsyncClient) -> None:
    job = await made(operator)
    answer = await post(operator, f"{JOBS}/{job}/hand-over", handed(old_card_withdrawn=True))
    assert types(answer) == ["CardHandedOver", "OldCardWithdrawn"]
    assert answer.json()["facts"][0]["handed_over_by"] == "operator-17.71"
    assert (await operator.get(f"{JOBS}/{job}")).json()["state"] == "HANDED_OVER"
    assert types(await post(operator, f"{JOBS}/{job}/hand-over", handed(old_card_withdrawn=True))) == []


async def test_an_old_card_may_be_told_of_later(operator: httpx2.AsyncClient) -> None:
    job = await made(operator)
    assert types(await post(operator, f"{JOBS}/{job}/hand-over", handed())) == ["CardHandedOver"]
    later = await post(operator, f"{JOBS}/{job}/hand-over", handed(old_card_withdrawn=True))
    assert types(later) == ["OldCardWithdrawn"]


async def test_a_card_that_nobody_printed_is_not_handed_over(operator: httpx2.AsyncClient) -> None:
    job = await queued(operator)
    answer = await post(operator, f"{job}/hand-over", handed())
    assert (answer.status_code, answer.json()["code"]) == (409, "not_printed")


async def test_cards_that_nobody_came_for_are_listed_by_age_and_counted_by_place(operator: httpx2.AsyncClient) -> None:
    ages = (100, 40, 8, 8, 1, 0)
    jobs = [await made(operator, days) for days in ages]
    kampung = await made(operator, 31, location="Kampung Melayu", item="KTP_WNA")
    gone = await made(operator, 200)
    assert types(await post(operator, f"{JOBS}/{gone}/hand-over", handed())) == ["CardHandedOver"]
    pages = [(await operator.get(f"{HERE}/uncollected", params={"limit": 3})).json()]
    while pages[-1]["next"]:
        asked = {"limit": 3, "cursor": pages[-1]["next"]}
        pages.append((await operator.get(f"{HERE}/uncollected", params=asked)).json())
    seen = [each["job"] for page in pages for each in page["cards"]]
    assert seen == [jobs[0], jobs[1], kampung, *jobs[2:]] and len(pages) == 3
    assert pages[0]["ages"] == [
        {"location": "Kampung Melayu", "item": "KTP_WNA", "cards": {"0": 1, "7": 1, "30": 1, "90": 0}},
        {"location": "MPP", "item": "KTP_WNI", "cards": {"0": 6, "7": 4, "30": 2, "90": 1}},
    ]
    assert all("applicant" not in each for each in pages[0]["cards"])


async def test_cards_of_one_moment_are_on_one_page_only(operator: httpx2.AsyncClient) -> None:
    jobs = [await queued(operator) for _ in range(5)]
    for job in jobs:
        report = printed(occurred_at="2024-11-20T05:00:00.123456Z", chip_serial=None)
        assert (await post(operator, f"{job}/printed", report)).status_code == 201
    first = (await operator.get(f"{HERE}/uncollected", params={"limit": 3})).json()
    rest = (await operator.get(f"{HERE}/uncollected", params={"limit": 3, "cursor": first["next"]})).json()
    seen = [each["job"] for page in (first, rest) for each in page["cards"]]
    assert (sorted(seen), rest["next"]) == (sorted(job.removeprefix(f"{JOBS}/") for job in jobs), None)


async def test_a_cursor_of_no_moment_is_the_end_of_the_list(operator: httpx2.AsyncClient) -> None:
    await made(operator)
    for cursor in ("WzkyMjMzNzIwMzY4NTQ3NzU4MDcsIngiXQ", "Wy05MjIzMzcyMDM2ODU0Nzc1ODA3LCJ4Il0"):
        answer = await operator.get(f"{HERE}/uncollected", params={"cursor": cursor})
        assert answer.status_code == 200, answer.text
    assert (await operator.get(f"{HERE}/uncollected", params={"cursor": "x"})).status_code == 422


async def test_paper_is_counted_once_however_often_it_is_sent(operator: httpx2.AsyncClient) -> None:
    body = document(quantity=3, sheets=6)
    [fact] = (await post(operator, f"{HERE}/documents", body)).json()["facts"]
    assert (fact["type"], fact["quantity"], fact["sheets"]) == ("DocumentIssued", 3, 6)
    assert fact["issued_by"] == "operator-17.71"
    assert types(await post(operator, f"{HERE}/documents", body)) == []
    other = await post(operator, f"{HERE}/documents", {**body, "quantity": 4})
    assert (other.status_code, other.json()["code"]) == (409, "document_id_taken")


async def test_paper_is_not_counted_under_the_id_of_a_card(operator: httpx2.AsyncClient) -> None:
    job = await queued(operator)
    answer = await post(operator, f"{HERE}/documents", document(document=job.removeprefix(f"{JOBS}/")))
    assert (answer.status_code, answer.json()["code"]) == (409, "document_id_taken")


async def test_a_kia_uses_a_blank_so_stock_hears_of_it_as_of_any_card(operator: httpx2.AsyncClient) -> None:
    body = kia()
    [fact] = (await post(operator, f"{HERE}/documents", body)).json()["facts"]
    assert (fact["type"], fact["item"], fact["reason"]) == ("CardPrinted", "KIA", "FIRST")
    assert (fact["job"], fact["workstation"], fact["printed_by"]) == (body["document"], "WS-2", "operator-17.71")
    assert types(await post(operator, f"{HERE}/documents", body)) == []
    assert types(await post(operator, f"{JOBS}/{body['document']}/hand-over", handed())) == ["CardHandedOver"]


async def test_a_kia_that_was_queued_is_the_job_it_was_queued_as(operator: httpx2.AsyncClient) -> None:
    job = await queued(operator, item="KIA", reason="LOST")
    body = kia(document=job.removeprefix(f"{JOBS}/"))
    [fact] = (await post(operator, f"{HERE}/documents", body)).json()["facts"]
    assert (fact["type"], fact["reason"]) == ("CardPrinted", "LOST")
    assert (await operator.get(job)).json()["state"] == "PRINTED"


async def test_a_kia_is_no_other_card(operator: httpx2.AsyncClient) -> None:
    job = await queued(operator)
    answer = await post(operator, f"{HERE}/documents", kia(document=job.removeprefix(f"{JOBS}/")))
    assert (answer.status_code, answer.json()["code"]) == (409, "document_id_taken")
    assert (await operator.get(job)).json()["state"] == "QUEUED"


async def test_an_empty_book_asks_for_a_kia_blank_too(app: FastAPI, operator: httpx2.AsyncClient) -> None:
    await app.state.ledger.execute(stock("EMPTY", item="KIA"), Context(subject="reader", route="stock"))
    body = kia()
    asked = await post(operator, f"{HERE}/documents", body)
    assert (asked.status_code, asked.json()["code"]) == (409, "blank_not_confirmed")
    confirmed = {**body, "card": {"workstation": "WS-2", "blank_in_hand": True}}
    assert types(await post(operator, f"{HERE}/documents", confirmed)) == ["CardPrinted"]


@pytest.mark.parametrize(
    "wrong",
    [
        document(quantity=0),
        document(quantity=1001),
        document(sheets=10_001),
        document(kind="PASSPORT"),
        document(card={"workstation": "WS-2"}),
        kia(card=None),
        kia(quantity=2),
        kia(sheets=1),
        document(location="MPP 1771012345678901"),
    ],
)
async def test_what_is_no_document_is_not_counted(operator: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    answer = await post(operator, f"{HERE}/documents", wrong)
    assert answer.status_code == 422 and "1771012345678901" not in answer.text


async def test_the_counter_is_the_offices_own(operator: httpx2.AsyncClient, caller: Caller) -> None:
    job = await made(operator)
    paths = {f"{JOBS}/{job}/hand-over": handed(), f"{HERE}/documents": document(), f"{HERE}/uncollected": None}
    for path, body in paths.items():
        # An auditor of the province sees the office, a stranger does not; who works elsewhere acts elsewhere.
        stranger, visitor = caller("operator", "17.01"), caller("auditor", "17")
        if body is None:
            assert (await stranger.get(path)).status_code == 404
            assert (await visitor.get(path)).status_code == 200
            assert (await caller("ops", "00").get(path)).status_code == 403
        else:
            assert (await post(stranger, path, body)).status_code == 404
            assert (await post(visitor, path, body)).status_code == 403
            assert (await post(caller("storekeeper", "17.71"), path, body)).status_code == 403
            assert (await post(caller("operator", "17"), path, body)).status_code == 403
    assert (await operator.get(f"{JOBS}/{job}")).json()["state"] == "PRINTED"


async def test_a_card_that_was_asked_for_here_is_not_handed_over_elsewhere(
    operator: httpx2.AsyncClient, caller: Caller
) -> None:
    job = await made(operator)
    answer = await post(caller("operator", "17.01"), f"/offices/17.01/jobs/{job}/hand-over", handed())
    assert (answer.status_code, answer.json()["code"]) == (409, "job_elsewhere")
