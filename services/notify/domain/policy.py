"""How a shortage climbs: data, with versions and the day from which each holds.

A province goes by its own policy, else by the nation's (region `00`), else by the default here. An open
escalation keeps the one it was opened with, whatever is set meanwhile.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from services.notify.domain.words import AT_LEAST, LADDER, MINISTRY, Level, Patience, StockLevel
from services.notify.domain.worktime import OfficeHours

HOUR = 3_600
DAY = 24 * HOUR
ROLES_AT: Mapping[Level, tuple[str, ...]] = {
    Level.CITY: ("head", "storekeeper"),
    Level.PROVINCE: ("province",),
    Level.NATIONAL: ("national",),
}
"""Whose desks there are at each level."""


class Counted(StrEnum):
    """How time passes: WORKING stands still outside office hours, ABSOLUTE never."""

    WORKING = "WORKING"
    ABSOLUTE = "ABSOLUTE"


class Term(msgspec.Struct, frozen=True, array_like=True):
    """How many seconds an answer may take. Until then the notice is repeated `repeats` times, evenly spread.

    At the last level nobody is above: when the time is over, the notice is repeated, and the term begins again.
    """

    within: int
    counted: Counted
    repeats: int = 0

    @property
    def span(self) -> timedelta:
        """From one notice to the next, or to the end of the term."""
        return timedelta(seconds=self.within / (self.repeats + 1))


Terms = Mapping[StockLevel, Mapping[Level, Term]]


class EscalationPolicy(msgspec.Struct, frozen=True, omit_defaults=True):
    """A version of the rules.

    `terms` has one for each level of stock and of the ladder; `last` names items that end below the ministry,
    whose last level copies the one above; `copies` are roles that are told beside those that answer.
    Notices to a desk gather for `gather` seconds by level of stock, an episode that begins within `settle`
    seconds of the end of the one before gathers as long; what is promised may lie `promise_at_most` seconds ahead.
    """

    version: int
    starts_on: date
    terms: Terms
    last: Mapping[str, Level] = {}
    copies: Mapping[Level, tuple[str, ...]] = {}
    hours: OfficeHours = OfficeHours()
    gather: Mapping[StockLevel, int] = {}
    settle: int = 0
    promise_at_most: int = 366 * DAY

    def last_level(self, item: str) -> Level:
        """Above which the shortage of this item does not climb."""
        return self.last.get(item, Level.NATIONAL)

    def first_level(self, item: str, stock_level: StockLevel) -> Level:
        """Where a shortage of this severity begins: the worse, the higher."""
        return min(AT_LEAST[stock_level], self.last_level(item), key=LADDER.index)

    def term(self, stock_level: StockLevel, level: Level) -> Term:
        """How long this level may take in such a shortage."""
        return self.terms[stock_level][level]

    def gathering(self, stock_level: StockLevel) -> timedelta:
        """How long notices of such a shortage wait for others."""
        return timedelta(seconds=self.gather.get(stock_level, 0))


class InForce(msgspec.Struct, frozen=True):
    """The policy that an escalation goes by, and its name: `17/3`, `00/1`, `default`."""

    policy: EscalationPolicy
    name: str


def _terms(low: Term, critical: Term, empty: Term, last: int) -> Terms:
    """The same term at every level but the last, where the notice is repeated after `last` seconds."""
    return {
        stock_level: {level: term if level is not LADDER[-1] else Term(last, term.counted) for level in LADDER}
        for stock_level, term in zip(StockLevel, (low, critical, empty), strict=True)
    }


DEFAULT = EscalationPolicy(
    version=0,
    starts_on=date(2000, 1, 1),
    terms=_terms(
        low=Term(8 * HOUR, Counted.WORKING, repeats=1),
        critical=Term(4 * HOUR, Counted.WORKING, repeats=1),
        empty=Term(2 * HOUR, Counted.ABSOLUTE, repeats=1),
        last=8 * HOUR,
    ),
    last={"RIBBON": Level.CITY, "FILM": Level.CITY},
    gather={StockLevel.LOW: 600, StockLevel.CRITICAL: 120, StockLevel.EMPTY: 60},
    settle=6 * HOUR,
    promise_at_most=14 * DAY,
)
"""A working day, half of one, two hours. No official deadline was found (`DOMAIN.md`), so every one is a setting."""


def of_patience(version: int, patience: Patience) -> EscalationPolicy:
    """The policy of an escalation that was opened before policies were data: absolute time, alike at any severity."""
    seconds = (patience.city, patience.province, patience.national)
    terms = {level: Term(each, Counted.ABSOLUTE) for level, each in zip(LADDER, seconds, strict=True)}
    return EscalationPolicy(version, date(2000, 1, 1), dict.fromkeys(StockLevel, terms))


def on(policies: Iterable[EscalationPolicy], day: date) -> EscalationPolicy | None:
    """Of these the one in force on that day."""
    begun = [policy for policy in policies if policy.starts_on <= day]
    return max(begun, key=lambda policy: (policy.starts_on, policy.version), default=None)


def still_needed(policies: Iterable[EscalationPolicy], day: date) -> tuple[EscalationPolicy, ...]:
    """Those in force on that day or later."""
    known = tuple(policies)
    current = on(known, day)
    return tuple(policy for policy in known if policy is current or policy.starts_on > day)


def in_force(province: str, own: Iterable[EscalationPolicy], nations: Iterable[EscalationPolicy], day: date) -> InForce:
    """The policy that offices of this province go by on that day."""
    for whose, policies in ((province, own), (MINISTRY, nations)):
        policy = on(policies, day)
        if policy is not None and policy.terms:
            return InForce(policy, f"{whose}/{policy.version}")
    return InForce(DEFAULT, "default")
