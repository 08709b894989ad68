"""What is decided about rules, days and silences."""

from datetime import date, datetime

from services.notify.domain.policy import EscalationPolicy
from services.notify.domain.words import Level, StockLevel
from shared.decider import Fact


class EscalationPolicySet(Fact, frozen=True, kw_only=True):
    """A region's policy of this version: a province's own, or the nation's (`00`); without terms, the nation's."""

    region: str
    policy: EscalationPolicy
    set_on: date
    set_by: str


class DayDeclared(Fact, frozen=True, kw_only=True):
    """A day that the official list has otherwise: a working day or not. None: as the list says again."""

    day: date
    works: bool | None
    note: str
    declared_on: date
    declared_by: str


class SilenceSet(Fact, frozen=True, kw_only=True):
    """Until that moment nothing is sent of shortages of this item (None: of any) that are no worse than `at_most`.

    It holds for desks up to the `level` of whoever set it: nobody silences those above.
    """

    office: str
    silence: str
    item: str | None
    at_most: StockLevel
    level: Level
    until: datetime
    reason: str
    by: str
    at: datetime


class SilenceLifted(Fact, frozen=True, kw_only=True):
    """A silence ended before its time."""

    office: str
    silence: str
    by: str
    at: datetime


RulesFact = EscalationPolicySet | DayDeclared | SilenceSet | SilenceLifted
