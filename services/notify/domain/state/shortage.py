"""The state of a shortage, and how facts change it."""

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
    ProvinceForwarded,
    ReliefNoted,
    ShortageEased,
    ShortageFact,
)
from services.notify.domain.policy import DEFAULT, EscalationPolicy, of_patience
from services.notify.domain.words import (
    LADDER,
    ROLES,
    SEVERITY,
    Answer,
    Cause,
    Desk,
    Figures,
    Level,
    Proposal,
    Relief,
    ReliefKind,
    StockLevel,
    WaitKind,
)
from shared.decider import State


class Shortage(State, frozen=True):
    """The shortage of one item at one office: its latest episode, and how far it has climbed.

    `level` is the highest that was reached, `awaited` whose answer is awaited: below it only after a level has
    handed the shortage back. `flaps` counts episodes that followed on each other within the policy's time to settle;
    `waits` counts the waits of all episodes, so that a timer of an earlier one is told
    apart; `step` counts what happened to this escalation, and numbers the notices; `repeat` how often the notice
    was repeated in this term, which ends at `answer_by`. `due` is the next moment at which something happens.
    `with_centre`: the province has forwarded it, so that a no is the centre's.
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
    relief: Relief | None = None
    proposal: Proposal | None = None
    received: int = 0

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
    def waiting_for(self) -> WaitKind:
        """What ends at `due`."""
        promised = {self.answer and self.answer.promised_by, self.relief and self.relief.until}
        # Only a promise is waited for beyond the term, whatever else was promised since.
        beyond = self.due is not None and self.answer_by is not None and self.due > self.answer_by
        if beyond or self.due in promised:
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
            )
        case EscalationClimbed():
            asked = _asked(shortage, fact.level, fact.answer_by, fact.next_at, repeat=0)
            forwarded = fact.cause is Cause.FORWARDED
            return replace(
                asked,
                level=max(shortage.level, fact.level, key=LADDER.index),
                stock_level=fact.stock_level,
                worst=_worse(shortage.worst, fact.stock_level),
                figures=fact.figures,
                forwarded=(fact.reason if forwarded else None) or shortage.forwarded,
                with_centre=shortage.with_centre or (forwarded and fact.from_level is Level.PROVINCE),
                closed=None,
            )
        case EscalationRepeated():
            asked = _asked(shortage, shortage.awaited, fact.answer_by, fact.next_at, repeat=fact.repeat)
            worst = _worse(shortage.worst, fact.stock_level)
            return replace(asked, stock_level=fact.stock_level, worst=worst, figures=fact.figures, closed=None)
        case EscalationHandedBack():
            asked = _asked(shortage, fact.to, fact.answer_by, fact.next_at, repeat=0)
            return replace(asked, handed_back=(*shortage.handed_back, fact.level), why_handed_back=fact.reason)
        case EscalationAcknowledged():
            return replace(
                shortage,
                step=shortage.step + 1,
                waits=shortage.waits + 1,
                due=fact.promised_by,
                answered_at=shortage.answered_at or fact.at,
                answered_at_level=shortage.answered_at_level or fact.level,
                answer=Answer(fact.level, fact.role, fact.by, fact.action, fact.promised_by),
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
        case ShortageEased():
            return replace(shortage, stock_level=fact.stock_level, figures=fact.figures)
        case HelpProposed():
            return replace(shortage, proposal=fact.proposal)
        case ReliefNoted():
            return _relieved(shortage, fact)
        case NoticeSent():
            recipient = Desk(fact.recipient_role, fact.recipient_region)
            return shortage if recipient in shortage.told else replace(shortage, told=(*shortage.told, recipient))
    assert_never(fact)


def _asked(
    shortage: Shortage, awaited: Level, answer_by: datetime, next_at: datetime | None, *, repeat: int
) -> Shortage:
    """A term begins, or goes on: the answer of this level is awaited."""
    return replace(
        shortage,
        awaited=awaited,
        step=shortage.step + 1,
        waits=shortage.waits + 1,
        repeat=repeat,
        answer_by=answer_by,
        due=next_at or answer_by,
    )


def _worse(one: StockLevel, other: StockLevel) -> StockLevel:
    return max(one, other, key=SEVERITY.index)


def _relieved(shortage: Shortage, fact: ReliefNoted) -> Shortage:
    relief, arrived = fact.relief or shortage.relief, 0
    if fact.kind is ReliefKind.RECEIVED:
        arrived, relief = fact.quantity, awaited_still(shortage.relief, fact.quantity)
    noted = replace(shortage, received=shortage.received + arrived, relief=relief)
    if fact.answer_by is not None:
        return _asked(noted, noted.awaited, fact.answer_by, fact.next_at, repeat=0)
    if fact.paused_until is None:
        return noted
    return replace(noted, waits=noted.waits + 1, due=fact.paused_until)


def awaited_still(relief: Relief | None, arrived: int) -> Relief | None:
    """What is still to come of a promise when so many blanks have arrived."""
    if relief is None or arrived >= relief.quantity:
        return None
    return replace(relief, quantity=relief.quantity - arrived)
