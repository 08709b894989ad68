"""Whatever leaves the shelf at a printer is told by printing, and stock's books follow by themselves."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from examples.demo import witness
from examples.demo.people import until
from tests.journeys.town import COUNTERS, STORE, Town

pytestmark = pytest.mark.anyio


async def test_a_ribbon_that_was_changed_is_one_roll_less_however_often_it_is_told(
    stack: Stack, town: Callable[[str], Town]
) -> None:
    here = town("17.05")
    rolls = STORE | {"item": "RIBBON"}
    await here.opens(1_000, low=20, critical=4, recovery=24)
    await here.storekeeper.say(
        "stock", f"{here.path}/opening-counts", **rolls, quantity=4, counters=COUNTERS, minutes="BA-3"
    )
    await here.prints(3)
    change = {**rolls, "ribbon": str(uuid4())}
    for _ in range(2):
        await here.operator.say("printing", f"{here.path}/printers/printer-1/ribbons", **change)

    async def booked() -> bool:
        return bool((await here.balance("RIBBON"))["on_hand"] == 3)

    await until("one roll less", booked)
    printing = [event for event in await here.events("printing") if event.office == here.office]
    [told] = [event.body for event in printing if event.type == "RibbonChanged"]
    assert (told["ribbon"], told["location"], told["cards"]) == (change["ribbon"], STORE["location"], 3)
    stock = [event for event in await here.events("stock") if event.office == here.office]
    witness.check_sums(stock)
    used: list[dict[str, Any]] = [event.body for event in stock if event.type == "BlankUsed"]
    assert [(body["item"], body["on_hand"]) for body in used if body["job"] == change["ribbon"]] == [("RIBBON", 3)]
    balance = await here.balance("RIBBON")
    assert (balance["available"], balance["usable"], balance["in_question"]) == (3, 3, False)
