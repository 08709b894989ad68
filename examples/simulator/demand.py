"""How many cards the citizens of an office want on each day, as a seeded, made-up history from 2023 to 2027.

A day's rate is the office's ordinary day (`offices.csv`: prints on an ordinary day, from its population) × how its
level drifts and breaks × the weekday × the season, elections, recruitment × a surge that nobody announced. What is
wanted is drawn around the rate: a gamma-Poisson mixture, with a few days far out. One office may see ten times its
ordinary day, the nation about three times.

Everything follows from the seed; a longer or later window of the same office shows the same days.
"""

import csv
import math
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

from examples.simulator import dates
from examples.simulator.dates import ONE_DAY, Span

Item = Literal["KTP_WNI", "KTP_WNA", "KIA"]

EPOCH, END = date(2023, 1, 1), date(2027, 12, 31)
LENGTH = (END - EPOCH).days + 1
OFFICES = Path(__file__).with_name("offices.csv")

FOREIGNERS = {
    "51.03": 6.0,
    "51.71": 4.0,
    "51.04": 2.0,
    "21.71": 3.0,
    "31.71": 2.0,
    "31.72": 2.5,
    "31.73": 2.0,
    "31.74": 4.0,
    "31.75": 1.0,
    "32.16": 2.0,
    "32.01": 1.0,
    "32.75": 1.0,
    "36.71": 1.0,
    "36.74": 1.5,
    "35.78": 1.5,
    "72.06": 2.0,
    "52.01": 0.8,
}
"""Cards for foreign residents on an ordinary day, where there are many of them."""


class Days(NamedTuple):
    """One value a calendar day. `rates`: expected pieces; `wanted`: pieces that citizens did ask for; `stocked_out`:
    whether the office had no blank to print on, so that what it printed says nothing of what was wanted."""

    rates: list[float]
    wanted: list[int]
    stocked_out: list[bool]


class Surge(NamedTuple):
    """Nobody was told of it."""

    first: date
    last: date
    factor: float


def demand(office: str, item: Item, first: date, days: int, seed: int, *, shortages: bool = True) -> Days:
    """The days from `first` on.

    Without `shortages` no blank is ever lacking, and nobody comes later for it: whoever plays shortages makes them.
    Raises KeyError for an office, ValueError for days, that are not in the tables.
    """
    begin = (first - EPOCH).days
    if begin < 0 or begin + days > LENGTH:
        raise ValueError(f"demand is known from {EPOCH} to {END}")
    rates, wanted, out = _history(office, item, seed, begin + days, shortages)
    return Days(rates[begin:], wanted[begin:], out[begin:])


def surges(office: str, item: Item, seed: int) -> list[Surge]:
    """The unannounced ones of an office, so that a test can say which days were like no others."""
    return _surges(Random(f"{seed}/{office}/{item}/surges"))


@cache
def ordinary_days() -> dict[str, int]:
    """What each office prints of KTP_WNI on an ordinary working day."""
    with OFFICES.open(encoding="utf-8", newline="") as file:
        return {row["code"]: int(row["prints_day_base"]) for row in csv.DictReader(file)}


def _history(office: str, item: Item, seed: int, length: int, shortages: bool) -> Days:
    rates = _rates(office, item, seed, length)
    out = [False] * length
    if shortages:
        out = _stock_outs(Random(f"{seed}/{office}/{item}/supply"), length)
        _hold_back(rates, out)
    return Days(rates, _draw(Random(f"{seed}/{office}/{item}/days"), rates, item), out)


def _rates(office: str, item: Item, seed: int, length: int) -> list[float]:
    random = Random(f"{seed}/{office}/{item}/shape")
    base = _ordinary(office, item, random)
    saturdays = random.random() < 0.2
    weekday = [share * random.uniform(0.9, 1.1) for share in (1.22, 1.06, 1.0, 0.96, 0.76)]
    weekday = [share * 5 / sum(weekday) for share in weekday] + [random.uniform(0.1, 0.35) if saturdays else 0.0, 0.0]
    season = _season(office, item, random)
    level = _levels(Random(f"{seed}/{office}/{item}/level"))
    open_days = _open(saturdays)
    rates = [
        base * level[day] * weekday[_weekdays()[day]] * season[day] if open_days[day] else 0.0 for day in range(length)
    ]
    for first, last, factor in surges(office, item, seed):
        begin, span = (first - EPOCH).days, (last - first).days + 1
        for day in range(begin, min(begin + span, length)):
            # It is talked about for a third of its days, and ebbs.
            ramp = min(1.0, (day - begin + 1) / (span / 3), (begin + span - day) / (span / 3))
            rates[day] *= 1 + (factor - 1) * ramp
    most = 10 * base
    return [min(rate, most) for rate in rates]


def _ordinary(office: str, item: Item, random: Random) -> float:
    cards = ordinary_days()[office]
    match item:
        case "KTP_WNI":
            return float(cards)
        case "KIA":
            return cards * random.uniform(0.2, 0.55)
        case "KTP_WNA":
            return FOREIGNERS.get(office, cards * 0.0006) * random.uniform(0.5, 1.5)


def _levels(random: Random) -> list[float]:
    """A walk of 2.5 % a month, and a break every two and a half years: a branch opens, a machine is lost."""
    level, log_level = [], 0.0
    for _ in range(LENGTH):
        log_level += random.gauss(0.0, 0.025 / math.sqrt(30)) - log_level * 0.0005
        if random.random() < 1 / 900:
            log_level += random.choice((-1, 1)) * random.uniform(0.15, 0.4)
        level.append(math.exp(log_level))
    return level


