"""A visit over HTTP, on the real ledger and PostgreSQL: what is asked, answered, refused, and shown."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from services.outreach.domain import HearEquipment
from shared.ledger import Context
from shared.moments import utcnow
from tests.hosting import Caller
from tests.outreach.web import VISITS, plan_of, planned, post

pytestmark = pytest.mark.anyio
NIK = "1771012345678901"


async def stock_says(app: FastAPI, path: str, answer: Any, quantity: int, reason: str | None = None) -> None:
    """As the reader hears it."""
    now, visit = utcnow(), path.rpartition("/")[2]
    told: dict[str, Any] = {"now": now, "occurred_at": now, "office": "17.71", "day": now.date(), "item": "KTP_WNI"}
    command = HearEquipment(**told, visit=visit, answer=answer, quantity=quantity, reason=reason)
    await app.state.ledger.execute(command, Context(subject="reader", route="stock"))


async def seen(client: httpx2.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def done(client: httpx2.AsyncClient, path: str, **body: Any) -> list[str]:
    answer = await post(client, path, body)
    assert answer.status_code == 201, answer.text
    return [fact["type"] for fact in answer.json()["facts"]]


async def test_a_visit_from_its_plan_to_its_end(app: FastAPI, operator: httpx2.AsyncClient, caller: Caller) -> None:
    visit, head = await planned(operator), caller("head", "17.71")
    assert await done(operator, f"{visit}/confirmation", reference="421.3/117", expected=120) == ["VisitConfirmed"]
    blanks = [{"item": "KTP_WNI", "quantity": 120}]
    assert await done(operator, f"{visit}/equipment", blanks=blanks) == ["VisitEquipmentRequested"]
    refused = await post(operator, f"{visit}/start", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "visit_not_equipped")
    await stock_says(app, visit, "RESERVED", 120)
    assert (await seen(operator, visit))["stage"] == "EQUIPPED"
    assert await done(operator, f"{visit}/start") == ["VisitStarted"]
    tally = {"item": "KTP_WNI", "taken": 120, "printed": 30, "spoiled": 2, "returned": 87}
    body = {"lines": [], "tally": {"recorded": 0, "turned_away": 3, "blanks": [tally]}}
    assert (await post(operator, f"{visit}/recordings", body)).status_code == 201
    home = await seen(operator, visit)
    assert (home["stage"], home["turned_away"], home["differences"]) == ("SYNCED", 3, {"KTP_WNI unaccounted": 1})
    asked = await post(head, f"{visit}/reconciliation", {})
    assert (asked.status_code, asked.json()["code"]) == (409, "differences_unexplained")
    assert asked.json()["figures"]["differences"] == {"KTP_WNI unaccounted": 1}
    assert await done(head, f"{visit}/reconciliation", explanation="one fell into the river") == ["VisitReconciled"]
    assert await done(operator, f"{visit}/closure") == ["VisitClosed"]
    over = await seen(operator, visit)
    assert (over["stage"], over["expected"], over["equipment"]["KTP_WNI"]["answer"]) == ("CLOSED", 120, "RESERVED")


async def test_what_stock_refused_is_shown_with_its_reason_and_asked_for_again(
    app: FastAPI, operator: httpx2.AsyncClient
) -> None:
    visit = await planned(operator)
    await done(operator, f"{visit}/confirmation", reference="421.3/117")
    await done(operator, f"{visit}/equipment", blanks=[{"item": "KTP_WNI", "quantity": 900}])
    await stock_says(app, visit, "REFUSED", 900, "NOT_ENOUGH")
    equipment = (await seen(operator, visit))["equipment"]
    assert equipment == {"KTP_WNI": {"quantity": 900, "answer": "REFUSED", "reason": "NOT_ENOUGH"}}
    await done(operator, f"{visit}/equipment", blanks=[{"item": "KTP_WNI", "quantity": 90}])
    assert (await seen(operator, visit))["equipment"]["KTP_WNI"]["answer"] == "ASKED"


async def test_a_clash_names_the_other_visit_and_its_hours(operator: httpx2.AsyncClient) -> None:
    first = plan_of()
    assert (await post(operator, VISITS, first)).status_code == 201
    answer = await post(operator, VISITS, plan_of(place="SMAN 6"))
    assert (answer.status_code, answer.json()["code"]) == (409, "team_busy")
    assert answer.json()["figures"]["visit"] == first["visit"]
    await done(operator, f"{VISITS}/{first['visit']}/cancellation", reason="exams")
    assert (await post(operator, VISITS, plan_of(place="SMAN 6"))).status_code == 201


async def test_the_calendar_shows_each_teams_days_and_nothing_that_was_called_off(
    operator: httpx2.AsyncClient,
) -> None:
    body = plan_of(starts_at="2030-03-04T20:00:00+07:00", ends_at="2030-03-06T10:00:00+07:00")
    await post(operator, VISITS, body)
    off = plan_of(team="B", starts_at="2030-03-05T08:00:00+07:00", ends_at="2030-03-05T10:00:00+07:00")
    await post(operator, VISITS, off)

    async def calendar(**query: str) -> list[str]:
        answer = await operator.get("/offices/17.71/calendar", params=query)
        return [visit["visit"] for visit in answer.json()["visits"]]

    assert await calendar(**{"from": "2030-03-06", "to": "2030-03-06"}) == [body["visit"]]
    assert await calendar(**{"from": "2030-03-05", "to": "2030-03-05"}) == [body["visit"], off["visit"]]
    assert await calendar(**{"from": "2030-03-05", "to": "2030-03-05", "team": "B"}) == [off["visit"]]
    assert await calendar(**{"from": "2030-03-07", "to": "2030-03-09"}) == []
    await done(operator, f"{VISITS}/{off['visit']}/cancellation", reason="flood")
    assert await calendar(**{"from": "2030-03-05", "to": "2030-03-05", "team": "B"}) == []
    wrong = await operator.get("/offices/17.71/calendar", params={"from": "2030-03-05", "to": "2030-03-04"})
    assert (wrong.status_code, wrong.json()["errors"][0]["at"]) == (422, "/query/to")


async def test_visits_are_read_latest_first_and_page_by_page(operator: httpx2.AsyncClient) -> None:
    for day in ("2030-03-04", "2030-03-06", "2030-03-05"):
        await planned(operator, starts_at=f"{day}T08:00:00+07:00", ends_at=f"{day}T15:00:00+07:00")
    first = (await operator.get(VISITS, params={"limit": 2})).json()
    rest = (await operator.get(VISITS, params={"limit": 2, "cursor": first["next"]})).json()
    days = [visit["held_on"] for visit in first["visits"] + rest["visits"]]
    assert (days, rest["next"]) == (["2030-03-06", "2030-03-05", "2030-03-04"], None)
    planned_ones = (await operator.get(VISITS, params={"stage": "CLOSED"})).json()["visits"]
    assert planned_ones == []


async def test_a_visit_is_seen_in_its_scope_only(operator: httpx2.AsyncClient, caller: Caller) -> None:
    visit = await planned(operator)
    assert (await caller("province", "17").get(visit)).status_code == 200
    assert (await caller("province", "18").get(visit)).status_code == 404
    assert (await caller("operator", "17.01").get(visit.replace("17.71", "17.01"))).status_code == 404
    assert (await post(caller("storekeeper", "17.71"), VISITS, {})).status_code == 403
    assert (await post(caller("head", "17.01"), f"{visit}/cancellation", {"reason": "no"})).status_code == 404
    assert (await post(operator, f"{visit}/reconciliation", {})).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "at"),
    [
        ({"expected": 0}, "/body/expected"),
        ({"team": "a team of nine"}, "/body/team"),
        ({"place": "a\0b"}, "/body/place"),
        ({"place": NIK}, "/body/place"),
        ({"nik": NIK}, "/body"),
        ({"starts_at": "2030-03-04T08:00:00"}, "/body/starts_at"),
        ({"ends_at": "2030-03-04T08:00:00+07:00"}, "/body/ends_at"),
        ({"ends_at": "2030-03-12T08:00:00+07:00"}, "/body/ends_at"),
        ({"school": "1070"}, "/body/school"),
        ({"school": "10702391", "place_kind": "VILLAGE"}, "/body/school"),
    ],
)
async def test_what_is_no_visit_changes_nothing(operator: httpx2.AsyncClient, wrong: dict[str, Any], at: str) -> None:
    answer = await post(operator, VISITS, plan_of() | wrong)
    assert (answer.status_code, NIK in answer.text) == (422, False)
    assert answer.json()["errors"][0]["at"] == at
    assert (await operator.get(VISITS)).json()["visits"] == []


async def test_each_item_is_named_once(operator: httpx2.AsyncClient) -> None:
    visit = await planned(operator)
    twice = [{"item": "KTP_WNI", "quantity": 1}] * 2
    answer = await post(operator, f"{visit}/equipment", {"blanks": twice})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "twice")


async def test_a_visit_that_nobody_planned_is_unknown(operator: httpx2.AsyncClient) -> None:
    path = f"{VISITS}/{uuid4()}"
    assert (await operator.get(path)).status_code == 404
    for step, body in {"confirmation": {"reference": "r-1"}, "start": {}, "closure": {}}.items():
        answer = await post(operator, f"{path}/{step}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "visit_unknown")
