"""What goes into the ledger and what comes out of it.

Structs, not dataclasses: a frozen dataclass takes ten times as long to make.
"""

from datetime import datetime

import msgspec

from shared.database import OF_THE_DATABASE
from shared.decider import Command, Fact


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, and by which request.

    `key` is the caller's idempotency key, unique for a subject and route; `fingerprint` a SHA-256 of
    what the request said, compared when a key comes again. Commands that come from Kafka or the clock
    have no key: the reader's position, or the state, makes them effective once.
    """

    subject: str
    route: str
    key: str | None = None
    fingerprint: bytes = bytes(32)
    traceparent: str | None = None
    cause: str | None = None


class Recorded(msgspec.Struct, frozen=True):
    """A fact as the log holds it."""

    position: int
    stream: str
    version: int
    fact: Fact
    recorded_at: datetime


class Committed(msgspec.Struct, frozen=True):
    """The facts a command led to. `position` is the log's head as this answer knows it."""

    position: int
    facts: tuple[Recorded, ...]
    replayed: bool = False


class Entry(msgspec.Struct, frozen=True):
    """A command with its context."""

    command: Command
    context: Context


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """How far a reader has come on a topic with this append, and where it believes it stood before."""

    topic: str
    epoch: int
    expected: int
    offset: int
    sequence: int


class KeyReused(Exception):
    """The idempotency key was used before, for a request that said something else."""


class Busy(Exception):
    """The queue is full: nothing was stored, try again shortly."""


class OutcomeUnknown(Exception):
    """The answer did not come in time or the connection broke: stored or not, repeat with the same key."""


INTERRUPTIONS = (*OF_THE_DATABASE, Busy, OutcomeUnknown)
"""What a part of the worker survives: it looks again a little later."""


class PositionMoved(Exception):
    """Another reader has applied messages of this topic meanwhile: nothing of this read was stored."""

    def __init__(self, topic: str, sequence: int) -> None:
        super().__init__(f"{topic} stands at {sequence}")
        self.topic = topic
        self.sequence = sequence


class Unstorable(Exception):
    """A fact that cannot be stored or published: it contains NUL or is larger than a message may be."""


Outcome = Committed | Exception
