"""Letters as they were written, by the number of the bundle that each went with."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import Desk
from services.notify.views.tables import letters

_OF_A_LIST = [column for column in letters.c if column.name != "content"]


async def letters_to(connection: AsyncConnection, desk: Desk, before: int | None, limit: int) -> Sequence[RowMapping]:
    """The letters to a desk without their content, the latest first, of those before that bundle."""
    query = select(*_OF_A_LIST).where(letters.c.role == desk.role, letters.c.region == desk.region)
    if before is not None:
        query = query.where(letters.c.bundle < before)
    return (await connection.execute(query.order_by(letters.c.bundle.desc()).limit(limit))).mappings().all()


async def letter(connection: AsyncConnection, desk: Desk, bundle: int) -> RowMapping | None:
    """The letter that went with this bundle."""
    to_the_desk = letters.c.role == desk.role, letters.c.region == desk.region
    query = select(letters).where(*to_the_desk, letters.c.bundle == bundle)
    return (await connection.execute(query)).mappings().one_or_none()
