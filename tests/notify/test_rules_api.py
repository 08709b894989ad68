"""Rules, days and silences over HTTP: set by whose they are, never in the past, and readable by all."""

from datetime import date, timedelta
from typing import Any, get_args
from uuid import uuid4

import pytest
from fastapi import FastAPI

from services.notify.api.policies import Copies
from services.notify.domain import DEFAULT, LADDER, ROLES_AT, SEVERITY
from shared.moments import utcnow
from shared.offices import offices
from tests.hosting import Caller
from tests.notify.situations import BENGKULU, low
from tests.notify.web import done, happened, post, refused, told

pytestmark = pytest.mark.anyio

OWN, NATIONS = "/regions/17/escalation-policies", "/regions/00/escalation-policies"
SILENCES = f"/offices/{BENGKULU}/silences"
DAY = timedelta(days=1)
TIME = {"within": 14_400, "counted": "WORKING", "repeats": 1}
TERMS = {stock_level: dict.fromkeys(LADDER, TIME) for stock_level in SEVERITY}


def today() -> date:
    return offices().known("00").day_at(utcnow())


def policy(**changes: Any) -> dict[str, Any]:
    return {"starts_on": today().isoformat(), "terms": TERMS, **changes}


def silence(hours: float = 2, **changes: Any) -> dict[str, Any]:
    until = (utcnow() + timedelta(hours=hours)).isoformat()
    usual = {"silence": str(uuid4()), "item": "KTP_WNI", "at_most": "CRITICAL", "until": until}
    return {**usual, "reason": "Gudang pindah", **changes}


async def test_a_policy_is_the_provinces_own_then_the_nations_then_the_default(app: FastAPI, caller: Caller) -> None:
    nation, bengkulu, head = caller("admin", "00"), caller("admin", "17"), caller("head", BENGKULU)
    names = [(await told(head, OWN))["in_force"]["name"]]
    for client, path, body in (
        (nation, NATIONS, policy()),
        (bengkulu, OWN, policy()),
        (bengkulu, OWN, policy(terms={})),
        (nation, NATIONS, policy(terms={})),
    ):
        await done(client, path, body)
        names.append((await told(head, OWN))["in_force"]["name"])
    assert names == ["default", "00/1", "17/1", "00/1", "default"]


async def test_a_policy_is_kept_whole_and_what_is_not_said_is_as_in_the_default(app: FastAPI, caller: Caller) -> None:
    said = policy(
        last={"RIBBON": "PROVINCE"},
        copies={"CITY": ["storekeeper"]},
        hours={"opens": 450, "closes": 930},
        gather={"LOW": 60, "CRITICAL": 30, "EMPTY": 0},
        settle=600,
        promise_at_most=86_400,
    )
    await done(caller("admin", "17"), OWN, said)
    known = (await told(caller("auditor", "00"), OWN))["in_force"]["policy"]
    assert known["terms"]["LOW"] == {level: [14_400, "WORKING", 1] for level in LADDER}
    assert {name: known[name] for name in said if name not in ("terms", "hours")} == {
        name: said[name] for name in said if name not in ("terms", "hours")
    }
    assert (known["hours"], known["version"]) == ({"opens": 450, "closes": 930}, 1)
    [fact] = await done(caller("admin", "17"), OWN, policy())
    assert fact["policy"]["last"] == dict(DEFAULT.last)
    assert (fact["policy"]["settle"], fact["policy"]["promise_at_most"]) == (DEFAULT.settle, DEFAULT.promise_at_most)


async def test_a_shortage_goes_by_the_policy_that_was_set_over_http(app: FastAPI, caller: Caller) -> None:
    last = dict.fromkeys(("KTP_WNI", "RIBBON", "FILM"), "CITY")
    await done(caller("admin", "17"), OWN, policy(last=last))
    await happened(app, low(now=utcnow()), rules=False)
    read = await told(caller("head", BENGKULU), f"/offices/{BENGKULU}/escalations/KTP_WNI")
    assert (read["rules"], read["policy_version"]) == ("17/1", 1)
    forward = f"/offices/{BENGKULU}/escalations/KTP_WNI/forward"
    assert await refused(caller("head", BENGKULU), forward, {"reason": "-"}) == "nobody_above"


async def test_versions_are_listed_newest_first_page_by_page_with_who_set_them(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "17")
    for _ in range(3):
        await done(admin, OWN, policy())
    first = await told(admin, OWN, limit=2)
    rest = await told(admin, OWN, limit=2, cursor=first["next"])
    assert [(each["version"], each["set_by"]) for page in (first, rest) for each in page["policies"]] == [
        (3, "admin-17"),
        (2, "admin-17"),
        (1, "admin-17"),
    ]
    assert rest["next"] is None


