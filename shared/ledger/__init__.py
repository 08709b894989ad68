"""The ledger: the one way to write. See `ledger.py` first, then `append_batch.sql`."""

from shared.ledger.chain import Break, verify
from shared.ledger.ledger import Ledger
from shared.ledger.records import (
    INTERRUPTIONS,
    Busy,
    Committed,
    Context,
    Entry,
    KeyReused,
    OutcomeUnknown,
    PositionMoved,
    Read,
    Recorded,
    Unstorable,
)

__all__ = [
    "INTERRUPTIONS",
    "Break",
    "Busy",
    "Committed",
    "Context",
    "Entry",
    "KeyReused",
    "Ledger",
    "OutcomeUnknown",
    "PositionMoved",
    "Read",
    "Recorded",
    "Unstorable",
    "verify",
]
