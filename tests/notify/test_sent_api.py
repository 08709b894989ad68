"""What was sent, over HTTP: bundles and their tries, and letters as they were written."""

from hashlib import sha256
from typing import Any

import pytest
from fastapi import FastAPI

from services.notify.domain import (
    Appoint,
    BeginTry,
    Capacity,
    Channel,
    ChannelKind,
    CloseBundle,
    Desk,
    EndTry,
    IssueLetter,
    LetterContent,
    Result,
    Shortfall,
    StockLevel,
    Urgency,
)
from services.notify.letters import html, pdf
from tests.hosting import Caller
from tests.notify.situations import BENGKULU, DAY, NOON, PROVINCE, critical, figures, over
from tests.notify.web import happened, told

pytestmark = pytest.mark.anyio

SENDS, LETTERS = "/desks/province/17/sends", "/letters/province/17"
NUMBER = "400.12/0001/BLANKO-17/2024"
NOW: dict[str, Any] = {"now": NOON, "occurred_at": NOON}
MAIL, HOOK = Channel("kantor", ChannelKind.EMAIL), Channel("sistem", ChannelKind.WEBHOOK)
CONTENT = LetterContent(
    number=NUMBER,
    day=NOON.date(),
    urgency=Urgency.SEGERA,
    to=PROVINCE,
    copies=(Desk("head", BENGKULU),),
    shortfalls=(Shortfall(BENGKULU, "KTP_WNI", 4, StockLevel.CRITICAL, figures(), NOON),),
)


def appointed(person: str = "p-17") -> Appoint:
    seat: dict[str, Any] = {"role": "province", "region": "17", "person": person, "by": "u-1"}
    return Appoint(**NOW, **seat, capacity=Capacity.DEFINITIVE, since=NOON.date())


def closed(bundle: int = 1, *, letter: bool = True) -> CloseBundle:
    return CloseBundle(
        **NOW,
        desk=PROVINCE,
        bundle=bundle,
        people=("p-17",),
        notices=(f"shortage/{BENGKULU}/KTP_WNI/4/1/province/17",),
        absorbed=0,
        letter=letter,
        day=NOON.date(),
    )


def issued(content: LetterContent = CONTENT) -> IssueLetter:
    return IssueLetter(
        **NOW,
        desk=PROVINCE,
        bundle=1,
        content=content,
        html_sha256=sha256(html(CONTENT).encode()).hexdigest(),
        pdf_sha256=sha256(pdf(CONTENT)).hexdigest(),
        typesetter="typst 0",
    )


def sent(result: Result, attempt: int) -> tuple[BeginTry, EndTry]:
    send: dict[str, Any] = {"desk": PROVINCE, "bundle": 1, "person": "p-17"}
    later: dict[str, Any] = {"now": NOON + attempt * DAY, "occurred_at": NOON}
    return (
        BeginTry(**later, **send, channels=(MAIL, HOOK)),
        EndTry(**later, **send, attempt=attempt, result=result, code="smtp_451"),
    )


async def test_what_was_sent_to_whom_is_shown_with_each_try_and_no_address(app: FastAPI, caller: Caller) -> None:
    tries = [*sent(Result.FAILED, 1), *sent(Result.DELIVERED, 2)]
    await happened(app, appointed(), critical(), closed(), *tries)
    for role, region in (("province", "17"), ("admin", "17"), ("auditor", "00")):
        [bundle] = (await told(caller(role, region), SENDS))["bundles"]
        assert (bundle["bundle"], bundle["absorbed"], bundle["to"], bundle["letter"]) == (1, 0, ["p-17"], NUMBER)
        assert bundle["notices"] == [f"shortage/{BENGKULU}/KTP_WNI/4/1/province/17"]
        [send] = bundle["sends"]
        assert (send["person"], send["state"], send["attempts"], send["channel"]) == ("p-17", "DELIVERED", 2, "kantor")
        assert [(each["attempt"], each["result"], each["kind"]) for each in send["tries"]] == [
            (1, "FAILED", "EMAIL"),
            (2, "DELIVERED", "EMAIL"),
        ]


