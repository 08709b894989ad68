"""A shortage climbs from the city to the province to Dirjen Dukcapil until somebody answers for it.

One escalation for each episode of stock. Only the end of that episode resolves it; an answer, or
blanks on the way, buy time. Timers are never cancelled: a deadline that passes says which wait it
ended, and the state decides whether that still matters. Start reading in `decide.py`.
"""

from services.notify.domain.commands import (
    Acknowledge,
    DeadlinePassed,
    Decline,
    NoteRelief,
    NotifyCommand,
    RaiseShortage,
    ShortageOver,
)
from services.notify.domain.decide import decide
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
from services.notify.domain.shortage import Shortage, evolve
from services.notify.domain.words import (
    ROLES,
    Answer,
    Cause,
    Desk,
    Figures,
    Level,
    NoticeKind,
    Patience,
    Policy,
    Relief,
    ReliefKind,
    StockLevel,
    WaitKind,
    desk,
    up_to,
)

__all__ = [
    "ROLES",
    "Acknowledge",
    "Answer",
    "Cause",
    "DeadlinePassed",
    "Decline",
    "Desk",
    "EscalationAcknowledged",
    "EscalationClimbed",
    "EscalationDeclined",
    "EscalationOpened",
    "EscalationRepeated",
    "EscalationResolved",
    "Figures",
    "Level",
    "NoteRelief",
    "NoticeKind",
    "NoticeSent",
    "NotifyCommand",
    "NotifyFact",
    "Patience",
    "Policy",
    "RaiseShortage",
    "Relief",
    "ReliefKind",
    "ReliefNoted",
    "Shortage",
    "ShortageEased",
    "ShortageOver",
    "StockLevel",
    "WaitKind",
    "decide",
    "desk",
    "evolve",
    "up_to",
]
