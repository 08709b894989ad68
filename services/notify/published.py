"""What notify promises others, and in which version. A step that is repeated is told by its notice alone."""

from services.notify.domain import (
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationDeclined,
    EscalationOpened,
    EscalationResolved,
    NoticeSent,
)
from shared.decider import Fact

PROMISED: dict[type[Fact], int] = {
    EscalationOpened: 1,
    EscalationClimbed: 1,
    EscalationAcknowledged: 1,
    EscalationDeclined: 1,
    EscalationResolved: 1,
    NoticeSent: 1,
}
