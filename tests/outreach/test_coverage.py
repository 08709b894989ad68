"""Who there is to record, who was, and which schools were visited."""

from typing import Any
from uuid import uuid4

import httpx2
import pytest

from shared.offices import offices
from tests.hosting import Caller
from tests.outreach.web import planned, post

pytestmark = pytest.mark.anyio

HERE = "/offices/17.71"
SCHOOLS = "npsn;name;pupils\n10702391;SMAN 5;1.210\n10702392;SMKN 1;640\n"


async def covered(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await client.get(f"{HERE}/coverage")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_until_somebody_counts_it_is_estimated_and_says_so(operator: httpx2.AsyncClient) -> None:
    seen = await covered(operator)
    assert (seen["people"], seen["estimated"]) == (offices().known("17.71").population * 33 // 1000, True)
    assert "3.3 %" in seen["source"]


async def test_a_list_of_counts_takes_the_place_of_the_estimate(operator: httpx2.AsyncClient, caller: Caller) -> None:
    table = "code,people\n17.71,12.345\n17.01,7000\n"
    body = {"csv": table, "source": "Dapodik 2026"}
    admin = caller("admin", "00")
    tried = await post(admin, "/coverage?dry_run=true", body)
    assert (tried.status_code, len(tried.json()["facts"])) == (200, 2)
    assert (await covered(operator))["estimated"]
    assert (await post(admin, "/coverage", body)).status_code == 201
    seen = await covered(operator)
    assert (seen["people"], seen["source"], seen["estimated"]) == (12_345, "Dapodik 2026", False)
    again = await post(admin, "/coverage", body)
    assert again.json()["facts"] == []


@pytest.mark.parametrize(
    ("table", "at"),
    [
        ("code,people\n17.71,many\n", "/body/csv/2/people"),
        ("code,people\n17.71,5\n99.99,5\n", "/body/csv/3/code"),
        ("code,people\n17.71,5\n17.71,5\n", "/body/csv/3/code"),
        ("code;people\n17.71,5\n", "/body/csv/2"),
        ("kode,orang\n17.71,5\n", "/body/csv/1"),
        ("code,people\n", "/body/csv"),
    ],
)
async def test_a_bad_line_is_named_and_nothing_is_taken(
    operator: httpx2.AsyncClient, caller: Caller, table: str, at: str
) -> None:
    answer = await post(caller("admin", "00"), "/coverage", {"csv": table, "source": "BPS"})
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, at)
    assert (await covered(operator))["estimated"]


async def test_a_province_counts_its_own_regions_only(caller: Caller) -> None:
    body = {"csv": "code,people\n18.71,5\n", "source": "BPS"}
    assert (await post(caller("province", "17"), "/coverage", body)).status_code == 422
    assert (await post(caller("head", "17.71"), "/coverage", body)).status_code == 403


async def test_a_visit_covers_its_people_and_its_school(operator: httpx2.AsyncClient, caller: Caller) -> None:
    assert (await post(operator, f"{HERE}/schools", {"csv": SCHOOLS})).status_code == 201
    assert (await covered(operator))["schools_visited"] == 0
    visit = await planned(operator, school="10702391")
    assert [school["next_on"] for school in (await operator.get(f"{HERE}/schools")).json()["schools"]] == [
        "2030-03-04",
        None,
    ]
    person = {"recording": str(uuid4()), "applicant": "A-1", "item": "KTP_WNI", "location": "MPP", "turns_17": None}
    assert (await post(operator, f"{visit}/recordings", {"lines": [person]})).status_code == 201
    seen = await covered(operator)
    assert (seen["recorded"], seen["schools"], seen["schools_visited"]) == (1, 2, 1)
    [first, _] = (await operator.get(f"{HERE}/schools")).json()["schools"]
    assert (first["name"], first["pupils"], first["visited_on"]) == ("SMAN 5", 1210, "2030-03-04")
    province = (await caller("province", "17").get("/coverage")).json()
    assert (province["recorded"], len(province["of_offices"])) == (1, 10)
    assert province["of_offices"][-1]["office"] == "17.71", "the least covered come first"


async def test_a_closed_school_is_no_gap(operator: httpx2.AsyncClient) -> None:
    await post(operator, f"{HERE}/schools", {"csv": SCHOOLS})
    await post(operator, f"{HERE}/schools", {"csv": "npsn;name;pupils\n10702392;SMKN 1;0\n"})
    assert (await covered(operator))["schools"] == 1


async def test_schools_are_listed_page_by_page(operator: httpx2.AsyncClient) -> None:
    await post(operator, f"{HERE}/schools", {"csv": SCHOOLS})
    first = (await operator.get(f"{HERE}/schools", params={"limit": 1})).json()
    rest = (await operator.get(f"{HERE}/schools", params={"limit": 1, "cursor": first["next"]})).json()
    assert [school["school"] for school in first["schools"] + rest["schools"]] == ["10702391", "10702392"]
