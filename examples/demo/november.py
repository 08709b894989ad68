"""Kota Bengkulu, November 2024: from 10,000 blanks to a shortage on the Dirjen's desk, and out of it.

The cards, receipts and visits are dated as they were. What cannot be dated back is as of today: birthdays to come,
promised days, and the time an answer may take.
"""

import asyncio
import random
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.panel import Panel

from deploy.local.paths import ROOT
from deploy.local.process import Process
from deploy.local.stack import SERVICES, Stack
from examples.demo import rules, witness
from examples.demo.people import Front, Person, until
from examples.demo.printers import Printers
from examples.demo.story import EXPECTED, check_story, told
from examples.demo.witness import require

PATIENCE = 5
"""Seconds that the head has for an answer."""
BENGKULU, CENTRE = "/offices/17.71", "/offices/00"
WIB = ZoneInfo("Asia/Jakarta")
CARD = "KTP_WNI"
STORE = {"item": CARD, "location": "Gudang Disdukcapil"}
CENTRES_STORE = {"item": CARD, "location": "Gudang Ditjen Dukcapil"}
CENTRE_OPENS_WITH, CENTRE_PROCURED, BENGKULU_OPENS_WITH = 1_200_000, 300_000, 1_450
FIRST_CONSIGNMENT, RELIEF = 10_000, 8_000
FIRST_SERIAL, RELIEF_SERIAL = "KT0024010001", "KT0024020001"
REASONS = ("LOST", "DAMAGED", "CHANGE", "DAMAGED", "MOVE", "LOST", "CHANGE", "FIRST")
RIBBON, RIBBONS = "RIBBON", 60
PRINTERS, A_BOX = 6, 1_660
DONE = ("CARD", "SPOILED", "RIBBON")
SCHOOLS = {
    date(2024, 11, 5): "SMA Negeri 1 Kota Bengkulu",
    date(2024, 11, 12): "SMK Negeri 2 Kota Bengkulu",
    date(2024, 11, 19): "MAN 1 Kota Bengkulu",
}
PUPILS, ALREADY_17 = 110, 70
POWER_CUT = date(2024, 11, 13)
LATE = {"late_reason": "Diputar ulang: November 2024"}
"""So far back the head enters things, with a reason."""
TOPICS = ("blanko.00.stock", *(f"blanko.17.{service}" for service in SERVICES))


