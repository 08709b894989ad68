"""What was promised to offices, and what of it is still to come."""

from collections.abc import Iterable

from sqlalchemy import BigInteger, Column, Date, Table, Text, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Allocation, StockFact
from services.stock.views.consignments import consignments
from services.stock.views.loans import loans
from services.stock.views.tables import metadata
from shared.decider import Row

allocations = Table(
    "allocations",
    metadata,
    Column("allocation", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("from_office", Text, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("dispatched", BigInteger, nullable=False),
    Column("promised_on", Date),
    Column("request", Text),
)


def allocation_rows(stream: str, fact: StockFact, allocation: Allocation) -> Iterable[Row]:
    """The row of an allocation after this fact."""
    name = stream.removeprefix("allocation/")
    values = {
        "allocation": name,
        "office": allocation.office,
        "item": allocation.item,
        "from_office": allocation.from_office,
        "quantity": allocation.quantity,
        "dispatched": allocation.dispatched,
        "promised_on": allocation.promised_on,
        "request": allocation.request,
    }
    return (Row("allocations", (name,), values),)


async def answered_by(connection: AsyncConnection, allocation: str) -> str | None:
    """The request that this allocation answers; None if it answers none, or there is none of this name."""
    query = select(allocations.c.request).where(allocations.c.allocation == allocation)
    return (await connection.execute(query)).scalar_one_or_none()


async def coming(connection: AsyncConnection, item: str) -> dict[str, int]:
    """By office: pieces of this item that are on their way to it, or promised to it and not dispatched yet."""
    sent, promised, lent = consignments.c, allocations.c, loans.c
    parts = union_all(
        select(sent.receiver.label("office"), sent.in_transit.label("pieces")).where(
            sent.item == item, sent.in_transit > 0
        ),
        select(promised.office, promised.quantity - promised.dispatched).where(
            promised.item == item, promised.quantity > promised.dispatched
        ),
        select(lent.borrower, lent.granted - lent.lent).where(lent.item == item, lent.granted > lent.lent),
    ).subquery()
    query = select(parts.c.office, func.sum(parts.c.pieces)).group_by(parts.c.office)
    return {office: int(pieces) for office, pieces in await connection.execute(query)}
