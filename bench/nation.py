"""The nation on board: 514 offices with their 7,285 service points, a book for each of five items.

Two such databases hold as many books, locations and open consignments; they differ in what lies behind them. A short
past is the opening counts, about as few facts as can take a nation on board. A long one goes on with weeks of printing:
cards, boxes that arrive, moves to service points, days learned from.

Millions of decisions would take an hour. But offices with as many service points can live the same life: it is
decided once for all of them, under the name `OFFICE`, and written for each under its own, in turns, as it would have
come. States and rows get their names the same way.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, get_args
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from bench.books import LOCATION
from bench.log import Log, Record, encode
from services.stock.domain import (
    CENTRE,
    DispatchBlanks,
    Item,
    MoveBlanks,
    ReceiveBlanks,
    RecordOpeningCount,
    StockCommand,
    UseBlank,
    book_of,
)
from services.stock.published import PROMISED
from services.stock.service import STOCK
from shared.decider import category
from shared.offices import REGIONS, read_table

ITEMS: tuple[Item, ...] = get_args(Item)
CARDS, *OTHERS = ITEMS
"""Cards are kept at every service point, the other items in the office's store."""
OFFICE, ITEM = "@office", "@item"
UNDER_WAY = 100
"""Consignments that have left the centre and not arrived."""

DAYS, TICK, OTHERS_EVERY = timedelta(days=60), timedelta(minutes=10), 20
"""How long ago a long past begins, the time between two commands on a book of cards, and how many of them come
between two on another book."""
PARCEL = 20
"""Blanks that a service point is brought when it has none left."""
ZONE = ZoneInfo("Asia/Jakarta")

_facts: Any = STOCK.facts[0]
for _kind in STOCK.facts[1:]:
    _facts = _facts | _kind
_decode_fact = msgspec.json.Decoder(_facts).decode


@cache
def service_points() -> dict[str, int]:
    """How many each city or regency has: one in each of its kecamatan."""
    return {row["code"]: int(row["kecamatan_count"]) for row in read_table(REGIONS / "regencies.csv")}


class Told(NamedTuple):
    """A fact before it is known whose it is."""

    stream: str
    version: int
    kind: type[Any]
    data: bytes

    def told_by(self, log: Log, office: str, item: str) -> Record:
        stream, data = self.stream, self.data.replace(b"@office", office.encode()).replace(b"@item", item.encode())
        stream = stream.replace(OFFICE, office).replace(ITEM, item)
        return log.event(stream, self.version, self.kind, data, office if self.kind in PROMISED else None)


class Life:
    """The book of an office that has so many service points, and the consignments that it got."""

    def __init__(self, points: int, opening: int, floor: int, box: int, daily_use: int) -> None:
        self._places = (LOCATION, *(f"kecamatan-{number:02}" for number in range(1, points + 1)))
        self._opening, self._floor, self._box, self._daily_use = opening, floor, box, daily_use
        self._heads: dict[str, tuple[int, Any]] = {}
        self._last: dict[str, Told] = {}
        self._turn = self._boxes = 0
        self._book = book_of(OFFICE, ITEM)

    def opened(self, at: datetime) -> list[Told]:
        """Every location is counted, and on board."""
        return [told for place in self._places for told in self._happen(self._count(place, at))]

    def next(self, at: datetime) -> list[Told]:
        """What happens next: a card, or what is needed for one."""
        return self._happen(self._next(at))

    def write(self, log: Log, office: str, item: str) -> None:
        """Its states and rows, as this office's."""

        def of(text: str) -> str:
            return text.replace(OFFICE, office).replace(ITEM, item)

        for name, (version, state) in self._heads.items():
            stream, text = of(name), of(encode(state).decode())
            log.streams[stream] = version, text
            fact = _decode_fact(of(self._last[name].data.decode()))
            kind = type(STOCK.states[category(stream)])
            for row in STOCK.project(stream, fact, msgspec.json.decode(text, type=kind)):
                log.put(row)

    def _state(self, stream: str) -> Any:
        return self._heads[stream][1] if stream in self._heads else STOCK.start(stream)

    def _happen(self, command: StockCommand) -> list[Told]:
        happened = []
        for stream, fact in STOCK.decide(command, {stream: self._state(stream) for stream in command.streams}):
            version = self._heads[stream][0] + 1 if stream in self._heads else 1
            self._heads[stream] = version, STOCK.evolve(self._state(stream), fact)
            self._last[stream] = told = Told(stream, version, type(fact), encode(fact))
            happened.append(told)
        return happened

    def _count(self, place: str, at: datetime) -> RecordOpeningCount:
        return RecordOpeningCount(
            **common(OFFICE, ITEM, at),
            location=place,
            counted=self._opening if place == LOCATION else PARCEL,
            counters=("p-1", "p-2"),
            minutes="BA-1",
            recorded_by="p-3",
            daily_use_default=self._daily_use,
        )

    def _next(self, at: datetime) -> StockCommand:
        said = common(OFFICE, ITEM, at)
        held = self._state(self._book)
        if held.shelf(LOCATION).on_hand <= self._floor:
            self._boxes += 1
            return ReceiveBlanks(
                **said,
                location=LOCATION,
                quantity=self._box,
                source="CENTRE",
                bast=f"BAST-{self._boxes}",
                counters=("p-1", "p-2"),
                consignment=f"{OFFICE}-{ITEM}-{self._boxes}",
            )
        place = self._places[self._turn % len(self._places)]
        if held.shelf(place).on_hand <= 0:
            return MoveBlanks(**said, location=LOCATION, to=place, quantity=PARCEL)
        self._turn += 1
        job = f"01931f6e-7a2b-7c3d-8e4f-{self._turn:012x}"
        return UseBlank(**said, location=place, job=job, daily_use_default=self._daily_use)