async def test_a_policy_that_cannot_be_is_refused(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "17")
    assert await refused(admin, OWN, policy(starts_on=(today() - DAY).isoformat())) == "starts_in_the_past"
    await done(admin, OWN, policy(starts_on=(today() + DAY).isoformat()))
    assert await refused(admin, OWN, policy(starts_on=(today() + 2 * DAY).isoformat())) == "policies_waiting"
    shown = await told(admin, OWN)
    assert (shown["in_force"]["name"], len(shown["policies"])) == ("default", 1)


NO_POLICIES: list[dict[str, Any]] = [
    {"terms": {"LOW": TERMS["LOW"]}},  # type: ignore[index]
    {"terms": {**TERMS, "LOW": {"CITY": TIME}}},
    {"terms": {**TERMS, "GONE": TERMS[SEVERITY[0]]}},
    *(
        {"terms": {**TERMS, "LOW": dict.fromkeys(LADDER, TIME | wrong)}}
        for wrong in (
            {"within": 0, "repeats": 0},
            {"within": 60 * 86_400 + 1},
            {"within": "14400"},
            {"repeats": 21},
            {"repeats": -1},
            {"within": 60, "repeats": 1},
            {"counted": "SOMETIMES"},
            {"note": "kenalan"},
        )
    ),
    {"last": {"SIM": "CITY"}},
    {"last": {"KIA": "KECAMATAN"}},
    {"copies": {"CITY": ["auditor"]}},
    {"copies": {"CITY": ["province"]}},
    {"copies": {"PROVINCE": ["storekeeper"]}},
    {"copies": {"NATIONAL": ["province"]}},
    {"copies": {"CITY": ["storekeeper"] * 3}},
    {"hours": {"opens": 480, "closes": 500}},
    {"hours": {"opens": 960, "closes": 480}},
    {"hours": {"opens": 480, "closes": 1_441}},
    {"gather": {"LOW": 86_401}},
    {"gather": {"LOW": -1}},
    {"settle": 7 * 86_400 + 1},
    {"promise_at_most": 60},
    {"promise_at_most": 367 * 86_400},
    {"starts_on": None},
]


async def test_what_is_no_policy_is_not_taken_and_not_repeated(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "17")
    for wrong in NO_POLICIES:
        answer = await post(admin, OWN, policy(**wrong))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), wrong
        assert not [each for each in ("kenalan", "SIM", "KECAMATAN", "SOMETIMES") if each in answer.text]
    assert (await told(admin, OWN))["policies"] == []


async def test_beside_no_terms_nothing_is_said_that_would_never_hold(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "17")
    vain = {"settle": 600, "last": {"KIA": "CITY"}, "hours": {"opens": 480, "closes": 960}}
    answer = await post(admin, OWN, policy(terms={}, **vain))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    at = [(fault["at"], fault["code"]) for fault in answer.json()["errors"]]
    assert at == [(f"/body/{name}", "without_terms") for name in ("last", "hours", "settle")]
    assert (await told(admin, OWN))["policies"] == []
    await done(admin, OWN, policy(terms={}))


async def test_copies_go_to_desks_of_their_level() -> None:
    allowed = {level: get_args(get_args(field.annotation)[0]) for level, field in Copies.model_fields.items()}
    assert allowed == ROLES_AT


async def test_the_largest_policies_are_stored(app: FastAPI, caller: Caller) -> None:
    time = {"within": 60 * 86_400, "counted": "ABSOLUTE", "repeats": 20}
    largest = policy(
        terms={stock_level: dict.fromkeys(LADDER, time) for stock_level in SEVERITY},
        last=dict.fromkeys(("KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"), "NATIONAL"),
        copies={"CITY": ["head", "storekeeper"], "PROVINCE": ["province"] * 2, "NATIONAL": ["national"] * 2},
        gather=dict.fromkeys(SEVERITY, 86_400),
        settle=7 * 86_400,
        promise_at_most=366 * 86_400,
    )
    admin = caller("admin", "17")
    await done(admin, OWN, largest)
    await done(admin, OWN, largest | {"starts_on": (today() + DAY).isoformat()})


async def test_rules_are_set_by_the_administrator_of_the_region_only(app: FastAPI, caller: Caller) -> None:
    for role, region, path, status in (
        ("admin", "00", OWN, 201),
        ("admin", "17", NATIONS, 404),
        ("admin", "18", OWN, 404),
        ("admin", BENGKULU, OWN, 404),
        ("admin", "00", f"/regions/{BENGKULU}/escalation-policies", 404),
        ("admin", "00", "/regions/99/escalation-policies", 404),
        ("province", "17", OWN, 403),
        ("national", "00", NATIONS, 403),
    ):
        assert (await post(caller(role, region), path, policy())).status_code == status, (role, region, path)
    assert (await caller("head", BENGKULU).get("/regions/99/escalation-policies")).status_code == 404
    assert (await caller("ops", "00").get(OWN)).status_code == 403


