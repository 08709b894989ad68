"""Notify over HTTP, on the real ledger and PostgreSQL: who may see what, and who may answer."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI

from deploy.local.postgres import ServiceDatabase
from services.notify.api import api
from services.notify.service import NOTIFY
from shared.http import create_app
from shared.ledger import Context, Ledger
from shared.settings import Settings
from tests.notify.situations import BENGKULU, critical, due, low, quiet
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish

pytestmark = pytest.mark.anyio

HERE = f"/offices/{BENGKULU}/escalations/KTP_WNI"
Caller = Callable[[str, str], httpx2.AsyncClient]


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
async def app(database: ServiceDatabase, issuer: Issuer, tmp_path: Path) -> AsyncIterator[FastAPI]:
    keys = tmp_path / "keys.json"
    publish(keys, issuer)
    settings = Settings(
        database_url=database.app_url,
        kafka_bootstrap_servers="",
        auth_issuer=ISSUER,
        auth_audience=AUDIENCE,
        auth_jwks=str(keys),
    )
    app = create_app(NOTIFY, api, settings=settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def ledger(app: FastAPI) -> Ledger:
    """The web process's own."""
    ledger: Ledger = app.state.ledger
    return ledger


@pytest.fixture
def caller(app: FastAPI, issuer: Issuer) -> Caller:
    def of(role: str, region: str) -> httpx2.AsyncClient:
        token = issuer.token(sub=f"{role}-{region}", role=role, region=region)
        headers = {"Authorization": f"Bearer {token}"}
        return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://notify", headers=headers)

    return of


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})


def undertaking(days: float = 3, **changes: Any) -> dict[str, Any]:
    promised_by = (datetime.now(UTC) + timedelta(days=days)).isoformat()
    return {"action": "Ambil 2.000 keping di provinsi", "promised_by": promised_by, **changes}


async def open_shortage(ledger: Ledger, *commands: Any) -> None:
    for command in commands or (low(),):
        await ledger.execute(command, Context(subject="u", route="test"))


async def test_the_head_answers_once_however_often_the_request_comes(ledger: Ledger, caller: Caller) -> None:
    await open_shortage(ledger)
    head, body = caller("head", BENGKULU), undertaking()
    first = await post(head, f"{HERE}/acknowledge", body, "k")
    assert first.status_code == 201
    [fact] = first.json()["facts"]
    assert (fact["type"], fact["level"], fact["by"]) == ("EscalationAcknowledged", "CITY", f"head-{BENGKULU}")
    again = await post(head, f"{HERE}/acknowledge", body, "k")
    assert (again.status_code, again.json()) == (201, first.json())
    read = (await head.get(HERE)).json()
    assert (read["waiting_for"], read["answer"]["action"]) == ("PROMISE", "Ambil 2.000 keping di provinsi")


async def test_an_answer_from_below_is_refused_with_the_level_that_is_waited_for(
    ledger: Ledger, caller: Caller
) -> None:
    await open_shortage(ledger, critical())
    answer = await post(caller("head", BENGKULU), f"{HERE}/acknowledge", undertaking())
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["figures"]) == ("not_yours_to_answer", {"level": "PROVINCE"})
    assert (await post(caller("province", "17"), f"{HERE}/acknowledge", undertaking())).status_code == 201


async def test_a_province_that_declines_reaches_the_dirjens_inbox_with_its_reason(
    ledger: Ledger, caller: Caller
) -> None:
    await open_shortage(ledger, critical())
    assert (await post(caller("head", BENGKULU), f"{HERE}/decline", {"reason": "-"})).status_code == 403
    declined = await post(caller("province", "17"), f"{HERE}/decline", {"reason": "Gudang provinsi kosong"})
    kinds = [fact["type"] for fact in declined.json()["facts"]]
    assert kinds == ["EscalationDeclined", "EscalationClimbed", "NoticeSent", "NoticeSent", "NoticeSent"]
    [notice] = (await caller("national", "00").get("/inbox")).json()["notices"]
    assert notice["subject"] == "Eskalasi ke Dirjen Dukcapil: Stok blanko KTP-el WNI kritis di Kota Bengkulu"
    assert "Provinsi tidak dapat membantu: Gudang provinsi kosong" in notice["text"]
    assert (notice["office_name"], notice["declined"]) == ("Kota Bengkulu", "Gudang provinsi kosong")


async def test_an_inbox_is_read_page_by_page(ledger: Ledger, caller: Caller) -> None:
    await open_shortage(ledger, low(), due(quiet.after(low())))
    head = caller("head", BENGKULU)
    page = (await head.get("/inbox", params={"limit": 1})).json()
    rest = (await head.get("/inbox", params={"limit": 1, "cursor": page["next"]})).json()
    assert [page["notices"][0]["kind"], rest["notices"][0]["kind"]] == ["CLIMBED", "SHORTAGE"]
    assert (await caller("head", "17.01").get("/inbox")).json() == {"notices": [], "next": None}
    assert (await head.get("/inbox", params={"cursor": "nonsense"})).status_code == 422


async def test_everyone_sees_what_is_open_in_their_scope_and_nothing_else(ledger: Ledger, caller: Caller) -> None:
    await open_shortage(ledger)
    for role, region in [("head", BENGKULU), ("operator", BENGKULU), ("province", "17"), ("auditor", "00")]:
        [found] = (await caller(role, region).get("/escalations", params={"level": "CITY"})).json()["escalations"]
        assert (found["office"], found["open"], found["figures"]["on_hand"]) == (BENGKULU, True, 1_200)
    stranger = caller("province", "18")
    assert (await stranger.get("/escalations")).json() == {"escalations": [], "next": None}
    assert (await stranger.get(HERE)).status_code == 404
    assert (await post(stranger, f"{HERE}/acknowledge", undertaking())).status_code == 404
    national = caller("national", "00")
    assert (await national.get("/escalations", params={"level": "NATIONAL"})).json()["escalations"] == []
    assert (await national.get("/escalations", params={"open": False})).json()["escalations"] == []
    assert (await national.get(f"/offices/{BENGKULU}/escalations/KIA")).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
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
    ],
)
async def test_what_is_not_an_answer_changes_nothing(
    ledger: Ledger, caller: Caller, body: dict[str, Any], status: int
) -> None:
    await open_shortage(ledger)
    head = caller("head", BENGKULU)
    answer = await post(head, f"{HERE}/acknowledge", body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await head.get(HERE)).json()["answer"] is None


async def test_what_is_not_open_cannot_be_answered_and_an_unknown_item_is_no_item(
    ledger: Ledger, caller: Caller
) -> None:
    head = caller("head", BENGKULU)
    assert (await post(head, f"{HERE}/acknowledge", undertaking())).json()["code"] == "nothing_open"
    assert (await post(head, f"/offices/{BENGKULU}/escalations/SIM/acknowledge", undertaking())).status_code == 422
