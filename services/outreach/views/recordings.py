"""People recorded: what is known of a recording, how far each of a visit is, and who waits for a birthday."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import RowMapping, any_, case, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from services.outreach.views.tables import month_keys, recordings, visits

progress = case(
    ((recordings.c.state == "WAITING") & visits.c.months_erased, "MONTH_ERASED"), else_=recordings.c.state
).label("state")
"""How far a recording is. Whose month was erased waits for nothing that Blanko could know."""

OVER = ("CLOSED", "CANCELLED", "NO_SHOW")


async def recordings_among(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, RowMapping]:
    """Those of these recordings that are known."""
    query = select(recordings).where(recordings.c.recording == any_(literal(list(ids), ARRAY(Text))))
    return {row["recording"]: row for row in (await connection.execute(query)).mappings()}


async def recordings_of(
    connection: AsyncConnection, office: str, visit: str, after: str, limit: int
) -> Sequence[RowMapping]:
    """The recordings of an office's visit and how far each is, in order of their ids, those after this one."""
    query = (
        select(recordings.c.recording, progress)
        .join(visits, visits.c.visit == recordings.c.visit)
        .where(visits.c.office == office, recordings.c.visit == visit, recordings.c.recording > after)
        .order_by(recordings.c.recording)
        .limit(limit)
    )
    return (await connection.execute(query)).mappings().all()


async def waiting(connection: AsyncConnection, after: tuple[str, str], limit: int) -> Sequence[Any]:
    """Who waits for a birthday, with the wrapped key to the month; visit by visit, after this visit and recording.

    A month in clear, from a log of before 0027, has a deadline besides. Whose month was erased is not among them.
    """
    query = (
        select(
            recordings.c.visit,
            recordings.c.recording,
            recordings.c.office,
            recordings.c.item,
            recordings.c.turns_17,
            recordings.c.sealed,
            month_keys.c.wrapped,
        )
        .outerjoin(month_keys, month_keys.c.visit == recordings.c.visit)
        .where(recordings.c.state == "WAITING", tuple_(recordings.c.visit, recordings.c.recording) > after)
        .where(recordings.c.turns_17.is_not(None) | month_keys.c.wrapped.is_not(None))
        .order_by(recordings.c.visit, recordings.c.recording)
        .limit(limit)
    )
    return (await connection.execute(query)).all()


async def nobody_waits(connection: AsyncConnection, limit: int) -> Sequence[Any]:
    """Visits that are over and have a key still, though nobody of them waits: visit, office, how many recorded."""
    someone = select(recordings.c.visit).where(recordings.c.visit == visits.c.visit, recordings.c.state == "WAITING")
    query = (
        select(visits.c.visit, visits.c.office, visits.c.recorded)
        .join(month_keys, month_keys.c.visit == visits.c.visit)
        .where(visits.c.stage.in_(OVER), month_keys.c.wrapped.is_not(None), ~someone.exists())
        .order_by(visits.c.visit)
        .limit(limit)
    )
    return (await connection.execute(query)).all()
