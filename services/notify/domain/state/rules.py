"""The policies of a region, the days that were declared, and the silences of an office."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import assert_never

import msgspec
from msgspec.structs import replace

from services.notify.domain.facts import DayDeclared, EscalationPolicySet, SilenceLifted, SilenceSet
from services.notify.domain.policy import EscalationPolicy, still_needed
from services.notify.domain.words import LADDER, SEVERITY, Level, StockLevel
from shared.decider import State

DAYS_REMEMBERED = timedelta(days=400)


class Policies(State, frozen=True):
    """A region's policies that are in force or wait for their day, and the version of the last."""

    version: int = 0
    policies: tuple[EscalationPolicy, ...] = ()


def evolve_policies(policies: Policies, fact: EscalationPolicySet) -> Policies:
    """The policies after this one was set."""
    known = still_needed((*policies.policies, fact.policy), fact.set_on)
    return Policies(version=fact.policy.version, policies=known)


class DeclaredDays(State, frozen=True):
    """What an administrator said of days: whether they are working days."""

    days: Mapping[date, bool] = {}


def evolve_days(declared: DeclaredDays, fact: DayDeclared) -> DeclaredDays:
    """The days after this one was declared, without those of long ago."""
    days = {day: works for day, works in declared.days.items() if day >= fact.declared_on - DAYS_REMEMBERED}
    if fact.works is None:
        days.pop(fact.day, None)
    else:
        days[fact.day] = fact.works
    return DeclaredDays(days=days)


class Silence(msgspec.Struct, frozen=True, array_like=True):
    """Nothing is sent of shortages of this item (None: any) no worse than `at_most` to desks up to `level`."""

    id: str
    item: str | None
    at_most: StockLevel
    until: datetime
    level: Level


class Silences(State, frozen=True):
    """The silences of an office that were not over when the last was set or lifted."""

    silences: tuple[Silence, ...] = ()

    def cover(self, item: str, stock_level: StockLevel, level: Level, now: datetime) -> bool:
        """Whether nothing is sent of such a shortage to a desk of this level now."""
        return any(
            silence.item in (None, item)
            and now < silence.until
            and SEVERITY.index(stock_level) <= SEVERITY.index(silence.at_most)
            and LADDER.index(level) <= LADDER.index(silence.level)
            for silence in self.silences
        )


def evolve_silences(silences: Silences, fact: SilenceSet | SilenceLifted) -> Silences:
    """The silences after one was set or lifted."""
    left = tuple(each for each in silences.silences if each.until > fact.at and each.id != fact.silence)
    match fact:
        case SilenceSet():
            return replace(
                silences, silences=(*left, Silence(fact.silence, fact.item, fact.at_most, fact.until, fact.level))
            )
        case SilenceLifted():
            return replace(silences, silences=left)
    assert_never(fact)