class November:
    """The people of that month, and what they do. `play` tells it, and raises `NotAsItShouldBe`."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._front = Front({service: stack.address(service) for service in SERVICES})
        self._operator = self._person("operator", "17.71")
        self._storekeeper = self._person("storekeeper", "17.71")
        self._head = self._person("head", "17.71")
        self._province = self._person("province", "17")
        self._national = self._person("national", "00")
        self._centres_head = self._person("head", "00")
        self._auditor = self._person("auditor", "00")
        self._admin = self._person("admin", "00")
        self._printers = Printers(stack.folder, PRINTERS, "17.71", STORE["location"], FIRST_SERIAL, A_BOX)
        self._print_ready: list[str] = []
        self._consignments: list[str] = []
        self._left = 0
        self._chance = random.Random(27112024)
        self._copy = stack.folder / "bengkulu-province.sqlite"
        self._provincial_consumer = Process(
            "The provincial consumer",
            [sys.executable, ROOT / "examples/provincial_consumer/consumer.py", "--database", self._copy],
            stack.folder / "logs" / "provincial-consumer.log",
            environment={"KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers},
        )

    def _person(self, role: str, region: str) -> Person:
        return Person(self._front, self._stack.token(role, region))

    async def play(self) -> None:
        self._provincial_consumer.start()
        try:
            heard = self._front.answered
            printers = self._printers.connect(
                self._stack.address("printing"),
                self._stack.token("operator", "17.71"),
                heard=lambda fact: heard.append(("printing", fact)),
            )
            async with self._front, printers:
                self._chapter("The books are opened, and 10,000 blanks arrive")
                await self._open_the_books()
                await self._send_to_bengkulu(date(2024, 10, 31), FIRST_CONSIGNMENT, "470/1187/BAST/2024", FIRST_SERIAL)
                self._chapter("The weeks before Pilkada, 27-11-2024")
                day = await self._print_until_low(date(2024, 11, 1))
                self._chapter("The shortage climbs")
                await self._climb(day)
                self._chapter("Relief")
                await self._relieve(day + timedelta(days=2))
                self._chapter("What everybody else can see of it")
                await self._check()
        finally:
            self._provincial_consumer.stop()

    async def _open_the_books(self) -> None:
        day = date(2024, 10, 28)
        await self._admin.say("notify", rules.PATH, **rules.hasty(PATIENCE))
        opening = {"counters": ["p:00-31", "p:00-47"], "minutes": "BA-01/OPN/2024", "occurred_at": _at(day), **LATE}
        await self._centres_head.say(
            "stock", f"{CENTRE}/opening-counts", **CENTRES_STORE, quantity=CENTRE_OPENS_WITH, **opening
        )
        await self._centres_head.say(
            "stock",
            f"{CENTRE}/receipts",
            **CENTRES_STORE,
            quantity=CENTRE_PROCURED,
            source="PROCUREMENT",
            bast="027/88/BAST/2024",
            serials=_box(FIRST_SERIAL, CENTRE_PROCURED),
            counters=["p:00-31", "p:00-47"],
            occurred_at=_at(day, 1),
            **LATE,
        )
        self._tell(day, "centre", f"counts {CENTRE_OPENS_WITH:,} blanks, and receives {CENTRE_PROCURED:,} more.")
        opening = {
            "counters": ["p:1771-04", "p:1771-09"],
            "minutes": "BA-17.71/OPN/2024",
            "occurred_at": _at(day),
            **LATE,
        }
        await self._head.say("stock", f"{BENGKULU}/opening-counts", **STORE, quantity=BENGKULU_OPENS_WITH, **opening)
        self._left = BENGKULU_OPENS_WITH
        rolls = opening | {"minutes": "BA-17.71/OPN-2/2024", "location": STORE["location"]}
        await self._head.say("stock", f"{BENGKULU}/opening-counts", item=RIBBON, quantity=RIBBONS, **rolls)
        self._tell(day, "head", f"Two colleagues count {self._left:,} blanks and {RIBBONS} ribbons: on board.")

    async def _send_to_bengkulu(
        self, day: date, quantity: int, bast: str, first_serial: str, allocation: str | None = None
    ) -> dict[str, Any]:
        consignment = str(uuid4())
        serials = _box(first_serial, quantity)
        await self._national.say(
            "stock",
            f"{CENTRE}/consignments",
            **CENTRES_STORE,
            consignment=consignment,
            to="17.71",
            quantity=quantity,
            promised_on=_soon(),
            serials=serials,
            occurred_at=_at(day),
            **LATE,
            **({} if allocation is None else {"allocation": allocation}),
        )
        self._consignments.append(consignment)
        self._tell(day, "centre", f"dispatches {quantity:,} blanks to Kota Bengkulu.")
        await self._balance_nationally("before they arrive")
        answer = await self._head.say(
            "stock",
            f"{BENGKULU}/receipts",
            **STORE,
            quantity=quantity,
            source="CENTRE",
            bast=bast,
            serials=serials,
            consignment=consignment,
            counters=["p:1771-04", "p:1771-09"],
            occurred_at=_at(day, 6),
            **LATE,
        )
        self._left += quantity
        numbers = f"{serials['first']}–{serials['last']}"
        self._tell(day, "head", f"receives {quantity:,} blanks, BAST {bast}, {numbers}: {self._left:,} on hand.")
        return answer

    async def _print_until_low(self, day: date) -> date:
        """Day after day, until stock is low; the day on which it was."""
        while True:
            if day in SCHOOLS:
                await self._visit(day, SCHOOLS[day])
            if day == POWER_CUT:
                self._provincial_consumer.kill()
            balance = await self._print(day)
            if day == POWER_CUT:
                self._provincial_consumer.start()
                self._tell(day, "province", "The power failed in its server room: its own copy goes on where it was.")
            if balance["level"] != "OK":
                require(balance["level"] == "LOW", f"Kota Bengkulu is {balance['level']} and was never low")
                low = balance["thresholds"]["low"]
                self._tell(day, "stock", f"[bold yellow]StockLow[/]: {low:,} or less is ten days at this pace.")
                return day
            day += timedelta(days=1)

    async def _visit(self, day: date, school: str) -> None:
        """The office goes to a school; its device syncs over a weak network, and so twice. The head stands by it."""
        visit = str(uuid4())
        await self._head.say(
            "outreach",
            f"{BENGKULU}/visits",
            visit=visit,
            team="A",
            place=school,
            place_kind="SCHOOL",
            starts_at=f"{day}T08:00:00+07:00",
            ends_at=f"{day}T15:00:00+07:00",
            expected=PUPILS,
        )
        path = f"{BENGKULU}/visits/{visit}"
        await self._operator.say("outreach", f"{path}/confirmation", reference=f"421.3/{day:%d%m%Y}")
        lines = [
            {
                "recording": str(uuid4()),
                "applicant": f"a:{uuid4()}",
                **STORE,
                "turns_17": None if number < ALREADY_17 else _month_ahead(1 + number % 11),
            }
            for number in range(PUPILS)
        ]
        tally = {"recorded": PUPILS, "turned_away": 0, "blanks": []}
        synced = await self._operator.say("outreach", f"{path}/recordings", lines=lines, tally=tally)
        outcomes = [line["outcome"] for line in synced["lines"]]
        waiting = PUPILS - ALREADY_17
        require(outcomes == ["PRINT_READY"] * ALREADY_17 + ["WAITING"] * waiting, f"{school}: {outcomes}")
        again = await self._operator.say("outreach", f"{path}/recordings", lines=lines, tally=tally)
        require({line["outcome"] for line in again["lines"]} == {"ALREADY_RECORDED"}, f"{school} was recorded twice")
        for step in ("reconciliation", "closure"):
            await self._head.say("outreach", f"{path}/{step}")
        self._print_ready += [str(line["recording"]) for line in lines[:ALREADY_17]]
        self._tell(
            day, "operator", f"{school}: {PUPILS} recorded. {ALREADY_17} are 17; {waiting} wait for their birthday."
        )
        await until(f"a job for each of the {ALREADY_17} at {school}", lambda: self._all_are_queued(ALREADY_17))

    async def _all_are_queued(self, expected: int) -> bool:
        queue = await self._operator.ask("printing", f"{BENGKULU}/queue")
        waiting = [item["queued"] for item in queue["items"] if item["item"] == CARD]
        return bool(waiting) and waiting[0] == {"FIRST": expected}

    async def _print(self, day: date) -> dict[str, Any]:
        """A day's cards: those that wait, and those who come to the counter; the books at its end."""
        waiting = await self._operator.ask_all("printing", f"{BENGKULU}/jobs", "jobs", state="QUEUED")
        weekend = day.weekday() >= 5
        at_the_counter = self._chance.randint(230, 270) if weekend else self._chance.randint(380, 440)
        numbers = iter(range(at_the_counter - len(waiting)))
        before = {kind: len(self._printers.did(kind)) for kind in DONE}
        await asyncio.gather(*(self._ask(day, numbers) for _ in range(self._front.connections)))
        await self._printers.day(datetime.fromisoformat(_at(day)))
        done = {kind: len(self._printers.did(kind)) - before[kind] for kind in DONE}
        self._left -= done["CARD"] + done["SPOILED"]
        balance = await until(f"stock's books at the end of {day:%d-%m-%Y}", self._balance_if_complete)
        ribbons = f", {done['RIBBON']} ribbons changed" if done["RIBBON"] else ""
        self._tell(
            day,
            "operator",
            f"{done['CARD']:,} cards printed, {done['SPOILED']} blanks spoiled{ribbons}, {self._left:,} left.",
        )
        return balance

    async def _balance_if_complete(self) -> dict[str, Any] | None:
        balance = await self._balance()
        return balance if balance["on_hand"] == self._left else None

    async def _balance(self) -> dict[str, Any]:
        items = (await self._storekeeper.ask("stock", f"{BENGKULU}/balances"))["items"]
        (balance,) = (item for item in items if item["item"] == CARD)
        return dict(balance)

    async def _ask(self, day: date, numbers: Iterator[int]) -> None:
        """A clerk at the counter, until nobody is left who wants a card."""
        for number in numbers:
            request = {"job": str(uuid4()), "reason": REASONS[number % len(REASONS)], "applicant": f"a:{uuid4()}"}
            await self._operator.say("printing", f"{BENGKULU}/jobs", **STORE, **request, occurred_at=_at(day))

    async def _climb(self, day: date) -> None:
        await self._await_notice(self._head, "head", "SHORTAGE")
        self._tell(day, "head", f"is told, and does not answer within {PATIENCE} s (a day, by default).")
        await self._print(day + timedelta(days=1))
        await self._await_notice(self._province, "province", "CLIMBED")
        day += timedelta(days=1)
        self._tell(day, "province", "is told, and cannot help.")
        reason = "Buffer provinsi tinggal 500 keping, dijanjikan untuk Mukomuko dan Kaur"
        await self._province.say("notify", f"{BENGKULU}/escalations/{CARD}/decline", reason=reason)
        self._tell(day, "province", f"declines: “{reason}”.")
        await self._await_notice(self._national, "Dirjen Dukcapil", "CLIMBED")
        at_the_top = await self._national.ask_all("notify", "/escalations", "escalations", level="NATIONAL")
        open_here = [(row["office"], row["item"], row["declined"]) for row in at_the_top]
        require(open_here == [("17.71", CARD, reason)], f"open at the ministry: {open_here}")

    async def _await_notice(self, person: Person, name: str, kind: str) -> None:
        """Shows the notice as its reader sees it."""

        async def notice() -> dict[str, Any] | None:
            inbox = (await person.ask("notify", "/inbox"))["notices"]
            return next((notice for notice in inbox if notice["kind"] == kind), None)

        latest = await until(f"a notice of kind {kind} for {name}", notice)
        self._console.print(Panel(latest["text"], title=f"{name}: {latest['subject']}", title_align="left", width=100))

    async def _relieve(self, day: date) -> None:
        allocation = str(uuid4())
        await self._national.say(
            "stock",
            f"{BENGKULU}/allocations",
            allocation=allocation,
            item=CARD,
            quantity=RELIEF,
            promised_on=_soon(),
            reason="Pilkada 27-11-2024: pemilih pemula",
        )
        self._tell(day, "Dirjen", f"gives Kota Bengkulu {RELIEF:,} blanks of the centre's.")
        answer = await self._send_to_bengkulu(day, RELIEF, "470/1302/BAST/2024", RELIEF_SERIAL, allocation)
        require(answer["facts"][-1]["type"] == "StockRecovered", "stock did not recover")
        self._tell(day, "stock", "[bold green]StockRecovered[/].")
        for person, name in ((self._head, "head"), (self._province, "province"), (self._national, "Dirjen Dukcapil")):
            await self._await_notice(person, name, "RESOLVED")
        escalation = await self._head.ask("notify", f"{BENGKULU}/escalations/{CARD}")
        require(not escalation["open"], "the escalation is still open")

    async def _balance_nationally(self, when: str) -> None:
        """What there was at first and was procured is on hand, on the road, used or spoiled: no blank is elsewhere."""
        offices = await self._auditor.ask_all("stock", "/balances", "balances")
        on_hand = sum(item["on_hand"] for office in offices for item in office["items"] if item["item"] == CARD)
        roads = [await self._auditor.ask("stock", f"/consignments/{one}") for one in self._consignments]
        in_transit = sum(road["in_transit"] for road in roads)
        used, spoiled = len(self._printers.cards()), len(self._printers.spoiled())
        there = CENTRE_OPENS_WITH + CENTRE_PROCURED + BENGKULU_OPENS_WITH
        accounted = on_hand + in_transit + used + spoiled
        require(there == accounted, f"of {there:,} blanks {accounted:,} are accounted for {when}")
        parts = f"{on_hand:,} on hand + {in_transit:,} on the way + {used:,} used + {spoiled} spoiled"
        self._tell(None, "auditor", f"{there:,} = {parts}, {when}.")

    async def _check(self) -> None:
        await self._balance_nationally("at the end")
        seen = await until("every event on Kafka", self._everything)
        every = witness.in_time(seen)
        for topic, events in seen.items():
            witness.check_order(events)
            self._tell(None, "witness", f"{topic}: {len(events):,} events, numbered 1 to {len(events):,}.")
        witness.check_answered(every, self._front.answered)
        self._tell(None, "witness", f"{len(self._front.answered):,} facts that HTTP answered with: each there once.")
        for topic in ("blanko.00.stock", "blanko.17.stock"):
            witness.check_sums(seen[topic])
        self._tell(None, "witness", "Each balance is the one before it, and what moved.")
        of_cards = [event for event in every if event.body.get("item") == CARD]
        for came_out, card, blank in (
            (self._printers.cards(), "CardPrinted", "BlankUsed"),
            (self._printers.spoiled(), "CardSpoiled", "BlankSpoiled"),
        ):
            witness.check_cards(of_cards, came_out, card, blank)
            n = f"{len(came_out):,}"
            self._tell(None, "witness", f"{n} from the printers = {n} {card} = {n} {blank}, once each, in order.")
        self._check_the_counter(every)
        told = seen["blanko.17.outreach"]
        ready = [event.body["recording"] for event in told if event.type == "RecordingPrintReady"]
        require(sorted(ready) == sorted(self._print_ready), f"{len(ready)} print ready, not {len(self._print_ready)}")
        self._tell(None, "witness", f"{len(ready)} pupils who are 17 are print ready, once each.")
        number = check_story(every)
        self._tell(None, "witness", f"From the opening count to the last notice: {number} events, in order.")
        self._tell(None, "witness", f"[bold]{len(every):,} events read back and checked.[/]")
        await until("the provincial consumer to have the balances that stock has", self._copy_is_equal)
        self._tell(None, "province", "Its own copy, from its topic alone, has the same balances as stock:")
        report = await asyncio.create_subprocess_exec(*self._report(), stdout=asyncio.subprocess.PIPE)
        self._console.print((await report.communicate())[0].decode().rstrip(), soft_wrap=True)

    def _check_the_counter(self, every: list[witness.Event]) -> None:
        """What was handed over, taken back and put into the printers is on Kafka once."""
        given = self._printers.did("HANDED_OVER")
        for kind, expected in (
            ("CardHandedOver", [line["job"] for line in given]),
            ("OldCardWithdrawn", [line["job"] for line in given if line["old_card"]]),
        ):
            heard = [event.body["job"] for event in every if event.type == kind]
            require(sorted(heard) == sorted(expected), f"{len(heard)} {kind}, not {len(expected)}")
            self._tell(None, "witness", f"{len(heard):,} {kind}, once each.")
        changed = [line["id"] for line in self._printers.did("RIBBON")]
        used = [event.body["job"] for event in every if event.type == "BlankUsed" and event.body["item"] == RIBBON]
        require(sorted(used) == sorted(changed), f"{len(used)} ribbons used, not {len(changed)}")
        self._tell(None, "witness", f"{len(changed)} RibbonChanged = {len(used)} fewer in stock's book.")

    async def _everything(self) -> dict[str, list[witness.Event]] | None:
        """The topics, once they hold what comes last on each path: the last notice, and every blank."""
        seen = await witness.read(self._stack.bootstrap_servers, TOPICS)
        told_last = [told(event) for event in seen["blanko.17.notify"]][-1:] == [EXPECTED[-1]]
        used = sum(event.type == "BlankUsed" for event in seen["blanko.17.stock"])
        expected = len(self._printers.did("CARD")) + len(self._printers.did("RIBBON"))
        return seen if told_last and used == expected else None

    async def _copy_is_equal(self) -> bool:
        offices = await self._province.ask_all("stock", "/balances", "balances", province="17")
        theirs = [
            (office["office"], item["item"], item["on_hand"], item["available"])
            for office in offices
            for item in office["items"]
        ]
        with closing(sqlite3.connect(self._copy)) as copy:
            return copy.execute("select * from balances order by office, item").fetchall() == theirs

    def _report(self) -> list[str]:
        program = ROOT / "examples/provincial_consumer/consumer.py"
        return [sys.executable, str(program), "--database", str(self._copy), "--report"]

    def _chapter(self, title: str) -> None:
        self._console.rule(f"[bold]{title}")

    def _tell(self, day: date | None, who: str, what: str) -> None:
        on = "" if day is None else f"{day:%d-%m-%Y}"
        self._console.print(f"[dim]{on:<11}[/][cyan]{who:<12}[/]{what}")


def _at(day: date, hours: float = 0) -> str:
    """So many hours after eight in the morning, in Bengkulu."""
    return (datetime.combine(day, time(8), WIB) + timedelta(hours=hours)).isoformat()


def _box(first: str, quantity: int) -> dict[str, str]:
    """So many consecutive numbers, from this one."""
    letters, number = first[:2], first[2:]
    return {"first": first, "last": f"{letters}{int(number) + quantity - 1:0{len(number)}d}"}


def _soon() -> str:
    return (date.today() + timedelta(days=2)).isoformat()


def _month_ahead(months: int) -> str:
    today = date.today()
    whole = today.year * 12 + today.month - 1 + months
    return f"{whole // 12}-{whole % 12 + 1:02d}"
