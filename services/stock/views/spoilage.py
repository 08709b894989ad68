"""What became of spoiled, lost and withdrawn cards in a month, office by office, added up by the database.

The month is the office's own: what happened in it, whenever it was entered. What waited at its end is
what waits now, less what has happened since, so that a recent month costs little however old the books are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_SPOILAGE = text("""
with asked as (
    select * from unnest(cast(:offices as text[]), cast(:begins as timestamptz[]), cast(:ends as timestamptz[]))
             a(office, begins, ends)
), moved as (
    select split_part(stream, '/', 2) as office, split_part(stream, '/', 3) as item, occurred_at,
           data->>'cause' as cause,
           case when type = 'BlankSpoiled' then (data->>'quantity')::bigint
                when data->>'kind' = 'BlankSpoiled' then -(data->'changes'->0->>2)::bigint else 0 end as spoiled,
           case when type = 'BlanksDestroyed' then (data->>'quantity')::bigint else 0 end as destroyed,
           case when type = 'BlanksReportedLost' then (data->>'quantity')::bigint
                when data->>'kind' = 'BlanksReportedLost' then -(data->'changes'->0->>2)::bigint else 0 end as lost,
           case when type = 'OldCardsDestroyed' then (data->>'quantity')::bigint else 0 end as old_destroyed
      from events
     where type in ('BlankSpoiled', 'BlanksDestroyed', 'BlanksReportedLost', 'MovementReversed', 'OldCardsDestroyed')
       and occurred_at >= :first
), of_month as (
    select a.office, m.item, m.cause, m.occurred_at >= a.ends as after,
           sum(m.spoiled) as spoiled, sum(m.destroyed) as destroyed, sum(m.lost) as lost,
           sum(m.old_destroyed) as old_destroyed
      from moved m join asked a on a.office = m.office and m.occurred_at >= a.begins
     group by 1, 2, 3, 4
), waiting as (
    select b.office, b.item, sum((shelf.value->>1)::bigint) as awaiting
      from balances b join asked a on a.office = b.office
     cross join lateral json_each(b.locations) shelf
     group by 1, 2
)
select office, item, cause, after, spoiled, destroyed, lost, old_destroyed, 0 as awaiting from of_month
union all
select office, item, null, null, 0, 0, 0, 0, awaiting from waiting
""")
_WITHDRAWN = text("""
select split_part(e.stream, '/', 2), split_part(e.stream, '/', 3), count(*)
  from events e
  join unnest(cast(:offices as text[]), cast(:begins as timestamptz[]), cast(:ends as timestamptz[]))
       a(office, begins, ends)
    on a.office = split_part(e.stream, '/', 2) and e.occurred_at >= a.begins and e.occurred_at < a.ends
 where e.type = 'OldCardBooked' and e.occurred_at >= :first and e.occurred_at < :last
 group by 1, 2
""")


@dataclass(slots=True)
class Spoilage:
    """Of one item, in pieces. `awaiting` is at the month's end, everything else within the month."""

    spoiled: dict[str, int] = field(default_factory=dict)
    destroyed: int = 0
    awaiting: int = 0
    lost: int = 0
    withdrawn: int = 0
    old_cards_destroyed: int = 0

    def add(self, other: "Spoilage") -> None:
        """Takes in what another office, or another part of the same, has to say."""
        for cause, quantity in other.spoiled.items():
            self.spoiled[cause] = self.spoiled.get(cause, 0) + quantity
        self.destroyed += other.destroyed
        self.awaiting += other.awaiting
        self.lost += other.lost
        self.withdrawn += other.withdrawn
        self.old_cards_destroyed += other.old_cards_destroyed

    @property
    def nothing(self) -> bool:
        """There is nothing to report."""
        counted = (self.destroyed, self.awaiting, self.lost, self.withdrawn, self.old_cards_destroyed)
        return not any(self.spoiled.values()) and not any(counted)


async def spoilage_in(
    connection: AsyncConnection, months: Mapping[str, tuple[datetime, datetime]]
) -> dict[str, dict[str, Spoilage]]:
    """By office and item, items with nothing left out; `months` says of each office when its month begins and ends."""
    if not months:
        return {}
    asked = {
        "offices": list(months),
        "begins": [begins for begins, _ in months.values()],
        "ends": [ends for _, ends in months.values()],
        "first": min(begins for begins, _ in months.values()),
    }
    found: dict[str, dict[str, Spoilage]] = {}

    def of(office: str, item: str) -> Spoilage:
        return found.setdefault(office, {}).setdefault(item, Spoilage())

    rows = await connection.execute(_SPOILAGE, asked)
    for office, item, cause, after, spoiled, destroyed, lost, old, awaiting in rows:
        figures = of(office, item)
        # What has been spoiled since did not wait then, what has been destroyed since did.
        figures.awaiting += int(awaiting) - (int(spoiled - destroyed) if after else 0)
        if not after:
            causes = {cause: int(spoiled)} if cause is not None else {}
            figures.add(Spoilage(causes, int(destroyed), 0, int(lost), 0, int(old)))
    last = max(ends for _, ends in months.values())
    for office, item, withdrawn in await connection.execute(_WITHDRAWN, asked | {"last": last}):
        of(office, item).withdrawn = withdrawn
    return {
        office: {item: figures for item, figures in sorted(items.items()) if not figures.nothing}
        for office, items in found.items()
    }
