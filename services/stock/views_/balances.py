"""Read tables of stock, and the questions they answer."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Column, Date, Integer, MetaData, RowMapping, Table, Text, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Book, Consignment, ConsignmentAnnounced, ConsignmentReceived, StockFact
from shared.decider import Row

metadata = MetaData()

balances = Table(
    "balances",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("onboard", Boolean, nullable=False),
    Column("on_hand", BigInteger, nullable=False),
    Column("reserved", BigInteger, nullable=False),
    Column("available", BigInteger, nullable=False),
    Column("level", Text),
    Column("episode", Integer, nullable=False),
    Column("daily_use", BigInteger),
    Column("thresholds_version", Integer, nullable=False),
    Column("low", BigInteger),
    Column("critical", BigInteger),
    Column("recovery", BigInteger),
    Column("in_question", Boolean, nullable=False),
    Column("locations", JSON, nullable=False),
)
"""`daily_use` is in thousandths; level and thresholds are null while the office is not on board;
`locations` maps each to [on hand, spoiled, counted, open discrepancies]."""

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
)
"""`sender` is null while a consignment was received and its sender has not announced it."""


def project(stream: str, fact: StockFact, state: Any) -> Iterable[Row]:
    """The rows that a fact changes."""
    match state:
        case Book():
            return (_balance(stream, state),)
        case Consignment() if isinstance(fact, ConsignmentAnnounced | ConsignmentReceived):
            return (_consignment(fact.consignment, state),)
        case _:
            return ()


def _balance(stream: str, book: Book) -> Row:
    _, office, item = stream.split("/")
    thresholds = book.thresholds if book.onboard else None
    values = {
        "office": office,
        "item": item,
        "onboard": book.onboard,
        "on_hand": book.on_hand,
        "reserved": book.reserved,
        "available": book.available,
        "level": book.level if book.onboard else None,
        "episode": book.episode,
        "daily_use": book.daily_use,
        "thresholds_version": book.thresholds_version,
        "low": thresholds and thresholds.low,
        "critical": thresholds and thresholds.critical,
        "recovery": thresholds and thresholds.recovery,
        "in_question": book.in_question,
        "locations": book.locations,
    }
    return Row("balances", (office, item), values)


def _consignment(name: str, consignment: Consignment) -> Row:
    values = {
        "consignment": name,
        "sender": consignment.sender,
        "receiver": consignment.receiver,
        "item": consignment.item,
        "sent": consignment.sent,
        "accepted": consignment.accepted,
        "rejected": consignment.rejected,
        "missing": consignment.missing,
        "in_transit": consignment.in_transit,
        "surplus": consignment.surplus,
        "promised_on": consignment.promised_on,
        "allocation": consignment.allocation,
    }
    return Row("consignments", (name,), values)


async def position(connection: AsyncConnection) -> int:
    """The log's position. What is read after it on this connection is as of this position, or later."""
    head: int = (await connection.execute(text("select position from log_head"))).scalar_one()
    return head


async def balances_of(connection: AsyncConnection, offices: Sequence[str]) -> Sequence[RowMapping]:
    """What these offices hold, in order of office and item."""
    query = select(balances).where(balances.c.office.in_(offices)).order_by(balances.c.office, balances.c.item)
    return (await connection.execute(query)).mappings().all()


async def consignment(connection: AsyncConnection, name: str) -> RowMapping | None:
    """One consignment, as far as both ends have booked it."""
    query = select(consignments).where(consignments.c.consignment == name)
    return (await connection.execute(query)).mappings().one_or_none()
