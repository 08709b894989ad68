"""The order of the queue and its quotas, and the letters: set by whose they are, with a day, and never in the past."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import msgspec
import pytest
from fastapi import FastAPI

from services.printing.domain import DEFAULT, PriorityClass, policies_of
from shared.moments import utcnow
from shared.offices import offices
from tests.hosting import Caller
from tests.printing.bengkulu import BENGKULU, WEDNESDAY, letter_policy, printing, queue_policy

DAY = timedelta(days=1)
OWN, NATIONS = "/offices/17.71/queue-policies", "/offices/00/queue-policies"
LETTERS = "/offices/00/letter-policies"
FIRST_FIRST = (PriorityClass("FIRST", 1, 1, reasons=("FIRST",)), PriorityClass("REST", 2, 2, quotas={"LOW": 30}))


def today() -> date:
    return offices().get(BENGKULU).day_at(utcnow())  # type: ignore[union-attr]


def as_json(something: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(something))


def order(**but: Any) -> dict[str, Any]:
    """First-timers before all others, of whom thirty a day get one when blanks are low."""
    return {"starts_on": today().isoformat(), "classes": as_json(FIRST_FIRST)} | but


def a_class(**but: Any) -> dict[str, Any]:
    return {"name": "ANY", "rank": 1, "shortage_rank": 1} | but


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})


def test_a_policy_holds_from_today_on_or_later_and_never_from_an_earlier_day() -> None:
    refusal = printing.refused(queue_policy(starts_on=WEDNESDAY - DAY))
    assert (refusal.code, refusal.figures) == ("starts_in_the_past", {"today": WEDNESDAY})
    assert printing.refused(letter_policy("EMPTY", starts_on=WEDNESDAY - DAY)).code == "starts_in_the_past"


def test_a_later_version_does_not_end_an_earlier_one_before_its_day() -> None:
    later = printing.after(queue_policy(classes=FIRST_FIRST), queue_policy(starts_on=WEDNESDAY + 5 * DAY))
    assert [policy.version for policy in later.state(policies_of(BENGKULU)).queue] == [1, 2]
    again = later.after(queue_policy(classes=FIRST_FIRST, day=WEDNESDAY + 5 * DAY, starts_on=WEDNESDAY + 5 * DAY))
    assert [policy.version for policy in again.state(policies_of(BENGKULU)).queue] == [2, 3]


def test_two_policies_may_wait_for_their_day_and_no_more() -> None:
    two = printing.after(queue_policy(), *(queue_policy(starts_on=WEDNESDAY + n * DAY) for n in (1, 2)))
    assert two.refused(queue_policy(starts_on=WEDNESDAY + 3 * DAY)).code == "policies_waiting"
    assert len(two.when(queue_policy())) == 1


@pytest.mark.parametrize(
    "classes",
    [
        (PriorityClass("A", 1, 1), PriorityClass("A", 2, 2)),
        (PriorityClass("A", 1, 1, reasons=("LOST",)), PriorityClass("B", 2, 2, reasons=("LOST",))),
        (PriorityClass("A", 1, 1, reasons=("LOST", "LOST")),),
    ],
)
def test_a_class_has_one_name_and_a_reason_one_class(classes: tuple[PriorityClass, ...]) -> None:
    assert printing.refused(queue_policy(classes=classes)).code == "classes_ambiguous"


@pytest.mark.anyio
async def test_the_head_sets_the_offices_own_policy_and_everybody_sees_whose_it_is(caller: Caller) -> None:
    head = caller("head", "17.71")
    assert (await post(head, OWN, order())).status_code == 201
    body = (await caller("province", "17").get("/offices/17.71/policies")).json()
    queue = body["in_force"]["queue"]
    assert (body["in_force"]["day"], queue["name"]) == (today().isoformat(), "17.71/1")
    assert queue["policy"]["classes"] == as_json(FIRST_FIRST)
    assert (queue["policy"]["age_limit_days"], queue["policy"]["tries"]) == (14, 3)
    [version] = body["policies"]
    assert (version["version"], version["kind"], version["set_by"]) == (1, "QUEUE", "head-17.71")
    assert (version["starts_on"], body["next"]) == (today().isoformat(), None)


@pytest.mark.anyio
async def test_an_office_goes_by_its_own_policy_then_the_nations_then_the_default(caller: Caller) -> None:
    head, desk = caller("head", "17.71"), caller("national", "00")
    names = []
    for client, path, body in (
        (None, "", {}),
        (desk, NATIONS, order()),
        (head, OWN, order()),
        (head, OWN, order(classes=[])),
        (desk, NATIONS, order(classes=[])),
    ):
        if client is not None:
            assert (await post(client, path, body)).status_code == 201
        in_force = (await head.get("/offices/17.71/policies")).json()["in_force"]
        names.append(in_force["queue"]["name"])
    assert names == ["default", "00/1", "17.71/1", "00/1", "default"]
    assert in_force["queue"]["policy"] == as_json(DEFAULT)


@pytest.mark.anyio
async def test_a_policy_of_a_later_day_is_listed_and_not_in_force(caller: Caller) -> None:
    head = caller("head", "17.71")
    assert (await post(head, OWN, order(starts_on=(today() + DAY).isoformat()))).status_code == 201
    body = (await head.get("/offices/17.71/policies")).json()
    assert (body["in_force"]["queue"]["name"], len(body["policies"])) == ("default", 1)


@pytest.mark.anyio
async def test_the_nation_allows_letters_and_every_office_sees_it(caller: Caller) -> None:
    head, desk = caller("head", "17.71"), caller("national", "00")
    letters = (await head.get("/offices/17.71/policies")).json()["in_force"]["letters"]
    assert (letters["name"], letters["policy"]["levels"]) == ("default", [])
    body = {"starts_on": today().isoformat(), "levels": ["CRITICAL", "EMPTY", "EMPTY"], "valid_days": 180}
    assert (await post(desk, LETTERS, body)).status_code == 201
    letters = (await head.get("/offices/17.71/policies")).json()["in_force"]["letters"]
    assert (letters["name"], letters["policy"]["valid_days"]) == ("00/1", 180)
    assert letters["policy"]["levels"] == ["CRITICAL", "EMPTY"]
    assert (await head.get("/offices/17.71/policies")).json()["policies"] == []
    assert [one["kind"] for one in (await desk.get("/offices/00/policies")).json()["policies"]] == ["LETTER"]


@pytest.mark.anyio
async def test_versions_are_listed_newest_first_and_page_by_page(caller: Caller) -> None:
    head = caller("head", "17.71")
    for _ in range(3):
        await post(head, OWN, order())
    first = (await head.get("/offices/17.71/policies", params={"limit": 2})).json()
    rest = (await head.get("/offices/17.71/policies", params={"limit": 2, "cursor": first["next"]})).json()
    versions = [one["version"] for page in (first, rest) for one in page["policies"]]
    assert (versions, rest["next"]) == ([3, 2, 1], None)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("role", "region", "path", "status"),
    [
        ("head", "17.01", OWN, 404),
        ("head", "17", OWN, 403),
        ("head", "00", OWN, 403),
        ("head", "00", NATIONS, 403),
        ("operator", "17.71", OWN, 403),
        ("province", "17", OWN, 403),
        ("national", "00", OWN, 403),
        ("head", "17.71", NATIONS, 404),
        ("head", "17.71", "/offices/17.71/letter-policies", 403),
        ("national", "00", "/offices/17.71/letter-policies", 403),
        ("province", "17", LETTERS, 403),
    ],
)
async def test_nobody_sets_anothers_policy(caller: Caller, role: str, region: str, path: str, status: int) -> None:
    letters = {"starts_on": today().isoformat(), "levels": ["EMPTY"], "valid_days": 30}
    answer = await post(caller(role, region), path, letters if path.endswith("letter-policies") else order())
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "wrong",
    [
        {"classes": [a_class(name=f"C{'A' * n}") for n in range(11)]},
        {"classes": [a_class(name="Budi Santoso")]},
        {"classes": [a_class(name="A1771012345678901")]},
        {"classes": [a_class(rank=0)]},
        {"classes": [a_class(shortage_rank=101)]},
        {"classes": [a_class(rank="1")]},
        {"classes": [a_class(quotas={"OK": 5})]},
        {"classes": [a_class(quotas={"LOW": 100_001})]},
        {"classes": [a_class(quotas={"LOW": -1})]},
        {"classes": [a_class(reasons=["WISH"])]},
        {"classes": [a_class(note="for friends")]},
        {"age_limit_days": 0},
        {"age_limit_days": 366},
        {"tries": 11},
        {"starts_on": "1999-12-31"},
        {"starts_on": None},
    ],
)
async def test_what_is_no_policy_is_not_taken_and_not_repeated(caller: Caller, wrong: dict[str, Any]) -> None:
    head = caller("head", "17.71")
    answer = await post(head, OWN, order(**wrong))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert not any(text in answer.text for text in ("Budi", "1771012345678901", "friends", "WISH"))
    assert (await head.get("/offices/17.71/policies")).json()["policies"] == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "wrong", [{"levels": ["GONE"]}, {"levels": ["EMPTY"] * 5}, {"valid_days": 0}, {"valid_days": 367}]
)
async def test_what_is_no_policy_of_letters_is_not_taken(app: FastAPI, caller: Caller, wrong: dict[str, Any]) -> None:
    body = {"starts_on": today().isoformat(), "levels": ["EMPTY"], "valid_days": 30} | wrong
    assert (await post(caller("national", "00"), LETTERS, body)).status_code == 422


@pytest.mark.anyio
async def test_a_policy_of_the_past_and_one_of_two_equal_classes_are_refused(caller: Caller) -> None:
    head = caller("head", "17.71")
    past = await post(head, OWN, order(starts_on=(today() - DAY).isoformat()))
    assert (past.status_code, past.json()["code"]) == (409, "starts_in_the_past")
    twice = await post(head, OWN, order(classes=[a_class(), a_class()]))
    assert (twice.status_code, twice.json()["code"]) == (409, "classes_ambiguous")
