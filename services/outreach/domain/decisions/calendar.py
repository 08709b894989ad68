"""The calendar of surges, and who there is to record: data that an administrator keeps."""

from dataclasses import dataclass
from datetime import date

from msgspec.structs import replace

from services.outreach.domain.commands import OutreachCommand, coverage_of, school_of, surge_of
from services.outreach.domain.facts import SchoolRegistered, SurgeDeclared, SurgeWithdrawn, YouthCounted
from services.outreach.domain.state import Coverage, School, Surge
from services.outreach.domain.words import Item, SurgeKind
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class SurgeCommand(OutreachCommand):
    """A command about one entry of the calendar. `office` is the region it is for, 00 for everybody."""

    surge: str
    by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (surge_of(self.surge),)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclareSurge(SurgeCommand):
    """From a day to a day, both included, the need is `factor` thousandths of the ordinary. Again: a new version."""

    kind: SurgeKind
    name: str
    first_day: date
    last_day: date
    factor: int
    item: Item | None


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawSurge(SurgeCommand):
    """It is not expected any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CountYouths(OutreachCommand):
    """So many 16- and 17-year-olds live at each of these offices, (office, people), from the command's day on; all of
    them or none. `office` is who enters it."""

    counts: tuple[tuple[str, int], ...]
    source: str

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(coverage_of(office) for office, _ in self.counts))


@dataclass(frozen=True, kw_only=True, slots=True)
class RegisterSchools(OutreachCommand):
    """Schools of the office: (number, name, pupils of 16 and 17), all of them or none."""

    schools: tuple[tuple[str, str, int], ...]

    @property
    def streams(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(school_of(self.office, number) for number, _, _ in self.schools))


def declare_surge(command: DeclareSurge, states: States) -> Decision:
    stream = surge_of(command.surge)
    known: Surge = states[stream]
    if known.declared is not None and known.declared.office != command.office:
        raise Refused("surge_id_taken", "A surge with this id was declared for another region.")
    declared = SurgeDeclared(
        office=command.office,
        surge=command.surge,
        version=known.version + 1,
        kind=command.kind,
        name=command.name,
        first_day=command.first_day,
        last_day=command.last_day,
        factor=command.factor,
        item=command.item,
        declared_on=command.day,
        declared_by=command.by,
    )
    if known.declared is not None and not known.withdrawn and same(known.declared, declared):
        return []
    return [(stream, declared)]


def same(one: SurgeDeclared, other: SurgeDeclared) -> bool:
    """Whether both expect the same, whoever said it."""
    said = {"version": other.version, "declared_on": other.declared_on, "declared_by": other.declared_by}
    return replace(one, **said) == other


def withdraw_surge(command: WithdrawSurge, states: States) -> Decision:
    stream = surge_of(command.surge)
    known: Surge = states[stream]
    if known.declared is None or known.declared.office != command.office:
        raise Refused("surge_unknown", "No surge with this id is declared for this region.")
    if known.withdrawn:
        return []
    withdrawn = SurgeWithdrawn(
        office=command.office, surge=command.surge, version=known.version + 1, withdrawn_by=command.by
    )
    return [(stream, withdrawn)]


def count_youths(command: CountYouths, states: States) -> Decision:
    return [
        (
            coverage_of(office),
            YouthCounted(office=office, people=people, source=command.source, valid_from=command.day),
        )
        for office, people in command.counts
        if not _known(states[coverage_of(office)], people, command.source)
    ]


def _known(coverage: Coverage, people: int, source: str) -> bool:
    return (coverage.people, coverage.source) == (people, source)


def register_schools(command: RegisterSchools, states: States) -> Decision:
    return [
        (school_of(command.office, number), SchoolRegistered(office=command.office, school=number, name=name, pupils=n))
        for number, name, n in command.schools
        if states[school_of(command.office, number)] != School(name, n)
    ]
