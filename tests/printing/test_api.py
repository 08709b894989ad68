"""Printing over HTTP, on the real ledger and PostgreSQL: an office's day, and what is not let in."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from shared.ledger import Context
from tests.hosting import Caller
from tests.printing.bengkulu import stock

pytestmark = pytest.mark.anyio

JOBS = "/offices/17.71/jobs"
NIK = "1771012345678901"


@pytest.fixture
def operator(caller: Caller) -> httpx2.AsyncClient:
    return caller("operator", "17.71")


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})


def card(**changes: Any) -> dict[str, Any]:
    return {
        "job": str(uuid4()),
        "item": "KTP_WNI",
        "location": "MPP",
        "reason": "LOST",
        "applicant": "A-17",
        "occurred_at": "2024-11-20T12:00:00+07:00",
        **changes,
    }


def printed(**changes: Any) -> dict[str, Any]:
    return {"workstation": "WS-2", "location": "MPP", "chip_serial": "04A1B2C3D4E5F6", **changes}


def spoiled(**changes: Any) -> dict[str, Any]:
    return {"workstation": "WS-2", "location": "MPP", "cause": "DEAD_CHIP", **changes}


async def queued(operator: httpx2.AsyncClient, **changes: Any) -> str:
    """The path of a new job."""
    body = card(**changes)
    assert (await post(operator, JOBS, body)).status_code == 201
    return f"{JOBS}/{body['job']}"


async def empty(app: FastAPI) -> None:
    """Stock says that the office has no blanks left."""
    await app.state.ledger.execute(stock("EMPTY"), Context(subject="reader", route="stock"))


async def test_a_job_waits_is_spoiled_once_and_is_printed(operator: httpx2.AsyncClient) -> None:
    job = await queued(operator)
    assert (await post(operator, f"{job}/spoiled", spoiled())).status_code == 201
    waiting = (await operator.get(job)).json()
    assert (waiting["state"], waiting["tries"], waiting["queued_at"]) == ("QUEUED", 1, "2024-11-20T05:00:00Z")
    [fact] = (await post(operator, f"{job}/printed", printed())).json()["facts"]
    assert (fact["type"], fact["item"], fact["reason"]) == ("CardPrinted", "KTP_WNI", "LOST")
    assert "applicant" not in fact
    done = (await operator.get(job)).json()
    assert (done["state"], done["tries"], done["cards"]) == ("PRINTED", 1, 1)


async def test_an_empty_book_asks_and_the_operator_prints_all_the_same(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    job = await queued(operator)
    await empty(app)
    asked = await post(operator, f"{job}/printed", printed())
    assert (asked.status_code, asked.json()["code"]) == (409, "blank_not_confirmed")
    assert (await post(operator, f"{job}/printed", printed(blank_in_hand=True))).status_code == 201


async def test_a_card_of_an_unknown_job_is_recorded_once_it_says_what_it_is(operator: httpx2.AsyncClient) -> None:
    job = f"{JOBS}/{uuid4()}"
    asked = await post(operator, f"{job}/printed", printed())
    assert (asked.status_code, asked.json()["code"]) == (409, "job_unknown")
    assert (await post(operator, f"{job}/printed", printed(item="KIA", reason="FIRST"))).status_code == 201
    assert (await operator.get(job)).json()["state"] == "PRINTED"


async def test_the_queue_counts_by_reason_and_says_how_old_its_news_of_stock_is(
    app: FastAPI, operator: httpx2.AsyncClient, caller: Caller
) -> None:
    for reason in ("LOST", "FIRST", "LOST"):
        await queued(operator, reason=reason)
    await queued(operator, item="KIA", reason="FIRST")
    await empty(app)
    oldest = {"oldest_since": "2024-11-20T05:00:00Z"}
    told = {"level": "EMPTY", "episode": 3, "since": "2024-11-20T05:00:00Z", "as_of": "2024-11-20T05:07:00Z"}
    assert (await caller("province", "17").get("/offices/17.71/queue")).json()["items"] == [
        {"item": "KIA", "queued": {"FIRST": 1}, "by_class": {"FIRST": 1}, **oldest, "stock": None},
        {
            "item": "KTP_WNI",
            "queued": {"FIRST": 1, "LOST": 2},
            "by_class": {"FIRST": 1, "REPLACEMENT": 2},
            **oldest,
            "stock": {**told, "on_hand": 0, "available": 0},
        },
    ]


async def test_jobs_are_read_oldest_first_and_page_by_page(operator: httpx2.AsyncClient) -> None:
    for minute in (30, 10, 20, 10):
        await queued(operator, occurred_at=f"2024-11-20T05:{minute}:00Z")
    pages = [(await operator.get(JOBS, params={"limit": 3})).json()]
    pages.append((await operator.get(JOBS, params={"limit": 3, "cursor": pages[0]["next"]})).json())
    minutes = [job["queued_at"][14:16] for page in pages for job in page["jobs"]]
    assert (minutes, pages[1]["next"]) == (["10", "10", "20", "30"], None)
    assert (await operator.get(JOBS, params={"state": "PRINTED"})).json() == {"jobs": [], "next": None}


async def test_a_job_is_seen_by_its_office_only(operator: httpx2.AsyncClient, caller: Caller) -> None:
    job = await queued(operator)
    neighbour = caller("operator", "17.01")
    assert (await neighbour.get(job)).status_code == 404
    assert (await neighbour.get(job.replace("17.71", "17.01"))).status_code == 404
    assert (await post(neighbour, f"{job.replace('17.71', '17.01')}/printed", printed())).status_code == 409
    assert (await caller("storekeeper", "17.71").get(job)).status_code == 403
    assert (await caller("head", "17.71").get(job)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"applicant": NIK},
        {"applicant": "1771-0123-4567-8901"},
        {"applicant": "081234567890"},
        {"applicant": "NIK:1771.0255.0599.0001"},
        {"applicant": "1771-0255-0599-0001-2"},
        {"applicant": "WA:081234567890"},
        {"applicant": "HP-6281234567890"},
        {"applicant": "A-0812.3456.7890"},
        {"applicant": "1999-05-15"},
        {"applicant": "BD-19900515"},
        {"applicant": "Budi Santoso"},
        {"location": "Rak 17.71.02.550599.0001"},
        {"location": "Rak 1771 0255 0599 0001"},
        {"location": "telp +62 812-3456-7890"},
        {"location": f"MPP {NIK}"},
        {"job": "not-an-id"},
        {"item": "RIBBON"},
        {"reason": "WISH"},
        {"occurred_at": "2999-01-01T00:00:00Z"},
        {"name": "Budi"},
    ],
)
async def test_what_is_no_job_changes_nothing_and_is_not_repeated(
    operator: httpx2.AsyncClient, wrong: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await post(operator, JOBS, card(**wrong))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    (sent,) = wrong.values()
    assert sent not in answer.text + "".join(capfd.readouterr())
    assert (await operator.get(JOBS)).json()["jobs"] == []
