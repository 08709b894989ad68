"""What every office holds of every item now."""

from collections.abc import Iterable, Sequence

from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, RowMapping, Table, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Book, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

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
    Column("quarantined", BigInteger, nullable=False),
    Column("versions", JSON, nullable=False),
    Column("print_debt", BigInteger, nullable=False),
    Column("foreseen", Boolean, nullable=False),
)
"""`daily_use` is in thousandths; level and thresholds are null while the office is not on board;
`locations` maps each to [on hand, spoiled, counted, open discrepancies, quarantined],
`versions` each blank version that was told to its pieces; `print_debt` are cards owed, as printing last told;
`foreseen`: only the forecast makes it low. The thresholds are the shelf's."""


def balance_rows(stream: str, fact: StockFact, book: Book) -> Iterable[Row]:
    """The row of a book after this fact."""
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
        "quarantined": book.quarantined,
        "versions": book.versions,
        "print_debt": book.print_debt,
        "foreseen": book.foreseen,
        "locations": {
            name: [shelf.on_hand, shelf.spoiled, shelf.counted, shelf.questions, shelf.quarantined]
            for name, shelf in book.locations.items()
        },
    }
    return (Row("balances", (office, item), values),)


async def balances_of(connection: AsyncConnection, offices: Sequence[str]) -> Sequence[RowMapping]:
    """What these offices hold, in order of office and item."""
    query = select(balances).where(balances.c.office.in_(offices)).order_by(balances.c.office, balances.c.item)
    return (await connection.execute(query)).mappings().all()