def _season(office: str, item: Item, random: Random) -> list[float]:
    season = [1.0] * LENGTH
    _after_holidays(season, random.uniform(1.15, 1.45))
    _lebaran(season, item, random)
    _school(season, item, random)
    if item == "KTP_WNI":
        for election in (*dates.ELECTIONS, *(_again(office))):
            _ramp_to(season, election, 45, random.uniform(1.5, 2.5))
        for span in dates.RECRUITMENT:
            _ramp_to(season, span.first, 30, random.uniform(1.3, 2.0))
            _over(season, span, lambda _: 1.35)
    # What comes together does not multiply: one card serves the vote and the application.
    return [factor if factor < 2 else 2 + (factor - 2) / 4 for factor in season]


def _again(office: str) -> Iterator[date]:
    return (day for code, day in dates.VOTED_AGAIN.items() if office == code or office.startswith(f"{code}."))


def _after_holidays(season: list[float], factor: float) -> None:
    """The first working day behind closed ones of a week sees those who did not come."""
    for day in {_next_open(day) for day in dates.CLOSED if day.weekday() < 5}:
        if day <= END:
            season[(day - EPOCH).days] *= factor


def _next_open(day: date) -> date:
    while not dates.works(day, saturdays=False):
        day += ONE_DAY
    return day


def _lebaran(season: list[float], item: Item, random: Random) -> None:
    quiet, rush = random.uniform(0.7, 0.9), random.uniform(1.5, 2.1)
    for feast in dates.LEBARAN:
        _over(season, Span(feast - 28 * ONE_DAY, feast - ONE_DAY), lambda done: 1 - (1 - quiet) * done)
        back = feast + 2 * ONE_DAY
        height = rush if item == "KTP_WNI" else 1 + (rush - 1) / 2
        _over(season, Span(back, back + 25 * ONE_DAY), lambda done, height=height: 1 + (height - 1) * (1 - done))  # type: ignore[misc]


def _school(season: list[float], item: Item, random: Random) -> None:
    height = {"KTP_WNI": 1.25, "KTP_WNA": 1.0, "KIA": random.uniform(1.6, 2.4)}[item]
    for span in dates.ENROLMENT:
        _over(season, span, lambda done: 1 + (height - 1) * math.sin(math.pi * done))


def _ramp_to(season: list[float], day: date, ahead: int, factor: float) -> None:
    _over(season, Span(day - ahead * ONE_DAY, day - ONE_DAY), lambda done: 1 + (factor - 1) * done**1.5)


def _over(season: list[float], span: Span, factor: Callable[[float], float]) -> None:
    """`factor` is told which part of the span is over, from 0 to 1."""
    length = (span.last - span.first).days
    for number in range(length + 1):
        day = (span.first - EPOCH).days + number
        if 0 <= day < LENGTH:
            season[day] *= factor(number / length)


def _surges(random: Random) -> list[Surge]:
    """Two in three years: aid that asks for a card, a flood, a factory. Most double demand; one in hundreds is ×10."""
    found, day = [], EPOCH
    while (day := day + round(random.expovariate(1 / 550)) * ONE_DAY) < END:
        factor = min(10.0, 2.0 * random.paretovariate(2.5))
        found.append(Surge(day, day + random.randint(2, 15) * ONE_DAY, factor))
    return found


def _stock_outs(random: Random, length: int) -> list[bool]:
    """Some offices are supplied badly; in July 2023 the centre had nothing for half of the nation."""
    out = [False] * length
    between = random.choice((200, 500, 1500))
    spells = [
        Span(dates.NO_BLANKS_ANYWHERE.first + random.randint(0, 14) * ONE_DAY, dates.NO_BLANKS_ANYWHERE.last)
        for _ in range(random.random() < 0.5)
    ]
    day = EPOCH
    while (day := day + round(random.expovariate(1 / between)) * ONE_DAY) < END:
        spells.append(Span(day, day + random.randint(1, 14) * ONE_DAY))
    for first, last in spells:
        for number in range((first - EPOCH).days, min((last - EPOCH).days + 1, length)):
            out[number] = True
    return out


def _hold_back(rates: list[float], out: list[bool]) -> None:
    """Without blanks four in ten stay away, and come when there are some: up to 2.5 times as many on the first days."""
    waiting = 0.0
    for day, rate in enumerate(rates):
        if out[day]:
            waiting += 0.4 * rate
            rates[day] = 0.6 * rate
        elif rate and waiting > 0.5:
            coming = min(waiting, 1.5 * rate)
            rates[day] += coming
            waiting -= coming


def _draw(random: Random, rates: list[float], item: Item) -> list[int]:
    shape = random.uniform(12, 40) if item != "KIA" else random.uniform(6, 20)
    wanted = []
    for rate in rates:
        mean = rate * random.gammavariate(shape, 1 / shape)
        chance = random.random()
        if chance < 0.006:
            mean *= 1 + random.paretovariate(1.6) / 2  # buses come from a village
        elif chance > 0.992:
            mean *= random.uniform(0.0, 0.5)  # the network is down
        wanted.append(_poisson(random, min(mean, 3 * rate)))
    return wanted


def _poisson(random: Random, mean: float) -> int:
    if mean > 30:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    threshold, product, count = math.exp(-mean), random.random(), 0
    while product > threshold:
        product *= random.random()
        count += 1
    return count


@cache
def _weekdays() -> list[int]:
    return [(EPOCH.weekday() + day) % 7 for day in range(LENGTH)]


@cache
def _open(saturdays: bool) -> list[bool]:
    return [dates.works(EPOCH + day * ONE_DAY, saturdays) for day in range(LENGTH)]
