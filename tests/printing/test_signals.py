"""Signals over HTTP: where too many blanks are spoiled, batches in quarantine, and what is alarming."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import comb
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from services.printing.domain import Alarm, RaiseNumberAlarm
from services.printing.views.signals import Blanks, chance_of
from shared.ledger import Context
from tests.hosting import Caller
from tests.printing.bengkulu import HERE as AT_NOON
from tests.printing.bengkulu import printed as printed_command
from tests.printing.bengkulu import spoiled as spoiled_command
from tests.printing.test_api import JOBS, post, printed

pytestmark = pytest.mark.anyio

HERE = "/offices/17.71"
WHO = Context(subject="p:system", route="test")


@pytest.fixture
def head(caller: Caller) -> httpx2.AsyncClient:
    return caller("head", "17.71")


async def blanks(app: FastAPI, printed: int = 0, spoiled: int = 0, cause: str = "DEAD_CHIP", **at: Any) -> None:
    """So many blanks of one printer, batch and operator."""
    said = {"item": "KTP_WNI", "reason": "FIRST", "printer": "P-1", "batch": "B/1", "operator": "op-1"} | at
    for n in range(printed + spoiled):
        said["job"] = str(uuid4())
        command = printed_command(**said, chip_serial=None) if n < printed else spoiled_command(**said, cause=cause)
        await app.state.ledger.execute(command, WHO)


def worst(groups: list[dict[str, Any]], name: str) -> list[tuple[Any, int, int, bool]]:
    return [(each[name], each["printed"], each["spoiled"], each["flagged"]) for each in groups]


@pytest.mark.parametrize(("spoiled", "blanks"), [(1, 1), (1, 100), (3, 19), (3, 20), (5, 60), (40, 1_000), (12, 1_280)])
def test_the_chance_is_that_of_the_exact_binomial(spoiled: int, blanks: int) -> None:
    one, all_others = Fraction(1, 100), Fraction(99, 100)
    exact = sum(comb(blanks, k) * one**k * all_others ** (blanks - k) for k in range(spoiled, blanks + 1))
    assert chance_of(spoiled, blanks) == pytest.approx(float(exact), rel=1e-9, abs=0)


def test_a_quarter_of_a_busy_office_is_judged_as_well() -> None:
    assert chance_of(0, 118_000) == 1.0 and chance_of(118_001, 118_000) == 0.0
    assert chance_of(118_000, 118_000) == 0.0, "less than any float"
    assert 0.4 < chance_of(1_180, 118_000) < 0.6
    assert chance_of(1, 118_000) == pytest.approx(1.0)


def test_few_are_no_pattern_and_the_expected_share_is_none_either() -> None:
    assert not Blanks(0, 2).flagged, "two of two, but only two"
    assert Blanks(16, 3).flagged and not Blanks(22, 3).flagged
    assert not Blanks(1_267, 13).flagged and Blanks(1_250, 30).flagged


async def test_a_bad_printer_a_bad_batch_and_a_bad_cause_come_first(app: FastAPI, head: httpx2.AsyncClient) -> None:
    await blanks(app, printed=60, spoiled=1, cause="MISPRINT")
    await blanks(app, printed=40, spoiled=7, printer="P-2", batch="B/2", operator="op-2")
    await blanks(app, printed=10, printer="P-3", batch=None, operator="op-1")
    asked = {"from": "2024-11-20", "to": "2024-11-20"}
    found = (await head.get(f"{HERE}/signals", params=asked)).json()
    assert (found["printed"], found["spoiled"], found["share"], found["flagged"]) == (110, 8, 0.0678, True)
    assert worst(found["printers"], "printer") == [("P-2", 40, 7, True), ("P-1", 60, 1, False), ("P-3", 10, 0, False)]
    assert worst(found["batches"], "batch") == [("B/2", 40, 7, True), ("B/1", 60, 1, False), (None, 10, 0, False)]
    assert worst(found["operators"], "operator") == [("op-2", 40, 7, True), ("op-1", 70, 1, False)]
    assert found["causes"] == [
        {"cause": "DEAD_CHIP", "spoiled": 7, "share": 0.0593, "flagged": True},
        {"cause": "MISPRINT", "spoiled": 1, "share": 0.0085, "flagged": False},
    ]


async def test_days_are_the_offices_own_and_92_at_most(app: FastAPI, head: httpx2.AsyncClient) -> None:
    for moment in ("2024-11-19T16:59:59", "2024-11-19T17:00:00", "2024-11-20T16:59:59", "2024-11-20T17:00:00"):
        await blanks(app, spoiled=1, occurred_at=datetime.fromisoformat(moment).replace(tzinfo=UTC))

    async def spoiled(since: str, to: str) -> int:
        found = (await head.get(f"{HERE}/signals", params={"from": since, "to": to})).json()
        count: int = found["spoiled"]
        return count

    assert await spoiled("2024-11-20", "2024-11-20") == 2
    assert await spoiled("2024-11-19", "2024-11-21") == 4
    assert await spoiled("2024-08-22", "2024-11-21") == 4
    for since, to in (("2024-08-21", "2024-11-21"), ("2024-11-21", "2024-11-20"), ("1999-12-31", "2000-01-01")):
        assert (await head.get(f"{HERE}/signals", params={"from": since, "to": to})).status_code == 422
    assert (await head.get(f"{HERE}/signals")).json()["spoiled"] == 0


def quarantine(**but: Any) -> dict[str, Any]:
    return {"batch": "4.8/2024-11", "note": "chip mati berulang"} | but


async def test_a_batch_in_quarantine_is_known_at_every_workstation_until_it_is_released(
    head: httpx2.AsyncClient, caller: Caller
) -> None:
    operator = caller("operator", "17.71")
    body = quarantine(first_serial="KT000100", last_serial="KT000199")
    [fact] = (await post(head, f"{HERE}/batches/quarantine", body)).json()["facts"]
    assert (fact["type"], fact["quarantined_by"]) == ("BatchQuarantined", "head-17.71")
    assert (await post(head, f"{HERE}/batches/quarantine", body)).json()["facts"] == []
    [batch] = (await operator.get(f"{HERE}/batches")).json()["batches"]
    assert (batch["batch"], batch["note"], batch["first_serial"]) == (body["batch"], body["note"], "KT000100")
    assert (await operator.get(f"{HERE}/workstations/WS-2")).json()["quarantined"] == [
        {"batch": body["batch"], "first_serial": "KT000100", "last_serial": "KT000199"}
    ]
    used = printed(item="KTP_WNI", reason="FIRST", blank_serial="KT000150")
    facts = (await post(operator, f"{JOBS}/{uuid4()}/printed", used)).json()["facts"]
    assert [fact["type"] for fact in facts] == ["CardPrinted", "QuarantinedBatchUsed"]
    released = await post(head, f"{HERE}/batches/release", quarantine())
    assert [fact["type"] for fact in released.json()["facts"]] == ["BatchReleased"]
    assert (await operator.get(f"{HERE}/batches")).json()["batches"] == []
    assert (await operator.get(f"{HERE}/workstations/WS-2")).json()["quarantined"] == []
    again = await post(head, f"{HERE}/batches/release", quarantine())
    assert (again.status_code, again.json()["code"]) == (409, "not_quarantined")
    [alarm] = (await operator.get(f"{HERE}/alarms")).json()["alarms"]
    assert (alarm["kind"], alarm["batch"], alarm["first_serial"]) == ("QUARANTINED_BATCH", body["batch"], "KT000150")


@pytest.mark.parametrize(
    "wrong",
    [
        quarantine(first_serial="KT000100"),
        quarantine(last_serial="KT000199"),
        quarantine(first_serial="KT000199", last_serial="KT000100"),
        quarantine(first_serial="KT000100", last_serial="KU000199"),
        quarantine(first_serial="KT0100", last_serial="KT000199"),
        quarantine(batch="kotak satu"),
        {"batch": "B/1"},
    ],
)
async def test_what_is_no_quarantine_is_none(head: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await post(head, f"{HERE}/batches/quarantine", wrong)).status_code == 422
    assert (await head.get(f"{HERE}/batches")).json()["batches"] == []


async def alarm(app: FastAPI, minute: int, kind: Alarm = "NUMBER_ELSEWHERE", office: str = "17.71") -> None:
    """Stock finds a number that was printed at this office."""
    said = AT_NOON | {"office": office, "occurred_at": AT_NOON["now"] + timedelta(minutes=minute)}
    number = f"KT{minute:06}"
    about = said | {"item": "KTP_WNI", "location": "MPP", "first_serial": number, "last_serial": number}
    await app.state.ledger.execute(RaiseNumberAlarm(**about, kind=kind, holders=("17.02",)), WHO)


async def pages(client: httpx2.AsyncClient, path: str, **asked: str) -> list[dict[str, Any]]:
    """All alarms, read two at a time."""
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await client.get(path, params={"limit": "2", **asked, **cursor})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        seen += page["alarms"]
        if page["next"] is None:
            return seen
        cursor = {"cursor": page["next"]}


async def test_alarms_are_read_the_newest_first(app: FastAPI, head: httpx2.AsyncClient) -> None:
    elsewhere: Alarm = "NUMBER_ELSEWHERE"
    lost: Alarm = "LOST_NUMBER_USED"
    for minute, kind in ((1, elsewhere), (9, lost), (5, elsewhere), (5, lost)):
        await alarm(app, minute, kind)
    seen = await pages(head, f"{HERE}/alarms")
    assert [(each["first_serial"][-1], each["kind"][:4]) for each in seen] == [
        ("9", "LOST"),
        ("5", "NUMB"),
        ("5", "LOST"),
        ("1", "NUMB"),
    ]
    assert seen[0]["holders"] == ["17.02"] and seen[0]["location"] == "MPP"


async def test_a_province_and_the_nation_read_the_alarms_of_their_offices(app: FastAPI, caller: Caller) -> None:
    for minute, office in ((1, "17.71"), (2, "17.01"), (3, "32.73"), (4, "17.71")):
        await alarm(app, minute, office=office)
    nation, province = caller("national", "00"), caller("province", "17")
    assert [each["office"] for each in await pages(nation, "/alarms")] == ["17.71", "32.73", "17.01", "17.71"]
    assert [each["office"] for each in await pages(nation, "/alarms", province="32")] == ["32.73"]
    assert [each["office"] for each in await pages(province, "/alarms")] == ["17.71", "17.01", "17.71"]
    assert (await province.get("/alarms", params={"province": "32"})).status_code == 404
    assert (await caller("head", "17.71").get("/alarms")).status_code == 403


async def test_a_cursor_that_we_did_not_make_is_no_failure(app: FastAPI, head: httpx2.AsyncClient) -> None:
    await alarm(app, 1)
    for made_up in (
        "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsIngiLCJ4Iiw5MjIzMzcyMDM2ODU0Nzc1ODA3XQ",
        "WzEsIngiLCJ4IiwtOTIyMzM3MjAzNjg1NDc3NTgwN10",
    ):
        answer = await head.get(f"{HERE}/alarms", params={"cursor": made_up})
        assert answer.status_code == 200, answer.text


async def test_signals_are_the_offices_own(head: httpx2.AsyncClient, caller: Caller) -> None:
    stranger = caller("head", "17.01")
    for path in ("signals", "batches", "alarms"):
        assert (await stranger.get(f"{HERE}/{path}")).status_code == 404
        assert (await caller("ops", "00").get(f"{HERE}/{path}")).status_code == 403
    for path in ("batches/quarantine", "batches/release"):
        assert (await post(stranger, f"{HERE}/{path}", quarantine())).status_code == 404
        assert (await post(caller("head", "17"), f"{HERE}/{path}", quarantine())).status_code == 403
        assert (await post(caller("operator", "17.71"), f"{HERE}/{path}", quarantine())).status_code == 403
    assert (await head.get(f"{HERE}/batches")).json()["batches"] == []
