"""The state of a shortage, and how facts change it."""

from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from services.notify.domain.facts import (
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationDeclined,
    EscalationOpened,
    EscalationRepeated,
    EscalationResolved,
    NoticeSent,
    NotifyFact,
    ReliefNoted,
    ShortageEased,
)
from services.notify.domain.words import (
    ABOVE,
    Answer,
    Desk,
    Figures,
    Level,
    Patience,
    Relief,
    ReliefKind,
    StockLevel,
    WaitKind,
)
from shared.decider import State


class Shortage(State, frozen=True):
    """The shortage of one item at one office: its latest episode, and how far it has climbed.

    `waits` counts the waits of all episodes, so that a timer of an earlier one is told apart;
    `step` counts what happened to this escalation, and numbers the notices.
    """

    episode: int = 0
    level: Level = Level.CITY
    stock_level: StockLevel = StockLevel.LOW
    figures: Figures | None = None
    policy_version: int = 0
    patience: Patience = Patience(0, 0, 0)
    opened_at: datetime | None = None
    step: int = 0
    waits: int = 0
    due: datetime | None = None
    told: tuple[Desk, ...] = ()
    answer: Answer | None = None
    declined: str | None = None
    relief: Relief | None = None
    received: int = 0

    @property
    def open(self) -> bool:
        """Nothing open is without a next moment at which something happens."""
        return self.due is not None

    @property
    def waiting_for(self) -> WaitKind:
        """What ends at `due`."""
        if self.due in {self.answer and self.answer.promised_by, self.relief and self.relief.until}:
            return WaitKind.PROMISE
        return WaitKind.ANSWER if self.level in ABOVE else WaitKind.REPEAT


def evolve(shortage: Shortage, fact: NotifyFact) -> Shortage:
    """The shortage after this fact."""
    match fact:
        case EscalationOpened():
            return Shortage(
                episode=fact.episode,
                level=fact.level,
                stock_level=fact.stock_level,
                figures=fact.figures,
                policy_version=fact.policy_version,
                patience=fact.patience,
                opened_at=fact.at,
                step=1,
                waits=shortage.waits + 1,
                due=fact.answer_by,
            )
        case EscalationClimbed() | EscalationRepeated():
            return replace(
                shortage,
                level=fact.level,
                stock_level=fact.stock_level,
                figures=fact.figures,
                step=shortage.step + 1,
                waits=shortage.waits + 1,
                due=fact.answer_by,
            )
        case EscalationAcknowledged():
            return replace(
                shortage,
                step=shortage.step + 1,
                waits=shortage.waits + 1,
                due=fact.promised_by,
                answer=Answer(fact.level, fact.role, fact.by, fact.action, fact.promised_by),
            )
        case EscalationDeclined():
            return replace(shortage, step=shortage.step + 1, declined=fact.reason)
        case EscalationResolved():
            return replace(shortage, figures=fact.figures, step=shortage.step + 1, due=None)
        case ShortageEased():
            return replace(shortage, stock_level=fact.stock_level, figures=fact.figures)
        case ReliefNoted():
            return _relieved(shortage, fact)
        case NoticeSent():
            recipient = Desk(fact.recipient_role, fact.recipient_region)
            return shortage if recipient in shortage.told else replace(shortage, told=(*shortage.told, recipient))
    assert_never(fact)


def _relieved(shortage: Shortage, fact: ReliefNoted) -> Shortage:
    arrived = fact.quantity if fact.kind is ReliefKind.RECEIVED else 0
    noted = replace(shortage, received=shortage.received + arrived, relief=fact.relief or shortage.relief)
    if fact.paused_until is None:
        return noted
    return replace(noted, waits=noted.waits + 1, due=fact.paused_until)
