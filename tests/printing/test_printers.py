"""Ribbons and films over HTTP: what each printer made with them, and how many cards the one in it is still good for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.hosting import Caller
from tests.printing.test_api import JOBS, post, printed, spoiled

pytestmark = pytest.mark.anyio

HERE = "/offices/17.71"
NOW = datetime.now(UTC)


@pytest.fixture
def operator(caller: Caller) -> httpx2.AsyncClient:
    return caller("operator", "17.71")


def ago(days: float) -> str:
    return (NOW - timedelta(days=days)).isoformat()


async def made(
    operator: httpx2.AsyncClient, days: float, printer: str = "P-1", cards: int = 1, spoils: int = 0
) -> None:
    """So many cards came out of a printer so long ago, and so many blanks were spoiled."""
    said = {"item": "KTP_WNI", "reason": "FIRST", "printer": printer, "occurred_at": ago(days)}
    for _ in range(cards):
        assert (await post(operator, f"{JOBS}/{uuid4()}/printed", printed(**said))).status_code == 201
    for _ in range(spoils):
        assert (await post(operator, f"{JOBS}/{uuid4()}/spoiled", spoiled(**said))).status_code == 201


async def change(operator: httpx2.AsyncClient, days: float, printer: str = "P-1", **but: Any) -> list[dict[str, Any]]:
    """The facts of a new ribbon, put in so long ago."""
    body = {"ribbon": str(uuid4()), "item": "RIBBON", "location": "MPP", "occurred_at": ago(days)} | but
    answer = await post(operator, f"{HERE}/printers/{printer}/ribbons", body)
    assert answer.status_code == 201, answer.text
    facts: list[dict[str, Any]] = answer.json()["facts"]
    return facts


async def printers(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = (await client.get(f"{HERE}/printers")).json()
    assert answer["yield"] == 500
    return {each["printer"]: each for each in answer["printers"]}


async def test_a_change_counts_the_cards_and_spoiled_blanks_since_the_last_one_of_the_same(
    operator: httpx2.AsyncClient,
) -> None:
    await made(operator, 20, cards=2, spoils=1)
    await made(operator, 20, "P-2", cards=5)
    [first] = await change(operator, 15)
    assert (first["type"], first["printer"], first["cards"]) == ("RibbonChanged", "P-1", 3)
    assert first["changed_by"] == "operator-17.71"
    await made(operator, 10, cards=2)
    [film] = await change(operator, 9, item="FILM")
    await made(operator, 8, cards=1)
    [second] = await change(operator, 7)
    assert (film["cards"], second["cards"]) == (5, 3)


async def test_a_change_that_is_told_late_counts_up_to_when_it_was_made(operator: httpx2.AsyncClient) -> None:
    await made(operator, 10, cards=2)
    await made(operator, 5, cards=3)
    [told_late] = await change(operator, 8)
    [now] = await change(operator, 1)
    assert (told_late["cards"], now["cards"]) == (2, 3)


async def test_a_change_is_known_again_at_its_own_printer_only(operator: httpx2.AsyncClient) -> None:
    ribbon = str(uuid4())
    assert len(await change(operator, 3, ribbon=ribbon)) == 1
    assert await change(operator, 3, ribbon=ribbon) == []
    assert len(await change(operator, 2, "P-2", ribbon=ribbon)) == 1
    film = {"ribbon": ribbon, "item": "FILM", "location": "MPP"}
    refused = await post(operator, f"{HERE}/printers/P-1/ribbons", film)
    assert (refused.status_code, refused.json()["code"]) == (409, "ribbon_id_taken")
    seen = await printers(operator)
    assert [len(seen[name]["changes"]) for name in ("P-1", "P-2")] == [1, 1]


async def test_printers_tell_what_their_ribbon_is_still_good_for(operator: httpx2.AsyncClient, caller: Caller) -> None:
    await made(operator, 60, cards=4)
    await change(operator, 50)
    await made(operator, 40, cards=1)
    await made(operator, 20, cards=3, spoils=1)
    await change(operator, 10, item="FILM")
    await made(operator, 5, cards=2)
    await made(operator, 1, "P-2", cards=1, spoils=1)
    await change(operator, 80, "P-3")
    seen = await printers(caller("province", "17"))
    assert list(seen) == ["P-1", "P-2", "P-3"]
    one = seen["P-1"]
    assert (one["ribbon"]["cards"], one["ribbon"]["left"]) == (7, 493)
    assert (one["film"]["cards"], one["film"]["left"]) == (2, 498)
    assert [(each["item"], each["cards"]) for each in one["changes"]] == [("FILM", 9)], "the ribbon is older"
    assert (one["printed"], one["spoiled"], one["spoiled_share"]) == (5, 1, 0.1667)
    assert seen["P-2"]["ribbon"] == {"changed_at": None, "cards": None, "left": None}
    assert (seen["P-2"]["spoiled_share"], seen["P-3"]["spoiled_share"]) == (0.5, None)
    assert (seen["P-3"]["ribbon"]["cards"], seen["P-3"]["ribbon"]["left"]) == (0, 500)


async def test_ribbons_are_the_offices_own(operator: httpx2.AsyncClient, caller: Caller) -> None:
    path = f"{HERE}/printers/P-1/ribbons"
    body = {"ribbon": str(uuid4()), "item": "RIBBON", "location": "MPP"}
    assert (await post(caller("operator", "17.01"), path, body)).status_code == 404
    assert (await post(caller("operator", "17"), path, body)).status_code == 403
    assert (await post(caller("storekeeper", "17.71"), path, body)).status_code == 403
    assert (await caller("head", "17.01").get(f"{HERE}/printers")).status_code == 404
    for wrong in ({**body, "item": "KTP_WNI"}, {**body, "ribbon": "r-1"}, {**body, "cards": 500}):
        assert (await post(operator, path, wrong)).status_code == 422
    assert await printers(operator) == {}
