"""In which order cards are printed, how many of a class in a day, and when a letter may stand in for one.

Policies are data, with versions and the day from which each holds. An office goes by its own, else by
the nation's (those of office `00`), else by the defaults here. A later version does not end an
earlier one before its own day has come.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar

import msgspec

from services.printing.domain.words import SHORTAGE, Level, Reason

NATION = "00"


class PriorityClass(msgspec.Struct, frozen=True, omit_defaults=True):
    """Jobs that wait together: those with the lowest rank come first, among equals the oldest.

    In shortage `shortage_rank` counts. `reasons` are those of jobs that name no class. `quotas` are
    cards a day at a level of stock; a level that is not named has no quota. `letter_holders` says
    that who was given a substitute letter waits here.
    """

    name: str
    rank: int
    shortage_rank: int
    reasons: tuple[Reason, ...] = ()
    quotas: Mapping[Level, int] = {}
    letter_holders: bool = False


class QueuePolicy(msgspec.Struct, frozen=True):
    """Older than `age_limit_days`, a job comes first of all. After `tries` spoiled blanks a person decides."""

    version: int
    starts_on: date
    classes: tuple[PriorityClass, ...]
    age_limit_days: int
    tries: int

    def named(self, name: str) -> PriorityClass | None:
        """The class of this name."""
        return next((each for each in self.classes if each.name == name), None)

    def class_for(self, reason: str) -> str:
        """The class of a job that names none."""
        return next((each.name for each in self.classes if reason in each.reasons), self.classes[-1].name)

    def aged(self, now: datetime) -> datetime:
        """Who was print ready before this moment has waited too long."""
        return now - timedelta(days=self.age_limit_days)

    def quota(self, priority: str, level: Level | None) -> int | None:
        """Cards of this class a day at this level; None: as many as come."""
        known = self.named(priority)
        return None if known is None or level is None else known.quotas.get(level)


class LetterPolicy(msgspec.Struct, frozen=True):
    """Substitute letters are allowed at these levels, each for so many days."""

    version: int
    starts_on: date
    levels: tuple[Level, ...]
    valid_days: int


DEFAULT = QueuePolicy(
    version=0,
    starts_on=date(2000, 1, 1),
    classes=(
        PriorityClass("FIRST", 1, 1, reasons=("FIRST",)),
        PriorityClass("DISASTER", 1, 2),
        PriorityClass("SUKET", 1, 3, letter_holders=True),
        PriorityClass("CHANGED", 1, 4, reasons=("CHANGE", "MOVE")),
        PriorityClass("REPLACEMENT", 1, 5, reasons=("LOST", "DAMAGED")),
    ),
    age_limit_days=14,
    tries=3,
)
"""By age alone; in shortage the order that the press reported of 2017 to 2024 (`DOMAIN.md`). No quotas."""

FORBIDDEN = LetterPolicy(version=0, starts_on=date(2000, 1, 1), levels=(), valid_days=1)

AnyPolicy = TypeVar("AnyPolicy", QueuePolicy, LetterPolicy)


class InForce(msgspec.Struct, frozen=True):
    """A queue's policy of the day, and its name: `17.71/3`, `00/1`, `default`."""

    policy: QueuePolicy
    name: str


class LettersInForce(msgspec.Struct, frozen=True):
    """The letters' policy of the day, and its name: `00/2`, or `default`, which is forbidden until the nation says."""

    policy: LetterPolicy
    name: str


def on(policies: Iterable[AnyPolicy], day: date) -> AnyPolicy | None:
    """Of these the one in force on that day."""
    begun = [policy for policy in policies if policy.starts_on <= day]
    return max(begun, key=lambda policy: (policy.starts_on, policy.version), default=None)


def still_needed(policies: Iterable[AnyPolicy], day: date) -> tuple[AnyPolicy, ...]:
    """Those in force on that day or later."""
    known = tuple(policies)
    current = on(known, day)
    return tuple(policy for policy in known if policy is current or policy.starts_on > day)


def in_force(office: str, own: Iterable[QueuePolicy], nations: Iterable[QueuePolicy], day: date) -> InForce:
    """The policy an office goes by on that day."""
    for whose, policies in ((office, own), (NATION, nations)):
        policy = on(policies, day)
        if policy is not None and policy.classes:
            return InForce(policy, f"{whose}/{policy.version}")
    return InForce(DEFAULT, "default")


def letters_in_force(nations: Iterable[LetterPolicy], day: date) -> LettersInForce:
    """What the nation says of letters on that day."""
    policy = on(nations, day)
    return (
        LettersInForce(FORBIDDEN, "default") if policy is None else LettersInForce(policy, f"{NATION}/{policy.version}")
    )


def in_shortage(level: Level | None) -> bool:
    """Whether shortage ranks and quotas count. A queue of which stock never told is in none."""
    return level in SHORTAGE
