"""What the facts of a visit add up to, and those of a team's day."""

from datetime import date, datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from services.outreach.domain.facts import (
    EquipmentAnswered,
    RecordingsArrived,
    Tally,
    TeamBooked,
    TeamFact,
    TeamFreed,
    VisitClosed,
    VisitConfirmed,
    VisitEquipmentRequested,
    VisitFact,
    VisitMonthsErased,
    VisitPlanned,
    VisitReconciled,
    VisitStarted,
    VisitSynced,
)
from services.outreach.domain.words import Answer, Outcome, PlaceKind, Stage
from shared.decider import State

BEFORE_IT_RUNS: tuple[Stage, ...] = ("PLANNED", "CONFIRMED", "EQUIPPED")
CLOSED_AS: dict[Outcome, Stage] = {"HELD": "CLOSED", "CANCELLED": "CANCELLED", "NO_SHOW": "NO_SHOW"}


class Equipment(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Blanks of an item that the visit asked for, and what stock last said."""

    quantity: int
    answer: Answer = "ASKED"
    reason: str | None = None


class Visit(State, frozen=True):
    """A visit; `recorded` are the recordings that arrived, `counted` those that the team says it made."""

    stage: Stage = "UNPLANNED"
    office: str = ""
    place: str = ""
    place_kind: PlaceKind = "OTHER"
    school: str | None = None
    team: str | None = None
    days: tuple[date, ...] = ()
    held_on: date | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    planned_for: int = 0
    expected: int = 0
    reference: str | None = None
    equipment: dict[str, Equipment] = msgspec.field(default_factory=dict)
    recorded: int = 0
    counted: int | None = None
    turned_away: int = 0
    tallies: tuple[Tally, ...] = ()
    synced_by: str | None = None
    outcome: Outcome | None = None
    months_erased: bool = False

    @property
    def equipped(self) -> bool:
        """Stock keeps all that was asked for. Nothing asked for is not equipped, but may go."""
        return bool(self.equipment) and all(each.answer == "RESERVED" for each in self.equipment.values())


class TeamDay(State, frozen=True):
    """Where a team is on one day: the visits with their hours."""

    booked: dict[str, tuple[datetime, datetime]] = msgspec.field(default_factory=dict)


def evolve_visit(visit: Visit, fact: VisitFact) -> Visit:
    """The visit after this fact."""
    match fact:
        case VisitPlanned():
            return Visit(
                stage="PLANNED",
                office=fact.office,
                place=fact.place,
                place_kind=fact.place_kind,
                school=fact.school,
                team=fact.team,
                days=fact.days,
                held_on=fact.held_on,
                starts_at=fact.starts_at,
                ends_at=fact.ends_at,
                planned_for=fact.expected,
                expected=fact.expected,
            )
        case VisitConfirmed():
            return replace(visit, stage="CONFIRMED", reference=fact.reference, expected=fact.expected)
        case VisitEquipmentRequested():
            return _equipped(visit, fact.item, Equipment(fact.quantity))
        case EquipmentAnswered():
            return _equipped(visit, fact.item, Equipment(fact.quantity, fact.answer, fact.reason))
        case VisitStarted():
            return replace(visit, stage="RUNNING")
        case RecordingsArrived(recorded=recorded):
            stage: Stage = "RUNNING" if visit.stage in BEFORE_IT_RUNS else visit.stage
            return replace(visit, stage=stage, recorded=visit.recorded + recorded)
        case VisitSynced():
            return replace(
                visit,
                stage="SYNCED",
                counted=fact.recorded,
                turned_away=fact.turned_away,
                tallies=fact.tallies,
                synced_by=fact.synced_by,
            )
        case VisitReconciled():
            return replace(visit, stage="RECONCILED")
        case VisitClosed(outcome=outcome):
            return replace(visit, stage=CLOSED_AS[outcome], outcome=outcome)
        case VisitMonthsErased():
            return replace(visit, months_erased=True)
    assert_never(fact)


def _equipped(visit: Visit, item: str, equipment: Equipment) -> Visit:
    """Equipped is a matter of what stock says, for as long as the visit has not begun."""
    after = replace(visit, equipment=visit.equipment | {item: equipment})
    if visit.stage not in ("CONFIRMED", "EQUIPPED"):
        return after
    return replace(after, stage="EQUIPPED" if after.equipped else "CONFIRMED")


def evolve_team_day(day: TeamDay, fact: TeamFact) -> TeamDay:
    """The team's day after this fact."""
    match fact:
        case TeamBooked():
            return TeamDay(day.booked | {fact.visit: (fact.starts_at, fact.ends_at)})
        case TeamFreed():
            return TeamDay({visit: hours for visit, hours in day.booked.items() if visit != fact.visit})
    assert_never(fact)
