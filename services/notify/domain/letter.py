"""What a formal letter about shortages says: enough that anybody can render it again from the fact that carries it.

No person's name is in it: desks are offices, and an answer's `by` is a reference that is never rendered.
"""

from datetime import date, datetime
from enum import StrEnum

import msgspec

from services.notify.domain.words import Answer, Cause, Desk, Figures, Level, Proposal, Relief, StockLevel


class Urgency(StrEnum):
    """How fast a letter wants to be dealt with: its *sifat*."""

    BIASA = "BIASA"
    SEGERA = "SEGERA"
    SANGAT_SEGERA = "SANGAT_SEGERA"


class Shortfall(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item that is short at one office, and what has been tried. `received` are blanks that came since `since`.

    `cause` is why it climbed, `declined` are the province's words, `refused` the centre's, `forwarded` those of
    `forwarded_at`.
    """

    office: str
    item: str
    episode: int
    stock_level: StockLevel
    figures: Figures
    since: datetime
    received: int = 0
    cause: Cause | None = None
    answer: Answer | None = None
    declined: str | None = None
    forwarded: str | None = None
    refused: str | None = None
    relief: Relief | None = None
    proposal: Proposal | None = None
    forwarded_at: Level | None = None


class LetterContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A letter to one desk about at least one shortfall. `day` is the day it is dated, in Jakarta.

    `further` is how many shortfalls there are that do not fit into the letter: the milder ones.
    """

    number: str
    day: date
    urgency: Urgency
    to: Desk
    copies: tuple[Desk, ...]
    shortfalls: tuple[Shortfall, ...]
    answer_by: datetime | None = None
    further: int = 0
