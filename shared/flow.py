"""Do the facts that are promised leave: what a service's web process answers at /health/flow.

The worker's relay publishes, and may be the very thing that stands still. So this is asked of the log alone:
never of the worker, and never of Kafka, which is away just when somebody asks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.offices import CENTRE, offices

STUCK_AFTER = timedelta(minutes=15)
"""As long as the oldest fact may wait: a broker that is started again takes a few of them."""

# A topic's numbers are without gaps and its moments never decrease, so that the oldest is the one after the cursor:
# one step down an index for each topic that waits, however long the log.
_OUTBOX = text("""
select sum(t.sequence - coalesce(c.sequence, 0)) over () as waiting, t.topic, e.recorded_at as since,
       now() - e.recorded_at as age
  from topics t
  left join relay_cursors c on c.topic = t.topic
 cross join lateral (select recorded_at from events where topic = t.topic and sequence > coalesce(c.sequence, 0)
                      order by sequence limit 1) e
 where t.sequence > coalesce(c.sequence, 0)
 order by e.recorded_at, t.topic limit 1
""")


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is promised and not yet published: how many facts, and of the oldest its topic, moment and age."""

    waiting: int = 0
    topic: str | None = None
    since: datetime | None = None
    age: timedelta = timedelta()

    @property
    def stuck(self) -> bool:
        """The oldest has waited longer than it may."""
        return self.age > STUCK_AFTER

    def told(self, of: str) -> dict[str, Any]:
        """What /health/flow says: `since` in UTC, and the hour of its sentence in WIB. `of` are what people miss."""
        answer = {"flowing": not self.stuck, "waiting": self.waiting, "topic": self.topic, "since": self.since}
        if self.stuck and self.since is not None:
            here = self.since.astimezone(offices().known(CENTRE).timezone)
            answer["detail"] = f"{of} have not left this office since {here:%H:%M}"
        return answer


async def outbox(connection: AsyncConnection) -> Outbox:
    """What waits in this log at this moment. Raises the database's error."""
    row = (await connection.execute(_OUTBOX)).one_or_none()
    return Outbox() if row is None else Outbox(int(row.waiting), row.topic, row.since, row.age)
