"""What comes home from a visit, over HTTP, on the real ledger and PostgreSQL."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.outreach.service import OUTREACH
from shared.rebuild import rebuild
from shared.reconcile import reconcile
from tests.hosting import Caller
from tests.outreach.web import VISITS, planned, post

pytestmark = pytest.mark.anyio

NIK = "1771012345678901"
BLANKS = {"item": "KTP_WNI", "taken": 110, "printed": 40, "spoiled": 1, "returned": 69}


def next_month() -> str:
    """The month after this one, when somebody of sixteen turns seventeen."""
    now = datetime.now(UTC)
    return f"{now.year + now.month // 12}-{now.month % 12 + 1:02}"


def line(turns_17: str | None = None, **changes: Any) -> dict[str, Any]:
    person = {"recording": str(uuid4()), "applicant": "A-1", "item": "KTP_WNI", "location": "MPP"}
    return {**person, "turns_17": turns_17, **changes}


def lines(count: int) -> list[dict[str, Any]]:
    """Of every two one has a month."""
    return [line(next_month() if number % 2 else None) for number in range(count)]


def outcomes(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 201, answer.text
    return [line["outcome"] for line in answer.json()["lines"]]


async def stored(app: FastAPI, query: str) -> Any:
    async with app.state.engine.connect() as connection:
        return (await connection.execute(text(query))).scalar()


async def test_a_school_is_visited_and_the_visit_shows_what_came_of_it(operator: httpx2.AsyncClient) -> None:
    visit = await planned(operator)
    sent = [line(), line(next_month()), line(next_month())]
    answer = await post(operator, f"{visit}/recordings", {"lines": sent})
    assert outcomes(answer) == ["PRINT_READY", "WAITING", "WAITING"]
    assert [told["recording"] for told in answer.json()["lines"]] == [line["recording"] for line in sent]
    seen = (await operator.get(visit)).json()
    assert (seen["expected"], seen["recorded"], seen["waiting"], seen["ready"]) == (100, 3, 2, 1)


async def test_two_thousand_people_and_the_tally_fit_into_one_sync(operator: httpx2.AsyncClient) -> None:
    visit, sent = await planned(operator), lines(2_000)
    tally = {"recorded": 2_000, "turned_away": 3, "blanks": [BLANKS]}
    answer = await post(operator, f"{visit}/recordings", {"lines": sent, "tally": tally})
    assert outcomes(answer) == ["PRINT_READY", "WAITING"] * 1_000
    assert answer.json()["tally"] == {"outcome": "SYNCED"}
    seen = (await operator.get(visit)).json()
    assert (seen["stage"], seen["recorded"], seen["counted"], seen["turned_away"]) == ("SYNCED", 2_000, 2_000, 3)


async def test_a_device_learns_what_has_arrived_and_sends_the_rest(operator: httpx2.AsyncClient) -> None:
    visit, sent = await planned(operator), lines(9)
    await post(operator, f"{visit}/recordings", {"lines": sent[:5]})
    known: dict[str, str] = {}
    cursor = None
    while True:
        page = (
            await operator.get(f"{visit}/recordings", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        ).json()
        known |= {row["recording"]: row["state"] for row in page["recordings"]}
        cursor = page["next"]
        if cursor is None:
            break
    assert known == {one["recording"]: "WAITING" if one["turns_17"] else "PRINT_READY" for one in sent[:5]}
    missing = [one for one in sent if one["recording"] not in known]
    assert outcomes(await post(operator, f"{visit}/recordings", {"lines": missing})) == ["WAITING", "PRINT_READY"] * 2


async def test_a_list_of_recordings_says_nothing_but_ids_and_states(
    operator: httpx2.AsyncClient, caller: Caller
) -> None:
    visit = await planned(operator)
    await post(operator, f"{visit}/recordings", {"lines": lines(2)})
    page = (await operator.get(f"{visit}/recordings")).json()
    assert {frozenset(row) for row in page["recordings"]} == {frozenset({"recording", "state"})}
    assert (await operator.get(f"{VISITS}/{uuid4()}/recordings")).status_code == 404
    assert (await caller("operator", "17.01").get(visit.replace("17.71", "17.01") + "/recordings")).status_code == 404
    assert (await caller("auditor", "00").get(f"{visit}/recordings")).status_code == 403


async def test_a_sync_may_be_tried_without_recording_anybody(app: FastAPI, operator: httpx2.AsyncClient) -> None:
    visit, body = await planned(operator), {"lines": lines(2)}
    tried = await post(operator, f"{visit}/recordings?dry_run=true", body)
    assert (tried.status_code, tried.json()["dry_run"]) == (200, True)
    assert await stored(app, "select count(*) from month_keys") == 0
    assert outcomes(await post(operator, f"{visit}/recordings", body)) == ["PRINT_READY", "WAITING"]


async def test_the_same_sync_with_the_same_key_gets_the_same_answer(operator: httpx2.AsyncClient) -> None:
    visit, body = await planned(operator), {"lines": lines(1_200)}
    first = await post(operator, f"{visit}/recordings", body, "sync-1")
    again = await post(operator, f"{visit}/recordings", body, "sync-1")
    assert "Idempotency-Replayed" not in first.headers
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (first.json(), "true")
    assert outcomes(await post(operator, f"{visit}/recordings", body)) == ["ALREADY_RECORDED"] * 1_200
    other = await post(operator, f"{visit}/recordings", {"lines": [line()]}, "sync-1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


async def test_a_sync_that_broke_off_in_the_middle_is_finished_by_sending_it_again(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    visit, body = (
        await planned(operator),
        {"lines": lines(2_000), "tally": {"recorded": 2_000, "turned_away": 0, "blanks": []}},
    )
    under_way = asyncio.create_task(post(operator, f"{visit}/recordings", body, "sync-1"))
    while not await stored(app, "select count(*) from recordings"):
        assert not under_way.done(), under_way.result().text
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    answer = await post(operator, f"{visit}/recordings", body, "sync-1")
    assert outcomes(answer) == ["PRINT_READY", "WAITING"] * 1_000
    assert "Idempotency-Replayed" not in answer.headers, "the first had been done already: nothing was broken off"
    assert answer.json()["tally"] == {"outcome": "SYNCED"}
    seen = (await operator.get(visit)).json()
    assert (seen["recorded"], seen["waiting"], seen["ready"]) == (2_000, 1_000, 1_000)
    assert await stored(app, "select count(*) from events where type = 'PersonRecorded'") == 2_000


async def test_the_same_key_with_another_month_is_a_conflict_of_that_line(operator: httpx2.AsyncClient) -> None:
    visit, one = await planned(operator), line(next_month())
    assert outcomes(await post(operator, f"{visit}/recordings", {"lines": [one]}, "sync-1")) == ["WAITING"]
    again = await post(operator, f"{visit}/recordings", {"lines": [one | {"turns_17": "2099-01"}]}, "sync-1")
    assert outcomes(again) == ["CONFLICT"]


async def test_two_devices_that_sync_the_same_people_at_once_record_each_once(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    visit, body = await planned(operator), {"lines": lines(700)}
    both = await asyncio.gather(*(post(operator, f"{visit}/recordings", body) for _ in range(2)))
    assert sum(told == "ALREADY_RECORDED" for answer in both for told in outcomes(answer)) == 700
    assert not any(told == "CONFLICT" for answer in both for told in outcomes(answer))
    assert (await operator.get(visit)).json()["recorded"] == 700
    assert await stored(app, "select count(*) from month_keys") == 1


async def test_a_bad_line_holds_up_no_other_and_is_not_repeated(
    operator: httpx2.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    visit = await planned(operator)
    answer = await post(operator, f"{visit}/recordings", {"lines": [line(applicant=NIK), line()]})
    assert outcomes(answer) == ["INVALID", "PRINT_READY"]
    assert NIK not in answer.text + "".join(capfd.readouterr())


async def test_a_tally_that_is_refused_holds_up_no_line(operator: httpx2.AsyncClient, caller: Caller) -> None:
    visit = await planned(operator)
    tally = {"recorded": 0, "turned_away": 1, "blanks": []}
    assert (await post(operator, f"{visit}/recordings", {"lines": [], "tally": tally})).json()["lines"] == []
    assert (await post(caller("head", "17.71"), f"{visit}/reconciliation", {})).status_code == 201
    late = await post(operator, f"{visit}/recordings", {"lines": [line()], "tally": tally | {"recorded": 1}})
    assert outcomes(late) == ["PRINT_READY"]
    assert (late.json()["tally"]["outcome"], late.json()["tally"]["code"]) == ("REFUSED", "visit_reconciled")
    alone = await post(operator, f"{visit}/recordings", {"lines": [], "tally": tally | {"recorded": 1}})
    assert (alone.status_code, alone.json()["code"]) == (409, "visit_reconciled")


@pytest.mark.parametrize("turns_17", [None, next_month()])
async def test_recordings_of_a_visit_nobody_planned_wait_for_its_plan(
    app: FastAPI, operator: httpx2.AsyncClient, turns_17: str | None
) -> None:
    answer = await post(operator, f"{VISITS}/{uuid4()}/recordings", {"lines": [line(turns_17)]})
    assert (answer.status_code, answer.json()["code"]) == (409, "visit_unknown")
    assert await stored(app, "select count(*) from month_keys") == 0


async def test_a_sealed_month_that_was_changed_in_the_database_holds_up_no_sync(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    visit, one = await planned(operator), line(next_month())
    await post(operator, f"{visit}/recordings", {"lines": [one]})
    await stored(app, "update recordings set sealed = 'x' returning 1")
    assert outcomes(await post(operator, f"{visit}/recordings", {"lines": [one]})) == ["ALREADY_RECORDED"]


async def test_a_service_without_the_key_of_a_visit_takes_no_month_of_it(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    visit = await planned(operator)
    await post(operator, f"{visit}/recordings", {"lines": [line(next_month())]})
    await stored(app, "update month_keys set wrapped = 'lost' returning 1")
    answer = await post(operator, f"{visit}/recordings", {"lines": [line(next_month())]})
    assert (answer.status_code, answer.json()["code"]) == (503, "sealed_elsewhere")
    assert outcomes(await post(operator, f"{visit}/recordings", {"lines": [line()]})) == ["PRINT_READY"]


async def test_no_answer_tells_a_month_of_birth(operator: httpx2.AsyncClient) -> None:
    visit = await planned(operator)
    answer = await post(operator, f"{visit}/recordings", {"lines": [line(next_month())]})
    tried = await post(operator, f"{visit}/recordings?dry_run=true", {"lines": [line(next_month())]})
    read = [(await operator.get(path)).text for path in (visit, VISITS, f"{visit}/recordings")]
    assert next_month() not in "".join([answer.text, tried.text, *read])


async def test_what_is_stored_beside_the_facts_follows_from_them(app: FastAPI, operator: httpx2.AsyncClient) -> None:
    visit = await planned(operator)
    await post(operator, f"{visit}/recordings", {"lines": lines(20)})
    assert await reconcile(OUTREACH, app.state.engine) == []
    await rebuild(OUTREACH, app.state.engine)
    assert await stored(app, "select count(*) from month_keys where wrapped is not null") == 1
