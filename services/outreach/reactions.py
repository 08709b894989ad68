"""What outreach does when others or the clock speak: it reads nobody yet, and waits for birthdays."""

from datetime import datetime

from services.outreach.domain import MarkPrintReady
from shared.clock import Deadline
from shared.envelope import Incoming

READS: tuple[str, ...] = ()


def react(message: Incoming, now: datetime) -> None:
    """Nothing that others say changes outreach."""


def due(deadline: Deadline, now: datetime, stale: bool) -> MarkPrintReady:
    """A birthday is past: that is so whether or not news could be awaited."""
    return MarkPrintReady(now=now, occurred_at=deadline.due, recording=deadline.stream.removeprefix("recording/"))