async def test_a_declared_day_counts_and_the_official_list_is_shown_beside_it(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "00")
    year = today().year + 1
    day = next(date(year, 3, n) for n in range(1, 8) if date(year, 3, n).weekday() == 2).isoformat()
    declared = {"day": day, "works": False, "note": "Cuti bersama tambahan"}
    [fact] = await done(admin, "/calendar/days", declared)
    assert (fact["type"], fact["declared_by"]) == ("DayDeclared", "admin-00")
    head = caller("head", BENGKULU)
    [shown] = (await told(head, "/calendar", year=year))["declared"]
    assert declared.items() <= shown.items()
    await done(admin, "/calendar/days", declared | {"works": None})
    assert (await told(head, "/calendar", year=year))["declared"] == []
    official = {each["day"]: each for each in (await told(head, "/calendar", year=2024))["official"]}
    assert official["2024-11-27"]["works"] is False
    assert "Pemilihan" in official["2024-11-27"]["name"]
    assert official["2024-12-26"] == {"day": "2024-12-26", "name": "Cuti Bersama Hari Raya Natal", "works": False}


async def test_days_are_declared_for_the_nation_ahead_of_time(app: FastAPI, caller: Caller) -> None:
    body = {"day": (today() + DAY).isoformat(), "works": True, "note": "Pilkada"}
    assert (await post(caller("admin", "17"), "/calendar/days", body)).status_code == 403
    assert (await post(caller("national", "00"), "/calendar/days", body)).status_code == 403
    admin = caller("admin", "00")
    past = body | {"day": (today() - DAY).isoformat()}
    assert await refused(admin, "/calendar/days", past) == "day_is_past"
    for wrong in ({"works": 1}, {"note": ""}, {"day": "2100-01-01"}, {"why": "-"}):
        assert (await post(admin, "/calendar/days", body | wrong)).status_code == 422
    assert (await admin.get("/calendar")).status_code == 422
    assert (await admin.get("/calendar", params={"year": 1899})).status_code == 422


async def test_under_a_silence_the_inbox_is_told_and_the_silence_is_shown_with_author_and_reason(
    app: FastAPI, caller: Caller
) -> None:
    head, body = caller("head", BENGKULU), silence()
    await done(head, SILENCES, body)
    await happened(app, low(now=utcnow()))
    [notice] = (await told(head, "/inbox"))["notices"]
    assert notice["held"] == "SILENCED"
    [shown] = (await told(caller("auditor", "00"), SILENCES))["silences"]
    assert (shown["silence"], shown["by"], shown["reason"]) == (body["silence"], f"head-{BENGKULU}", "Gudang pindah")
    assert (shown["holds"], shown["lifted_by"], shown["item"]) == (True, None, "KTP_WNI")
    province = caller("province", "17")
    await done(province, f"{SILENCES}/{body['silence']}/lifting", {})
    [shown] = (await told(province, SILENCES))["silences"]
    assert (shown["holds"], shown["lifted_by"]) == (False, "province-17")
    assert await refused(province, f"{SILENCES}/{body['silence']}/lifting", {}) == "no_such_silence"


async def test_silences_are_listed_page_by_page_the_latest_first(app: FastAPI, caller: Caller) -> None:
    head = caller("head", BENGKULU)
    set_ = [silence(item=item) for item in ("KTP_WNI", "KIA", None)]
    for body in set_:
        await done(head, SILENCES, body)
    first = await told(head, SILENCES, limit=2)
    rest = await told(head, SILENCES, limit=2, cursor=first["next"])
    listed = [each["silence"] for page in (first, rest) for each in page["silences"]]
    assert (listed, rest["next"]) == ([body["silence"] for body in reversed(set_)], None)
    assert (await head.get(SILENCES, params={"cursor": "bm9uc2Vuc2U"})).status_code == 422


async def test_a_silence_is_for_a_while_and_of_ones_own(app: FastAPI, caller: Caller) -> None:
    head = caller("head", BENGKULU)
    assert await refused(head, SILENCES, silence(hours=-1)) == "silence_is_past"
    assert await refused(head, SILENCES, silence(hours=32 * 24)) == "silence_too_long"
    wrongs: tuple[dict[str, Any], ...] = (
        {"silence": "s-1"},
        {"item": "SIM"},
        {"at_most": "GONE"},
        {"until": "2026-11-21T05:00:00"},
        {"until": "9999-12-31T23:59:59-12:00"},
        {"reason": ""},
    )
    for wrong in wrongs:
        assert (await post(head, SILENCES, silence(**wrong))).status_code == 422, wrong
    for role, region, status in (
        ("storekeeper", BENGKULU, 403),
        ("auditor", "00", 403),
        ("head", "17.01", 404),
        ("head", "17", 403),
        ("admin", "18", 404),
        ("admin", "17", 201),
        ("national", "00", 201),
    ):
        assert (await post(caller(role, region), SILENCES, silence())).status_code == status, (role, region)
