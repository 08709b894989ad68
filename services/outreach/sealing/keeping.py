"""Where the visits' keys are kept: a row each in `month_keys`, wrapped; emptied for ever once the months are erased."""

from collections.abc import Sequence

from sqlalchemy import exists, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.outreach.sealing.months import Keyring, MonthKey
from services.outreach.views.tables import month_keys, visits


async def key_for(connection: AsyncConnection, keyring: Keyring, office: str, visit: str) -> MonthKey | None:
    """The key of this office's visit, made now if it has none yet; None when its months were erased.

    Raises `CannotOpen`, and `LookupError` when the office has planned no such visit. What two requests make at once is
    one key: that of the row that was there first.
    """
    row = await _wrapped(connection, visit)
    if row is None:
        known = exists().where(visits.c.visit == visit, visits.c.office == office)
        new = select(literal(visit), literal(keyring.new(visit))).where(known)
        await connection.execute(insert(month_keys).from_select(["visit", "wrapped"], new).on_conflict_do_nothing())
        row = await _wrapped(connection, visit)
    if row is None:
        raise LookupError("this office has planned no such visit")
    return None if row[0] is None else keyring.unwrap(visit, row[0])


async def _wrapped(connection: AsyncConnection, visit: str) -> Sequence[str | None] | None:
    return (await connection.execute(select(month_keys.c.wrapped).where(month_keys.c.visit == visit))).one_or_none()


async def renew(connection: AsyncConnection, keyring: Keyring) -> int:
    """Wraps every key under the first of the service's; returns how many were under another. Raises `CannotOpen`."""
    kept = select(month_keys.c.visit, month_keys.c.wrapped).where(month_keys.c.wrapped.is_not(None))
    count = 0
    for visit, wrapped in (await connection.execute(kept)).all():
        renewed = keyring.renewed(visit, wrapped)
        if renewed is not None:
            # What was erased meanwhile stays so.
            same = (month_keys.c.visit == visit) & (month_keys.c.wrapped == wrapped)
            changed = await connection.execute(update(month_keys).where(same).values(wrapped=renewed))
            count += changed.rowcount
    return count
