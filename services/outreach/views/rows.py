"""The rows that a fact changes, by the kind of its stream."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import msgspec

from services.outreach.domain import (
    DayNoted,
    DebtNoted,
    Demand,
    DemandFact,
    DemandForecast,
    ForecastFact,
    ForecastJudged,
    OutreachFact,
    PersonRecorded,
    Recording,
    RecordingFact,
    RecordingPrintReady,
    SchoolFact,
    StockNoted,
    Surge,
    SurgeFact,
    TeamFact,
    Visit,
    VisitFact,
    VisitMonthsErased,
    YouthCounted,
    printable_from,
)
from shared.decider import Row, category


def project(stream: str, fact: OutreachFact, state: Any) -> Iterable[Row]:
    """The rows of the read tables after this fact."""
    return _ROWS[category(stream)](stream, fact, state)


def _visit(stream: str, fact: VisitFact, state: Visit) -> Iterable[Row]:
    values = {
        "visit": fact.visit,
        "office": state.office,
        "place": state.place,
        "held_on": state.held_on,
        "expected": state.expected,
        "stage": state.stage,
        "place_kind": state.place_kind,
        "school": state.school,
        "team": state.team,
        "days": msgspec.to_builtins(state.days),
        "starts_at": state.starts_at,
        "ends_at": state.ends_at,
        "reference": state.reference,
        "equipment": msgspec.to_builtins(state.equipment),
        "recorded": state.recorded,
        "counted": state.counted,
        "turned_away": state.turned_away,
        "tallies": msgspec.to_builtins(state.tallies),
        "months_erased": state.months_erased,
    }
    yield Row("visits", (fact.visit,), values)
    if isinstance(fact, VisitMonthsErased):
        # In the very append of the fact, and instead of a deletion: a key that is made anew would be no secret's.
        yield Row("month_keys", (fact.visit,), {"visit": fact.visit, "wrapped": None})


def _team(stream: str, fact: TeamFact, state: Any) -> Iterable[Row]:
    """A team's calendar is read from its visits."""
    return ()


def _recording(stream: str, fact: RecordingFact, state: Recording) -> Iterable[Row]:
    values = {
        "recording": fact.recording,
        "visit": state.visit,
        "office": state.office,
        "applicant": state.applicant,
        "item": state.item,
        "location": state.location,
        "timezone": state.timezone,
        "turns_17": state.turns_17,
        "sealed": state.sealed,
        "state": state.progress,
    }
    yield Row("recordings", (fact.recording,), values)
    if isinstance(fact, PersonRecorded) and fact.turns_17 is not None:
        # A log from before 0025. A due time tells the month: for a sealed one there is no such row.
        waits = {
            "key": stream,
            "stream": stream,
            "office": fact.office,
            "due": printable_from(fact.turns_17, fact.timezone),
            "kind": "PRINT_READY",
            "data": "{}",
        }
        yield Row("deadlines", (stream,), waits)
    elif isinstance(fact, RecordingPrintReady):
        yield Row("deadlines", (stream,), None)


def _demand(stream: str, fact: DemandFact, state: Demand) -> Iterable[Row]:
    if isinstance(fact, DayNoted):
        day = {
            "office": fact.office,
            "item": fact.item,
            "day": fact.day,
            "used": fact.used,
            "ran_out": fact.ran_out,
            "source": fact.source,
        }
        yield Row("demand_days", (fact.office, fact.item, fact.day), day)
    now = {
        "office": fact.office,
        "item": fact.item,
        "level": state.level,
        "on_hand": state.on_hand,
        "available": state.available,
        "as_of": state.as_of,
        "owed": state.owed,
        "first_told": state.first_told,
        "last_told": state.last_told,
    }
    yield Row("demand_now", (fact.office, fact.item), now)
    match fact:
        case StockNoted():
            yield from _spell(fact, "EMPTY", fact.empty_since, over=fact.level != "EMPTY")
        case DebtNoted():
            yield from _spell(fact, "BEHIND", fact.behind_since, over=not fact.owed)
        case _:
            pass


def _spell(fact: StockNoted | DebtNoted, kind: str, since: date | None, *, over: bool) -> Iterable[Row]:
    """The row of a spell that begins, lasts or ends with this fact; nothing outside of one."""
    if since is not None:
        values = {
            "office": fact.office,
            "item": fact.item,
            "kind": kind,
            "since": since,
            "until": fact.day if over else None,
        }
        yield Row("spells", (fact.office, fact.item, kind, since), values)


def _forecast(stream: str, fact: ForecastFact, state: Any) -> Iterable[Row]:
    values = {name: msgspec.to_builtins(getattr(fact, name), builtin_types=(date,)) for name in fact.__struct_fields__}
    match fact:
        case DemandForecast():
            return (Row("forecasts", (fact.office, fact.item), values),)
        case ForecastJudged():
            return (Row("judgements", (fact.office, fact.item), values),)


def _surge(stream: str, fact: SurgeFact, state: Surge) -> Iterable[Row]:
    declared = state.declared
    assert declared is not None
    values = {
        "surge": fact.surge,
        "version": fact.version,
        "region": declared.office,
        "kind": declared.kind,
        "name": declared.name,
        "first_day": declared.first_day,
        "last_day": declared.last_day,
        "factor": declared.factor,
        "item": declared.item,
        "declared_on": declared.declared_on,
        "by": fact.withdrawn_by if state.withdrawn else declared.declared_by,  # type: ignore[union-attr]
        "withdrawn": state.withdrawn,
    }
    return (Row("surges", (fact.surge, fact.version), values),)


def _coverage(stream: str, fact: YouthCounted, state: Any) -> Iterable[Row]:
    values = {"office": fact.office, "people": fact.people, "source": fact.source, "valid_from": fact.valid_from}
    return (Row("youth", (fact.office,), values),)


def _school(stream: str, fact: SchoolFact, state: Any) -> Iterable[Row]:
    values = {"office": fact.office, "school": fact.school, "name": fact.name, "pupils": fact.pupils}
    return (Row("schools", (fact.office, fact.school), values),)


_ROWS: dict[str, Callable[[str, Any, Any], Iterable[Row]]] = {
    "visit": _visit,
    "team": _team,
    "recording": _recording,
    "demand": _demand,
    "forecast": _forecast,
    "surge": _surge,
    "coverage": _coverage,
    "school": _school,
}
