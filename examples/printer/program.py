"""The printing program of a workstation: from the morning's check to the last card, over Blanko's HTTP API.

Everything that happens is in the journal before the service is told, and is told under a key of its own until
the service has answered. So the program may be killed at any moment and started again.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2

from examples.printer.machine import Journal, Line, Machine, Stop

AGAIN_AFTER = 0.2
"""Seconds between two attempts of a request."""
GOES_ON_AFTER = 2.0
"""Seconds after which a card that cannot be told is told later: printing never waits for the service."""
PATIENCE = 60.0
"""Seconds for which nothing can be claimed before a person should know."""
OLD_CARD = ("DAMAGED", "CHANGE", "MOVE")
"""Reasons for which the citizen has an old card to give back."""

Heard = Callable[[Line], None]


class Away(Exception):
    """The service did not answer, or not for certain: the same request again, under the same key, is safe."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A 409: what the service would like to know first."""

    code: str
    detail: str
    figures: Line


class Wire:
    """The service, as the program speaks to it. `heard` is given each fact that a request led to."""

    def __init__(self, http: httpx2.AsyncClient, heard: Heard = lambda _: None) -> None:
        self._http = http
        self._heard = heard

    async def get(self, path: str) -> Line:
        """What is asked for. Raises `Away`, `Stop`."""
        response = await self._insist(PATIENCE, "GET", path)
        document: Line = response.json()
        return document

    async def post(self, path: str, body: Line, key: str, patience: float = PATIENCE) -> list[Line] | Refusal:
        """The facts that followed, the same ones however often it was sent. Raises `Away`, `Stop`."""
        response = await self._insist(patience, "POST", path, json=body, headers={"Idempotency-Key": key})
        document = response.json()
        if response.status_code == 409:
            return Refusal(document["code"], document["detail"], document.get("figures", {}))
        facts: list[Line] = document["facts"]
        for fact in facts:
            self._heard(fact)
        return facts

    async def _insist(self, patience: float, method: str, path: str, **request: Any) -> httpx2.Response:
        deadline = time.monotonic() + patience
        while True:
            with suppress(httpx2.TransportError):
                response = await self._http.request(method, path, **request)
                if response.status_code not in (502, 503, 504):
                    break
            if time.monotonic() > deadline:
                raise Away(f"{method} {path} had no answer for {patience:.0f} s")
            await asyncio.sleep(AGAIN_AFTER)
        if response.is_error and response.status_code != 409:
            raise Stop(f"{method} {path}: {response.status_code} {response.text}")
        return response


@dataclass(frozen=True, slots=True)
class Workstation:
    """Where the program works. `location` is the place that its blanks are booked under; `jobs` it claims at once."""

    office: str
    name: str
    location: str
    item: str = "KTP_WNI"
    jobs: int = 10


