"""A visit runs, comes home, is stood by, and is over."""

from dataclasses import dataclass
from datetime import date

from services.outreach.domain.commands import VisitCommand, team_of, visit_of
from services.outreach.domain.decisions.planning import planned_here
from services.outreach.domain.facts import (
    Tally,
    TeamFreed,
    VisitClosed,
    VisitReconciled,
    VisitStarted,
    VisitSynced,
)
from services.outreach.domain.state import Visit
from services.outreach.domain.words import Outcome
from shared.decider import Decision, Fact, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class StartVisit(VisitCommand):
    """The team is there, since `occurred_at`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompleteSync(VisitCommand):
    """A fact: the team's device has sent everything. Sent again with other figures, these count."""

    recorded: int
    turned_away: int
    tallies: tuple[Tally, ...]
    synced_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconcileVisit(VisitCommand):
    """Somebody else than who synced stands by what came home, and explains what differs."""

    explanation: str | None
    reconciled_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseVisit(VisitCommand):
    """It is over, was called off, or nobody was there. What stock keeps for it is free.

    `team` and `days` are those of the plan, which never change.
    """

    outcome: Outcome
    reason: str | None
    team: str | None
    days: tuple[date, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        teams = () if self.team is None else (team_of(self.office, self.team, day) for day in self.days)
        return (visit_of(self.visit), *teams)


def start(command: StartVisit, states: States) -> Decision:
    visit = planned_here(command, states)
    if visit.stage in ("RUNNING", "SYNCED", "RECONCILED", "CLOSED"):
        return []
    carries_nothing = visit.stage == "CONFIRMED" and not visit.equipment
    if visit.stage != "EQUIPPED" and not carries_nothing:
        raise Refused(
            "visit_not_equipped",
            "A visit runs when it is confirmed, and when stock keeps what it asked for.",
            stage=visit.stage,
            equipment={item: [each.quantity, each.answer, each.reason] for item, each in visit.equipment.items()},
        )
    started = VisitStarted(office=command.office, visit=command.visit, started_at=command.occurred_at)
    return [(visit_of(command.visit), started)]


def complete_sync(command: CompleteSync, states: States) -> Decision:
    visit = planned_here(command, states)
    if visit.counted is not None and as_counted(visit) == as_counted(command):
        return []
    if visit.stage in ("RECONCILED", "CLOSED"):
        raise Refused("visit_reconciled", "Somebody stands by the tallies already.", stage=visit.stage)
    synced = VisitSynced(
        office=command.office,
        visit=command.visit,
        recorded=command.recorded,
        turned_away=command.turned_away,
        tallies=command.tallies,
        synced_by=command.synced_by,
    )
    return [(visit_of(command.visit), synced)]


def as_counted(told: Visit | CompleteSync) -> tuple[object, ...]:
    """What makes two counts of a visit the same count."""
    recorded = told.counted if isinstance(told, Visit) else told.recorded
    return recorded, told.turned_away, tuple(sorted(told.tallies, key=lambda tally: tally.item))


def reconcile(command: ReconcileVisit, states: States) -> Decision:
    visit = planned_here(command, states)
    if visit.stage in ("RECONCILED", "CLOSED"):
        return []
    if visit.stage != "SYNCED":
        raise Refused("visit_not_synced", "The team's device has not sent its tallies yet.", stage=visit.stage)
    if visit.synced_by == command.reconciled_by:
        raise Refused("same_person", "Who sent the tallies does not stand by them.")
    differences = differences_of(visit)
    if differences and command.explanation is None:
        raise Refused("differences_unexplained", "What differs needs an explanation.", differences=differences)
    reconciled = VisitReconciled(
        office=command.office,
        visit=command.visit,
        differences=differences,
        explanation=command.explanation,
        reconciled_by=command.reconciled_by,
    )
    return [(visit_of(command.visit), reconciled)]


def differences_of(visit: Visit) -> dict[str, int]:
    """What does not agree about a visit: `recordings` missing (below zero: more came than were counted), for each
    item blanks `unaccounted` for, and `taken` beyond what stock kept."""
    found = {"recordings": (visit.counted or 0) - visit.recorded}
    for tally in visit.tallies:
        kept = visit.equipment.get(tally.item)
        found[f"{tally.item} unaccounted"] = tally.unaccounted
        found[f"{tally.item} taken"] = tally.taken - (kept.quantity if kept is not None else 0)
    return {name: number for name, number in found.items() if number}


def close(command: CloseVisit, states: States) -> Decision:
    visit = planned_here(command, states)
    if visit.outcome == command.outcome and visit.stage in ("CLOSED", "CANCELLED", "NO_SHOW"):
        return []
    refuse_untimely(command, visit)
    closed = VisitClosed(
        office=command.office,
        visit=command.visit,
        outcome=command.outcome,
        recorded=visit.recorded,
        printed=sum(tally.printed for tally in visit.tallies),
        spoiled=sum(tally.spoiled for tally in visit.tallies),
        reason=command.reason,
    )
    facts: list[tuple[str, Fact]] = [(visit_of(command.visit), closed)]
    if command.outcome == "CANCELLED" and command.team is not None:
        for day in command.days:
            freed = TeamFreed(office=command.office, team=command.team, visit=command.visit, day=day)
            facts.append((team_of(command.office, command.team, day), freed))
    return facts


def refuse_untimely(command: CloseVisit, visit: Visit) -> None:
    """Raises `Refused` unless a visit in this stage can end so."""
    match command.outcome:
        case "HELD":
            if visit.stage != "RECONCILED":
                raise Refused("visit_not_reconciled", "Nobody stands by its tallies yet.", stage=visit.stage)
        case "CANCELLED":
            if visit.stage not in ("PLANNED", "CONFIRMED", "EQUIPPED"):
                raise Refused("visit_under_way", "A visit that has begun is not called off.", stage=visit.stage)
        case "NO_SHOW":
            if visit.stage not in ("CONFIRMED", "EQUIPPED", "RUNNING") or visit.recorded:
                raise Refused(
                    "visit_was_held",
                    "Nobody was there: said of a confirmed visit without recordings.",
                    stage=visit.stage,
                    recorded=visit.recorded,
                )
            if visit.starts_at is not None and command.now < visit.starts_at:
                raise Refused("visit_not_begun", "Its time has not come.", starts_at=visit.starts_at)
