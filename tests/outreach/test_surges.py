"""The calendar of surges: what everybody knows, what was declared, by whom, and what holds where."""

from datetime import date
from typing import Any

import httpx2
import pytest

from services.outreach.views.surges import known_surges
from tests.hosting import Caller
from tests.outreach.web import post

pytestmark = pytest.mark.anyio

NOVEMBER = {"from": "2024-11-01", "to": "2024-11-30"}
PILKADA = {
    "region": "00",
    "kind": "PILKADA",
    "name": "Pilkada",
    "first_day": "2024-11-01",
    "last_day": "2024-11-27",
    "factor": 2.5,
}


async def names(client: httpx2.AsyncClient, **query: str) -> dict[str, float]:
    answer = await client.get("/surges", params=NOVEMBER | query)
    assert answer.status_code == 200, answer.text
    return {surge["surge"]: surge["factor"] for surge in answer.json()["surges"]}


def test_everybody_knows_of_elections_selections_school_years_and_lebaran() -> None:
    known = {surge.surge: surge for surge in known_surges(date(2024, 1, 1), date(2024, 12, 31))}
    assert list(known) == ["pemilu-2024", "pilkada-2024", "cpns-2024", "tahun-ajaran-2024", "lebaran-2024"]
    lebaran = known["lebaran-2024"]
    assert (lebaran.first_day, lebaran.last_day) == (date(2024, 4, 16), date(2024, 4, 30))


def test_next_years_lebaran_is_known_before_anybody_declares_it() -> None:
    assert "lebaran-2027" in {surge.surge for surge in known_surges(date(2027, 1, 1), date(2027, 12, 31))}


async def test_what_is_declared_takes_the_place_of_what_everybody_knows(caller: Caller) -> None:
    national, head = caller("national", "00"), caller("head", "17.71")
    assert await names(head) == {"pilkada-2024": 2.0}
    assert (await post(national, "/surges/pilkada-2024", PILKADA)).status_code == 201
    assert await names(head) == {"pilkada-2024": 2.5}
    assert (await post(national, "/surges/pilkada-2024/withdrawal", {"region": "00"})).status_code == 201
    assert await names(head) == {}
    versions = (await head.get("/surges/pilkada-2024")).json()["versions"]
    assert [(each["version"], each["withdrawn"]) for each in versions] == [(2, True), (1, False)]


async def test_saying_the_same_again_is_no_new_version(caller: Caller) -> None:
    national = caller("national", "00")
    for _ in range(2):
        await post(national, "/surges/pilkada-2024", PILKADA)
    assert len((await national.get("/surges/pilkada-2024")).json()["versions"]) == 1


async def test_a_surge_holds_where_it_was_declared_and_below(caller: Caller) -> None:
    fair = PILKADA | {"kind": "OTHER", "name": "Festival Tabut", "factor": 1.3}
    assert (await post(caller("head", "17.71"), "/surges/tabut", fair | {"region": "17.71"})).status_code == 201
    assert (await post(caller("province", "17"), "/surges/pekan", fair | {"region": "17"})).status_code == 201
    assert set(await names(caller("head", "17.71"))) == {"pilkada-2024", "tabut", "pekan"}
    assert set(await names(caller("head", "17.01"))) == {"pilkada-2024", "pekan"}
    assert set(await names(caller("national", "00"), region="17.71")) == {"pilkada-2024", "tabut", "pekan"}
    assert set(await names(caller("national", "00"))) == {"pilkada-2024"}
    assert (await caller("head", "17.01").get("/surges/tabut")).status_code == 404
    assert (await caller("head", "17.01").get("/surges/pekan")).status_code == 200


@pytest.mark.parametrize(
    ("role", "region", "of", "status"),
    [
        ("head", "17.71", "17", 404),
        ("province", "17", "17.71", 403),
        ("national", "00", "17", 403),
        ("admin", "00", "17", 201),
    ],
)
async def test_each_declares_for_his_own_region(caller: Caller, role: str, region: str, of: str, status: int) -> None:
    answer = await post(caller(role, region), "/surges/fair", PILKADA | {"region": of})
    assert answer.status_code == status


async def test_an_id_is_one_regions(caller: Caller) -> None:
    await post(caller("province", "17"), "/surges/fair", PILKADA | {"region": "17"})
    other = await post(caller("province", "18"), "/surges/fair", PILKADA | {"region": "18"})
    assert (other.status_code, other.json()["code"]) == (409, "surge_id_taken")
    gone = await post(caller("province", "18"), "/surges/fair/withdrawal", {"region": "18"})
    assert (gone.status_code, gone.json()["code"]) == (409, "surge_unknown")


@pytest.mark.parametrize(
    "wrong", [{"last_day": "2024-10-31"}, {"last_day": "2026-11-01"}, {"factor": 0}, {"factor": 21}, {"kind": "FAIR"}]
)
async def test_what_is_no_surge_is_refused(caller: Caller, wrong: dict[str, Any]) -> None:
    assert (await post(caller("national", "00"), "/surges/x", PILKADA | wrong)).status_code == 422
