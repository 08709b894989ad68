"""Every policy that was set, by whom, and which holds on a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import msgspec
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.domain import FORBIDDEN, NATION, InForce, LetterPolicy, QueuePolicy, in_force, on
from services.printing.views.tables import policies


@dataclass(frozen=True, slots=True)
class OfDay:
    """What an office goes by on a day. The letters' name is `00/2`, or `default`: forbidden, until the nation says."""

    queue: InForce
    letters: LetterPolicy
    letters_name: str


async def policies_of(connection: AsyncConnection, office: str, before: int | None, limit: int) -> Sequence[RowMapping]:
    """The versions an office has set itself, newest first, of those before that version."""
    query = select(policies).where(policies.c.office == office).order_by(policies.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(policies.c.version < before)
    return (await connection.execute(query)).mappings().all()


async def policies_on(connection: AsyncConnection, office: str, day: date) -> OfDay:
    """The policies that an office goes by on a day."""
    query = select(policies.c.office, policies.c.kind, policies.c.policy).where(
        policies.c.office.in_((office, NATION)), policies.c.starts_on <= day
    )
    known = (await connection.execute(query)).all()
    own, nations = (
        [msgspec.convert(row.policy, QueuePolicy, strict=False) for row in known if (row.office, row.kind) == queue]
        for queue in ((office, "QUEUE"), (NATION, "QUEUE"))
    )
    letters = [
        msgspec.convert(row.policy, LetterPolicy, strict=False)
        for row in known
        if (row.office, row.kind) == (NATION, "LETTER")
    ]
    allowed = on(letters, day) or FORBIDDEN
    name = f"{NATION}/{allowed.version}" if allowed.version else "default"
    return OfDay(in_force(office, own, nations, day), allowed, name)
