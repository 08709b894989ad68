"""An office: its counter, its printers and its store. It knows its shelf; what the books say of it is the services'."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from math import ceil
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from examples.simulator.dates import works
from examples.simulator.demand import Item, demand, ordinary_days
from examples.simulator.desks import Desks, Refusal, Unexpected
from examples.simulator.journal import Journal

ITEMS: tuple[Item, ...] = ("KTP_WNI", "KTP_WNA", "KIA")
STORE = "Gudang Disdukcapil"
REASONS = {"FIRST": 30, "LOST": 25, "DAMAGED": 20, "CHANGE": 20, "MOVE": 5}
OLD_CARD = ("DAMAGED", "CHANGE", "MOVE")
CAUSES = {"ENCODE_FAILURE": 45, "MISPRINT": 25, "DAMAGED": 20, "DEAD_CHIP": 10}
SPOILED = 0.01
CARDS_A_DAY = 240
"""Of one printer, in `ROUNDS` equal parts."""
ROUNDS = 3
RIBBON_LASTS = 500
AT_ONCE, LINES = 10, 500
COLLECTED = 0.9
WITNESSES = ["saksi:satpolpp-1", "saksi:inspektorat-2"]
COUNTERS = ["p:0001", "p:0002"]
A_MONTH = 30

Facts = list[dict[str, Any]]


class Taken(NamedTuple):
    """A job that a workstation has."""

    job: str
    claim: str
    reason: str


@dataclass(slots=True)
class Printer:
    """One at the counter; its ribbon lasts for so many more."""

    name: str
    left_on_ribbon: int


class City:
    """Plays one office. All it does is decided by the seed and by what it is answered."""

    def __init__(self, office: str, desks: Desks, journal: Journal, seed: int, scale: float) -> None:
        self.office, self._desks, self._journal = office, desks, journal
        self._seed, self._scale = seed, scale
        self._random = Random(f"{seed}/{office}/life")
        self._ordinary = ordinary_days()[office] * scale
        number = max(1, ceil(self._ordinary / (CARDS_A_DAY * 0.6)))
        self._printers = [Printer(f"printer-{n}", RIBBON_LASTS - 70 * n) for n in range(1, number + 1)]
        self._shelf: Counter[str] = Counter()
        self._away: Counter[str] = Counter()
        self._spoiled: dict[str, Counter[str]] = {item: Counter() for item in (*ITEMS, "RIBBON")}
        self._old_cards: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._at_counter: list[tuple[str, str, str]] = []
        self._asked: dict[str, str] = {}
        self._demand: dict[str, list[int]] = {}
        self._first = date.min

    async def open(self, first: date, days: int) -> None:
        """Everything is counted: some offices are well supplied, some live from hand to mouth."""
        self._first = first
        for item in ITEMS:
            wanted = demand(self.office, item, first, days, self._seed, shortages=False)
            self._demand[item] = [self._scaled(pieces) for pieces in wanted.wanted]
            a_day = sum(wanted.rates) / days * self._scale
            pieces = max(20, round(a_day * self._random.uniform(6, 30)))
            await self._open_book(item, pieces)
        await self._open_book("RIBBON", 10 + 8 * len(self._printers))

    async def work(self, day: date, part: int, now: datetime) -> None:
        """A part of the day: who comes, what is printed; and in the last one, who fetches a card."""
        if not works(day, saturdays=self._demand["KTP_WNI"][(day - self._first).days] > 0):
            return
        await self._queue(day, part)
        await self._print(now)
        if part == ROUNDS - 1:
            await self._hand_over()

    async def _queue(self, day: date, part: int) -> None:
        """Those who come to the counter in this part of the day, in bulk."""
        for item in ITEMS:
            pieces = self._demand[item][(day - self._first).days]
            due = pieces * (part + 1) // ROUNDS - pieces * part // ROUNDS
            requests = [self._request(item) for _ in range(due)]
            for lines in _parts(requests, LINES):
                document = await self.say("operator", "printing", "jobs/bulk", lines=lines)
                outcomes = {line["job"]: line["outcome"] for line in document["lines"]}
                self._journal.write("ASKED", office=self.office, item=item, jobs=outcomes)
                self._waiting[item] += sum(outcome in ("QUEUED", "OWED") for outcome in outcomes.values())

    async def _print(self, now: datetime) -> None:
        """One printer after the other, so that the seed decides who gets which job."""
        for printer in self._printers:
            await self._print_at(printer, now)

    async def _print_at(self, printer: Printer, now: datetime) -> None:
        """As many cards as it can, while there are blanks and somebody waits."""
        left = CARDS_A_DAY // ROUNDS
        for item in ITEMS:
            while left and self._shelf[item] > 0 and self._waiting[item] > 0:
                jobs = await self._claim(item, printer, min(left, AT_ONCE, self._shelf[item]))
                if not jobs:
                    break
                left -= len(jobs)
                for job in jobs:
                    await self._make(item, job, printer, now)

    async def _hand_over(self) -> None:
        """Nine in ten come for their card on the same day, the others on one of the next."""
        waiting, self._at_counter = self._at_counter, []
        for job, item, reason in waiting:
            if self._random.random() > COLLECTED:
                self._at_counter.append((job, item, reason))
                continue
            old = reason in OLD_CARD
            await self.say("operator", "printing", f"jobs/{job}/hand-over", location=STORE, old_card_withdrawn=old)
            self._journal.write("HANDED_OVER", office=self.office, item=item, job=job, old_card=old)
            self._old_cards[item] += old

    async def close_of_day(self, day: date) -> None:
        """What the storekeeper does when the books are complete: mishaps, and on Fridays the fire and a count."""
        if self._random.random() < 0.03:
            await self._drop(self._random.choice(ITEMS), self._random.randint(1, 3))
        if self._random.random() < 0.004:
            await self._lose()
        if day.weekday() == 4:
            await self._burn()
            if self._random.random() < 0.3:
                await self._count(self._random.choice(ITEMS))

    async def ask_for_more(self) -> list[tuple[str, str, int]]:
        """A request for each item of which stock is low, unless one is open: its id, the item, and how many."""
        balances = await self._desks.ask(("storekeeper", self.office), "stock", f"/offices/{self.office}/balances")
        made = []
        for balance in balances["items"]:
            item = balance["item"]
            if balance["level"] == "OK" or item in self._asked or item not in ITEMS:
                continue
            wanted = max(50, round((balance["daily_use"] or 1) * A_MONTH / 10) * 10)
            request = self.id()
            said = {"request": request, "item": item, "quantity": wanted, "reason": "Persediaan menipis"}
            if await self._try("storekeeper", "stock", "replenishments", **said) is None:
                continue
            self._asked[item] = request
            self._journal.write("REQUESTED", office=self.office, item=item, request=request, quantity=wanted)
            made.append((request, item, wanted))
        return made

    async def receive(self, item: str, consignment: str, sent: int, source: str) -> int:
        """A box is here; the number that was rejected. One box in thirty has bad or missing blanks."""
        rejected = missing = 0
        if sent > 20 and self._random.random() < 1 / 30:
            rejected, missing = self._random.randint(0, 5), self._random.randint(0, 3)
        short = {"rejected": rejected, "missing": missing, "reason": "Kemasan rusak"} if rejected + missing else {}
        good = sent - rejected - missing
        await self.say(
            "storekeeper",
            "stock",
            "receipts",
            item=item,
            location=STORE,
            quantity=good,
            source=source,
            bast=f"BAST/{consignment[:8]}",
            counters=COUNTERS,
            consignment=consignment,
            **short,
        )
        self._shelf[item] += good
        about = {"office": self.office, "item": item, "consignment": consignment}
        self._journal.write("RECEIVED", **about, quantity=good, rejected=rejected, missing=missing)
        return rejected

    async def close_request(self, item: str, request: str) -> None:
        """What was asked for is here, or was declined: the storekeeper may ask anew."""
        path = f"replenishments/{request}/closings"
        if await self._try("head", "stock", path) is not None:
            self._journal.write("CLOSED", office=self.office, item=item, request=request)
        self._asked.pop(item, None)

    def take(self, item: str, pieces: int) -> int:
        """Blanks leave the shelf for a visit: as many as there are."""
        taken = max(0, min(pieces, self._shelf[item]))
        self._shelf[item] -= taken
        self._away[item] += taken
        return taken

    async def come_home(self, item: str, taken: int, spoiled: int) -> None:
        """What a visit did not use is on the shelf again, and what it spoiled is told."""
        self._shelf[item] += taken
        self._away[item] -= taken
        if spoiled:
            await self._drop(item, spoiled)

    def queued(self, item: str, jobs: int) -> None:
        """So many are queued by what was recorded."""
        self._waiting[item] += jobs

    async def _claim(self, item: str, printer: Printer, jobs: int) -> list[Taken]:
        path, claim = f"workstations/{printer.name}/claims", self.id()
        wish: dict[str, Any] = {"claim": claim, "item": item, "jobs": jobs}
        document = await self._try("operator", "printing", path, **wish)
        if document is None:
            # The book says there is none; the operator has them in hand.
            document = await self.say("operator", "printing", path, **wish, blanks_in_hand=True)
        got = [fact for fact in document["facts"] if fact["type"] == "JobClaimed"]
        return [Taken(fact["job"], claim, fact["reason"]) for fact in got]

    async def _make(self, item: str, job: Taken, printer: Printer, now: datetime) -> None:
        at = (now - timedelta(minutes=self._random.uniform(1, 60))).isoformat()
        here = {"workstation": printer.name, "location": STORE, "claim": job.claim, "occurred_at": at}
        while self._shelf[item] > 0:
            await self._feed(printer, at)
            self._shelf[item] -= 1
            if self._random.random() >= SPOILED:
                await self._report(f"jobs/{job.job}/printed", **here)
                self._journal.write("PRINTED", office=self.office, item=item, job=job.job)
                self._waiting[item] -= 1
                self._at_counter.append((job.job, item, job.reason))
                return
            (cause,) = self._random.choices(list(CAUSES), list(CAUSES.values()))
            document = await self.say("operator", "printing", f"jobs/{job.job}/spoiled", **here, cause=cause)
            self._journal.write("SPOILED", office=self.office, item=item, job=job.job, cause=cause)
            self._spoiled[item][cause] += 1
            if any(fact["type"] == "DecisionAwaited" for fact in document["facts"]):
                await self.say("head", "printing", f"jobs/{job.job}/resumption", note="Lanjutkan")
                return
        said = {"claim": job.claim, "workstation": printer.name, "occurred_at": at}
        await self.say("operator", "printing", f"jobs/{job.job}/not-printed", **said)

    async def _report(self, path: str, **body: Any) -> None:
        """A card that came out, and whatever the service asks for to complete that."""
        for further in ({}, {"blank_in_hand": True}, {"blank_in_hand": True, "declared": True}):
            if await self._try("operator", "printing", path, **body, **further) is not None:
                return
        raise Unexpected(f"{path} was never taken")

    async def _feed(self, printer: Printer, at: str) -> None:
        if printer.left_on_ribbon <= 0:
            ribbon = self.id()
            body = {"ribbon": ribbon, "item": "RIBBON", "location": STORE, "occurred_at": at}
            await self.say("operator", "printing", f"printers/{printer.name}/ribbons", **body)
            self._journal.write("RIBBON", office=self.office, ribbon=ribbon)
            self._shelf["RIBBON"] -= 1
            printer.left_on_ribbon = RIBBON_LASTS
        printer.left_on_ribbon -= 1

    async def _drop(self, item: str, pieces: int) -> None:
        if self._shelf[item] < pieces:
            return
        cause = self._random.choice(list(CAUSES))
        await self.say("storekeeper", "stock", "spoilages", item=item, location=STORE, cause=cause, quantity=pieces)
        self._journal.write("DROPPED", office=self.office, item=item, cause=cause, quantity=pieces)
        self._shelf[item] -= pieces
        self._spoiled[item][cause] += pieces

    async def _lose(self) -> None:
        pieces = self._random.randint(1, 20)
        if self._shelf["KTP_WNI"] < pieces:
            return
        said = {"item": "KTP_WNI", "location": STORE, "quantity": pieces, "police_report": f"LP/{self.id()[:8]}"}
        await self.say("storekeeper", "stock", "losses", **said)
        self._journal.write("LOST", office=self.office, item="KTP_WNI", quantity=pieces)
        self._shelf["KTP_WNI"] -= pieces

    async def _burn(self) -> None:
        """What was spoiled and taken back is destroyed, before two witnesses."""
        witnessed = {"witnesses": WITNESSES, "document_sha256": f"{self._random.getrandbits(256):064x}"}
        for item in ITEMS:
            waiting = {cause: pieces for cause, pieces in self._spoiled[item].items() if pieces}
            said = {"item": item, "minutes": f"BA/{self.id()[:8]}", **witnessed}
            if waiting:
                await self.say("storekeeper", "stock", "destructions", **said, location=STORE, by_cause=waiting)
                self._journal.write("DESTROYED", office=self.office, item=item, by_cause=waiting)
                self._spoiled[item].clear()
            if cards := self._old_cards.pop(item, 0):
                await self.say("storekeeper", "stock", "old-card-destructions", **said, quantity=cards)
                self._journal.write("OLD_CARDS_DESTROYED", office=self.office, item=item, quantity=cards)

    async def _count(self, item: str) -> None:
        """A blank may have slipped away; within tolerance the count is booked at once."""
        if self._shelf[item] > 0 and self._random.random() < 0.3:
            self._shelf[item] -= 1
        # What a team has with it was signed for.
        count, counted = self.id(), self._shelf[item] + self._away[item]
        await self.say("storekeeper", "stock", "counts", count=count, item=item, location=STORE, counter="p:0003")
        await self.say("storekeeper", "stock", f"counts/{count}/results", counted=counted)
        self._journal.write("COUNTED", office=self.office, item=item, counted=counted)

    async def _open_book(self, item: str, pieces: int) -> None:
        said = {"item": item, "location": STORE, "quantity": pieces, "counters": COUNTERS, "minutes": f"BA-{item}"}
        await self.say("storekeeper", "stock", "opening-counts", **said)
        self._journal.write("OPENED", office=self.office, item=item, quantity=pieces)
        self._shelf[item] = pieces

    async def say(self, role: str, service: str, path: str, **body: Any) -> Any:
        """What is never refused, or should not have been. Raises `Unexpected`."""
        document = await self.request(role, service, path, **body)
        if isinstance(document, Refusal):
            raise Unexpected(f"{self.office} {path}: {document.code} {document.figures}")
        return document

    async def request(self, role: str, service: str, path: str, **body: Any) -> Any:
        """What may be refused: the answer, or the `Refusal`."""
        return await self._desks.say((role, self.office), service, self._path(path), self.id(), **body)

    async def _try(self, role: str, service: str, path: str, **body: Any) -> Any | None:
        document = await self.request(role, service, path, **body)
        return None if isinstance(document, Refusal) else document

    def _path(self, path: str) -> str:
        return f"/offices/{self.office}/{path}"

    def _request(self, item: str) -> dict[str, str]:
        (reason,) = self._random.choices(list(REASONS), list(REASONS.values()))
        return {
            "job": self.id(),
            "item": item,
            "location": STORE,
            "reason": reason,
            "applicant": f"a:{self.id()}",
        }

    def _scaled(self, pieces: int) -> int:
        """Rounded by chance, so that small offices are not rounded away."""
        exact = pieces * self._scale
        return int(exact) + (self._random.random() < exact % 1)

    def id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))


def _parts(lines: list[dict[str, str]], size: int) -> Iterable[list[dict[str, str]]]:
    rest = iter(lines)
    while part := list(islice(rest, size)):
        yield part
