"""Blanks that an office has of another, until they are returned."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, Boolean, Column, Date, RowMapping, Table, Text, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import Loan, StockFact
from services.stock.views.tables import metadata
from shared.decider import Row

loans = Table(
    "loans",
    metadata,
    Column("loan", Text, primary_key=True),
    Column("lender", Text, nullable=False),
    Column("borrower", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("granted", BigInteger, nullable=False),
    Column("lent", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("outstanding", BigInteger, nullable=False),
    Column("return_by", Date, nullable=False),
    Column("overdue", Boolean, nullable=False),
)
"""`outstanding = lent - returned`; `overdue` once both ends were told."""


def loan_rows(stream: str, fact: StockFact, loan: Loan) -> Iterable[Row]:
    """The row of a loan after this fact. Blanks that come back under a loan nobody granted make none."""
    if loan.lender is None:
        return ()
    name = stream.removeprefix("loan/")
    values = {
        "loan": name,
        "lender": loan.lender,
        "borrower": loan.borrower,
        "item": loan.item,
        "granted": loan.granted,
        "lent": loan.lent,
        "returned": loan.returned,
        "outstanding": loan.outstanding,
        "return_by": loan.return_by,
        "overdue": loan.overdue_told,
    }
    return (Row("loans", (name,), values),)


async def loans_of(
    connection: AsyncConnection, offices: Sequence[str] | None, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """Loans to or from one of these offices (None: of anyone), by id, after that one."""
    query = select(loans).order_by(loans.c.loan).limit(limit)
    if offices is not None:
        query = query.where(or_(loans.c.lender.in_(offices), loans.c.borrower.in_(offices)))
    if after is not None:
        query = query.where(loans.c.loan > after)
    return (await connection.execute(query)).mappings().all()
