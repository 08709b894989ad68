"""Blanks between offices, as far as both ends have booked them."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Boolean, Column, Date, RowMapping, Table, Text, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Consignment, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

consignments = Table(
    "consignments",
    metadata,
    Column("consignment", Text, primary_key=True),
    Column("sender", Text),
    Column("receiver", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("sent", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("missing", BigInteger, nullable=False),
    Column("in_transit", BigInteger, nullable=False),
    Column("surplus", BigInteger, nullable=False),
    Column("promised_on", Date),
    Column("allocation", Text),
    Column("loan", Text),
    Column("request", Text),
    Column("asked", BigInteger, nullable=False),
    Column("approved", BigInteger, nullable=False),
    Column("overdue", Boolean, nullable=False),
    Column("dispatched", Boolean, nullable=False),
)
"""`sender` is null while a consignment was received and its sender has not announced it."""


def consignment_rows(stream: str, fact: StockFact, consignment: Consignment) -> Iterable[Row]:
    """The row of a consignment after this fact."""
    name = stream.removeprefix("consignment/")
    accepted, rejected, missing, in_transit = consignment.parts
    values = {
        "consignment": name,
        "sender": consignment.sender or consignment.asked_of,
        "receiver": consignment.receiver or consignment.asked_for,
        "item": consignment.item,
        "sent": consignment.sent,
        "accepted": accepted,
        "rejected": rejected,
        "missing": missing,
        "in_transit": in_transit,
        "surplus": consignment.surplus,
        "promised_on": consignment.promised_on,
        "allocation": consignment.allocation,
        "loan": consignment.loan,
        "request": consignment.request,
        "asked": consignment.asked,
        "approved": consignment.approved,
        "overdue": consignment.overdue_told,
        "dispatched": consignment.announced,
    }
    return (Row("consignments", (name,), values),)


async def consignment(connection: AsyncConnection, name: str) -> RowMapping | None:
    """One consignment, as far as both ends have booked it."""
    query = select(consignments).where(consignments.c.consignment == name)
    return (await connection.execute(query)).mappings().one_or_none()


IS_OPEN = or_(
    consignments.c.in_transit > 0,
    consignments.c.rejected > 0,
    and_(~consignments.c.dispatched, consignments.c.asked > 0),
)
"""Something of it is on its way, waits to be taken back, or was asked for and has not left."""


async def consignments_of(
    connection: AsyncConnection, offices: Sequence[str] | None, *, is_open: bool, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Consignments from or to one of these offices (None: of anyone), by id, after that one."""
    query = select(consignments).order_by(consignments.c.consignment).limit(limit)
    if offices is not None:
        query = query.where(or_(consignments.c.sender.in_(offices), consignments.c.receiver.in_(offices)))
    if is_open:
        query = query.where(IS_OPEN)
    if after is not None:
        query = query.where(consignments.c.consignment > after)
    return (await connection.execute(query)).mappings().all()
