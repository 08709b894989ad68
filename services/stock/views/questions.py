"""What is in question at an office, and the facts that asked."""

from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import DiscrepancyFound, Item, Kind, book_of
from services.stock.views.balances import balances
from services.stock.views.history import Entry, book_now, landmarks, last_counts

FOUND_AT_MOST = 200


class Question(msgspec.Struct, frozen=True):
    """An open question at a location, and each discrepancy of its kind, first to last.

    What a count answers is of the time since the last one; numbers that two holders claim it does not answer.
    """

    item: Item
    location: str
    kind: Kind
    found: list[Entry]


async def open_questions(connection: AsyncConnection, office: str) -> list[Question]:
    """The open questions of an office, by item and location."""
    query = select(balances.c.item).where(balances.c.office == office, balances.c.in_question).order_by(balances.c.item)
    questions = []
    for item in (await connection.execute(query)).scalars().all():
        stream = book_of(office, item)
        book = await book_now(connection, office, item)
        assert book is not None, "a book with a balance has a state"
        counts = await last_counts(connection, stream)
        found = await landmarks(connection, stream, "DiscrepancyFound", last=book.entry, limit=FOUND_AT_MOST)
        for location, shelf in sorted(book.locations.items()):
            counted = counts[location].version if location in counts else 0
            for kind in shelf.questions:
                asked = [
                    entry
                    for entry in reversed(found)
                    if (entry.fact.location, entry.fact.kind) == (location, kind)
                    and (entry.version > counted or kind == "SERIAL_OVERLAP")
                ]
                questions.append(Question(item, location, kind, asked))
    return questions


async def discrepancy_of(
    connection: AsyncConnection, office: str, item: Item, entry: int
) -> tuple[datetime, DiscrepancyFound] | None:
    """The discrepancy of this entry of the book, and when it was recorded; None if the entry is none."""
    found = await landmarks(connection, book_of(office, item), "DiscrepancyFound", first=entry, last=entry, limit=1)
    return (found[0].recorded_at, found[0].fact) if found else None
