"""A visit is planned and confirmed; a team is at one place at a time."""

from dataclasses import dataclass
from datetime import date, datetime

from services.outreach.domain.commands import VisitCommand, school_of, team_of, visit_of
from services.outreach.domain.facts import TeamBooked, VisitConfirmed, VisitPlanned
from services.outreach.domain.state import TeamDay, Visit
from services.outreach.domain.words import PlaceKind
from shared.decider import Decision, Fact, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanVisit(VisitCommand):
    """Go there with that team, for so many people. `days` are the office's days from `starts_at` to `ends_at`."""

    team: str
    place: str
    place_kind: PlaceKind
    school: str | None
    starts_at: datetime
    ends_at: datetime
    days: tuple[date, ...]
    expected: int

    @property
    def streams(self) -> tuple[str, ...]:
        schools = () if self.school is None else (school_of(self.office, self.school),)
        return (visit_of(self.visit), *(team_of(self.office, self.team, day) for day in self.days), *schools)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfirmVisit(VisitCommand):
    """The school or village will be there. `expected` where it knows better how many will come."""

    reference: str
    expected: int | None
    confirmed_by: str


def plan(command: PlanVisit, states: States) -> Decision:
    visit: Visit = states[visit_of(command.visit)]
    planned = VisitPlanned(
        office=command.office,
        visit=command.visit,
        place=command.place,
        held_on=command.days[0],
        expected=command.expected,
        place_kind=command.place_kind,
        school=command.school,
        team=command.team,
        days=command.days,
        starts_at=command.starts_at,
        ends_at=command.ends_at,
    )
    if visit.stage != "UNPLANNED":
        if as_planned(visit) == as_planned(planned):
            return []
        raise Refused("visit_id_taken", "A visit with this id was planned before with another content.")
    if command.school is not None and not states[school_of(command.office, command.school)].name:
        raise Refused("school_unknown", "No school of this number is registered at this office.")
    # A visit that has begun is a fact: its recordings need it, whatever the calendar says.
    if command.now < command.starts_at:
        refuse_clash(command, states)
    facts: list[tuple[str, Fact]] = [(visit_of(command.visit), planned)]
    for day in command.days:
        booked = TeamBooked(
            office=command.office,
            team=command.team,
            visit=command.visit,
            day=day,
            starts_at=command.starts_at,
            ends_at=command.ends_at,
        )
        facts.append((team_of(command.office, command.team, day), booked))
    return facts


def as_planned(visit: Visit | VisitPlanned) -> tuple[object, ...]:
    """What makes two plans the same plan."""
    people = visit.planned_for if isinstance(visit, Visit) else visit.expected
    where = visit.office, visit.place, visit.place_kind, visit.school
    return (*where, visit.team, visit.starts_at, visit.ends_at, people)


def refuse_clash(command: PlanVisit, states: States) -> None:
    """Raises `Refused` if the team is elsewhere at that time, naming the visit and its hours."""
    for day in command.days:
        team: TeamDay = states[team_of(command.office, command.team, day)]
        for other, (starts_at, ends_at) in team.booked.items():
            if starts_at < command.ends_at and command.starts_at < ends_at:
                raise Refused(
                    "team_busy",
                    "The team is at another visit at that time.",
                    visit=other,
                    starts_at=starts_at,
                    ends_at=ends_at,
                )


def confirm(command: ConfirmVisit, states: States) -> Decision:
    visit = planned_here(command, states)
    if visit.reference == command.reference:
        return []
    if visit.stage != "PLANNED":
        raise Refused("visit_not_planned", "Only a planned visit is confirmed.", stage=visit.stage)
    confirmed = VisitConfirmed(
        office=command.office,
        visit=command.visit,
        reference=command.reference,
        expected=visit.expected if command.expected is None else command.expected,
        confirmed_by=command.confirmed_by,
    )
    return [(visit_of(command.visit), confirmed)]


def planned_here(command: VisitCommand, states: States) -> Visit:
    """The visit, if this office planned it. Raises `Refused`."""
    visit: Visit = states[visit_of(command.visit)]
    if visit.office != command.office:
        raise visit_unknown()
    return visit


def visit_unknown() -> Refused:
    """How a visit that this office has not planned is refused."""
    return Refused("visit_unknown", "This office has planned no such visit: plan it, then send this again.")
