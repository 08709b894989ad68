"""Whatever is killed, and when: each card has used one blank, and each shortage is told once."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest

from deploy.local.stack import SERVICES, Stack
from examples.demo import witness
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio

OPENED_WITH, LOW = 20_000, 19_980
VICTIMS = (*(f"{service}-worker" for service in SERVICES), "stock")


async def test_every_card_has_used_one_blank_whichever_process_is_killed_meanwhile(
    stack: Stack, town: Callable[[str], Town]
) -> None:
    here = town("17.02")
    await here.opens(OPENED_WITH, low=LOW, critical=10, recovery=OPENED_WITH)
    over = asyncio.Event()

    async def printer() -> None:
        while not over.is_set():
            await here.prints()
            await asyncio.sleep(0.05)

    async def store() -> int:
        received = 0
        while not over.is_set():
            await here.receives(1)
            received += 1
            await asyncio.sleep(0.3)
        return received

    async with asyncio.TaskGroup() as busy:
        receiving = busy.create_task(store())
        for _ in range(4):
            busy.create_task(printer())
        for name in VICTIMS:
            stack.process(name).kill()
            stack.process(name).start()
            await asyncio.sleep(1)
        for name in VICTIMS:
            await asyncio.to_thread(stack.await_ready, name)
        over.set()

    used = len(here.printed) + len(here.spoiled)
    left = OPENED_WITH + receiving.result() - used
    assert left < LOW, "the office was never low: print more"
    await here.books_say(left)
    await here.is_told(here.province, "CLIMBED")
    assert "StockRecovered" in await here.receives(OPENED_WITH + 1 - left)
    await here.is_told(here.province, "CLIMBED", "RESOLVED")
    assert await here.notices(here.head) == ["SHORTAGE", "CLIMBED", "RESOLVED"]

    stock = await here.events("stock")
    witness.check_order(stock)
    witness.check_sums(stock)
    here_only = [event for event in [*await here.events("printing"), *stock] if event.office == here.office]
    witness.check_cards(here_only, here.printed, "CardPrinted", "BlankUsed")
    witness.check_cards(here_only, here.spoiled, "CardSpoiled", "BlankSpoiled")
    steps = Counter(event.type for event in await here.publishes("notify", 8))
    assert steps == {"EscalationOpened": 1, "EscalationClimbed": 1, "EscalationResolved": 1, "NoticeSent": 5}
