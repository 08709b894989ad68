"""What has happened to a shortage, and who was told."""

from datetime import datetime

from services.notify.domain.words import (
    Answer,
    Cause,
    Figures,
    Level,
    NoticeKind,
    Patience,
    Relief,
    ReliefKind,
    StockLevel,
)
from shared.decider import Fact


class ShortageFact(Fact, frozen=True, kw_only=True):
    """A fact about one episode of shortage of an item at an office."""

    office: str
    item: str
    episode: int


class EscalationOpened(ShortageFact, frozen=True, kw_only=True):
    level: Level
    stock_level: StockLevel
    figures: Figures
    policy_version: int
    patience: Patience
    answer_by: datetime
    told: tuple[Level, ...]
    at: datetime


class EscalationClimbed(ShortageFact, frozen=True, kw_only=True):
    from_level: Level
    level: Level
    cause: Cause
    stock_level: StockLevel
    figures: Figures
    answer_by: datetime
    at: datetime
    reason: str | None = None
    figures_may_be_old: bool = False


class EscalationRepeated(ShortageFact, frozen=True, kw_only=True):
    """The level that is waited for is told again."""

    level: Level
    cause: Cause
    stock_level: StockLevel
    figures: Figures
    answer_by: datetime
    at: datetime
    figures_may_be_old: bool = False


class EscalationAcknowledged(ShortageFact, frozen=True, kw_only=True):
    level: Level
    by: str
    role: str
    action: str
    promised_by: datetime


class EscalationDeclined(ShortageFact, frozen=True, kw_only=True):
    level: Level
    by: str
    reason: str


class EscalationResolved(ShortageFact, frozen=True, kw_only=True):
    figures: Figures
    told: tuple[Level, ...]
    at: datetime


class ShortageEased(ShortageFact, frozen=True, kw_only=True):
    """Stock is short still, but less so than before."""

    stock_level: StockLevel
    figures: Figures


class ReliefNoted(ShortageFact, frozen=True, kw_only=True):
    """`paused_until` is set when the promise buys time."""

    kind: ReliefKind
    quantity: int
    relief: Relief | None = None
    paused_until: datetime | None = None


class NoticeSent(ShortageFact, frozen=True, kw_only=True):
    """One desk was told, with all it needs to act. `received` are the blanks that came since the beginning."""

    step: int
    level: Level
    kind: NoticeKind
    recipient_role: str
    recipient_region: str
    stock_level: StockLevel
    figures: Figures
    received: int
    at: datetime
    cause: Cause | None = None
    relief: Relief | None = None
    answer: Answer | None = None
    declined: str | None = None
    answer_by: datetime | None = None
    figures_may_be_old: bool = False


NotifyFact = (
    EscalationOpened
    | EscalationClimbed
    | EscalationRepeated
    | EscalationAcknowledged
    | EscalationDeclined
    | EscalationResolved
    | ShortageEased
    | ReliefNoted
    | NoticeSent
)
