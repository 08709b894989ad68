"""What is heard of the need: days of use, stock, debt; and what is made of it: forecasts and their backtest."""

from dataclasses import dataclass
from datetime import date, datetime

from services.outreach.domain.commands import OutreachCommand, demand_of, forecast_of
from services.outreach.domain.facts import (
    DayNoted,
    DebtNoted,
    DemandForecast,
    ForecastJudged,
    Score,
    StockNoted,
)
from services.outreach.domain.state import Demand, Forecasts
from services.outreach.domain.words import Item, Level, Method
from shared.decider import Decision, Fact, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class NeedCommand(OutreachCommand):
    """A command about an office's need of an item."""

    item: Item

    @property
    def streams(self) -> tuple[str, ...]:
        return (demand_of(self.office, self.item),)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteStock(NeedCommand):
    """A fact: stock has so many there, as of that moment. `level` is None where the message did not say."""

    level: Level | None
    on_hand: int
    available: int
    as_of: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteDay(NoteStock):
    """A fact: stock closed a day. `used_on` is that day; what was there at its end comes with it."""

    used_on: date
    used: int
    ran_out: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteDebt(NeedCommand):
    """A fact: printing owes so many cards there."""

    owed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportDays(NeedCommand):
    """Days of use from before stock told of them: (day, pieces used, whether it ran out). The latest list counts."""

    days: tuple[tuple[date, int, bool], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ForecastCommand(NeedCommand):
    """A command about the forecasts of an office's item."""

    @property
    def streams(self) -> tuple[str, ...]:
        return (forecast_of(self.office, self.item),)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishForecast(ForecastCommand):
    """The forecast of a day, as it was made. Once for each day, and once more for who brought a past along since."""

    first_day: date
    method: Method
    history_days: int
    median: tuple[int, ...]
    low: tuple[int, ...]
    high: tuple[int, ...]
    cumulative_median: tuple[int, ...]
    cumulative_high: tuple[int, ...]
    inputs: dict[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeForecast(ForecastCommand):
    """The backtest of a day, as it came out. Once for each day, and once more for who brought a past along since."""

    chosen: Method
    chosen_by: dict[Method, Score]
    judged_by: dict[Method, Score]


def note_stock(command: NoteStock, states: States) -> Decision:
    stream = demand_of(command.office, command.item)
    demand: Demand = states[stream]
    if demand.as_of is not None and command.as_of < demand.as_of:
        return []
    level = demand.level if command.level is None else command.level
    if (demand.level, demand.on_hand, demand.available) == (level, command.on_hand, command.available):
        return []
    noted = StockNoted(
        office=command.office,
        item=command.item,
        day=command.day,
        level=level,
        on_hand=command.on_hand,
        available=command.available,
        as_of=command.as_of,
        empty_since=demand.empty_since or (command.day if level == "EMPTY" else None),
    )
    return [(stream, noted)]


def note_day(command: NoteDay, states: States) -> Decision:
    stream = demand_of(command.office, command.item)
    demand: Demand = states[stream]
    if demand.last_told is not None and command.used_on <= demand.last_told:
        return note_stock(command, states)
    noted = _noted(command, command.used_on, command.used, command.ran_out)
    return [(stream, noted), *note_stock(command, states)]


def _noted(command: NoteDay, day: date, used: int, ran_out: bool) -> Fact:
    return DayNoted(office=command.office, item=command.item, day=day, used=used, ran_out=ran_out, source="STOCK")


def note_debt(command: NoteDebt, states: States) -> Decision:
    stream = demand_of(command.office, command.item)
    demand: Demand = states[stream]
    if demand.owed == command.owed:
        return []
    noted = DebtNoted(
        office=command.office,
        item=command.item,
        day=command.day,
        owed=command.owed,
        behind_since=demand.behind_since or command.day,
    )
    return [(stream, noted)]


def import_days(command: ImportDays, states: States) -> Decision:
    stream = demand_of(command.office, command.item)
    told: date | None = states[stream].first_told
    begun = [day for day, _, _ in command.days if (told is not None and day >= told) or day >= command.day]
    if begun:
        raise Refused(
            "day_told_by_stock",
            "Stock tells of these days itself: the list ends before the first of them.",
            first=min(begun),
            first_told=told,
        )
    return [
        (
            stream,
            DayNoted(office=command.office, item=command.item, day=day, used=used, ran_out=ran_out, source="PAPER"),
        )
        for day, used, ran_out in command.days
    ]


def publish_forecast(command: PublishForecast, states: States) -> Decision:
    stream = forecast_of(command.office, command.item)
    made: Forecasts = states[stream]
    if not _is_newer(made.made_on, made.method, command.day, command.method):
        return []
    forecast = DemandForecast(
        office=command.office,
        item=command.item,
        made_on=command.day,
        first_day=command.first_day,
        method=command.method,
        history_days=command.history_days,
        median=command.median,
        low=command.low,
        high=command.high,
        cumulative_median=command.cumulative_median,
        cumulative_high=command.cumulative_high,
        inputs=command.inputs,
    )
    return [(stream, forecast)]


def judge_forecast(command: JudgeForecast, states: States) -> Decision:
    stream = forecast_of(command.office, command.item)
    made: Forecasts = states[stream]
    if not _is_newer(made.judged_on, made.chosen, command.day, command.chosen):
        return []
    if made.chosen == "POPULATION" == command.chosen:
        # There is nothing to judge by, still.
        return []
    judged = ForecastJudged(
        office=command.office,
        item=command.item,
        judged_on=command.day,
        chosen=command.chosen,
        chosen_by=command.chosen_by,
        judged_by=command.judged_by,
    )
    return [(stream, judged)]


def _is_newer(last: date | None, by: Method | None, day: date, method: Method) -> bool:
    """Whether what is said of a day is news: once a day, and once more when there is a history now and was none."""
    return last is None or last < day or (last == day and by == "POPULATION" != method)
