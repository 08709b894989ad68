"""Visits to schools and villages: planned days ahead, held offline, told in the evening over a weak network."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from examples.simulator.city import STORE, City
from examples.simulator.dates import ONE_DAY, works
from examples.simulator.desks import Refusal
from examples.simulator.journal import Journal

A_PACKET = 60
"""Recordings that a weak network takes at once."""
A_WEEK = 5
"""One working day in so many begins a plan."""
CARRIES = 0.5
"""Blanks for each person who is expected."""
TOO_EARLY = 3
"""Months: a birthday that is due within the play would be a card that nobody in it asked for."""


@dataclass
class Outing:
    """A visit as its team knows it. `step` is what comes next, on `day` at the earliest."""

    visit: str
    team: str
    held_on: date
    expected: int
    day: date
    step: str = "CONFIRM"
    wished: int = 0
    taken: int = 0
    spoiled: int = 0
    turned_away: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)


class Outreach:
    """An office's teams."""

    def __init__(self, city: City, zone: str, journal: Journal, seed: int) -> None:
        self._city, self._zone, self._journal = city, ZoneInfo(zone), journal
        self._random = Random(f"{seed}/{city.office}/visits")
        self._outings: list[Outing] = []

    async def morning(self, day: date) -> None:
        """Plans are made, confirmed, equipped or called off; teams set out."""
        if self._random.random() < 1 / A_WEEK:
            await self._plan(day)
        for outing in [each for each in self._outings if each.day <= day]:
            match outing.step:
                case "CONFIRM":
                    await self._confirm(outing, day)
                case "EQUIP" | "GO" if day > outing.held_on - ONE_DAY * (outing.step == "EQUIP"):
                    await self._end(outing, "cancellation", "CANCELLED", reason="Libur bersama")
                case "EQUIP":
                    await self._equip(outing)
                case "GO":
                    await self._go(outing)
                case "SYNC":
                    await self._sync(outing)
                case "RECONCILE":
                    await self._reconcile(outing)
                case "CLOSE":
                    await self._end(outing, "closure", "CLOSED")

    async def _plan(self, day: date) -> None:
        """Now and then two plans want one team at one time: the second is refused."""
        held_on = day + timedelta(days=self._random.randint(3, 8))
        while not works(held_on, saturdays=False):
            held_on += ONE_DAY
        for _ in range(2 if self._random.random() < 0.1 else 1):
            outing = Outing(self._city.id(), "TIM-1", held_on, self._random.randint(20, 120), day + ONE_DAY)
            said = {"visit": outing.visit, "team": outing.team, "place": "SMA Negeri", "place_kind": "SCHOOL"}
            said |= {"starts_at": self._at(held_on, 8), "ends_at": self._at(held_on, 14)}
            if await self._try("visits", **said, expected=outing.expected):
                self._tell(outing, "PLANNED")
                self._outings.append(outing)

    async def _confirm(self, outing: Outing, day: date) -> None:
        if self._random.random() < 0.08:
            await self._end(outing, "cancellation", "CANCELLED", reason="Sekolah ujian")
            return
        await self._step(outing, "confirmation", "CONFIRMED", reference=f"SK/{outing.visit[:8]}")
        outing.step, outing.day = "EQUIP", max(day, outing.held_on - timedelta(days=2))

    async def _equip(self, outing: Outing) -> None:
        outing.wished = round(outing.expected * CARRIES)
        blanks = [{"item": "KTP_WNI", "quantity": outing.wished}]
        await self._step(outing, "equipment", "ASKED_FOR_BLANKS", blanks=blanks)
        outing.step, outing.day = "GO", outing.held_on

    async def _go(self, outing: Outing) -> None:
        """Only with the blanks that stock keeps; and sometimes nobody is there."""
        chance = self._random.random()
        if chance < 0.05:
            await self._end(outing, "cancellation", "CANCELLED", reason="Jalan terputus")
            return
        if chance < 0.1:
            await self._end(outing, "no-show", "NO_SHOW", reason="Sekolah libur")
            return
        if not await self._try(f"visits/{outing.visit}/start", occurred_at=self._at(outing.held_on, 7)):
            await self._end(outing, "cancellation", "CANCELLED", reason="Blangko tidak tersedia")
            return
        self._tell(outing, "STARTED")
        outing.taken = self._city.take("KTP_WNI", outing.wished)
        self._record(outing)
        outing.step, outing.day = "SYNC", outing.held_on + ONE_DAY

    def _record(self, outing: Outing) -> None:
        """What lies on the team's device in the evening."""
        for number in range(round(outing.expected * self._random.uniform(0.7, 1.1))):
            months = None if self._random.random() < 0.6 else TOO_EARLY + number % 9
            line = {"recording": self._city.id(), "applicant": f"a:{self._city.id()}", "item": "KTP_WNI"}
            turns_17 = None if months is None else _month(outing.held_on, months)
            outing.lines.append({**line, "location": STORE, "turns_17": turns_17})
        outing.turned_away = self._random.randint(0, 6)
        outing.spoiled = min(outing.taken, self._random.choice((0, 0, 0, 1, 2)))

    async def _sync(self, outing: Outing) -> None:
        """In packets, of which one in four is sent once more; the tally comes with the last one."""
        packets = [outing.lines[first : first + A_PACKET] for first in range(0, len(outing.lines), A_PACKET)]
        for number, packet in enumerate(packets):
            for _ in range(2 if self._random.random() < 0.25 else 1):
                tally = {"tally": self._tally(outing)} if number == len(packets) - 1 else {}
                await self._send(outing, packet, tally)
        self._tell(outing, "SYNCED")
        await self._city.come_home("KTP_WNI", outing.taken, outing.spoiled)
        outing.step, outing.day = "RECONCILE", outing.day + ONE_DAY

    async def _send(self, outing: Outing, packet: list[dict[str, Any]], tally: dict[str, Any]) -> None:
        path = f"visits/{outing.visit}/recordings"
        answer = await self._city.say("operator", "outreach", path, lines=packet, **tally)
        outcomes = {line["recording"]: line["outcome"] for line in answer["lines"]}
        about = {"office": self._city.office, "item": "KTP_WNI", "visit": outing.visit}
        self._journal.write("RECORDED", **about, recordings=outcomes)
        self._city.queued("KTP_WNI", sum(outcome == "PRINT_READY" for outcome in outcomes.values()))

    async def _reconcile(self, outing: Outing) -> None:
        path = f"visits/{outing.visit}/reconciliation"
        await self._city.say("head", "outreach", path, explanation="Sesuai berita acara")
        self._tell(outing, "RECONCILED")
        outing.step, outing.day = "CLOSE", outing.day + ONE_DAY

    async def _end(self, outing: Outing, path: str, step: str, **why: str) -> None:
        await self._step(outing, path, step, **why)
        self._outings.remove(outing)

    async def _step(self, outing: Outing, path: str, step: str, **body: Any) -> None:
        await self._city.say("operator", "outreach", f"visits/{outing.visit}/{path}", **body)
        self._tell(outing, step)

    async def _try(self, path: str, **body: Any) -> bool:
        return not isinstance(await self._city.request("operator", "outreach", path, **body), Refusal)

    def _tally(self, outing: Outing) -> dict[str, Any]:
        """Nothing was printed on the spot: the cards are made at the office."""
        back = outing.taken - outing.spoiled
        blanks = {"item": "KTP_WNI", "taken": outing.taken, "printed": 0, "spoiled": outing.spoiled, "returned": back}
        return {"recorded": len(outing.lines), "turned_away": outing.turned_away, "blanks": [blanks]}

    def _tell(self, outing: Outing, step: str) -> None:
        self._journal.write("VISIT", office=self._city.office, visit=outing.visit, step=step)

    def _at(self, day: date, hour: int) -> str:
        return datetime.combine(day, time(hour), self._zone).isoformat()


def _month(day: date, ahead: int) -> str:
    months = day.year * 12 + day.month - 1 + ahead
    return f"{months // 12}-{months % 12 + 1:02d}"
