"""What outreach knows of an office's need: what it has, what it owes, and when it was forecast last."""

from datetime import date, datetime
from typing import assert_never

from msgspec.structs import replace

from services.outreach.domain.facts import (
    CoverageFact,
    DayNoted,
    DebtNoted,
    DemandFact,
    DemandForecast,
    ForecastFact,
    ForecastJudged,
    SchoolFact,
    StockNoted,
    SurgeDeclared,
    SurgeFact,
    SurgeWithdrawn,
)
from services.outreach.domain.words import Level, Method
from shared.decider import State


class Demand(State, frozen=True):
    """An office's item: what stock and printing last said, and since when it is empty or behind with cards.

    `first_told` is the first day that stock told of; earlier ones come from paper.
    """

    level: Level = "OK"
    on_hand: int | None = None
    available: int | None = None
    as_of: datetime | None = None
    owed: int = 0
    empty_since: date | None = None
    behind_since: date | None = None
    first_told: date | None = None
    last_told: date | None = None


class Forecasts(State, frozen=True):
    """When an office's item was forecast last and how, and which method the last backtest chose."""

    made_on: date | None = None
    method: Method | None = None
    judged_on: date | None = None
    chosen: Method | None = None


class Surge(State, frozen=True):
    """One entry of the calendar of surges, as its last version has it."""

    version: int = 0
    declared: SurgeDeclared | None = None
    withdrawn: bool = False


class Coverage(State, frozen=True):
    """How many 16- and 17-year-olds live there, as counted last."""

    people: int | None = None
    source: str = ""
    valid_from: date | None = None


class School(State, frozen=True):
    """A school, as registered last."""

    name: str = ""
    pupils: int = 0


def evolve_demand(demand: Demand, fact: DemandFact) -> Demand:
    """What is known of the need after this fact."""
    match fact:
        case DayNoted(source="STOCK"):
            return replace(demand, first_told=demand.first_told or fact.day, last_told=fact.day)
        case DayNoted():
            return demand
        case StockNoted():
            return replace(
                demand,
                level=fact.level,
                on_hand=fact.on_hand,
                available=fact.available,
                as_of=fact.as_of,
                empty_since=fact.empty_since if fact.level == "EMPTY" else None,
            )
        case DebtNoted():
            return replace(demand, owed=fact.owed, behind_since=fact.behind_since if fact.owed else None)
    assert_never(fact)


def evolve_forecasts(forecasts: Forecasts, fact: ForecastFact) -> Forecasts:
    """What was forecast and judged, after this fact."""
    match fact:
        case DemandForecast():
            return replace(forecasts, made_on=fact.made_on, method=fact.method)
        case ForecastJudged():
            return replace(forecasts, judged_on=fact.judged_on, chosen=fact.chosen)
    assert_never(fact)


def evolve_surge(surge: Surge, fact: SurgeFact) -> Surge:
    """The entry after this fact."""
    match fact:
        case SurgeDeclared():
            return Surge(fact.version, fact)
        case SurgeWithdrawn():
            return replace(surge, version=fact.version, withdrawn=True)
    assert_never(fact)


def evolve_coverage(coverage: Coverage, fact: CoverageFact) -> Coverage:
    """The count after this fact."""
    return Coverage(fact.people, fact.source, fact.valid_from)


def evolve_school(school: School, fact: SchoolFact) -> School:
    """The school after this fact."""
    return School(fact.name, fact.pupils)
