"""A play: virtual day after virtual day, against services that are as real as any."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from examples.simulator.city import City
from examples.simulator.clock import VirtualTime
from examples.simulator.dates import works
from examples.simulator.demand import ordinary_days
from examples.simulator.desks import Desks
from examples.simulator.journal import FORMAT, Journal
from examples.simulator.quiet import Quiet
from examples.simulator.supply import Supply
from examples.simulator.visits import Outreach
from shared.offices import offices

MORNING = time(0, 0, tzinfo=UTC)
"""When the day's post is read: at seven in Jakarta, at nine in Jayapura."""
PARTS = (time(3, 0, tzinfo=UTC), time(6, 0, tzinfo=UTC), time(9, 0, tzinfo=UTC))
"""When a part of the day's counter is over, everywhere."""
EVENING = time(10, 0, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be played: these offices' `days` from `first` on, at `scale` of their demand.

    `speed` are virtual seconds in a real one; None: as fast as it goes, the clock standing still while anybody works.
    """

    cities: tuple[str, ...]
    first: date
    days: int
    seed: int = 1
    scale: float = 1.0
    speed: float | None = None


class Play:
    """The stage: desks, the roads, the clock, and the journal that is kept."""

    def __init__(
        self,
        wish: Wish,
        desks: Desks,
        clock: VirtualTime,
        quiet: Quiet,
        journal: Journal,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._wish, self._desks, self._clock, self._quiet, self._journal = wish, desks, clock, quiet, journal
        self._tell = tell
        self._cities = [City(office, desks, journal, wish.seed, wish.scale) for office in wish.cities]
        everywhere = offices()
        self._teams = [
            Outreach(city, everywhere.known(city.office).timezone.key, journal, wish.seed) for city in self._cities
        ]
        provinces: dict[str, list[City]] = {}
        for city in self._cities:
            provinces.setdefault(city.office.partition(".")[0], []).append(city)
        self._supply = Supply(desks, journal, wish.seed, provinces)
        desks.refused = lambda where, code: journal.write("REFUSED", where=where, code=code)

    async def run(self) -> None:
        """From the opening counts to the last day's rest. Raises `Unexpected`, `Parked`, TimeoutError."""
        wish = self._wish
        about: dict[str, Any] = {"format": FORMAT, "seed": wish.seed, "first": wish.first.isoformat()}
        about |= {"days": wish.days, "offices": list(wish.cities), "scale": wish.scale}
        self._journal.write("BEGAN", **about)
        await self._until(wish.first, MORNING)
        ordinary = sum(ordinary_days()[office] for office in wish.cities) * wish.scale
        await self._supply.open(round(ordinary * 30))
        await _all(city.open(wish.first, wish.days) for city in self._cities)
        for number in range(wish.days):
            await self._day(wish.first + timedelta(days=number))
        self._journal.write("ENDED", lines=self._journal.lines)

    async def _day(self, day: date) -> None:
        await self._overnight(day)
        if works(day, saturdays=False):
            await self._supply.procure(day)
            await self._supply.morning(day)
            await _all(team.morning(day) for team in self._teams)
            await self._rest()
        for part, ends in enumerate(PARTS):
            await self._until(day, ends)
            now = self._clock.now()
            await _all(city.work(day, part, now) for city in self._cities)
        await self._until(day, EVENING)
        await self._rest()
        if works(day, saturdays=False):
            await _all(city.close_of_day(day) for city in self._cities)
            await self._rest()
            for city, made in zip(self._cities, await _all(city.ask_for_more() for city in self._cities), strict=True):
                self._supply.asked(city, made, day)
            await self._rest()
        self._journal.write("DAY", day=day.isoformat())
        self._tell(f"{day:%a %d-%m-%Y}  {self._journal.lines:>9,} lines  {self._desks.answered:>9,} answers")

    async def _overnight(self, day: date) -> None:
        """Deadlines of the night should find that everything until then is known."""
        morning = datetime.combine(day, MORNING)
        if self._wish.speed is None and morning > self._clock.now():
            await self._clock.foresee(morning)
            await self._quiet.known_until(morning)
        await self._until(day, MORNING)
        await self._rest()

    async def _until(self, day: date, moment: time) -> None:
        to = datetime.combine(day, moment)
        if self._wish.speed is None:
            if to > self._clock.now():
                await self._clock.jump(to)
            return
        await self._clock.pace(self._wish.speed)
        await asyncio.sleep(max(0.0, (to - self._clock.now()).total_seconds() / self._wish.speed))

    async def _rest(self) -> None:
        """Nothing is under way any more. At a speed the clock goes on meanwhile, and nobody waits for that."""
        if self._wish.speed is None:
            await self._quiet.rest(self._clock.now())


async def _all(doings: Iterable[Awaitable[Any]]) -> list[Any]:
    """All at once; the first that fails ends the others, and is raised."""
    tasks = [asyncio.ensure_future(_awaited(doing)) for doing in doings]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _awaited(doing: Awaitable[Any]) -> Any:
    return await doing


def of_provinces(provinces: Sequence[str]) -> tuple[str, ...]:
    """The offices of these provinces, or all of the nation's when none is named. Raises ValueError for another code."""
    found = tuple(office for office in ordinary_days() if not provinces or office.partition(".")[0] in provinces)
    if unknown := set(provinces) - {office.partition(".")[0] for office in found}:
        raise ValueError(f"no province has the code {', '.join(sorted(unknown))}")
    return found