async def test_sends_are_for_the_desk_itself_and_whoever_looks_after_it(app: FastAPI, caller: Caller) -> None:
    for role, region, desk, status in (
        ("head", BENGKULU, f"head/{BENGKULU}", 200),
        ("storekeeper", BENGKULU, f"storekeeper/{BENGKULU}", 200),
        ("ops", "00", "ops/00", 200),
        ("national", "00", "national/00", 200),
        ("head", BENGKULU, f"storekeeper/{BENGKULU}", 403),
        ("province", "17", f"head/{BENGKULU}", 403),
        ("national", "00", "ops/00", 403),
        ("ops", "00", "national/00", 403),
        ("head", BENGKULU, "province/17", 404),
        ("admin", "18", "province/17", 404),
        ("operator", BENGKULU, f"head/{BENGKULU}", 403),
    ):
        assert (await caller(role, region).get(f"/desks/{desk}/sends")).status_code == status, (role, region, desk)


async def test_bundles_are_listed_page_by_page_each_with_its_own_sends(app: FastAPI, caller: Caller) -> None:
    again = critical(episode=5)
    await happened(app, appointed(), critical(), closed(), over(), closed(2), again, closed(3, letter=False))
    client = caller("province", "17")
    first = await told(client, SENDS, limit=2)
    rest = await told(client, SENDS, limit=2, cursor=first["next"])
    assert [each["bundle"] for page in (first, rest) for each in page["bundles"]] == [3, 2, 1]
    assert [len(each["sends"]) for page in (first, rest) for each in page["bundles"]] == [1, 1, 1]
    assert rest["next"] is None


async def test_a_letter_is_read_as_it_was_written_and_rendered_again_with_the_very_same_hash(
    app: FastAPI, caller: Caller
) -> None:
    await happened(app, appointed(), critical(), closed(), issued())
    client = caller("province", "17")
    [listed] = (await told(client, "/letters"))["letters"]
    assert (listed["letter"], listed["bundle"], "content" in listed) == (NUMBER, 1, False)
    shown = await told(client, f"{LETTERS}/1")
    assert (shown["letter"], shown["content"]["shortfalls"][0]["office"]) == (NUMBER, BENGKULU)
    for format, kind, begin in (("html", "text/html; charset=utf-8", b"<!"), ("pdf", "application/pdf", b"%PDF")):
        rendered = await client.get(f"{LETTERS}/1", params={"format": format})
        assert (rendered.status_code, rendered.headers["content-type"]) == (200, kind)
        assert rendered.headers["letter-as-recorded"] == "true"
        assert rendered.content.startswith(begin)
        assert sha256(rendered.content).hexdigest() == shown[f"{format}_sha256"]
    assert "script" not in rendered.headers["content-security-policy"]


async def test_a_letter_that_is_no_longer_drawn_the_same_says_so(app: FastAPI, caller: Caller) -> None:
    other = LetterContent(NUMBER, NOON.date(), Urgency.BIASA, PROVINCE, (), CONTENT.shortfalls)
    await happened(app, appointed(), critical(), closed(), issued(other))
    for format in ("html", "pdf"):
        rendered = await caller("auditor", "00").get(f"{LETTERS}/1", params={"format": format})
        assert rendered.headers["letter-as-recorded"] == "false"


async def test_letters_are_for_whom_they_were_written_to_and_those_above(app: FastAPI, caller: Caller) -> None:
    await happened(app, appointed(), critical(), closed(), issued())
    for role, region, path, status in (
        ("national", "00", f"{LETTERS}/1", 200),
        ("auditor", "17", f"{LETTERS}/1", 200),
        ("auditor", "17", "/letters", 200),
        ("auditor", BENGKULU, "/letters", 404),
        ("province", "18", f"{LETTERS}/1", 404),
        ("province", "17", "/letters/national/00", 404),
        ("province", "17", f"{LETTERS}/2", 404),
        ("province", "17", f"{LETTERS}/0", 422),
        ("province", "17", f"{LETTERS}/99999999999", 422),
        ("province", "17", f"{LETTERS}/1?format=doc", 422),
        ("head", BENGKULU, f"{LETTERS}/1", 403),
        ("admin", "00", "/letters", 403),
    ):
        assert (await caller(role, region).get(path)).status_code == status, (role, region, path)
    assert (await told(caller("national", "00"), "/letters"))["letters"] == []
    assert len((await told(caller("national", "00"), LETTERS))["letters"]) == 1
