"""What has happened to a shortage, and who was told."""

from datetime import datetime

from services.notify.domain.policy import EscalationPolicy
from services.notify.domain.words import (
    Answer,
    Cause,
    Figures,
    Held,
    Level,
    NoticeKind,
    Patience,
    Proposal,
    Relief,
    ReliefKind,
    StockLevel,
)
from shared.decider import Fact


class OfShortage(Fact, frozen=True, kw_only=True):
    """A fact about one episode of shortage of an item at an office."""

    office: str
    item: str
    episode: int


class EscalationOpened(OfShortage, frozen=True, kw_only=True):
    """`policy` is kept until the end; in the first version of this service it was `patience` alone.

    `rules` names the policy; `answer_by` is the end of the term; `next_at`, if earlier, when the notice is repeated.
    """

    level: Level
    stock_level: StockLevel
    figures: Figures
    policy_version: int
    patience: Patience
    answer_by: datetime
    told: tuple[Level, ...]
    at: datetime
    policy: EscalationPolicy | None = None
    rules: str | None = None
    next_at: datetime | None = None


class EscalationClimbed(OfShortage, frozen=True, kw_only=True):
    """`by` is who forwarded it."""

    from_level: Level
    level: Level
    cause: Cause
    stock_level: StockLevel
    figures: Figures
    answer_by: datetime
    at: datetime
    reason: str | None = None
    figures_may_be_old: bool = False
    next_at: datetime | None = None
    by: str | None = None


class EscalationRepeated(OfShortage, frozen=True, kw_only=True):
    """The level that is waited for is told again, for the `repeat`-th time in this term."""

    level: Level
    cause: Cause
    stock_level: StockLevel
    figures: Figures
    answer_by: datetime
    at: datetime
    figures_may_be_old: bool = False
    next_at: datetime | None = None
    repeat: int = 0


class EscalationAcknowledged(OfShortage, frozen=True, kw_only=True):
    level: Level
    by: str
    role: str
    action: str
    promised_by: datetime
    at: datetime | None = None


class EscalationDeclined(OfShortage, frozen=True, kw_only=True):
    """`role` is whose no it is: the province's, unless it says another."""

    level: Level
    by: str
    reason: str
    role: str | None = None


class EscalationHandedBack(OfShortage, frozen=True, kw_only=True):
    """A level gave the shortage back to the one below, with a reason: that one is asked again, once."""

    level: Level
    to: Level
    by: str
    reason: str
    answer_by: datetime
    at: datetime
    next_at: datetime | None = None


class EscalationCommented(OfShortage, frozen=True, kw_only=True):
    """Somebody added what others should know."""

    by: str
    role: str
    text: str


class EscalationClosed(OfShortage, frozen=True, kw_only=True):
    """Somebody ended it by hand, with a reason: stock is short still. Worse stock opens it again."""

    level: Level
    by: str
    role: str
    reason: str
    at: datetime


class EscalationResolved(OfShortage, frozen=True, kw_only=True):
    figures: Figures
    told: tuple[Level, ...]
    at: datetime


class ShortageEased(OfShortage, frozen=True, kw_only=True):
    """Stock is short still, but less so than before."""

    stock_level: StockLevel
    figures: Figures


class ShortageRestated(OfShortage, frozen=True, kw_only=True):
    """Stock is at the same level, and that is only foreseen now, or is so no longer: the figures say which."""

    stock_level: StockLevel
    figures: Figures


class ReliefNoted(OfShortage, frozen=True, kw_only=True):
    """`paused_until` is set when the promise buys time; `answer_by` when it was kept, and the term begins anew.

    `promise` names the allocation or the consignment, `under` the allocation that a consignment is sent of.
    """

    kind: ReliefKind
    quantity: int
    relief: Relief | None = None
    paused_until: datetime | None = None
    answer_by: datetime | None = None
    next_at: datetime | None = None
    promise: str | None = None
    under: str | None = None
    at: datetime | None = None


class PromiseTakenBack(OfShortage, frozen=True, kw_only=True):
    """Blanks that were promised will not come. `due` and `answer_by` are set when the wait is another without them."""

    promise: str
    at: datetime
    due: datetime | None = None
    answer_by: datetime | None = None


class ProvinceForwarded(OfShortage, frozen=True, kw_only=True):
    """The province asked the centre for so many blanks, in stock."""

    quantity: int
    by: str
    reason: str


class HelpProposed(OfShortage, frozen=True, kw_only=True):
    """Stock said who could help."""

    proposal: Proposal


class NoticeSent(OfShortage, frozen=True, kw_only=True):
    """One desk was told, with all it needs to act. `received` are the blanks that came since the beginning.

    `copy` says that another desk's answer is awaited; `held`, why it is in the inbox and is sent to nobody.
    `forwarded_at` is the highest level that forwarded it. A `reminder` repeats what its desk was told before on the
    same working day: no letter is written of it.
    """

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
    forwarded: str | None = None
    refused: str | None = None
    closed: str | None = None
    handed_back: str | None = None
    proposal: Proposal | None = None
    copy: bool = False
    repeat: int = 0
    held: Held | None = None
    forwarded_at: Level | None = None
    reminder: bool = False


ShortageFact = (
    EscalationOpened
    | EscalationClimbed
    | EscalationRepeated
    | EscalationAcknowledged
    | EscalationDeclined
    | EscalationHandedBack
    | EscalationCommented
    | EscalationClosed
    | EscalationResolved
    | ProvinceForwarded
    | HelpProposed
    | ShortageEased
    | ShortageRestated
    | ReliefNoted
    | PromiseTakenBack
    | NoticeSent
)
