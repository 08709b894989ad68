"""Who held a numbered blank, and who asked."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Identity,
    RowMapping,
    Table,
    Text,
    func,
    insert,
    or_,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock.domain import BLOCK, CustodyChanged, Item, SerialRange, serials_of
from services.stock.views.tables import metadata

custody_reads = Table(
    "custody_reads",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("subject", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("serial", Text, nullable=False),
    Column("found", Boolean, nullable=False),
)
"""Every question about a number: who asked from which scope, and whether there was an answer for them."""

# Numbers of one stream have the same letters and as many digits: as bytes they are ordered as numbers are.
_HOLDERS = text(
    "select version, position, occurred_at, recorded_at, data::text from events where stream = :stream"
    " and type = 'CustodyChanged' and (data->'serials'->>'first') collate \"C\" <= :serial"
    " and (data->'serials'->>'last') collate \"C\" >= :serial order by version"
)
_fact = msgspec.json.Decoder(CustodyChanged).decode


class Link(msgspec.Struct, frozen=True):
    """One change of a number's custody, and when."""

    position: int
    occurred_at: datetime
    recorded_at: datetime
    fact: CustodyChanged


async def custody_of(connection: AsyncConnection, item: Item, serial: str) -> list[Link]:
    """The chain of a number's holders, first to last; empty if it was never heard of."""
    number = SerialRange(serial, serial)
    stream = serials_of(item, number, number.numbers[0] // BLOCK)
    rows = await connection.execute(_HOLDERS, {"stream": stream, "serial": serial})
    return [Link(row.position, row.occurred_at, row.recorded_at, _fact(row.data)) for row in rows]


async def log_custody_read(
    connection: AsyncConnection, *, subject: str, role: str, region: str, item: str, serial: str, found: bool
) -> None:
    """Keeps who asked. To be committed before the answer leaves."""
    said = {"subject": subject, "role": role, "region": region, "item": item, "serial": serial, "found": found}
    await connection.execute(insert(custody_reads).values(said))


async def custody_reads_within(
    connection: AsyncConnection, region: str | None, before: int | None, limit: int
) -> Sequence[RowMapping]:
    """Who asked from within this region (None: from anywhere), latest first, before that one."""
    reads = custody_reads.c
    query = select(custody_reads).order_by(reads.id.desc()).limit(limit)
    if region is not None:
        query = query.where(or_(reads.region == region, reads.region.startswith(f"{region}.", autoescape=True)))
    if before is not None:
        query = query.where(reads.id < before)
    return (await connection.execute(query)).mappings().all()
