"""Every policy that was set, by whom, and which holds on a day."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.domain import (
    NATION,
    AnyPolicy,
    InForce,
    LetterPolicy,
    LettersInForce,
    QueuePolicy,
    in_force,
    letters_in_force,
)
from services.printing.views.tables import policies


def policy_of(stored: Any, kind: type[AnyPolicy]) -> AnyPolicy:
    """A policy from its column."""
    return msgspec.convert(stored, kind, strict=False)


async def policies_of(connection: AsyncConnection, office: str, before: int | None, limit: int) -> Sequence[RowMapping]:
    """The versions an office has set itself, newest first, of those before that version."""
    query = select(policies).where(policies.c.office == office).order_by(policies.c.version.desc()).limit(limit)
    if before is not None:
        query = query.where(policies.c.version < before)
    return (await connection.execute(query)).mappings().all()


async def policies_on(connection: AsyncConnection, office: str, day: date) -> tuple[InForce, LettersInForce]:
    """The policies that an office goes by on a day."""
    query = select(policies.c.office, policies.c.kind, policies.c.policy).where(
        policies.c.office.in_((office, NATION)), policies.c.starts_on <= day
    )
    known = (await connection.execute(query)).all()
    own, nations = (
        [policy_of(row.policy, QueuePolicy) for row in known if (row.office, row.kind) == (whose, "QUEUE")]
        for whose in (office, NATION)
    )
    letters = [policy_of(row.policy, LetterPolicy) for row in known if (row.office, row.kind) == (NATION, "LETTER")]
    return in_force(office, own, nations, day), letters_in_force(letters, day)
