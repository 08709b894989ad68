"""Outreach over HTTP, on the real ledger and PostgreSQL: a visit to a school, and what comes home from it."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.outreach.reactions import due
from shared.clock import Deadline
from shared.ledger import Context
from tests.hosting import Caller

pytestmark = pytest.mark.anyio

VISITS = "/offices/17.71/visits"
NIK = "1771012345678901"


@pytest.fixture
def operator(caller: Caller) -> httpx2.AsyncClient:
    return caller("operator", "17.71")


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})


async def planned(operator: httpx2.AsyncClient, **changes: Any) -> str:
    """The path of a new visit."""
    visit = str(uuid4())
    body = {"visit": visit, "place": "SMAN 5", "held_on": "2024-11-20", "expected": 100, **changes}
    assert (await post(operator, VISITS, body)).status_code == 201
    return f"{VISITS}/{visit}"


def next_month() -> str:
    """The month after this one, when somebody of sixteen turns seventeen."""
    now = datetime.now(UTC)
    return f"{now.year + now.month // 12}-{now.month % 12 + 1:02}"


def line(turns_17: str | None = None, **changes: Any) -> dict[str, Any]:
    person = {"recording": str(uuid4()), "applicant": "A-1", "item": "KTP_WNI", "location": "MPP"}
    return {**person, "turns_17": turns_17, **changes}


def outcomes(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 201, answer.text
    return [line["outcome"] for line in answer.json()["lines"]]


async def test_a_school_is_visited_and_the_visit_shows_what_came_of_it(operator: httpx2.AsyncClient) -> None:
    visit = await planned(operator)
    lines = [line(), line(next_month()), line(next_month())]
    answer = await post(operator, f"{visit}/recordings", {"lines": lines})
    assert outcomes(answer) == ["PRINT_READY", "WAITING", "WAITING"]
    assert [told["recording"] for told in answer.json()["lines"]] == [sent["recording"] for sent in lines]
    seen = (await operator.get(visit)).json()
    assert (seen["expected"], seen["recorded"], seen["waiting"], seen["ready"]) == (100, 3, 2, 1)


async def test_a_sync_may_be_tried_without_recording_anybody(operator: httpx2.AsyncClient) -> None:
    visit, body = await planned(operator), {"lines": [line()]}
    tried = await post(operator, f"{visit}/recordings?dry_run=true", body)
    assert (tried.status_code, tried.json()["dry_run"]) == (200, True)
    assert outcomes(await post(operator, f"{visit}/recordings", body)) == ["PRINT_READY"]


async def test_the_same_sync_with_the_same_key_gets_the_same_answer(operator: httpx2.AsyncClient) -> None:
    visit, body = await planned(operator), {"lines": [line(), line(next_month())]}
    first = await post(operator, f"{visit}/recordings", body, "sync-1")
    again = await post(operator, f"{visit}/recordings", body, "sync-1")
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert outcomes(await post(operator, f"{visit}/recordings", body)) == ["ALREADY_RECORDED"] * 2
    other = await post(operator, f"{visit}/recordings", {"lines": [line()]}, "sync-1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_a_bad_line_holds_up_no_other_and_is_not_repeated(
    operator: httpx2.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    visit = await planned(operator)
    answer = await post(operator, f"{visit}/recordings", {"lines": [line(applicant=NIK), line()]})
    assert outcomes(answer) == ["INVALID", "PRINT_READY"]
    assert NIK not in answer.text + "".join(capfd.readouterr())


async def test_five_hundred_people_fit_into_one_sync(operator: httpx2.AsyncClient) -> None:
    visit = await planned(operator)
    answer = await post(operator, f"{visit}/recordings", {"lines": [line(applicant="A" * 64) for _ in range(500)]})
    assert outcomes(answer) == ["PRINT_READY"] * 500
    assert (await operator.get(visit)).json()["ready"] == 500


async def test_a_birthday_that_is_past_makes_the_recording_print_ready(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    visit = await planned(operator)
    await post(operator, f"{visit}/recordings", {"lines": [line(next_month()), line()]})
    async with app.state.engine.connect() as connection:
        rows = await connection.execute(text("select key, stream, office, due, kind, data from deadlines"))
        [deadline] = [Deadline(*row) for row in rows]
    await app.state.ledger.execute(due(deadline, deadline.due, False), Context(subject="clock", route=deadline.kind))
    seen = (await operator.get(visit)).json()
    assert (seen["waiting"], seen["ready"]) == (0, 2)
    async with app.state.engine.connect() as connection:
        assert (await connection.execute(text("select count(*) from deadlines"))).scalar() == 0


async def test_recordings_of_a_visit_nobody_planned_wait_for_its_plan(operator: httpx2.AsyncClient) -> None:
    answer = await post(operator, f"{VISITS}/{uuid4()}/recordings", {"lines": [line()]})
    assert (answer.status_code, answer.json()["code"]) == (409, "visit_unknown")


async def test_visits_are_read_latest_first_and_page_by_page(operator: httpx2.AsyncClient) -> None:
    for day in ("2024-11-20", "2024-11-22", "2024-11-21"):
        await planned(operator, held_on=day)
    first = (await operator.get(VISITS, params={"limit": 2})).json()
    rest = (await operator.get(VISITS, params={"limit": 2, "cursor": first["next"]})).json()
    days = [visit["held_on"] for visit in first["visits"] + rest["visits"]]
    assert (days, rest["next"]) == (["2024-11-22", "2024-11-21", "2024-11-20"], None)


async def test_a_visit_is_seen_in_its_scope_only(operator: httpx2.AsyncClient, caller: Caller) -> None:
    visit = await planned(operator)
    assert (await caller("province", "17").get(visit)).status_code == 200
    assert (await caller("province", "18").get(visit)).status_code == 404
    assert (await caller("operator", "17.01").get(visit.replace("17.71", "17.01"))).status_code == 404
    assert (await post(caller("storekeeper", "17.71"), VISITS, {})).status_code == 403


async def test_no_answer_tells_a_month_of_birth(operator: httpx2.AsyncClient) -> None:
    visit = await planned(operator)
    answer = await post(operator, f"{visit}/recordings", {"lines": [line(next_month())]})
    assert next_month() not in answer.text + (await operator.get(visit)).text + (await operator.get(VISITS)).text


@pytest.mark.parametrize(
    "wrong",
    [{"expected": 0}, {"expected": True}, {"held_on": "20-11-2024"}, {"place": "a\0b"}, {"place": NIK}, {"nik": NIK}],
)
async def test_what_is_no_visit_changes_nothing(operator: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    body = {"visit": str(uuid4()), "place": "SMAN 5", "held_on": "2024-11-20", "expected": 100, **wrong}
    answer = await post(operator, VISITS, body)
    assert (answer.status_code, NIK in answer.text) == (422, False)
    assert (await operator.get(VISITS)).json()["visits"] == []
