"""An office of province 17 with its people, and what is known of it."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from deploy.local.stack import Stack
from examples.demo import witness
from examples.demo.people import Front, Person, until
from examples.demo.witness import Event

PATIENCE = 6
"""Seconds that a head has for an answer, in all journeys."""
CARD = "KTP_WNI"
STORE = {"item": CARD, "location": "Gudang"}
COUNTERS = ["p:01", "p:02"]


class Town:
    """What the people of an office say and see."""

    def __init__(self, stack: Stack, front: Front, office: str) -> None:
        self._stack = stack
        self._front = front
        self.office = office
        self.path = f"/offices/{office}"
        self.operator, self.storekeeper, self.head = (
            self.person(role, office) for role in ("operator", "storekeeper", "head")
        )
        self.province, self.national = self.person("province", "17"), self.person("national", "00")
        self.printed: list[str] = []
        self.spoiled: list[str] = []

    def person(self, role: str, region: str) -> Person:
        return Person(self._front, self._stack.token(role, region))

    async def opens(self, blanks: int, low: int, critical: int, recovery: int) -> None:
        """The head sets thresholds, then the blanks are counted."""
        await self.head.say(
            "stock", f"{self.path}/thresholds", item=CARD, low=low, critical=critical, recovery=recovery
        )
        await self.storekeeper.say(
            "stock", f"{self.path}/opening-counts", **STORE, quantity=blanks, counters=COUNTERS, minutes="BA-1"
        )

    async def receives(self, blanks: int, **but: Any) -> list[str]:
        """The kinds of facts that followed."""
        receipt = {**STORE, "quantity": blanks, "source": "PROVINCE", "bast": "BAST-2", "counters": COUNTERS, **but}
        return _kinds(await self.storekeeper.say("stock", f"{self.path}/receipts", **receipt))

    async def prints(self, cards: int = 1) -> None:
        """Jobs are queued, and cards printed for them; each tenth blank is spoiled first."""
        for _ in range(cards):
            job = str(uuid4())
            asked = {"job": job, "reason": "LOST", "applicant": f"a:{uuid4()}"}
            await self.operator.say("printing", f"{self.path}/jobs", **STORE, **asked)
            printer = {"location": STORE["location"], "workstation": "printer-1"}
            if len(self.printed) % 10 == 9:
                cause = "MISPRINT"
                await self.operator.say("printing", f"{self.path}/jobs/{job}/spoiled", cause=cause, **printer)
                self.spoiled.append(job)
            # In hand, whatever the book says: printing may have heard of an empty one.
            await self.operator.say("printing", f"{self.path}/jobs/{job}/printed", blank_in_hand=True, **printer)
            self.printed.append(job)

    async def balance(self, item: str = CARD) -> dict[str, Any]:
        balances = (await self.storekeeper.ask("stock", f"{self.path}/balances"))["items"]
        (balance,) = (each for each in balances if each["item"] == item)
        return dict(balance)

    async def books_say(self, on_hand: int) -> None:
        """Waits until stock has heard of every card."""

        async def said() -> bool:
            return bool((await self.balance())["on_hand"] == on_hand)

        await until(f"{on_hand} on hand at {self.office}", said)

    async def escalation(self) -> dict[str, Any]:
        return await self.head.ask("notify", f"{self.path}/escalations/{CARD}")

    async def notices(self, person: Person) -> list[str]:
        """The kinds of notices about this office that somebody has, the first one first."""
        inbox = await person.ask_all("notify", "/inbox", "notices")
        return [notice["kind"] for notice in reversed(inbox) if notice["office"] == self.office]

    async def is_told(self, person: Person, *kinds: str) -> None:
        """Waits until these are somebody's notices about this office."""

        async def told() -> bool:
            return await self.notices(person) == list(kinds)

        await until(f"notices {kinds} about {self.office}", told)

    async def publishes(self, service: str, count: int) -> list[Event]:
        """What a service's topic holds of this office, without what came twice, once it is so many."""

        async def published() -> list[Event] | None:
            here = [event for event in await self.events(service) if event.office == self.office]
            return here if len(here) >= count else None

        return await until(f"{count} events of {service} about {self.office}", published)

    async def events(self, service: str) -> list[Event]:
        """What province 17's topic of a service holds, without what came twice."""
        topic = f"blanko.17.{service}"
        seen = (await witness.read(self._stack.bootstrap_servers, [topic]))[topic]
        once = {event.id: event for event in seen}.values()
        return sorted(once, key=lambda event: event.sequence)


def names(events: Sequence[Event]) -> list[str]:
    """The kinds of events, in order."""
    return [event.type for event in events]


def _kinds(answer: dict[str, Any]) -> list[str]:
    return [fact["type"] for fact in answer["facts"]]
