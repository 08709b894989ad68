"""An office that was offline sends what it took meanwhile: each line is answered on its own, and may be sent again."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from shared.ledger import Context
from tests.hosting import Caller
from tests.printing.bengkulu import printed, stock

pytestmark = pytest.mark.anyio

BULK, NIK = "/offices/17.71/jobs/bulk", "1771012345678901"
YESTERDAY = "2024-11-19T10:00:00+07:00"


@pytest.fixture
def operator(caller: Caller) -> httpx2.AsyncClient:
    return caller("operator", "17.71")


def line(**but: Any) -> dict[str, Any]:
    said = {"item": "KTP_WNI", "location": "MPP", "reason": "LOST", "applicant": "A-17"}
    return {"job": str(uuid4()), **said, "occurred_at": YESTERDAY, **but}


async def send(operator: httpx2.AsyncClient, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answer = await operator.post(BULK, json={"lines": lines}, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 201
    told: list[dict[str, Any]] = answer.json()["lines"]
    return told


async def test_each_line_is_answered_on_its_own_and_none_holds_up_another(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    job = str(uuid4())
    early = printed(job=job, item="KTP_WNI", reason="LOST")
    await app.state.ledger.execute(early, Context(subject="test", route="test"))
    known, named = line(), line(job=job)
    assert [each["outcome"] for each in await send(operator, [known])] == ["QUEUED"]
    lines = [line(), known, known | {"reason": "FIRST"}, named, line(priority="VIP"), line(applicant=NIK)]
    told = await send(operator, lines)
    outcomes = ["QUEUED", "ALREADY_QUEUED", "CONFLICT", "NAMED", "CLASS_UNKNOWN", "INVALID"]
    assert [each["outcome"] for each in told] == outcomes
    assert [(fault["at"], fault["code"]) for fault in told[-1]["faults"]] == [("/applicant", "not_opaque")]
    assert NIK not in str(told)


async def test_a_line_says_when_its_applicant_asked_and_since_when_the_card_is_ready(
    operator: httpx2.AsyncClient,
) -> None:
    asked, ready = line(), line(print_ready_at="2024-11-18T08:00:00+07:00")
    assert [each["outcome"] for each in await send(operator, [asked, ready])] == ["QUEUED", "QUEUED"]
    first, second = [(await operator.get(f"/offices/17.71/jobs/{each['job']}")).json() for each in (asked, ready)]
    assert first["print_ready_at"] == "2024-11-19T03:00:00Z"
    assert second["print_ready_at"] == "2024-11-18T01:00:00Z"


async def test_a_line_without_an_offset_or_of_tomorrow_is_at_fault(operator: httpx2.AsyncClient) -> None:
    told = await send(operator, [line(occurred_at="2024-11-19T10:00:00"), line(occurred_at="2099-11-19T10:00:00Z")])
    assert [each["faults"][0]["code"] for each in told] == ["timezone_aware", "in_the_future"]


async def test_what_is_asked_for_when_there_is_no_blank_is_owed(app: FastAPI, operator: httpx2.AsyncClient) -> None:
    await app.state.ledger.execute(stock("EMPTY"), Context(subject="reader", route="stock"))
    assert [each["outcome"] for each in await send(operator, [line()])] == ["OWED"]


async def test_a_thousand_lines_are_one_request_that_may_be_sent_again_and_one_more_is_too_many(
    operator: httpx2.AsyncClient,
) -> None:
    lines = [line(applicant=f"A-{n}") for n in range(1_000)]
    assert {each["outcome"] for each in await send(operator, lines)} == {"QUEUED"}
    assert {each["outcome"] for each in await send(operator, lines)} == {"ALREADY_QUEUED"}
    answer = await operator.post(BULK, json={"lines": [*lines, line()]}, headers={"Idempotency-Key": uuid4().hex})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "too_long")
