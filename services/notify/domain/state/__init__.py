"""What facts have added up to."""

from services.notify.domain.directory import DeskHolders
from services.notify.domain.state.people import Contact
from services.notify.domain.state.post import Post, Sending
from services.notify.domain.state.rules import DeclaredDays, Policies, Silence, Silences
from services.notify.domain.state.shortage import Shortage
from services.notify.domain.state.watching import Canary, Heard, Listening, SilentOffices

__all__ = [
    "Canary",
    "Contact",
    "DeclaredDays",
    "DeskHolders",
    "Heard",
    "Listening",
    "Policies",
    "Post",
    "Sending",
    "Shortage",
    "Silence",
    "Silences",
    "SilentOffices",
]
