"""What was sent to whom: bundles with their notices, each send of one, and each of its tries."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import RowMapping, Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import Desk
from services.notify.views.tables import bundles, sends, tries


async def sent_to(connection: AsyncConnection, desk: Desk, before: int | None, limit: int) -> list[dict[str, Any]]:
    """The bundles of a desk, the latest first, of those before that one, with their sends and tries.

    People by reference, channels by name.
    """
    query = select(bundles).where(bundles.c.role == desk.role, bundles.c.region == desk.region)
    if before is not None:
        query = query.where(bundles.c.bundle < before)
    rows = (await connection.execute(query.order_by(bundles.c.bundle.desc()).limit(limit))).mappings().all()
    numbers = [row["bundle"] for row in rows]
    if not numbers:
        return []
    tried: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for row in await _of(connection, tries, desk, numbers):
        tried[row["bundle"], row["person"]].append(_without(row, "bundle", "person"))
    sent: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in await _of(connection, sends, desk, numbers):
        shown = _without(row, "bundle", "letter")
        sent[row["bundle"]].append(shown | {"tries": tried[row["bundle"], row["person"]]})
    return [_without(row) | {"sends": sent[row["bundle"]]} for row in rows]


async def _of(connection: AsyncConnection, table: Table, desk: Desk, numbers: list[int]) -> list[RowMapping]:
    query = select(table).where(table.c.role == desk.role, table.c.region == desk.region, table.c.bundle.in_(numbers))
    return list((await connection.execute(query.order_by(*table.primary_key))).mappings())


def _without(row: Mapping[Any, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("role", "region", *names)}