def common(office: str, item: str, at: datetime) -> dict[str, Any]:
    """What every command has, of something that happens now."""
    return {"now": at, "occurred_at": at, "day": at.astimezone(ZONE).date(), "office": office, "item": item}


class Nation:
    """All lives, written side by side into one log. With `events` it has a long past, of at least so many."""

    def __init__(self, now: datetime, events: int = 0) -> None:
        self._now, self._wanted = now, events
        self.log = Log(now - DAYS if events else now)
        # One office in eight lives from hand to mouth.
        cities = service_points()
        self._cards = {
            points: Life(points, 1_000, 200, 1_000, 140_000)
            if points % 8 == 0
            else Life(points, 3_000, 2_000, 1_000, 140_000)
            for points in set(cities.values())
        }
        self._others = Life(0, 500, 300, 200, 7_000)
        self._offices = [(office, self._cards[points]) for office, points in cities.items()]

    async def write(self, owner: "asyncpg.Connection[Any]") -> None:
        """COPYs the events into a migrated, empty stock database, then what they add up to."""
        await self.log.write(owner, self._events(), self._settle)

    def _events(self) -> Iterator[Record]:
        at = self.log.at
        opened = {life: life.opened(at) for life in (*self._cards.values(), self._others)}
        yield from self._told(opened, self._others)
        yield from self._under_way()
        ticks = 0
        while self._wanted and self.log.position < self._wanted:
            ticks += 1
            self._go_on(at + ticks * TICK)
            yield from self._a_round(others=ticks % OTHERS_EVERY == 0)
        if self._wanted:
            self._go_on(self._now)
            yield from self._a_round(others=True)

    def _settle(self) -> None:
        for office, life in self._offices:
            life.write(self.log, office, CARDS)
            for item in OTHERS:
                self._others.write(self.log, office, item)

    def _go_on(self, at: datetime) -> None:
        if at > self._now:
            raise ValueError(f"{self._wanted} events do not fit into {DAYS}")
        self.log.at = at

    def _a_round(self, others: bool) -> Iterator[Record]:
        lives = (*self._cards.values(), self._others) if others else (*self._cards.values(),)
        happened = {life: life.next(self.log.at) for life in lives}
        yield from self._told(happened, self._others if others else None)

    def _told(self, happened: dict[Life, list[Told]], others: Life | None) -> Iterator[Record]:
        for office, life in self._offices:
            for told in happened[life]:
                yield told.told_by(self.log, office, CARDS)
            for item in OTHERS if others is not None else ():
                for told in happened[self._others]:
                    yield told.told_by(self.log, office, item)

    def _under_way(self) -> Iterator[Record]:
        log, at = self.log, self.log.at
        opening = RecordOpeningCount(
            **common(CENTRE, CARDS, at),
            location=LOCATION,
            counted=10_000_000,
            counters=("p-1", "p-2"),
            minutes="BA-1",
            recorded_by="p-3",
            daily_use_default=0,
        )
        yield from log.carry_out(opening)
        for number, (office, _) in enumerate(self._offices[:: len(self._offices) // UNDER_WAY][:UNDER_WAY]):
            yield from log.carry_out(
                DispatchBlanks(
                    **common(CENTRE, CARDS, at),
                    location=LOCATION,
                    quantity=500,
                    to=office,
                    consignment=f"under-way-{number}",
                    promised_on=self._now.date() + timedelta(days=7),
                )
            )
