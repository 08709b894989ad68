"""What is open, how far it has climbed, and whose answer is awaited."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ARRAY, RowMapping, Text, any_, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import Level
from services.notify.views.tables import escalations


async def escalations_at(
    connection: AsyncConnection,
    level: Level | None,
    open: bool,
    offices: Iterable[str],
    after: tuple[str, str] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The escalations of these offices, by office and item; `after` is the (office, item) last seen."""
    # One array, where `in` would be as many parameters as the nation has offices.
    in_scope = escalations.c.office == any_(literal(list(offices), ARRAY(Text)))
    query = select(escalations).where(escalations.c.open == open, in_scope)
    if level is not None:
        query = query.where(escalations.c.level == level)
    if after is not None:
        query = query.where(tuple_(escalations.c.office, escalations.c.item) > tuple_(*after))
    query = query.order_by(escalations.c.office, escalations.c.item)
    return (await connection.execute(query.limit(limit))).mappings().all()


async def escalation(connection: AsyncConnection, office: str, item: str) -> RowMapping | None:
    """The latest episode's escalation of this item at this office."""
    query = select(escalations).where(escalations.c.office == office, escalations.c.item == item)
    return (await connection.execute(query)).mappings().one_or_none()
