"""The forecast of the whole nation: how long it takes, and how well it does on months that it has not seen.

Demand is the simulator's: 514 offices, three items, from 2023 to the end of Lebaran 2026, with surges nobody
announced, and days without blanks, which the forecast is not shown. It shares neither code nor calendar with the
forecast. A quick run times the nation once, and judges every sixteenth office.
"""

import time
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from statistics import mean, median

from bench.figures import Effort, Figure, Findings, Series, Void, at_most, between, interleaved, measures, series
from bench.site import Site
from examples.simulator.demand import Item, demand, ordinary_days
from services.outreach import forecasting
from services.outreach.forecasting import Ahead, Judgement, Method, Surge, Task
from services.outreach.forecasting.judging import origins
from shared.workdays import holidays_of

ITEMS: tuple[Item, ...] = ("KTP_WNI", "KTP_WNA", "KIA")
RARE = "KTP_WNA"
FIRST, DAYS, SEED = date(2023, 1, 2), 1_180, 2026

ANNOUNCED = (
    Surge("CPNS", date(2023, 9, 17), date(2023, 10, 11), 2.0),
    Surge("PEMILU", date(2024, 1, 18), date(2024, 2, 14), 2.0),
    Surge("CPNS", date(2024, 8, 20), date(2024, 10, 20), 2.0),
    Surge("PILKADA", date(2024, 11, 1), date(2024, 11, 27), 2.0),
    *(Surge("SCHOOL_YEAR", date(year, 6, 15), date(year, 7, 20), 1.3) for year in (2023, 2024, 2025)),
)
"""What offices were told: by law and decree the days, by DOMAIN.md's press reports the factors."""


@dataclass(frozen=True, slots=True)
class Past:
    """An office's demand of an item: as it was seen, as it was, and as it was expected by who made it."""

    seen: forecasting.Series
    wanted: list[int]
    rates: list[float]


@cache
def _nation() -> list[Past]:
    return [_past(office, item) for office in sorted(ordinary_days()) for item in ITEMS]


def _past(office: str, item: Item) -> Past:
    days = demand(office, item, FIRST, DAYS, SEED)
    seen = tuple(None if without else pieces for pieces, without in zip(days.wanted, days.stocked_out, strict=True))
    return Past(forecasting.Series(office, item, FIRST, seen), days.wanted, days.rates)


def _off() -> frozenset[date]:
    last = FIRST + timedelta(days=DAYS + 2 * forecasting.HORIZON)
    return frozenset(day for year in range(FIRST.year - 1, last.year + 1) for day in holidays_of(year))


def _quick(effort: Effort) -> bool:
    return effort.seconds <= 1


@measures(Figure("forecast_nation_seconds", at_most(60), "s"), Figure("forecast_nation_vs_naive"))
def speed(_: Site, effort: Effort) -> Findings:
    """All 1,542 series 90 days ahead by Poisson regression, in seconds; and ÷ the same by the seasonal naive.

    Both begin their processes, load their libraries and send every series there and back.
    """
    nation = _nation()

    def took(method: Method) -> float:
        tasks = [Task(past.seen, ANNOUNCED, Ahead(), method) for past in nation]
        began = time.perf_counter()
        found = forecasting.project_all(tasks, _off())
        seconds = time.perf_counter() - began
        for past, projection in zip(nation, found, strict=True):
            if projection.method != method and past.seen.item != RARE:
                raise Void(f"a series of {DAYS} days was not forecast by {method}")
        return seconds

    modes = {"regression": lambda: took("POISSON"), "naive": lambda: took("SEASONAL_NAIVE")}
    rounds = interleaved(modes, 1 if _quick(effort) else 3)
    return {
        "forecast_nation_seconds": series([r["regression"] for r in rounds]),
        "forecast_nation_vs_naive": series([r["regression"] / r["naive"] for r in rounds]),
    }


@measures(
    Figure("forecast_mae_ratio_median", at_most(0.9)),
    Figure("forecast_mae_ratio_worst", at_most(1.1)),
    Figure("forecast_coverage", between(0.70, 0.90)),
    Figure("forecast_coverage_rare"),
    Figure("forecast_mae_vs_oracle"),
    Figure("forecast_judge_seconds", unit="s"),
)
def quality(_: Site, effort: Effort) -> Findings:
    """The method that each series chose, on the months after the choice: three origins, 90 days from each.

    What came is what was wanted, on days without blanks too. An office's error is that of its three items together;
    the rounds of the ratios are its offices. The oracle forecasts the very rates that demand was drawn from.
    Coverage is the mean over series of the days of weekdays on which the office is open. That of KTP_WNA is reported
    beside it: an interval of whole pieces around one in ten days cannot hold as few as 80 % of them.
    `forecast_judge_seconds` is what the backtest of these series took, six origins and four methods each.
    """
    nation = [past for past in _nation() if past.seen.office in sorted(ordinary_days())[:: 16 if _quick(effort) else 1]]
    began = time.perf_counter()
    judged = forecasting.judge_all(
        [(past.seen, ANNOUNCED) for past in nation], _off(), [past.wanted for past in nation]
    )
    seconds = time.perf_counter() - began
    offices: dict[str, list[tuple[Past, Judgement]]] = {}
    for past, judgement in zip(nation, judged, strict=True):
        offices.setdefault(past.seen.office, []).append((past, judgement))
    ours = [sum(judgement.judged_on[judgement.chosen].mae for _, judgement in items) for items in offices.values()]
    naive = [sum(judgement.judged_on["SEASONAL_NAIVE"].mae for _, judgement in items) for items in offices.values()]
    oracle = [sum(_oracle(past) for past, _ in items) for items in offices.values()]
    ratios = [mine / other for mine, other in zip(ours, naive, strict=True)]
    covered, rare = (
        [
            judgement.judged_on[judgement.chosen].coverage
            for past, judgement in zip(nation, judged, strict=True)
            if (past.seen.item == RARE) is is_rare
        ]
        for is_rare in (False, True)
    )
    return {
        "forecast_mae_ratio_median": Series(ratios, median(ratios)),
        "forecast_mae_ratio_worst": Series(ratios, max(ratios)),
        "forecast_coverage": Series(covered, mean(covered)),
        "forecast_coverage_rare": Series(rare, mean(rare)),
        "forecast_mae_vs_oracle": series([mine / best for mine, best in zip(ours, oracle, strict=True)]),
        "forecast_judge_seconds": series([seconds]),
    }


def _oracle(past: Past) -> float:
    """Mean absolute error of the true rates on the judged days, pieces a day."""
    parted = origins(len(past.wanted))
    assert parted is not None
    return mean(
        abs(past.wanted[day] - past.rates[day])
        for origin in parted.judged
        for day in range(origin, origin + parted.horizon)
    )
