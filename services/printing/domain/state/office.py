"""An office's queue of one item, its policies, a printer's supplies, and its batches."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from services.printing.domain.facts import (
    BatchFact,
    BatchQuarantined,
    BatchReleased,
    DocumentIssued,
    LetterPolicySet,
    NumberAlarmRaised,
    PolicyFact,
    PrintDebtChanged,
    PrintDebtUnexplained,
    QuarantinedBatchUsed,
    QueueFact,
    QueuePolicySet,
    QuotaTaken,
    RibbonChanged,
    StockLevelNoted,
)
from services.printing.domain.policy import LetterPolicy, QueuePolicy, still_needed
from services.printing.domain.words import Level
from shared.decider import State

REMEMBERED = 16
"""So many changes of a printer's ribbon are known again when they are reported again."""


class Debt(msgspec.Struct, frozen=True, gc=False):
    """The debt book as it was last told."""

    owed: int = 0
    put_off: int = 0
    by_reason: dict[str, int] = {}
    oldest_since: datetime | None = None


class Spell(msgspec.Struct, frozen=True, gc=False):
    """A time without blanks, as stock's book had it; it may not be over."""

    began: datetime
    ended: datetime | None = None


class Queue(State, frozen=True, omit_defaults=True):
    """An office's queue of one item.

    `level` and the figures are stock's, as it last told; no level: never told. `empty` is the last
    time without blanks. `taken` counts the cards of each class that had a place in the quota of
    `quota_day`. `unexplained_on` is the day on which a growing debt was last reported.
    """

    level: Level | None = None
    episode: int = 0
    since: datetime | None = None
    as_of: datetime | None = None
    on_hand: int | None = None
    available: int | None = None
    empty: Spell | None = None
    quota_day: date | None = None
    taken: dict[str, int] = msgspec.field(default_factory=dict)
    debt: Debt = Debt()
    unexplained_on: date | None = None

    def taken_on(self, day: date, priority: str) -> int:
        """Cards of this class that have a place in the quota that counts for that day."""
        return self.taken.get(priority, 0) if self.counted_on(day) == self.quota_day else 0

    def counted_on(self, day: date) -> date:
        """The day whose quota counts: what is told late must not give the newest day's places away once more."""
        return day if self.quota_day is None else max(day, self.quota_day)


class Policies(State, frozen=True, omit_defaults=True):
    """An office's own policies, or the nation's: those in force or still to come. `version` numbers them all."""

    version: int = 0
    queue: tuple[QueuePolicy, ...] = ()
    letters: tuple[LetterPolicy, ...] = ()


class Printer(State, frozen=True):
    """A printer's supplies: what was put in by the last changes, by the ids that the office gave them."""

    changes: Mapping[str, str] = {}


class Batch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Blanks in quarantine, by the name on the box and, if they were told, their numbers."""

    first_serial: str | None
    last_serial: str | None


class Batches(State, frozen=True, omit_defaults=True):
    """An office's batches in quarantine, and how often one of them was printed on all the same."""

    used: int = 0
    quarantined: dict[str, Batch] = msgspec.field(default_factory=dict)

    def quarantine_of(self, batch: str | None, blank_serial: str | None) -> str | None:
        """The batch in quarantine that a blank belongs to, by its batch's name or its own number."""
        if batch is not None and batch in self.quarantined:
            return batch
        if blank_serial is None:
            return None
        for name, known in self.quarantined.items():
            first, last = known.first_serial, known.last_serial
            # Of one form and length, numbers are ordered as text is.
            if first and last and len(first) == len(blank_serial) and first <= blank_serial <= last:
                return name
        return None


class Alarms(State, frozen=True):
    """How many alarms stock gave about numbers that were printed here."""

    raised: int = 0


class IssuedDocument(State, frozen=True):
    """Whether a document was counted, and what it was."""

    office: str = ""
    kind: str | None = None
    quantity: int = 0


def evolve_queue(queue: Queue, fact: QueueFact) -> Queue:
    """The queue after this fact."""
    match fact:
        case StockLevelNoted():
            return replace(
                queue,
                level=fact.level,
                episode=fact.episode,
                since=fact.since,
                as_of=fact.as_of,
                on_hand=fact.on_hand,
                available=fact.available,
                empty=_spell(queue, fact),
            )
        case QuotaTaken(day=day, taken=taken):
            before = queue.taken if day == queue.quota_day else {}
            return replace(
                queue, quota_day=day, taken=before | {name: before.get(name, 0) + n for name, n in taken.items()}
            )
        case PrintDebtChanged():
            debt = Debt(fact.owed, fact.put_off, fact.by_reason, fact.oldest_since)
            return replace(queue, debt=debt)
        case PrintDebtUnexplained():
            return replace(queue, unexplained_on=fact.reported_on)
    assert_never(fact)


def _spell(queue: Queue, fact: StockLevelNoted) -> Spell | None:
    if fact.level == "EMPTY":
        return queue.empty if queue.level == "EMPTY" else Spell(fact.since)
    if queue.level == "EMPTY" and queue.empty is not None:
        return Spell(queue.empty.began, fact.since)
    return queue.empty


def evolve_policies(policies: Policies, fact: PolicyFact) -> Policies:
    """The policies after this fact. Those whose time is over are not needed any more."""
    match fact:
        case QueuePolicySet(version=version, starts_on=starts_on):
            policy = QueuePolicy(version, starts_on, fact.classes, fact.age_limit_days, fact.tries)
            return replace(policies, version=version, queue=(*still_needed(policies.queue, fact.set_on), policy))
        case LetterPolicySet(version=version, starts_on=starts_on):
            letters = LetterPolicy(version, starts_on, fact.levels, fact.valid_days)
            return replace(policies, version=version, letters=(*still_needed(policies.letters, fact.set_on), letters))
    assert_never(fact)


def evolve_printer(printer: Printer, fact: RibbonChanged) -> Printer:
    """The printer after its change."""
    latest = {**printer.changes, fact.ribbon: fact.item}.items()
    return Printer(changes=dict(list(latest)[-REMEMBERED:]))


def evolve_batches(batches: Batches, fact: BatchFact) -> Batches:
    """The batches after this fact."""
    match fact:
        case BatchQuarantined(batch=name):
            batch = Batch(fact.first_serial, fact.last_serial)
            return replace(batches, quarantined=batches.quarantined | {name: batch})
        case BatchReleased(batch=name):
            left = {other: batch for other, batch in batches.quarantined.items() if other != name}
            return replace(batches, quarantined=left)
        case QuarantinedBatchUsed():
            return replace(batches, used=batches.used + 1)
    assert_never(fact)


def evolve_alarms(alarms: Alarms, fact: NumberAlarmRaised) -> Alarms:
    """The alarms after this one."""
    return Alarms(raised=alarms.raised + 1)


def evolve_document(document: IssuedDocument, fact: DocumentIssued) -> IssuedDocument:
    """The document after it was counted."""
    return IssuedDocument(office=fact.office, kind=fact.kind, quantity=fact.quantity)
