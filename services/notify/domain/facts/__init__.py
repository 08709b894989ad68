"""What happens: to a shortage, to the post of a desk, and to the rules."""

from typing import get_args

from services.notify.domain.directory import (
    AppointmentEnded,
    DirectoryFact,
    LeaveCancelled,
    LeaveRecorded,
    PersonAppointed,
)
from services.notify.domain.facts.people import ContactChanged, PeopleFact
from services.notify.domain.facts.post import (
    AlarmSent,
    BundleClosed,
    LetterIssued,
    NoticePosted,
    PostFact,
    SendBegun,
    SendEnded,
    SendingFact,
    SendPlanned,
    UnreachedReported,
)
from services.notify.domain.facts.rules import (
    DayDeclared,
    EscalationPolicySet,
    RulesFact,
    SilenceLifted,
    SilenceSet,
)
from services.notify.domain.facts.shortage import (
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
from services.notify.domain.facts.watching import (
    CanaryHeard,
    CanaryMissed,
    CaughtUp,
    ListeningBegan,
    OfficeHeard,
    SilentOfficesReported,
    WatchFact,
)

NotifyFact = ShortageFact | PostFact | SendingFact | RulesFact | WatchFact | DirectoryFact | PeopleFact
FACTS = get_args(NotifyFact)

__all__ = [
    "FACTS",
    "AlarmSent",
    "AppointmentEnded",
    "BundleClosed",
    "CanaryHeard",
    "CanaryMissed",
    "CaughtUp",
    "ContactChanged",
    "DayDeclared",
    "DirectoryFact",
    "EscalationAcknowledged",
    "EscalationClimbed",
    "EscalationClosed",
    "EscalationCommented",
    "EscalationDeclined",
    "EscalationHandedBack",
    "EscalationOpened",
    "EscalationPolicySet",
    "EscalationRepeated",
    "EscalationResolved",
    "HelpProposed",
    "LeaveCancelled",
    "LeaveRecorded",
    "LetterIssued",
    "ListeningBegan",
    "NoticePosted",
    "NoticeSent",
    "NotifyFact",
    "OfficeHeard",
    "PeopleFact",
    "PersonAppointed",
    "PostFact",
    "ProvinceForwarded",
    "ReliefNoted",
    "RulesFact",
    "SendBegun",
    "SendEnded",
    "SendPlanned",
    "SendingFact",
    "ShortageEased",
    "ShortageFact",
    "SilenceLifted",
    "SilenceSet",
    "SilentOfficesReported",
    "UnreachedReported",
    "WatchFact",
]
