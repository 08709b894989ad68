"""What every command has, and the names of the streams it is decided on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.notify.domain.directory import desk_of
from services.notify.domain.policy import ROLES_AT
from services.notify.domain.words import MINISTRY, Desk, region_of
from services.notify.domain.worktime import Works, monday_to_friday
from shared.decider import Command

CALENDAR = f"calendar/{MINISTRY}"
LISTENING = f"listening/{MINISTRY}"
CANARY = f"canary/{MINISTRY}"


def shortage_of(office: str, item: str) -> str:
    """The stream of the shortages of an item at an office."""
    return f"shortage/{office}/{item}"


def policies_of(region: str) -> str:
    """The stream of a region's policies."""
    return f"policy/{region}"


def directory_of(desk: Desk) -> str:
    """The stream of who sits at a desk."""
    return desk_of(desk.role, desk.region)


def post_of(desk: Desk) -> str:
    """The stream of what lies in a desk's post."""
    return f"post/{desk.role}/{desk.region}"


def send_of(desk: Desk, bundle: int, person: str) -> str:
    """The stream of one bundle on its way to one person."""
    return f"send/{desk.role}/{desk.region}/{bundle}/{person}"


def contact_of(person: str) -> str:
    """The stream of how a person is reached."""
    return f"person/{person}"


def silences_of(office: str) -> str:
    """The stream of an office's silences."""
    return f"silence/{office}"


def heard_of(office: str) -> str:
    """The stream of the days on which an office was heard of."""
    return f"heard/{office}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where an office is: its province of the day, its zone, and which days are worked there by the official list.

    `before` are provinces that it belonged to: their desks may have been told, and hear of the end.
    """

    province: str
    zone: ZoneInfo
    official: Works = monday_to_friday
    before: tuple[str, ...] = ()

    def day_at(self, moment: datetime) -> date:
        """The office's own calendar day."""
        return moment.astimezone(self.zone).date()


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeCommand(Command):
    """A command about an office. `heard_on` is the office's day, if the command is news of it."""

    office: str
    heard_on: date | None = None

    @property
    def heard_in(self) -> tuple[str, ...]:
        """The stream of the office's news, if this is some."""
        return () if self.heard_on is None else (heard_of(self.office),)

    @property
    def streams(self) -> tuple[str, ...]:
        return self.heard_in


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortageCommand(OfficeCommand):
    """A command about the shortage of one item at one office."""

    item: str
    place: Place

    @property
    def stream(self) -> str:
        """The one stream whose facts it leads to."""
        return shortage_of(self.office, self.item)

    @property
    def streams(self) -> tuple[str, ...]:
        return (self.stream, *self.heard_in)


@dataclass(frozen=True, kw_only=True, slots=True)
class TellingCommand(ShortageCommand):
    """A command that may tell people: it looks at rules, directory, silences, and at the post of every desk."""

    @property
    def streams(self) -> tuple[str, ...]:
        rules = (policies_of(self.place.province), policies_of(MINISTRY), CALENDAR, LISTENING, silences_of(self.office))
        place = self.place
        desks = tuple(dict.fromkeys(d for p in (place.province, *place.before) for d in desks_around(self.office, p)))
        around = (*map(directory_of, desks), *map(post_of, desks))
        return (self.stream, *self.heard_in, *dict.fromkeys(rules), *around)


def desks_around(office: str, province: str) -> Iterator[Desk]:
    """Every desk that may hear of an office's shortage."""
    for level, roles in ROLES_AT.items():
        yield from (Desk(role, region_of(level, office, province)) for role in roles)
