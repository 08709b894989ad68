"""Who could help, without those who are short of the same item themselves by now."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import AlarmSent, NoticeSent, Proposal

Told = NoticeSent | AlarmSent
Shelf = tuple[str, str]
"""An office and an item."""

# What somebody closed by hand is short still.
_SHORT = text("""
select distinct e.office, e.item
  from episodes e
  join unnest(cast(:offices as text[]), cast(:items as text[])) a(office, item) using (office, item)
 where e.opened_at <= :at and (e.how is distinct from 'RESOLVED' or e.ended_at > :at)
""")


async def short_at(connection: AsyncConnection, shelves: Collection[Shelf], at: datetime) -> frozenset[Shelf]:
    """Those of these that were short at that moment, as far as notify had heard by then."""
    if not shelves:
        return frozenset()
    offices, items = (list(column) for column in zip(*shelves, strict=True))
    rows = await connection.execute(_SHORT, {"offices": offices, "items": items, "at": at})
    return frozenset((row.office, row.item) for row in rows)


async def helped_at(connection: AsyncConnection, told: Sequence[Told], at: datetime) -> list[Told]:
    """These notices, each proposing only whoever was not short at that moment."""
    notices = [each for each in told if isinstance(each, NoticeSent)]
    short = await short_at(connection, helpers((each.item, each.proposal) for each in notices), at)
    return [_helped(each, short) for each in told]


def helpers(proposed: Iterable[tuple[str, Proposal | None]]) -> set[Shelf]:
    """Who is proposed, and of which item."""
    return {(line.office, item) for item, proposal in proposed if proposal is not None for line in proposal.lines}


def still(proposal: Proposal | None, item: str, short: Collection[Shelf]) -> Proposal | None:
    """The proposal without those that are short."""
    if proposal is None:
        return None
    lines = tuple(line for line in proposal.lines if (line.office, item) not in short)
    return replace(proposal, lines=lines, covered=min(proposal.covered, sum(line.quantity for line in lines)))


def _helped(told: Told, short: Collection[Shelf]) -> Told:
    if not isinstance(told, NoticeSent):
        return told
    return replace(told, proposal=still(told.proposal, told.item, short))
