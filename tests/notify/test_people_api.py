"""Officials by reference: how they are reached, and who sits at which desk. Only the table of people knows a name."""

from datetime import date, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.notify.views import addresses
from shared.moments import utcnow
from shared.offices import offices
from tests.hosting import Caller
from tests.notify.situations import BENGKULU
from tests.notify.web import done, post, refused, told

pytestmark = pytest.mark.anyio

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
DESK, PERSON = f"/desks/head/{BENGKULU}", "pegawai-80"
MAIL = {"name": "kantor", "kind": "EMAIL", "address": "kepala@bengkulukota.example"}
HOOK = {"name": "sistem", "kind": "WEBHOOK", "address": "https://bengkulu.example/kabar", "secret": SECRET}
CHAT = {"name": "pesan-1", "kind": "GATEWAY", "address": "tgram://123456789:abcdefg/9876"}
DAY = timedelta(days=1)


def contact(*channels: dict[str, Any], name: str = "Budi Santoso") -> dict[str, Any]:
    return {"name": name, "channels": list(channels)}


def today() -> date:
    return offices().known(BENGKULU).day_at(utcnow())


def appointment(person: str = PERSON, capacity: str = "DEFINITIVE", **changes: Any) -> dict[str, Any]:
    return {"person": person, "capacity": capacity, "since": "2024-01-01", **changes}


async def rows(app: FastAPI, query: str) -> list[Any]:
    async with app.state.engine.connect() as connection:
        return list(await connection.execute(text(query)))


async def test_names_and_addresses_are_in_the_table_of_people_and_nowhere_else(app: FastAPI, caller: Caller) -> None:
    facts = await done(caller("admin", "00"), f"/people/{PERSON}", contact(MAIL, HOOK, CHAT))
    [fact] = facts
    assert (fact["type"], fact["person"], fact["by"]) == ("ContactChanged", PERSON, "admin-00")
    assert fact["channels"] == [["kantor", "EMAIL"], ["sistem", "WEBHOOK"], ["pesan-1", "GATEWAY"]]
    [row] = await rows(app, "select * from people")
    assert (row.person, row.name, row.changed_by) == (PERSON, "Budi Santoso", "admin-00")
    assert [each.address for each in addresses(row.channels)] == [each["address"] for each in (MAIL, HOOK, CHAT)]
    assert addresses(row.channels)[1].secret == SECRET
    tables = [row[0] for row in await rows(app, "select tablename from pg_tables where schemaname = 'public'")]
    for table in set(tables) - {"people"}:
        stored = str(await rows(app, f"select * from {table}"))
        assert not [each for each in ("Budi", "example", "whsec", "tgram") if each in stored], table


async def test_a_person_is_shown_without_secrets_and_a_gateway_without_its_token(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "00")
    await done(admin, f"/people/{PERSON}", contact(MAIL, HOOK, CHAT))
    answer = await admin.get(f"/people/{PERSON}")
    assert "C2FVsBQ" not in answer.text and "abcdefg" not in answer.text
    shown = answer.json()
    assert shown["channels"] == [
        MAIL,
        {k: v for k, v in HOOK.items() if k != "secret"},
        CHAT | {"address": "tgram://…"},
    ]
    assert (shown["name"], shown["desks"]) == ("Budi Santoso", [])
    assert [each["data"]["channels"] for each in shown["history"]] == [
        [["kantor", "EMAIL"], ["sistem", "WEBHOOK"], ["pesan-1", "GATEWAY"]]
    ]


async def test_what_is_left_out_of_a_channel_stays_as_it_was(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "00")
    await done(admin, f"/people/{PERSON}", contact(MAIL, HOOK, CHAT))
    moved = HOOK | {"address": "https://baru.example/kabar"}
    del moved["secret"]
    await done(admin, f"/people/{PERSON}", contact({"name": "pesan-1", "kind": "GATEWAY"}, moved))
    [row] = await rows(app, "select channels from people")
    assert [(each.address, each.secret) for each in addresses(row.channels)] == [
        (CHAT["address"], None),
        ("https://baru.example/kabar", SECRET),
    ]
    other = await post(admin, f"/people/{PERSON}", contact({"name": "pesan-1", "kind": "EMAIL"}))
    assert (other.status_code, other.json()["errors"][0]["at"]) == (422, "/body/channels/0/address")


