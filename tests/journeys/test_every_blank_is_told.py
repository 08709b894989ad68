"""Printing and stock are killed in a working day of claims, late cards and new ribbons: no blank is missing."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from deploy.local.stack import Stack
from examples.demo import witness
from examples.demo.people import Refused, until
from tests.journeys.town import CARD, COUNTERS, STORE, Town

pytestmark = pytest.mark.anyio

BLANKS, RIBBONS = 20_000, 200
VICTIMS = ("printing", "stock-worker", "printing-worker", "stock", "printing")
WORKSTATIONS, AT_LEAST = 4, 8


class Printer:
    """A workstation: takes jobs, reports what it made of them, and says some of it twice."""

    def __init__(self, here: Town, number: int) -> None:
        self._here = here
        self._turns = itertools.count(number)
        self._name = f"WS-{number}"
        self.chips: list[str] = []
        self.spoiled: list[str] = []
        self.ribbons: list[str] = []

    async def works(self) -> None:
        """Two cards are asked for and claimed, then printed, spoiled, printed by somebody else, or given back."""
        for _ in range(2):
            asked = {"job": str(uuid4()), "reason": "LOST", "applicant": str(uuid4())}
            await self._say("jobs", **STORE, **asked)
        claim = {"claim": str(uuid4()), "item": CARD, "jobs": 2, "blanks_in_hand": True}
        taken = await self._say(f"workstations/{self._name}/claims", **claim)
        for fact in taken:
            if fact["type"] == "JobClaimed":
                await self._prints(fact["job"], {"workstation": self._name, "claim": claim["claim"]})
        if next(self._turns) % 2:
            ribbon = str(uuid4())
            for _ in range(2):
                await self._say(
                    f"printers/{self._name}/ribbons", ribbon=ribbon, item="RIBBON", location=STORE["location"]
                )
            self.ribbons.append(ribbon)

    async def _prints(self, job: str, said: dict[str, Any]) -> None:
        match next(self._turns) % 6:
            case 0:
                await self._say(f"jobs/{job}/not-printed", **said)
            case 1:
                # A colleague, whose time was over, has made the card already.
                await self._made(job, {"workstation": "WS-9"})
                await self._made(job, said)
            case 2:
                await self._say(f"jobs/{job}/spoiled", cause="MISPRINT", location=STORE["location"], **said)
                self.spoiled.append(job)
                await self._made(job, said)
            case _:
                await self._made(job, said)

    async def _made(self, job: str, said: dict[str, Any]) -> None:
        """A card is there, whatever became of its job."""
        card = {"chip_serial": uuid4().hex, "location": STORE["location"], **said}
        try:
            await self._say(f"jobs/{job}/printed", **card)
        except Refused as refusal:
            if "declare_card" not in str(refusal):
                raise
            await self._say(f"jobs/{job}/printed", declared=True, **card)
        self.chips.append(card["chip_serial"])
        if len(self.chips) % 5 == 0:
            assert await self._say(f"jobs/{job}/printed", **card) == []

    async def _say(self, what: str, **body: Any) -> list[dict[str, Any]]:
        answer = await self._here.operator.say("printing", f"{self._here.path}/{what}", **body)
        return list(answer["facts"])


async def test_cards_and_spoiled_blanks_are_what_stock_has_used_and_spoiled_whichever_process_is_killed(
    stack: Stack, town: Callable[[str], Town]
) -> None:
    here = town("17.06")
    await here.opens(BLANKS, low=100, critical=10, recovery=200)
    roll = {"item": "RIBBON", "location": STORE["location"], "quantity": RIBBONS}
    await here.storekeeper.say("stock", f"{here.path}/opening-counts", **roll, counters=COUNTERS, minutes="BA-1")
    printers = [Printer(here, number) for number in range(WORKSTATIONS)]
    over = asyncio.Event()

    async def busy(printer: Printer) -> None:
        while not over.is_set() or len(printer.chips) < AT_LEAST:
            await printer.works()

    async with asyncio.TaskGroup() as everybody:
        for printer in printers:
            everybody.create_task(busy(printer))
        for name in VICTIMS:
            await asyncio.sleep(0.5)
            stack.process(name).kill()
            stack.process(name).start()
        for name in dict.fromkeys(VICTIMS):
            await asyncio.to_thread(stack.await_ready, name)
        over.set()

    chips = [chip for printer in printers for chip in printer.chips]
    spoiled = [job for printer in printers for job in printer.spoiled]
    ribbons = [ribbon for printer in printers for ribbon in printer.ribbons]
    assert spoiled and ribbons
    used = len(chips) + len(spoiled)

    async def booked() -> bool:
        on_hand = [(await here.balance(item))["on_hand"] for item in (CARD, "RIBBON")]
        return on_hand == [BLANKS - used, RIBBONS - len(ribbons)]

    await until("books without what was used", booked)

    stock, printing = await here.events("stock"), await here.events("printing")
    witness.check_order(stock)
    witness.check_order(printing)
    witness.check_sums(stock)
    here_only = [event for event in (*printing, *stock) if event.office == here.office]
    told = Counter(event.type for event in here_only)
    cards = [event for event in here_only if event.type == "CardPrinted"]
    assert sorted(event.body["chip_serial"] for event in cards) == sorted(chips)
    of_cards = [event for event in here_only if event.body.get("item") == CARD]
    witness.check_cards(of_cards, [event.body["job"] for event in cards], "CardPrinted", "BlankUsed")
    witness.check_cards(of_cards, spoiled, "CardSpoiled", "BlankSpoiled")
    assert told["CardPrinted"] + told["CardSpoiled"] + len(ribbons) == told["BlankUsed"] + told["BlankSpoiled"]
    rolls = [event for event in here_only if event.body.get("item") == "RIBBON"]
    assert sorted(e.body["ribbon"] for e in rolls if e.type == "RibbonChanged") == sorted(ribbons)
    assert sorted(e.body["job"] for e in rolls if e.type == "BlankUsed") == sorted(ribbons)
