"""Where blanks come from: the centre has too few for all, the provinces have a little, and boxes are late."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from examples.simulator.city import COUNTERS, ITEMS, City
from examples.simulator.desks import Desks, Refusal, Unexpected
from examples.simulator.journal import Journal

CENTRE = "00"
CENTRES_STORE, BUFFER = "Gudang Ditjen Dukcapil", "Gudang provinsi"
LEAST, MOST = 0.35, 1.0
"""Which part of what is asked for the centre gives."""
DECLINED = 0.04


@dataclass(slots=True)
class Wish:
    """A request on its way up; on its `day` the next one takes it in hand."""

    city: City
    item: str
    request: str
    asked: int
    day: date
    step: str = "ASKED"


@dataclass(frozen=True, slots=True)
class Promised:
    """Blanks that somebody promised to a city, to leave on a day."""

    wish: Wish
    sender: str
    allocation: str
    quantity: int
    leaves: date
    promised_on: date


@dataclass(frozen=True, slots=True)
class Box:
    """On the road."""

    promised: Promised
    consignment: str
    arrives: date


class Supply:
    """The desks of the centre and of the provinces, and the roads."""

    def __init__(self, desks: Desks, journal: Journal, seed: int, provinces: Mapping[str, Sequence[City]]) -> None:
        self._desks, self._journal = desks, journal
        self._random = Random(f"{seed}/supply")
        self._provinces = provinces
        self._wishes: list[Wish] = []
        self._promised: list[Promised] = []
        self._boxes: list[Box] = []
        self._free: Counter[tuple[str, str]] = Counter()
        """What the centre and the provinces have not promised to anybody."""
        self._month = self._procured_in = 0

    async def open(self, needed: int) -> None:
        """The centre counts its store, and each province its buffer. `needed` are a month's blanks of all offices."""
        self._month = needed
        for item in ITEMS:
            await self._open_book(CENTRE, CENTRES_STORE, item, needed * 2)
        for province, cities in self._provinces.items():
            await self._open_book(province, BUFFER, "KTP_WNI", 100 * len(cities))

    async def procure(self, day: date) -> None:
        """Once a month a printer in the capital delivers: on the 15th, or when the centre opens again."""
        if day.day >= 15 and self._procured_in != day.month:
            self._procured_in = day.month
            said = {"item": "KTP_WNI", "location": CENTRES_STORE, "quantity": self._month, "source": "PROCUREMENT"}
            said |= {"bast": f"BAST/{day}", "counters": COUNTERS}
            await self._say("storekeeper", CENTRE, f"/offices/{CENTRE}/receipts", **said)
            self._journal.write("PROCURED", office=CENTRE, item="KTP_WNI", quantity=self._month)
            self._free[CENTRE, "KTP_WNI"] += self._month

    def asked(self, city: City, made: list[tuple[str, str, int]], day: date) -> None:
        """A city has asked; the province reads it on one of the next days."""
        for request, item, quantity in made:
            self._wishes.append(Wish(city, item, request, quantity, day + timedelta(days=self._random.randint(1, 2))))

    async def morning(self, day: date) -> None:
        """What is due today: boxes arrive, boxes leave, wishes go one desk further."""
        for box in [box for box in self._boxes if box.arrives <= day]:
            self._boxes.remove(box)
            await self._arrive(box)
        leaving = [each for each in self._promised if each.leaves <= day]
        self._promised = [each for each in self._promised if each.leaves > day]
        for each in leaving:
            await self._send(each, day)
        for wish in [wish for wish in self._wishes if wish.day <= day]:
            if wish.step == "ASKED":
                await self._province_reads(wish, day)
            else:
                await self._centre_reads(wish, day)

    async def _province_reads(self, wish: Wish, day: date) -> None:
        province, about = wish.city.office.partition(".")[0], self._about(wish)
        await self._step("province", province, wish, "verifications", note="Sesuai")
        self._journal.write("VERIFIED", **about)
        given = min(self._free[province, wish.item], wish.asked)
        if given >= 20:
            await self._promise(wish, day, province, "fillings", "FILLED", given)
            wish.asked -= given
        if not wish.asked:
            self._wishes.remove(wish)
            return
        await self._step("province", province, wish, "forwardings", reason="Persediaan provinsi tidak cukup")
        self._journal.write("FORWARDED", **about)
        wish.step, wish.day = "FORWARDED", day + timedelta(days=self._random.randint(1, 4))

    async def _centre_reads(self, wish: Wish, day: date) -> None:
        self._wishes.remove(wish)
        part, free = self._random.uniform(LEAST, MOST), self._free[CENTRE, wish.item]
        given = min(free, max(1, round(wish.asked * part)))
        if not given or self._random.random() < DECLINED:
            await self._step("national", CENTRE, wish, "refusals", reason="Blangko nasional habis")
            self._journal.write("DECLINED", **self._about(wish))
            await wish.city.close_request(wish.item, wish.request)
            return
        await self._promise(wish, day, CENTRE, "approvals", "APPROVED", given)

    async def _promise(self, wish: Wish, day: date, sender: str, path: str, kind: str, quantity: int) -> None:
        role, allocation = ("national" if sender == CENTRE else "province"), self._id()
        promised_on = day + timedelta(days=self._random.randint(3, 8))
        said: dict[str, Any] = {"allocation": allocation, "quantity": quantity, "promised_on": promised_on.isoformat()}
        if sender == CENTRE:
            said["reason"] = "Dibagi rata"
        await self._step(role, sender, wish, path, **said)
        self._journal.write(kind, **self._about(wish), allocation=allocation, quantity=quantity)
        self._free[sender, wish.item] -= quantity
        leaves = day + timedelta(days=self._random.randint(1, 3))
        self._promised.append(Promised(wish, sender, allocation, quantity, leaves, promised_on))

    async def _send(self, promised: Promised, day: date) -> None:
        """The road takes a day or a week; a box in ten is later than was promised."""
        wish, consignment = promised.wish, self._id()
        location = CENTRES_STORE if promised.sender == CENTRE else BUFFER
        said = {
            "consignment": consignment,
            "to": wish.city.office,
            "item": wish.item,
            "location": location,
            "quantity": promised.quantity,
            "promised_on": promised.promised_on.isoformat(),
            "allocation": promised.allocation,
            "request": wish.request,
        }
        await self._say("storekeeper", promised.sender, f"/offices/{promised.sender}/consignments", **said)
        about = {"sender": promised.sender, "receiver": wish.city.office, "item": wish.item, "request": wish.request}
        self._journal.write("DISPATCHED", **about, consignment=consignment, quantity=promised.quantity)
        late = self._random.randint(1, 5) if self._random.random() < 0.1 else 0
        arrives = max(day, promised.promised_on - timedelta(days=2)) + timedelta(days=late + 1)
        self._boxes.append(Box(promised, consignment, arrives))

    async def _arrive(self, box: Box) -> None:
        promised, wish = box.promised, box.promised.wish
        source = "CENTRE" if promised.sender == CENTRE else "PROVINCE"
        rejected = await wish.city.receive(wish.item, box.consignment, promised.quantity, source)
        if rejected:
            path = f"/offices/{promised.sender}/consignments/{box.consignment}/returns"
            location = CENTRES_STORE if promised.sender == CENTRE else BUFFER
            said = {"item": wish.item, "location": location, "quantity": rejected, "bast": f"RET/{box.consignment[:8]}"}
            await self._say("storekeeper", promised.sender, path, **said)
            about = {"office": promised.sender, "item": wish.item, "consignment": box.consignment}
            self._journal.write("RETURNED", **about, quantity=rejected)
        waits = any(each.wish is wish for each in self._promised) or wish in self._wishes
        on_the_road = any(each.promised.wish is wish for each in self._boxes)
        if not waits and not on_the_road:
            await wish.city.close_request(wish.item, wish.request)

    async def _open_book(self, office: str, location: str, item: str, pieces: int) -> None:
        said = {"item": item, "location": location, "quantity": pieces, "counters": COUNTERS, "minutes": f"BA-{item}"}
        await self._say("storekeeper", office, f"/offices/{office}/opening-counts", **said)
        self._journal.write("OPENED", office=office, item=item, quantity=pieces)
        self._free[office, item] = pieces

    async def _step(self, role: str, region: str, wish: Wish, step: str, **body: Any) -> None:
        path = f"/offices/{wish.city.office}/replenishments/{wish.request}/{step}"
        await self._say(role, region, path, **body)

    async def _say(self, role: str, region: str, path: str, **body: Any) -> None:
        document = await self._desks.say((role, region), "stock", path, self._id(), **body)
        if isinstance(document, Refusal):
            raise Unexpected(f"{region} {path}: {document.code} {document.figures}")

    def _about(self, wish: Wish) -> dict[str, str]:
        return {"office": wish.city.office, "item": wish.item, "request": wish.request}

    def _id(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))