class Program:
    """A workstation at work: `day` is all of it. Raises `Stop` with a sentence for the operator, and `Away`."""

    def __init__(self, wire: Wire, machine: Machine, journal: Journal, workstation: Workstation) -> None:
        self._wire, self._machine, self._journal, self._at = wire, machine, journal, workstation
        self._office = f"/offices/{workstation.office}"
        self._own = f"{self._office}/workstations/{workstation.name}"
        self._held: set[str] = set()
        collected = {line["job"] for line in journal.of("HANDED_OVER")}
        self._at_counter = [line for line in journal.of("CARD") if line["job"] not in collected]

    async def day(self) -> None:
        """Begins with what is open, then prints batch after batch until nothing waits."""
        await self._tell(PATIENCE)
        page = await self._wire.get(self._own)
        if self._machine.batch in {batch["batch"] for batch in page["quarantined"]}:
            raise Stop("This box is in quarantine: print on none of its blanks.")
        await self._declare(page["undeclared"])
        jobs: list[Line] = page["jobs"]
        while jobs := jobs or await self._claim():
            for job in jobs:
                await self._print(job)
            await self._tell(PATIENCE)
            await self._hand_over()
            jobs = []

    async def _claim(self) -> list[Line]:
        """The next jobs; none: nothing waits."""
        wish: Line = {"item": self._at.item, "jobs": self._at.jobs}
        while True:
            claim = str(uuid4())
            answer = await self._wire.post(f"{self._own}/claims", wish | {"claim": claim}, claim)
            match answer:
                case Refusal(code="cards_undeclared"):
                    await self._declare(answer.figures["jobs"])
                case Refusal(code="blank_not_confirmed") if self._machine.blanks_left and "blanks_in_hand" not in wish:
                    wish["blanks_in_hand"] = True
                case Refusal():
                    raise Stop(f"Nothing can be claimed: {answer.detail}")
                case facts:
                    return [fact for fact in facts if fact["type"] == "JobClaimed"]

    async def _print(self, job: Line) -> None:
        """Until there is a card, or a person has to decide whether to go on."""
        self._held.discard(job["job"])
        while job["job"] not in self._held:
            line = await self._machine.make(job)
            if line["kind"] == "CARD":
                self._at_counter.append(line)
            with suppress(Away):
                await self._tell(GOES_ON_AFTER)
            if line["kind"] == "CARD":
                return

    async def _declare(self, undeclared: list[Line]) -> None:
        """Of each of these there is a card, which has been told, or none."""
        for each in undeclared:
            body = {"claim": each["claim"], "workstation": self._at.name}
            key = f"not-printed.{each['job']}.{each['claim']}"
            answer = await self._wire.post(f"{self._office}/jobs/{each['job']}/not-printed", body, key)
            if isinstance(answer, Refusal):
                raise Stop(f"A job could not be given back: {answer.detail}")

    async def _hand_over(self) -> None:
        """The counter gives the new cards to those who have come for them; the others wait there."""
        while self._at_counter:
            card = self._at_counter.pop()
            if self._machine.collected(card):
                about = {"job": card["job"], "old_card": card["reason"] in OLD_CARD}
                self._journal.write("HANDED_OVER", self._machine.now(), **about)
        await self._tell(PATIENCE)

    async def _tell(self, patience: float) -> None:
        """Tells the service all that it has not heard of yet, in order."""
        for line in list(self._journal.untold.values()):
            facts = await self._until_complete(line, patience)
            self._held |= {fact["job"] for fact in facts if fact["type"] == "DecisionAwaited"}
            self._journal.told(line)

    async def _until_complete(self, line: Line, patience: float) -> list[Line]:
        """Says it, and whatever else the service asks for: the answers are in what lies there."""
        path, said = self._report(line)
        further: Line = {}
        while True:
            # A report that says more is another request, and has another key.
            key = ".".join((line["id"], *further))
            answer = await self._wire.post(self._office + path, said | further, key, patience)
            if not isinstance(answer, Refusal):
                return answer
            match answer.code:
                case "blank_not_confirmed" if line["kind"] == "CARD" and "blank_in_hand" not in further:
                    further["blank_in_hand"] = True
                case "declare_card" if line["kind"] == "CARD" and "declared" not in further:
                    further["declared"] = True
                case "job_unknown" if "blank" in line and "item" not in further:
                    further |= {"item": line["item"], "reason": line["reason"]}
                case _:
                    raise Stop(f"{line['kind']} was not taken: {answer.code}, {answer.detail}")

    def _report(self, line: Line) -> tuple[str, Line]:
        """Where a line is told, and in which words."""
        here = {"location": self._at.location, "occurred_at": line["at"]}
        match line["kind"]:
            case "RIBBON":
                return f"/printers/{self._at.name}/ribbons", here | {"ribbon": line["id"], "item": "RIBBON"}
            case "HANDED_OVER":
                return f"/jobs/{line['job']}/hand-over", here | {"old_card_withdrawn": line["old_card"]}
        report = here | {"workstation": self._at.name, "claim": line["claim"], "blank_serial": line["blank"]}
        report |= {"batch": line["batch"]} if line["batch"] else {}
        if line["kind"] == "CARD":
            return f"/jobs/{line['job']}/printed", report | {"chip_serial": line["chip"]}
        return f"/jobs/{line['job']}/spoiled", report | {"cause": line["cause"]}