async def test_the_same_request_again_changes_nothing_and_a_dry_run_neither(app: FastAPI, caller: Caller) -> None:
    admin, path = caller("admin", "00"), f"/people/{PERSON}"
    dry = await post(admin, f"{path}?dry_run=true", contact(MAIL))
    assert (dry.status_code, await rows(app, "select * from people")) == (200, [])
    first = await post(admin, path, contact(MAIL), "k-1")
    await done(admin, path, contact(MAIL, name="Siti"))
    again = await post(admin, path, contact(MAIL), "k-1")
    assert (again.status_code, again.json()) == (201, first.json())
    assert [row.name for row in await rows(app, "select name from people")] == ["Siti"]


async def test_who_is_removed_is_forgotten_and_the_books_keep_the_reference(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "00")
    await done(admin, f"/people/{PERSON}", contact(MAIL))
    [fact] = await done(admin, f"/people/{PERSON}/removal", {})
    assert (fact["removed"], fact["channels"]) == (True, [])
    assert await rows(app, "select * from people") == []
    assert (await admin.get(f"/people/{PERSON}")).status_code == 404


NO_ADDRESSES: list[tuple[dict[str, Any], str]] = [
    (MAIL | {"address": "Budi <budi@x.example>"}, "address"),
    (MAIL | {"address": "budi@x.example, ani@x.example"}, "address"),
    (MAIL | {"address": "budi@x.example\r\nBcc: ani@x.example"}, "address"),
    (MAIL | {"secret": SECRET}, "secret"),
    (HOOK | {"address": "http://bengkulu.example/kabar"}, "address"),
    (HOOK | {"address": "http://127.0.0.1/kabar"}, "address"),
    (HOOK | {"address": "https://budi:rahasia@bengkulu.example/"}, "address"),
    (HOOK | {"address": "https:///kabar"}, "address"),
    (HOOK | {"address": "https://[::1/"}, "address"),
    (HOOK | {"address": "https://bengkulu.example/ kabar"}, "address"),
    *(
        (HOOK | {"address": f"https://{host}/kabar"}, "address")
        for host in (
            *("127.0.0.1", "127.0.0.1.", "127.1", "2130706433", "0x7f.1", "localhost", "LOCALHOST.", "a.localhost"),
            *("[::1]", "[::ffff:127.0.0.1]", "10.0.0.8", "192.168.1.4", "[fd00::7]", "169.254.169.254", "0.0.0.0"),
            *("bengkulu.example:0", "bengkulu.example:65536", "bengkulu.example:port"),
        )
    ),
    (HOOK | {"secret": None}, "secret"),
    (HOOK | {"secret": "whsec_rahasia"}, "secret"),
    (HOOK | {"secret": "whsec_" + "A" * 33}, "secret"),
    (CHAT | {"address": "file:///etc/passwd"}, "address"),
    (CHAT | {"address": "mailto://budi@x.example"}, "address"),
    (CHAT | {"address": "json://x.example"}, "address"),
    (CHAT | {"address": "tgram://"}, "address"),
    (MAIL | {"name": "budi@x"}, "name"),
    (MAIL | {"name": "0812345678"}, "name"),
    (MAIL | {"kind": "SMS"}, "kind"),
    (MAIL | {"address": "b" * 2_001}, "address"),
]


async def test_an_address_is_of_its_kind_and_what_was_sent_is_not_repeated(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "00")
    for channel, at in NO_ADDRESSES:
        answer = await post(admin, f"/people/{PERSON}", contact(MAIL | {"name": "lain"}, channel))
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), channel
        assert [fault["at"] for fault in answer.json()["errors"]] == [f"/body/channels/1/{at}"], channel
        assert not [each for each in ("budi", "rahasia", "bengkulu.example", "passwd", "Bcc") if each in answer.text]
    assert await rows(app, "select * from people") == []


