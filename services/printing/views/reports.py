"""What an office and each of its service points did in a day."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.views.tables import WAITING

# The whole day in one reading of its lines.
_DAY = text("""
select location, kind, item, coalesce(reason, '') as reason, coalesce(cause, '') as cause,
       count(*) as lines, sum(quantity) as quantity, sum(sheets) as sheets
  from day_book
 where office = :office and at >= :since and at < :until
 group by location, kind, item, reason, cause
""")
_WAITING = text("""
select location, item, count(*) as jobs
  from jobs
 where office = :office and state = any(:waiting)
 group by location, item
""")

DOCUMENTS, SUPPLIES = "DOCUMENT", "RIBBON"


@dataclass(slots=True)
class Did:
    """What was done at one place. `cards` are by item: what (a kind of the day book, or WAITING), and its detail.

    The detail is the reason of what came in and was printed, the cause of what was spoiled, else nothing.
    `documents` are by kind: so many, on so many sheets; `supplies` by item: so many changed, after so many cards.
    """

    cards: dict[str, Counter[tuple[str, str]]] = field(default_factory=dict)
    documents: dict[str, tuple[int, int]] = field(default_factory=dict)
    supplies: dict[str, tuple[int, int]] = field(default_factory=dict)

    def count(self, item: str, what: str, detail: str, cards: int) -> None:
        """Adds so many cards to a figure of an item."""
        self.cards.setdefault(item, Counter())[what, detail] += cards

    def add(self, other: "Did") -> None:
        """Takes in what was done at another place."""
        for item, figures in other.cards.items():
            self.cards.setdefault(item, Counter()).update(figures)
        for mine, theirs in ((self.documents, other.documents), (self.supplies, other.supplies)):
            for name, (one, another) in theirs.items():
                before = mine.get(name, (0, 0))
                mine[name] = (before[0] + one, before[1] + another)


async def day_of(connection: AsyncConnection, office: str, since: datetime, until: datetime) -> dict[str, Did]:
    """By service point what was done from `since` to just before `until`, whenever it was entered."""
    places: dict[str, Did] = {}
    for row in await connection.execute(_DAY, {"office": office, "since": since, "until": until}):
        did = places.setdefault(row.location, Did())
        if row.kind == DOCUMENTS:
            did.add(Did(documents={row.item: (row.quantity, row.sheets)}))
        elif row.kind == SUPPLIES:
            did.add(Did(supplies={row.item: (row.lines, row.quantity)}))
        elif row.kind in ("IN", "PRINTED"):
            did.count(row.item, row.kind, row.reason, row.lines)
        else:
            did.count(row.item, row.kind, row.cause, row.lines)
    return places


async def waiting_at(connection: AsyncConnection, office: str) -> dict[tuple[str, str], int]:
    """By service point and item the jobs that wait now."""
    rows = await connection.execute(_WAITING, {"office": office, "waiting": list(WAITING)})
    return {(row.location, row.item): row.jobs for row in rows}


def added_up(places: dict[str, Did]) -> Did:
    """What the office did as a whole."""
    whole = Did()
    for did in places.values():
        whole.add(did)
    return whole
