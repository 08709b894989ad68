"""What every command of outreach has, and the names of the streams it is decided on."""

from dataclasses import dataclass
from datetime import date

from shared.decider import Command


def visit_of(visit: str) -> str:
    """The stream of one visit."""
    return f"visit/{visit}"


def team_of(office: str, team: str, day: date) -> str:
    """The stream of one team's day: a calendar is looked at by the day, and a day that is over grows no more."""
    return f"team/{office}/{team}/{day}"


def recording_of(recording: str) -> str:
    """The stream of one recording."""
    return f"recording/{recording}"


def demand_of(office: str, item: str) -> str:
    """The stream of what an office used of an item, day by day, and of what it has and owes."""
    return f"demand/{office}/{item}"


def forecast_of(office: str, item: str) -> str:
    """The stream of an office's forecasts of an item."""
    return f"forecast/{office}/{item}"


def surge_of(surge: str) -> str:
    """The stream of one surge in the calendar."""
    return f"surge/{surge}"


def coverage_of(office: str) -> str:
    """The stream of how many 16- and 17-year-olds live at an office's."""
    return f"coverage/{office}"


def school_of(office: str, school: str) -> str:
    """The stream of one school, by its national number (NPSN)."""
    return f"school/{office}/{school}"


@dataclass(frozen=True, kw_only=True, slots=True)
class OutreachCommand(Command):
    """`day` is the calendar day of `occurred_at` in the office's own time zone."""

    office: str
    day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitCommand(OutreachCommand):
    """A command about one visit."""

    visit: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (visit_of(self.visit),)
