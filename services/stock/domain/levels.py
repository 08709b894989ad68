"""When stock is low, and how long it will last.

Daily use is an estimate in thousandths of a piece, all in integers, so that a replay gives the same
figures for ever. It starts from the population and then follows the days on which blanks were used:

    estimate ← (9 × estimate + 1000 × used on the day) ÷ 10, rounded down

Days without use (holidays, stock-outs) do not count, so one use-day weighs a tenth and half of the
estimate is seven use-days old at most. The low and critical thresholds are ten and five days of it,
rounded up, unless the office set its own. A day on which stock ran out does not count either: it shows what
there was, not what was needed.

A roll of ribbon or film lasts for days: what a day of changes used counts once the next such day comes, as
so much on each of the days that it lasted.
"""

from datetime import date, timedelta

import msgspec

from services.stock.domain.facts import Item, Level

LOW_DAYS, CRITICAL_DAYS, SERVICE_POINT_DAYS = 10, 5, 2

PRINTS_A_DAY, POPULATION = 102_000, 284_973_643
"""The nation's cards a day, and the people they are for."""

PIECES_PER_PRINT: dict[Item, tuple[int, int]] = {
    "KTP_WNI": (1, 1),
    "KTP_WNA": (1, 1000),
    "KIA": (1, 4),
    "RIBBON": (1, 500),
    "FILM": (1, 500),
}
"""Pieces of an item to cards printed. A ribbon or film yields about 500 cards; the shares of foreign residents'
and children's cards are assumptions, soon outweighed by an office's actual use."""

SEVERITY: dict[Level, int] = {"OK": 0, "LOW": 1, "CRITICAL": 2, "EMPTY": 3}


class Thresholds(msgspec.Struct, frozen=True, array_like=True):
    """In pieces of the office's available stock: low and critical at or below, recovered only above."""

    low: int
    critical: int
    recovery: int


class OwnThresholds(msgspec.Struct, frozen=True, array_like=True):
    """What the head set: pieces, days of cover, or both, of which the greater counts."""

    low: int | None
    critical: int | None
    recovery: int | None
    low_days: int | None = None
    critical_days: int | None = None


def daily_use_default(population: int, item: Item) -> int:
    """An office's share of the nation's daily use by its population, in thousandths of a piece."""
    pieces, prints = PIECES_PER_PRINT[item]
    return population * PRINTS_A_DAY * 1000 * pieces // (POPULATION * prints)


def next_estimate(thousandths: int, used: int, days: int = 1) -> int:
    """The daily use believed after a day on which `used` pieces were used, or after so many that they lasted."""
    return (9 * thousandths + 1000 * used // days) // 10


def with_margin(threshold: int) -> int:
    """A fifth above a threshold, rounded up: stock that hovers around it does not flap."""
    return -(-threshold * 6 // 5)


def thresholds_by_use(thousandths: int) -> Thresholds:
    """The thresholds of an office that has set none of its own."""
    low = -(-LOW_DAYS * thousandths // 1000)
    return Thresholds(low, -(-CRITICAL_DAYS * thousandths // 1000), with_margin(low))


def thresholds_of(own: OwnThresholds | None, thousandths: int) -> Thresholds:
    """What holds for an office with this daily use."""
    if own is None:
        return thresholds_by_use(thousandths)
    low = max(own.low or 0, _pieces(own.low_days, thousandths))
    critical = min(max(own.critical or 0, _pieces(own.critical_days, thousandths)), low)
    return Thresholds(low, critical, max(own.recovery or with_margin(low), low))


def service_point_low(own: int | None, thousandths: int, locations: int) -> int:
    """At or below which a location is low: its own threshold, or else two days of its even share of the daily use."""
    return own if own is not None else -(-SERVICE_POINT_DAYS * thousandths // (1000 * max(locations, 1)))


def _pieces(days: int | None, thousandths: int) -> int:
    return 0 if days is None else -(-days * thousandths // 1000)


def level_after(level: Level, available: int, thresholds: Thresholds) -> Level:
    """Worse as soon as a threshold is reached, better only once the margin above it is passed."""
    if available <= 0:
        return "EMPTY"
    low, critical, recovery = thresholds.low, thresholds.critical, thresholds.recovery
    worst = _level(available, low, critical)
    if SEVERITY[worst] >= SEVERITY[level]:
        return worst
    best = _level(available, recovery, min(with_margin(critical), recovery))
    return best if SEVERITY[best] < SEVERITY[level] else level


def _level(available: int, low: int, critical: int) -> Level:
    if available <= critical:
        return "CRITICAL"
    return "LOW" if available <= low else "OK"


def days_of_cover(available: int, thousandths: int | None) -> float | None:
    """Days that the available stock lasts, in tenths rounded down; None when no use is known."""
    if not thousandths:
        return None
    return max(available, 0) * 10_000 // thousandths / 10


def projected_empty_on(available: int, thousandths: int | None, today: date) -> date | None:
    """The day on which the available stock runs out if every day uses as much as believed.

    It counts each calendar day as a day of use and so errs on the early side. None when no use is
    known or the day is beyond the calendar.
    """
    cover = days_of_cover(available, thousandths)
    if cover is None or cover > (date.max - today).days:
        return None
    return today + timedelta(days=int(cover))
