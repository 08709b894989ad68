"""The state of a shortage, and how facts change it."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from msgspec.structs import replace

from services.notify.domain.facts import (
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationClosed,
    EscalationCommented,
    EscalationDeclined,
    EscalationHandedBack,
    EscalationOpened,
    EscalationRepeated,
    EscalationResolved,
    HelpProposed,
    NoticeSent,
    PromiseTakenBack,
    ProvinceForwarded,
    ReliefNoted,
    ShortageEased,
    ShortageFact,
    ShortageRestated,
)
from services.notify.domain.policy import DEFAULT, EscalationPolicy, of_patience
from services.notify.domain.words import (
    LADDER,
    LEVEL_OF,
    ROLES,
    SEVERITY,
    Answer,
    Asked,
    Cause,
    Desk,
    Figures,
    Level,
    Promise,
    Proposal,
    Relief,
    ReliefKind,
    StockLevel,
    WaitKind,
)
from shared.decider import State

PROMISES_REMEMBERED = 6
"""Of more than that at once the earliest noted is forgotten; what it bought it keeps."""


class Shortage(State, frozen=True):
    """The shortage of one item at one office: its latest episode, and how far it has climbed.

    `level` is the highest that was reached, `awaited` whose answer is awaited: below it only after a level has
    handed the shortage back. `flaps` counts episodes that followed on each other within the policy's time to settle;
    `waits` counts the waits of all episodes, so that a timer of an earlier one is told
    apart; `step` counts what happened to this escalation, and numbers the notices; `repeat` how often the notice
    was repeated in this term, which ends at `answer_by`. `due` is the next moment at which something happens.
    `with_centre`: the province has forwarded it, so that a no is the centre's. `answered` is the step of the answer
    that is waited for, 0 while there is none; `promises` are blanks that have not arrived, the latest noted last.
    """

    item: str = ""
    episode: int = 0
    flaps: int = 0
    level: Level = Level.CITY
    awaited: Level = Level.CITY
    stock_level: StockLevel = StockLevel.LOW
    worst: StockLevel = StockLevel.LOW
    figures: Figures | None = None
    policy: EscalationPolicy = DEFAULT
    rules: str = "default"
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    answered_at: datetime | None = None
    answered_at_level: Level | None = None
    step: int = 0
    waits: int = 0
    repeat: int = 0
    answer_by: datetime | None = None
    due: datetime | None = None
    told: tuple[Desk, ...] = ()
    answer: Answer | None = None
    declined: str | None = None
    forwarded: str | None = None
    with_centre: bool = False
    refused: str | None = None
    handed_back: tuple[Level, ...] = ()
    why_handed_back: str | None = None
    closed: str | None = None
    promises: tuple[Promise, ...] = ()
    proposal: Proposal | None = None
    received: int = 0
    asked: Asked | None = None
    answered: int = 0

    @property
    def relief(self) -> Relief | None:
        """Of what is promised and still to come, what is waited for; else what was promised last."""
        latest_first = [promise.relief for promise in reversed(self.promises)]
        return next((relief for relief in latest_first if relief.until == self.due), next(iter(latest_first), None))

    @property
    def open(self) -> bool:
        """Nothing open is without a next moment at which something happens."""
        return self.due is not None

    @property
    def ended(self) -> bool:
        """Stock has recovered from this episode, or there was none yet."""
        return not self.open and self.closed is None

    @property
    def above(self) -> Level | None:
        """The level that hears of it next, if there is one for this item."""
        if self.awaited is self.policy.last_level(self.item):
            return None
        return LADDER[LADDER.index(self.awaited) + 1]

    @property
    def forwarded_at(self) -> Level | None:
        """The highest level that forwarded it, if one did."""
        if self.forwarded is None:
            return None
        return Level.PROVINCE if self.with_centre else Level.CITY

    @property
    def waiting_for(self) -> WaitKind:
        """What ends at `due`."""
        promised = {promise.relief.until for promise in self.promises}
        # Only a promise is waited for beyond the term, whatever else was promised since.
        beyond = self.due is not None and self.answer_by is not None and self.due > self.answer_by
        if beyond or self.answered or self.due in promised:
            return WaitKind.PROMISE
        return WaitKind.REPEAT if self.above is None or self.due != self.answer_by else WaitKind.ANSWER


def evolve_shortage(shortage: Shortage, fact: ShortageFact) -> Shortage:
    """The shortage after this fact."""
    match fact:
        case EscalationOpened():
            policy = fact.policy or of_patience(fact.policy_version, fact.patience)
            settled = shortage.ended_at is None or fact.at >= shortage.ended_at + timedelta(seconds=policy.settle)
            return Shortage(
                item=fact.item,
                episode=fact.episode,
                flaps=0 if settled else shortage.flaps + 1,
                level=fact.level,
                awaited=fact.level,
                stock_level=fact.stock_level,
                worst=fact.stock_level,
                figures=fact.figures,
                policy=policy,
                rules=fact.rules or f"settings/{fact.policy_version}",
                opened_at=fact.at,
                ended_at=shortage.ended_at,
                step=1,
                waits=shortage.waits + 1,
                answer_by=fact.answer_by,
                due=fact.next_at or fact.answer_by,
                asked=Asked(fact.at, fact.at, fact.stock_level, step=1),
            )
        case EscalationClimbed():
            known = replace(shortage, stock_level=fact.stock_level)
            asked = _asked(known, fact.level, fact.answer_by, fact.next_at, fact.at, repeat=0)
            forwarded = fact.cause is Cause.FORWARDED
            return replace(
                asked,
                level=max(shortage.level, fact.level, key=LADDER.index),
                worst=_worse(shortage.worst, fact.stock_level),
                figures=fact.figures,
                forwarded=(fact.reason if forwarded else None) or shortage.forwarded,
                with_centre=shortage.with_centre or (forwarded and fact.from_level is Level.PROVINCE),
                closed=None,
            )
        case EscalationRepeated():
            known = replace(shortage, stock_level=fact.stock_level)
            asked = _asked(known, shortage.awaited, fact.answer_by, fact.next_at, fact.at, repeat=fact.repeat)
            worst = _worse(shortage.worst, fact.stock_level)
            return replace(asked, worst=worst, figures=fact.figures, closed=None)
        case EscalationHandedBack():
            asked = _asked(shortage, fact.to, fact.answer_by, fact.next_at, fact.at, repeat=0)
            return replace(asked, handed_back=(*shortage.handed_back, fact.level), why_handed_back=fact.reason)
        case EscalationAcknowledged():
            return replace(
                shortage,
                step=shortage.step + 1,
                waits=shortage.waits + 1,
                due=fact.promised_by,
                answered_at=shortage.answered_at or fact.at,
                answered_at_level=shortage.answered_at_level or LEVEL_OF.get(fact.role, fact.level),
                answer=Answer(fact.level, fact.role, fact.by, fact.action, fact.promised_by),
                answered=shortage.step + 1,
            )
        case ProvinceForwarded():
            return replace(shortage, forwarded=fact.reason, with_centre=True)
        case EscalationDeclined():
            if fact.role == ROLES[Level.NATIONAL]:
                return replace(shortage, step=shortage.step + 1, refused=fact.reason)
            return replace(shortage, step=shortage.step + 1, declined=fact.reason)
        case EscalationCommented():
            return shortage
        case EscalationClosed():
            return replace(shortage, step=shortage.step + 1, due=None, closed=fact.reason)
        case EscalationResolved():
            return replace(
                shortage, figures=fact.figures, step=shortage.step + 1, due=None, closed=None, ended_at=fact.at
            )
        case ShortageEased() | ShortageRestated():
            return replace(shortage, stock_level=fact.stock_level, figures=fact.figures)
        case HelpProposed():
            return replace(shortage, proposal=fact.proposal)
        case ReliefNoted():
            return _relieved(shortage, fact)
        case PromiseTakenBack():
            without = replace(shortage, promises=without_promise(shortage.promises, fact.promise))
            if fact.due is None:
                return without
            answer_by = fact.answer_by or shortage.answer_by
            return replace(without, waits=shortage.waits + 1, due=fact.due, answer_by=answer_by)
        case NoticeSent():
            recipient = Desk(fact.recipient_role, fact.recipient_region)
            return shortage if recipient in shortage.told else replace(shortage, told=(*shortage.told, recipient))
    assert_never(fact)


def _asked(
    shortage: Shortage,
    awaited: Level,
    answer_by: datetime,
    next_at: datetime | None,
    at: datetime | None,
    *,
    repeat: int,
) -> Shortage:
    """A term begins, or goes on: the answer of this level is awaited."""
    asked = shortage.asked
    if at is not None:
        goes_on = asked is not None and repeat > 0 and answer_by == shortage.answer_by
        asked = Asked(asked.began if asked is not None and goes_on else at, at, shortage.stock_level, shortage.step + 1)
    return replace(
        shortage,
        awaited=awaited,
        step=shortage.step + 1,
        waits=shortage.waits + 1,
        repeat=repeat,
        answer_by=answer_by,
        due=next_at or answer_by,
        asked=asked,
        answered=0,
    )


def _worse(one: StockLevel, other: StockLevel) -> StockLevel:
    return max(one, other, key=SEVERITY.index)


def _relieved(shortage: Shortage, fact: ReliefNoted) -> Shortage:
    promises, received = shortage.promises, shortage.received
    if fact.kind is ReliefKind.RECEIVED:
        promises, received = awaited_still(promises, fact.promise, fact.quantity), received + fact.quantity
    else:
        # What is sent of an allocation is not promised twice.
        promises = _less(promises, [each for each in promises if fact.under and each.name == fact.under], fact.quantity)
    if fact.relief is not None:
        noted = Promise(fact.promise, fact.relief, shortage.step)
        promises = (*without_promise(promises, fact.promise), noted)[-PROMISES_REMEMBERED:]
    relieved = replace(shortage, received=received, promises=promises)
    if fact.answer_by is not None:
        return _asked(relieved, relieved.awaited, fact.answer_by, fact.next_at, fact.at, repeat=0)
    if fact.paused_until is None:
        return relieved
    return replace(relieved, waits=relieved.waits + 1, due=fact.paused_until)


def awaited_still(promises: tuple[Promise, ...], name: str | None, arrived: int) -> tuple[Promise, ...]:
    """What is still to come when so many blanks have arrived: of this consignment, else of what is promised first."""
    named = [each for each in promises if name is not None and each.name == name]
    return _less(promises, named or sorted(promises, key=lambda each: each.relief.until), arrived)


def without_promise(promises: tuple[Promise, ...], name: str | None) -> tuple[Promise, ...]:
    """The promises but the one of this name."""
    return tuple(each for each in promises if each.name != name)


def _less(promises: tuple[Promise, ...], of: Iterable[Promise], quantity: int) -> tuple[Promise, ...]:
    """The promises when so many blanks are taken from these of them, one after the other."""
    left = {each.name: each.relief.quantity for each in promises}
    for each in of:
        taken = min(left[each.name], quantity)
        left[each.name] -= taken
        quantity -= taken
    return tuple(
        replace(each, relief=replace(each.relief, quantity=left[each.name])) for each in promises if left[each.name]
    )
