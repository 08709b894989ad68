"""Substitute letters of people whose card is not in their hand."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import RowMapping, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.views.tables import WAITING, jobs

NO_CARD_IN_HAND = (*WAITING, "PRINTED")


async def letters_of(
    connection: AsyncConnection,
    office: str,
    today: date,
    *,
    valid: bool,
    after: tuple[date, str] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """An office's letters that are valid today, or those whose time is over, by their last day."""
    j = jobs.c
    query = (
        select(j.job, j.item, j.location, j.reason, j.priority, j.state, j.print_ready_at, j.letter, j.letter_until)
        .where(j.office == office, j.letter_until.is_not(None), j.state.in_(NO_CARD_IN_HAND))
        .where(j.letter_until >= today if valid else j.letter_until < today)
        .order_by(j.letter_until, j.job)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(j.letter_until, j.job) > tuple_(*after))
    return (await connection.execute(query)).mappings().all()
