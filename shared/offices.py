"""The offices: 514 cities and regencies, 38 provinces, and the centre.

An office's id is the region code under which it was founded, as text, and never changes. Today's
code, and with it the province, are attributes with dates: `moves.csv` names the day since which an
office has another code. Topic and scope go by the province of the day.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

CENTRE, JAKARTA = "00", "31"
EARTH_RADIUS_KM = 6_371.0
REGIONS = Path(__file__).parent / "regions"
ZONES = {"Asia/Jakarta": "WIB", "Asia/Makassar": "WITA", "Asia/Jayapura": "WIT"}

OfficeType = Literal["kabupaten", "kota", "province", "centre"]
Table = Iterable[Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Office:
    """An office and the region it serves. `moves` are the codes it has had since, in order of date.

    Its place in degrees is the middle of the region, for the centre that of Jakarta; not its address.
    """

    id: str
    name: str
    type: OfficeType
    timezone: ZoneInfo
    population: int
    lat: float
    lon: float
    moves: tuple[tuple[date, str], ...] = ()

    def code(self, on: date) -> str:
        """The region code on that day. A moment counts as the day on which it falls at this office."""
        if not self.moves:
            return self.id
        day = self.day_at(on) if isinstance(on, datetime) else on
        return next((code for since, code in reversed(self.moves) if since <= day), self.id)

    def province(self, on: date) -> str:
        """The code of the province on that day; "00" for the centre."""
        return self.code(on).partition(".")[0]

    def day_at(self, moment: datetime) -> date:
        """The calendar day of a moment here."""
        return moment.astimezone(self.timezone).date()

    def begin_of(self, day: date) -> datetime:
        """The moment at which this day begins here."""
        return datetime.combine(day, time.min, self.timezone)

    def end_of(self, day: date) -> datetime:
        """The moment at which this day is over here."""
        return self.begin_of(day + timedelta(days=1))

    def told_at(self, now: datetime, occurred_at: datetime | None = None) -> dict[str, Any]:
        """What a command about this office is told: when it is decided, when it happened (now, unless said), where,
        and on which of its days."""
        happened = occurred_at or now
        return {"now": now, "occurred_at": happened, "office": self.id, "day": self.day_at(happened)}

    @property
    def serves(self) -> bool:
        """Whether it prints for people, as cities and regencies do; the others are buffers, and the centre."""
        return self.type in ("kabupaten", "kota")

    @property
    def zone(self) -> str:
        """What people call the office's time: WIB, WITA or WIT."""
        return ZONES[self.timezone.key]


class Offices:
    """All offices, by id. `on` is a day, or a moment, which counts as the office's own day."""

    def __init__(self, provinces: Table, regencies: Table, moves: Table = ()) -> None:
        moved: dict[str, list[tuple[date, str]]] = {}
        for row in moves:
            moved.setdefault(row["office"], []).append((date.fromisoformat(row["since"]), row["code"]))

        def office(row: Mapping[str, str], kind: OfficeType) -> Office:
            dated = tuple(sorted(moved.pop(row["code"], ())))
            zone, people = ZoneInfo(row["timezone"]), int(row["population"])
            return Office(row["code"], row["name"], kind, zone, people, float(row["lat"]), float(row["lon"]), dated)

        of_provinces = [office(row, "province") for row in provinces]
        nation = sum(province.population for province in of_provinces)
        seat = next(province for province in of_provinces if province.id == JAKARTA)
        centre = Office(
            id=CENTRE,
            name="Direktorat Jenderal Kependudukan dan Pencatatan Sipil",
            type="centre",
            timezone=seat.timezone,
            population=nation,
            lat=seat.lat,
            lon=seat.lon,
        )
        of_cities = [office(row, "kota" if row["type"] == "kota" else "kabupaten") for row in regencies]
        self._offices = {office.id: office for office in (centre, *of_provinces, *of_cities)}
        self._cities = tuple(of_cities)
        self._nearest: dict[str, tuple[Office, ...]] = {}
        self._provinces = (CENTRE, *(province.id for province in of_provinces))
        if moved:
            raise ValueError(f"moves of offices that do not exist: {', '.join(moved)}")

    def get(self, id: str) -> Office | None:
        """The office with this id, if there is one."""
        return self._offices.get(id)

    def known(self, id: str) -> Office:
        """The office with this id, which was an office's when it was written down. Raises `KeyError`."""
        return self._offices[id]

    def all(self) -> tuple[Office, ...]:
        """The centre, then the provinces, then the cities and regencies, each in order of their ids."""
        return tuple(self._offices.values())

    def province_of(self, id: str, on: date) -> str:
        """The code of an office's province on that day, "00" for the centre. Raises KeyError."""
        return self._offices[id].province(on)

    def topic(self, service: str, id: str, on: date) -> str:
        """The topic of an office's facts on that day. Raises KeyError."""
        return f"blanko.{self._offices[id].province(on)}.{service}"

    def topics(self, service: str) -> list[str]:
        """A service's topics: one for each province, and the centre's."""
        return [f"blanko.{province}.{service}" for province in self._provinces]

    def within(self, region: str, id: str, on: date) -> bool:
        """Whether somebody whose scope is `region` may see this office on that day.

        "00" sees the nation, a province what lies in it on that day, an office itself. Codes are
        compared segment by segment: "32.1" is not the beginning of "32.10".
        """
        office = self._offices.get(id)
        if office is None:
            return False
        return region in (CENTRE, id, office.code(on), office.province(on))

    def distance_km(self, a: str, b: str) -> float:
        """As the crow flies, from the middle of one office's region to that of the other's. Raises KeyError."""
        return great_circle_km(self._offices[a], self._offices[b])

    def nearest(self, id: str, on: date) -> tuple[Office, ...]:
        """The other cities and regencies of the nation, nearest first, whatever their province. Raises KeyError.

        `on` makes no difference yet: a region that got another code stayed where it was.
        """
        if id not in self._nearest:
            here = self._offices[id]
            others = (city for city in self._cities if city.id != id)
            self._nearest[id] = tuple(sorted(others, key=lambda city: (great_circle_km(here, city), city.id)))
        return self._nearest[id]


def great_circle_km(a: Office, b: Office) -> float:
    """The haversine formula, which is exact for near places too."""
    south, north = radians(a.lat), radians(b.lat)
    across = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(radians(b.lon - a.lon) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(across))


@cache
def offices() -> Offices:
    """The offices of the reference data beside this file; read once."""
    return Offices(*(read_table(REGIONS / f"{name}.csv") for name in ("provinces", "regencies", "moves")))


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a table with a header; every value is text."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
