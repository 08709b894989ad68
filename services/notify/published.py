"""What notify promises others, and in which version.

A step that is repeated is told by its notice alone. What lies in a desk's post, what is sent of it and to whom, is of
no office, and stays here; so do comments, which people say to each other.
"""

from services.notify.domain import (
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationClosed,
    EscalationDeclined,
    EscalationHandedBack,
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
    EscalationHandedBack: 1,
    EscalationClosed: 1,
    EscalationResolved: 1,
    NoticeSent: 1,
}
