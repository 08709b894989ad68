"""What arrives names where it comes from: another office's blanks belong to a consignment, announced or not."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient

from tests.hosting import Caller

pytestmark = pytest.mark.anyio

HERE = "/offices/17.71"
RECEIPT = {
    "item": "KTP_WNI",
    "location": "Gudang",
    "quantity": 300,
    "source": "PROVINCE",
    "bast": "470/9/BAST/2026",
    "counters": ["p:ani", "p:budi"],
}


async def receive(caller: AsyncClient, **but: Any) -> Any:
    headers = {"Idempotency-Key": uuid4().hex}
    return await caller.post(f"{HERE}/receipts", json=RECEIPT | but, headers=headers)


def fault(answer: Any) -> tuple[str, str]:
    assert answer.status_code == 422, answer.text
    [found] = answer.json()["errors"]
    return found["at"], found["code"]


async def test_blanks_of_another_office_without_a_name_open_an_unannounced_consignment(caller: Caller) -> None:
    store = caller("storekeeper", "17.71")
    first, second = await receive(store), await receive(store, quantity=20)
    names = {fact["consignment"] for answer in (first, second) for fact in answer.json()["facts"] if "accepted" in fact}
    [name] = names
    sent = (await store.get(f"/consignments/{name}")).json()
    assert (sent["dispatched"], sent["sent"], sent["receiver"]) == (False, 0, "17.71")
    assert {fact["type"] for fact in first.json()["facts"]} == {"BlanksReceived", "ConsignmentReceived"}


async def test_a_grant_belongs_to_no_consignment(caller: Caller) -> None:
    facts = (await receive(caller("storekeeper", "17.71"), source="GRANT")).json()["facts"]
    assert [(fact["type"], fact["consignment"]) for fact in facts] == [("BlanksReceived", None)]


async def test_only_the_centre_procures_and_who_enters_did_not_count(caller: Caller) -> None:
    store = caller("storekeeper", "17.71")
    assert fault(await receive(store, source="PROCUREMENT")) == ("/body/source", "not_the_centre")
    counters = ["storekeeper-17.71", "p:budi"]
    assert fault(await receive(store, counters=counters)) == ("/body/counters", "counter_is_storekeeper")


async def test_a_fault_of_the_body_says_what_is_wrong(caller: Caller) -> None:
    answer = await receive(caller("storekeeper", "17.71"), counters=["p:ani", "p:ani"])
    assert answer.json()["errors"][0]["detail"] == "A receipt is counted by two different people"
    assert (await receive(caller("storekeeper", "17"))).status_code == 403
