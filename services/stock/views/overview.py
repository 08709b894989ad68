"""What the nation holds of one item, office by office: asked of today's rows, however long the books are."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import RowMapping, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.views.balances import balances
from services.stock.views.consignments import consignments

# A scalar subquery and not `not exists`, of which a join is made that looks at every book: this stops at the first
# word heard of the office, most often the last event of its first book. That outreach forecasts what it will need is no
# word of the office's, nor is a level that follows from it; one that follows from what the office did is beside that.
_SILENT = text("""
select asked.office
  from unnest(cast(:offices as text[]), cast(:since as timestamptz[])) asked(office, since)
 where exists (select 1 from balances b where b.office = asked.office and b.onboard)
   and (select true
          from balances b
         cross join lateral (select recorded_at, metadata, type from events
                              where stream = 'office/' || b.office || '/' || b.item
                              order by version desc limit :looked_at) e
         where b.office = asked.office and e.recorded_at >= asked.since and e.metadata->>'subject' <> 'stock-clock'
           and e.type not in ('ForecastNoted', 'StockLow', 'StockRecovered')
         limit 1) is null
""")
LOOKED_AT = 100
"""So many last entries of a book are looked at: in a few days the clock does not write as many."""


async def holdings(connection: AsyncConnection, items: Sequence[str], offices: Sequence[str]) -> Sequence[RowMapping]:
    """What each of these offices holds of these items now, in order of office."""
    b = balances.c
    query = (
        select(
            *(b.office, b.item, b.onboard, b.on_hand, b.available, b.level, b.daily_use, b.quarantined, b.versions),
            *(b.print_debt, b.foreseen),
        )
        .where(b.office.in_(offices), b.item.in_(items))
        .order_by(b.office)
    )
    return (await connection.execute(query)).mappings().all()


async def on_the_way(connection: AsyncConnection, item: str, offices: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By receiver, of these: what is in transit to it, and what it rejected and its sender does not have back yet."""
    c = consignments.c
    query = (
        select(c.receiver, func.sum(c.in_transit), func.sum(c.rejected))
        .where(c.receiver.in_(offices), c.item == item, or_(c.in_transit > 0, c.rejected > 0))
        .group_by(c.receiver)
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in await connection.execute(query)}


async def silent_offices(connection: AsyncConnection, since: Mapping[str, datetime]) -> frozenset[str]:
    """Those of these offices that are on board and have told nothing since their moment."""
    asked = {"offices": list(since), "since": list(since.values()), "looked_at": LOOKED_AT}
    return frozenset((await connection.execute(_SILENT, asked)).scalars())