async def test_plain_http_is_for_this_machine_if_the_settings_say_so(
    app: FastAPI, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_LOOPBACK", "true")
    admin = caller("admin", "00")
    for address in ("http://127.0.0.1:9000/kabar", "https://localhost/kabar", "https://bengkulu.example:8443/kabar"):
        await done(admin, f"/people/{PERSON}", contact(HOOK | {"address": address}))
    near = await post(admin, f"/people/{PERSON}", contact(HOOK | {"address": "https://10.0.0.8/kabar"}))
    assert near.status_code == 422


async def test_a_channel_has_a_name_of_its_own_and_there_are_at_most_six(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "00")
    twice = await post(admin, f"/people/{PERSON}", contact(MAIL, MAIL))
    assert [fault["at"] for fault in twice.json()["errors"]] == ["/body/channels/1/name"]
    seven = await post(admin, f"/people/{PERSON}", contact(*(MAIL | {"name": f"kantor-{n}"} for n in range(7))))
    assert seven.status_code == 422
    assert (await post(admin, "/people/1771010101010001", contact(MAIL))).status_code == 422


async def test_a_province_keeps_its_own_people_and_sees_nobody_elses(app: FastAPI, caller: Caller) -> None:
    nation, bengkulu, lampung = caller("admin", "00"), caller("admin", "17"), caller("admin", "18")
    await done(bengkulu, "/people/p-17", contact(MAIL))
    await done(lampung, "/people/p-18", contact(MAIL))
    await done(nation, "/people/p-00", contact(MAIL))
    await done(nation, "/desks/national/00/appointments", appointment("p-00"))
    await done(bengkulu, f"{DESK}/appointments", appointment("p-17"))
    for client, seen in ((bengkulu, ["p-17"]), (lampung, ["p-18"]), (nation, ["p-00", "p-17", "p-18"])):
        assert [each["person"] for each in (await told(client, "/people"))["people"]] == seen
    for person in ("p-00", "p-18"):
        assert (await bengkulu.get(f"/people/{person}")).status_code == 404
        assert (await post(bengkulu, f"/people/{person}", contact(MAIL))).status_code == 404
        assert (await post(bengkulu, f"/people/{person}/removal", {})).status_code == 404
    assert (await told(bengkulu, "/people/p-17"))["desks"] == [{"role": "head", "region": BENGKULU}]
    # Whoever the nation appoints is the nation's to keep, and so is how their post is sent.
    await done(nation, "/desks/ops/00/appointments", appointment("p-17"))
    assert (await post(bengkulu, "/people/p-17", contact(MAIL))).status_code == 404
    assert (await told(bengkulu, "/people"))["people"] == []


async def test_nobody_takes_anothers_person_by_appointing_them(app: FastAPI, caller: Caller) -> None:
    nation, bengkulu = caller("admin", "00"), caller("admin", "17")
    await done(nation, "/desks/national/00/appointments", appointment("p-00"))
    assert (await post(bengkulu, f"{DESK}/appointments", appointment("p-00"))).status_code == 404
    await done(nation, f"{DESK}/appointments", appointment("p-00", "PLH", until=today().isoformat()))


async def test_people_are_listed_page_by_page(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "17")
    for n in range(3):
        await done(admin, f"/people/p-{n}", contact())
    first = await told(admin, "/people", limit=2)
    rest = await told(admin, "/people", limit=2, cursor=first["next"])
    assert [each["person"] for page in (first, rest) for each in page["people"]] == ["p-0", "p-1", "p-2"]
    assert rest["next"] is None


async def test_a_desk_shows_who_sits_there_who_is_on_duty_and_all_that_was_changed(
    app: FastAPI, caller: Caller
) -> None:
    admin, auditor = caller("admin", "17"), caller("auditor", "17")
    nobody = await told(auditor, DESK)
    assert (nobody["kept"], nobody["on_duty"], nobody["history"]) == (False, [], [])
    await done(admin, f"{DESK}/appointments", appointment())
    now = today()
    leave = {"person": PERSON, "since": now.isoformat(), "until": (now + 2 * DAY).isoformat()}
    [fact] = await done(admin, f"{DESK}/leave", leave)
    assert (fact["type"], fact["by"]) == ("LeaveRecorded", "admin-17")
    acting = appointment("pegawai-81", "PLH", since=now.isoformat(), until=(now + 2 * DAY).isoformat())
    await done(admin, f"{DESK}/appointments", acting)
    shown = await told(caller("head", BENGKULU), DESK)
    assert (shown["kept"], shown["day"], shown["on_duty"]) == (True, now.isoformat(), ["pegawai-81"])
    assert {each["person"]: each["capacity"] for each in shown["appointments"]} == {
        PERSON: "DEFINITIVE",
        "pegawai-81": "PLH",
    }
    assert shown["leave"] == [leave]
    kinds = ["PersonAppointed", "LeaveRecorded", "PersonAppointed"]
    assert [(each["type"], each["by"]) for each in shown["history"]] == [(kind, "admin-17") for kind in kinds]
    await done(admin, f"{DESK}/leave/cancellation", {"person": PERSON, "since": now.isoformat()})
    assert (await told(auditor, DESK))["on_duty"] == ["pegawai-81", PERSON]
    first = await told(auditor, DESK, limit=3)
    rest = await told(auditor, DESK, limit=3, cursor=first["next"])
    assert [each["version"] for page in (first, rest) for each in page["history"]] == [4, 3, 2, 1]


async def test_what_a_desk_cannot_be_is_refused(app: FastAPI, caller: Caller) -> None:
    admin = caller("admin", "17")
    await done(admin, f"{DESK}/appointments", appointment())
    for body, code in (
        (appointment("pegawai-82"), "second_definitive"),
        (appointment(since="2024-06-01"), "appointment_overlaps"),
        (appointment("pegawai-82", "PLT", until="2023-01-01"), "ends_before_it_begins"),
    ):
        assert await refused(admin, f"{DESK}/appointments", body) == code
    ending = {"person": PERSON, "capacity": "PLT", "last_day": "2024-06-30", "reason": "Mutasi"}
    assert await refused(admin, f"{DESK}/appointments/ends", ending) == "not_appointed"
    [fact] = await done(admin, f"{DESK}/appointments/ends", ending | {"capacity": "DEFINITIVE"})
    assert (fact["type"], fact["reason"]) == ("AppointmentEnded", "Mutasi")
    leave = {"person": "pegawai-99", "since": "2024-02-01", "until": "2024-02-02"}
    assert await refused(admin, f"{DESK}/leave", leave) == "not_appointed"
    staying = {"person": PERSON, "since": "2024-02-01"}
    assert await refused(admin, f"{DESK}/leave/cancellation", staying) == "no_such_leave"


EDITORS = [
    ("admin", "00", f"head/{BENGKULU}", 201),
    ("admin", "17", f"storekeeper/{BENGKULU}", 201),
    ("admin", BENGKULU, f"head/{BENGKULU}", 201),
    ("admin", "17", "province/17", 201),
    ("admin", "00", "ops/00", 201),
    ("admin", "17", "national/00", 404),
    ("admin", BENGKULU, "province/17", 404),
    ("admin", "18", f"head/{BENGKULU}", 404),
    ("admin", "00", "head/17", 404),
    ("admin", "00", f"province/{BENGKULU}", 404),
    ("admin", "00", "province/00", 404),
    ("admin", "00", "national/17", 404),
    ("admin", "00", "head/99.99", 404),
    ("admin", "00", f"auditor/{BENGKULU}", 422),
    ("head", BENGKULU, f"head/{BENGKULU}", 403),
    ("auditor", "00", f"head/{BENGKULU}", 403),
    ("province", "17", f"head/{BENGKULU}", 403),
]


async def test_an_administrator_edits_the_desks_of_their_own_region(app: FastAPI, caller: Caller) -> None:
    for n, (role, region, desk, status) in enumerate(EDITORS):
        sitting = appointment(f"p-{n}", "PLT")
        answer = await post(caller(role, region), f"/desks/{desk}/appointments", sitting)
        assert answer.status_code == status, (role, region, desk, answer.text)


NO_APPOINTMENTS = [
    appointment("Budi Santoso"),
    appointment("081234567890"),
    appointment(capacity="PJ"),
    appointment(since="1999-12-31"),
    appointment(note="kenalan"),
]


async def test_what_is_no_appointment_is_not_taken(app: FastAPI, caller: Caller) -> None:
    for body in NO_APPOINTMENTS:
        answer = await post(caller("admin", "17"), f"{DESK}/appointments", body)
        assert answer.status_code == 422, body
        assert not [each for each in ("Budi", "0812", "kenalan") if each in answer.text]


async def test_addresses_are_for_administrators_only(app: FastAPI, caller: Caller) -> None:
    for role in ("head", "national", "auditor", "ops", "service"):
        for path in ("/people", f"/people/{PERSON}"):
            assert (await caller(role, "00").get(path)).status_code == 403
