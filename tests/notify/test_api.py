"""Notify over HTTP, on the real ledger and PostgreSQL: who may see what, and who may answer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from services.notify.domain import AlarmKind, Desk, RaiseAlarm
from tests.hosting import Caller
from tests.notify.situations import BENGKULU, NOON, close, critical, due, empty, low, over, quiet
from tests.notify.web import done, happened, post, refused, told

pytestmark = pytest.mark.anyio

HERE = f"/offices/{BENGKULU}/escalations/KTP_WNI"
BECAUSE = {"reason": "Gudang provinsi kosong"}


def undertaking(days: float = 3, **changes: Any) -> dict[str, Any]:
    promised_by = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    return {"action": "Ambil 2.000 keping di provinsi", "promised_by": promised_by, **changes}


def kinds(facts: list[dict[str, Any]]) -> list[str]:
    """What follows for the escalation itself, notices apart."""
    return [fact["type"] for fact in facts if fact["type"] not in ("NoticeSent", "NoticePosted")]


def lost(*desks: Desk) -> RaiseAlarm:
    """Numbers were reported lost, and these desks hear of it."""
    return RaiseAlarm(
        now=NOON,
        occurred_at=NOON,
        office=BENGKULU,
        id="alarm/blanko.17.stock/8",
        kind=AlarmKind.NUMBERS_LOST,
        desks=desks,
        item="KTP_WNI",
        figures={"quantity": 40},
    )


async def test_the_head_answers_once_however_often_the_request_comes(app: FastAPI, caller: Caller) -> None:
    await happened(app, low())
    head, body = caller("head", BENGKULU), undertaking()
    first = await post(head, f"{HERE}/acknowledge", body, "k")
    assert first.status_code == 201
    [fact] = first.json()["facts"]
    assert (fact["type"], fact["level"], fact["by"]) == ("EscalationAcknowledged", "CITY", f"head-{BENGKULU}")
    again = await post(head, f"{HERE}/acknowledge", body, "k")
    assert (again.status_code, again.json()) == (201, first.json())
    read = await told(head, HERE)
    assert (read["waiting_for"], read["answer"]["action"]) == ("PROMISE", "Ambil 2.000 keping di provinsi")


async def test_an_answer_from_below_is_refused_with_the_level_that_is_waited_for(app: FastAPI, caller: Caller) -> None:
    await happened(app, critical())
    answer = await post(caller("head", BENGKULU), f"{HERE}/acknowledge", undertaking())
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["figures"]) == ("not_yours_to_answer", {"level": "PROVINCE"})
    assert (await post(caller("province", "17"), f"{HERE}/acknowledge", undertaking())).status_code == 201


async def test_what_is_promised_is_no_further_away_than_the_policy_allows(app: FastAPI, caller: Caller) -> None:
    await happened(app, low(), rules=False)
    head = caller("head", BENGKULU)
    assert await refused(head, f"{HERE}/acknowledge", undertaking(days=15)) == "promise_too_far"
    await done(head, f"{HERE}/acknowledge", undertaking(days=13))


async def test_a_province_that_declines_reaches_the_dirjens_inbox_with_its_reason(app: FastAPI, caller: Caller) -> None:
    await happened(app, critical())
    assert (await post(caller("head", BENGKULU), f"{HERE}/decline", {"reason": "-"})).status_code == 403
    province = caller("province", "17")
    assert kinds(await done(province, f"{HERE}/decline", BECAUSE)) == ["EscalationDeclined", "EscalationClimbed"]
    [notice] = (await told(caller("national", "00"), "/inbox"))["notices"]
    assert notice["subject"] == "Eskalasi ke Dirjen Dukcapil: Stok blanko KTP-el WNI kritis di Kota Bengkulu"
    assert "Provinsi tidak dapat membantu: Gudang provinsi kosong" in notice["text"]
    assert (notice["office_name"], notice["declined"], notice["number"]) == ("Kota Bengkulu", BECAUSE["reason"], 1)
    assert await refused(province, f"{HERE}/decline", BECAUSE) == "already_declined"


async def test_a_shortage_goes_up_by_hand_and_back_once_and_everybody_sees_whose_answer_is_awaited(
    app: FastAPI, caller: Caller
) -> None:
    await happened(app, low())
    head, province = caller("head", BENGKULU), caller("province", "17")
    assert await refused(head, f"{HERE}/hand-back", BECAUSE) == "nobody_below"
    assert await refused(province, f"{HERE}/forward", BECAUSE) == "not_yours_to_answer"
    assert await refused(province, f"{HERE}/decline", BECAUSE) == "province_not_asked"
    assert kinds(await done(head, f"{HERE}/forward", BECAUSE)) == ["EscalationClimbed"]
    assert kinds(await done(province, f"{HERE}/hand-back", {"reason": "Pinjam dari tetangga"})) == [
        "EscalationHandedBack"
    ]
    [row] = (await told(province, "/escalations"))["escalations"]
    assert (row["level"], row["awaited"], row["told"]) == ("PROVINCE", "CITY", ["CITY", "PROVINCE"])
    await done(head, f"{HERE}/forward", BECAUSE)
    assert await refused(province, f"{HERE}/hand-back", BECAUSE) == "handed_back_before"


async def test_above_the_ministry_there_is_nobody(app: FastAPI, caller: Caller) -> None:
    await happened(app, empty())
    assert await refused(caller("national", "00"), f"{HERE}/forward", BECAUSE) == "nobody_above"


async def test_what_is_closed_by_hand_is_over_with_its_reason_and_those_who_were_told_hear_of_it(
    app: FastAPI, caller: Caller
) -> None:
    await happened(app, critical())
    assert await refused(caller("head", BENGKULU), f"{HERE}/closing", BECAUSE) == "not_yours_to_answer"
    assert kinds(await done(caller("province", "17"), f"{HERE}/closing", BECAUSE)) == ["EscalationClosed"]
    head = caller("head", BENGKULU)
    read = await told(head, HERE)
    assert (read["open"], read["closed"], read["due"]) == (False, BECAUSE["reason"], None)
    assert (await told(head, "/inbox"))["notices"][0]["kind"] == "CLOSED"


async def test_history_is_read_newest_first_page_by_page_comments_among_it_with_who_and_when(
    app: FastAPI, caller: Caller
) -> None:
    await happened(app, low())
    head = caller("head", BENGKULU)
    facts = await done(head, f"{HERE}/comments", {"text": "Mobil sudah berangkat"})
    assert [(fact["type"], fact["by"], fact["role"]) for fact in facts] == [
        ("EscalationCommented", f"head-{BENGKULU}", "head")
    ]
    await done(caller("province", "17"), f"{HERE}/comments", {"text": "Ditunggu"})
    first = await told(caller("auditor", "17"), f"{HERE}/history", limit=2)
    assert [(each["type"], each["by"], each["data"]["text"]) for each in first["history"]] == [
        ("EscalationCommented", "province-17", "Ditunggu"),
        ("EscalationCommented", f"head-{BENGKULU}", "Mobil sudah berangkat"),
    ]
    assert datetime.fromisoformat(first["history"][0]["recorded_at"]) <= datetime.now(UTC)
    rest = await told(head, f"{HERE}/history", limit=2, cursor=first["next"])
    assert [each["type"] for each in rest["history"]] == ["NoticeSent", "EscalationOpened"]
    assert [each["version"] for page in (first, rest) for each in page["history"]] == [4, 3, 2, 1]
    assert rest["next"] is None
    assert (await told(head, f"/offices/{BENGKULU}/escalations/KIA/history"))["history"] == []
    assert (await caller("head", "17.01").get(f"{HERE}/history")).status_code == 404


async def test_who_has_recovered_gets_no_comments_and_who_was_closed_by_hand_does(app: FastAPI, caller: Caller) -> None:
    await happened(app, low(), close())
    head = caller("head", BENGKULU)
    await done(head, f"{HERE}/comments", {"text": "Masih menunggu"})
    await happened(app, over())
    assert await refused(head, f"{HERE}/comments", {"text": "Terima kasih"}) == "nothing_open"


async def test_an_inbox_is_read_page_by_page(app: FastAPI, caller: Caller) -> None:
    await happened(app, low(), due(quiet.after(low())))
    head = caller("head", BENGKULU)
    page = await told(head, "/inbox", limit=1)
    rest = await told(head, "/inbox", limit=1, cursor=page["next"])
    assert [(each["kind"], each["number"]) for each in (*page["notices"], *rest["notices"])] == [
        ("CLIMBED", 2),
        ("SHORTAGE", 1),
    ]
    assert await told(caller("head", "17.01"), "/inbox") == {"notices": [], "next": None}
    assert (await head.get("/inbox", params={"cursor": "nonsense"})).status_code == 422


async def test_alarms_lie_in_the_inbox_of_whoever_they_are_for(app: FastAPI, caller: Caller) -> None:
    alarm = {"kind": "NUMBERS_LOST", "item": "KTP_WNI", "figures": {"quantity": 40}}
    await happened(app, lost(Desk("storekeeper", BENGKULU), Desk("ops", "00")))
    for role, region in (("storekeeper", BENGKULU), ("ops", "00")):
        [shown] = (await told(caller(role, region), "/inbox"))["notices"]
        assert alarm.items() <= shown.items()
        assert (shown["number"], shown["office_name"]) == (1, "Kota Bengkulu")
        assert "hilang" in shown["subject"] and "40 keping" in shown["text"]
    assert (await caller("operator", BENGKULU).get("/inbox")).status_code == 403


async def test_everyone_sees_what_is_open_in_their_scope_and_nothing_else(app: FastAPI, caller: Caller) -> None:
    await happened(app, low())
    for role, region in [("head", BENGKULU), ("operator", BENGKULU), ("province", "17"), ("auditor", "00")]:
        [found] = (await told(caller(role, region), "/escalations", level="CITY"))["escalations"]
        assert (found["office"], found["open"], found["figures"]["on_hand"]) == (BENGKULU, True, 1_200)
        assert found["awaited"] == "CITY"
    stranger = caller("province", "18")
    assert await told(stranger, "/escalations") == {"escalations": [], "next": None}
    assert (await stranger.get(HERE)).status_code == 404
    assert (await post(stranger, f"{HERE}/acknowledge", undertaking())).status_code == 404
    national = caller("national", "00")
    assert (await told(national, "/escalations", level="NATIONAL"))["escalations"] == []
    assert (await told(national, "/escalations", open=False))["escalations"] == []
    assert (await national.get(f"/offices/{BENGKULU}/escalations/KIA")).status_code == 404


NOT_THEIRS = [
    *((role, BENGKULU, answer, 403) for role in ("operator", "storekeeper") for answer in ("forward", "closing")),
    ("auditor", "00", "comments", 403),
    ("head", BENGKULU, "decline", 403),
    ("national", "00", "decline", 403),
    ("province", "18", "hand-back", 404),
    ("head", "17.01", "closing", 404),
    ("head", "17", "comments", 403),
    ("head", "17", "closing", 403),
]


async def test_nobody_answers_for_another(app: FastAPI, caller: Caller) -> None:
    await happened(app, low())
    for role, region, answer, status in NOT_THEIRS:
        body = {"text": "Ya"} if answer == "comments" else BECAUSE
        found = (await post(caller(role, region), f"{HERE}/{answer}", body)).status_code
        assert found == status, (role, region, answer)
    assert (await told(caller("auditor", "00"), HERE))["open"]


NO_ANSWERS = [
    (undertaking(days=-1), 409),
    (undertaking(days=400), 422),
    (undertaking(promised_by="9999-12-31T23:59:59-12:00"), 422),
    (undertaking(promised_by="0001-01-01T00:00:00+14:00"), 422),
    (undertaking(promised_by="2024-11-21T05:00:00"), 422),
    (undertaking(promised_by=1_732_000_000), 422),
    (undertaking(action=""), 422),
    (undertaking(action="a\0b"), 422),
    (undertaking(action="NIK 1771010101010001"), 422),
    (undertaking(urgent=True), 422),
    ({}, 422),
]


async def test_what_is_not_an_answer_changes_nothing(app: FastAPI, caller: Caller) -> None:
    await happened(app, low())
    head = caller("head", BENGKULU)
    for body, status in NO_ANSWERS:
        answer = await post(head, f"{HERE}/acknowledge", body)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await told(head, HERE))["answer"] is None


async def test_what_is_not_open_cannot_be_answered_and_an_unknown_item_is_no_item(app: FastAPI, caller: Caller) -> None:
    head = caller("head", BENGKULU)
    assert await refused(head, f"{HERE}/acknowledge", undertaking()) == "nothing_open"
    assert (await post(head, f"/offices/{BENGKULU}/escalations/SIM/acknowledge", undertaking())).status_code == 422
