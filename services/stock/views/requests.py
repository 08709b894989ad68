"""Offices' requests for more, and what came of them."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from sqlalchemy import JSON, BigInteger, Column, Date, RowMapping, Table, Text, and_, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Request, RequestFact, StockFact
from services.stock.views.consignments import consignments
from services.stock.views.tables import metadata
from shared.decider import Row

requests = Table(
    "requests",
    metadata,
    Column("request", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("requested_on", Date),
    Column("asked", BigInteger, nullable=False),
    Column("filled", BigInteger, nullable=False),
    Column("forwarded", BigInteger, nullable=False),
    Column("approved", BigInteger, nullable=False),
    Column("reason", Text),
    Column("situation", JSON),
    Column("letter", Text),
    Column("answers", JSON, nullable=False),
)
"""`filled` is promised by the province, `approved` by the centre, under the allocations and loans in `answers`."""

_STEPS = text("select recorded_at, data::text from events where stream = :stream order by version")
_decode = msgspec.json.Decoder(RequestFact).decode


def request_rows(stream: str, fact: StockFact, request: Request) -> Iterable[Row]:
    """The row of a request after this fact."""
    name = stream.removeprefix("request/")
    values: dict[str, Any] = {
        "request": name,
        "office": request.office,
        "item": request.item,
        "status": request.status,
        "requested_on": request.requested_on,
        "asked": request.asked,
        "filled": request.filled,
        "forwarded": request.forwarded,
        "approved": request.approved,
        "reason": request.reason,
        "situation": request.situation,
        "letter": request.letter,
        "answers": request.answers,
    }
    return (Row("requests", (name,), values),)


async def request(connection: AsyncConnection, name: str) -> RowMapping | None:
    """One request."""
    return (await connection.execute(select(requests).where(requests.c.request == name))).mappings().one_or_none()


async def requests_of(
    connection: AsyncConnection,
    offices: Sequence[str] | None,
    status: str | None,
    after: tuple[date, str] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Requests of these offices (None: of all), the oldest first, after that day's one."""
    table = requests.c
    query = select(requests).order_by(table.requested_on, table.request).limit(limit)
    if offices is not None:
        query = query.where(table.office.in_(offices))
    if status is not None:
        query = query.where(table.status == status)
    if after is not None:
        day, name = after
        query = query.where(or_(table.requested_on > day, and_(table.requested_on == day, table.request > name)))
    return (await connection.execute(query)).mappings().all()


async def came_of(connection: AsyncConnection, row: RowMapping) -> dict[str, int]:
    """What was sent of a request's promises, what arrived of it, and what is in transit."""
    table = consignments.c
    query = select(
        *(func.coalesce(func.sum(column), 0) for column in (table.sent, table.accepted, table.in_transit))
    ).where(
        table.receiver == row["office"],
        table.item == row["item"],
        or_(
            table.request == row["request"],
            table.allocation.in_(row["answers"]),
            table.loan.in_(row["answers"]),
        ),
    )
    sent, accepted, in_transit = (await connection.execute(query)).one()
    return {"sent": int(sent), "received": int(accepted), "in_transit": int(in_transit)}


async def steps_of(connection: AsyncConnection, name: str) -> list[tuple[Any, RequestFact]]:
    """Each step of a request with the moment at which it was recorded."""
    rows = await connection.execute(_STEPS, {"stream": f"request/{name}"})
    return [(recorded_at, _decode(data)) for recorded_at, data in rows]


async def on_its_way(connection: AsyncConnection, office: str, item: str) -> int:
    """Pieces of this item in transit to this office."""
    table = consignments.c
    query = select(func.coalesce(func.sum(table.in_transit), 0)).where(
        table.receiver == office, table.item == item, table.in_transit > 0
    )
    return int((await connection.execute(query)).scalar_one())
