"""A service's database as it was prepared, and back to that before every window; stock's with 500 offices on board.

So no side of a comparison writes into tables that another one, or an earlier round, has let grow.
"""

import asyncio
from datetime import UTC, datetime
from functools import cache
from typing import Self

from sqlalchemy.ext.asyncio import create_async_engine

from bench.site import Site
from services.stock.domain import Item, RecordOpeningCount, daily_use_default
from services.stock.service import STOCK
from shared.ledger import Context, Ledger
from shared.migrate import upgrade
from shared.offices import Office, offices
from shared.schema import scripts_of

_TABLES = """
select table_name from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
 group by table_name having bool_and(is_identity = 'NO')
"""
OFFICES = 500
ITEM: Item = "KTP_WNI"
LOCATION = "gudang"


@cache
def cities() -> tuple[Office, ...]:
    """The first 500 cities and regencies, of all provinces but the last ones."""
    return tuple(office for office in offices().all() if "." in office.id)[:OFFICES]


def topic_of(office: str, moment: datetime) -> str:
    return offices().topic("stock", office, moment)


class Books:
    """One migrated database; `url` is its service's role's, `owner_url` may do anything in it."""

    def __init__(self, site: Site, name: str, service: str = "stock") -> None:
        self._postgres = site.postgres
        self.name = name
        database = self._postgres.create_service_database(service, name)
        self.url, self.owner_url = database.app_url, database.owner_url
        upgrade(scripts_of(service), self.owner_url)
        self._tables = self.sql(_TABLES).split()

    def opened(self) -> Self:
        """Takes 500 offices on board, and keeps a copy of that."""
        asyncio.run(self._open())
        return self.kept()

    def kept(self) -> Self:
        """Keeps a copy of what is there."""
        copies = "".join(f"create table seed.{table} as table {table};" for table in self._tables)
        self.sql(f"create schema seed; {copies}")
        return self

    def sql(self, script: str) -> str:
        """Runs SQL as the server's superuser."""
        return self._postgres.sql(script, self.name)

    def reset(self) -> None:
        """As when it was kept, with a checkpoint behind it."""
        kept = ", ".join(self._tables)
        copies = "".join(f"insert into {table} table seed.{table};" for table in self._tables)
        self.sql(f"truncate {kept}; {copies} analyze {kept}; checkpoint")

    def facts(self) -> int:
        """How many facts have been stored since `reset`."""
        return int(self.sql("select (select count(*) from events) - (select count(*) from seed.events)"))

    async def _open(self) -> None:
        engine = create_async_engine(self.url)
        async with Ledger(STOCK, engine, topic_of) as ledger:
            openings = [(opening(office, ITEM, datetime.now(UTC)), _context(office)) for office in cities()]
            await asyncio.gather(*(ledger.execute(command, context) for command, context in openings))
        await engine.dispose()


def opening(office: Office, item: Item, now: datetime) -> RecordOpeningCount:
    """What brings an office on board for this item."""
    return RecordOpeningCount(
        now=now,
        occurred_at=now,
        office=office.id,
        item=item,
        day=now.date(),
        location=LOCATION,
        counted=100_000,
        counters=("pegawai-01", "pegawai-02"),
        minutes="BA-001",
        recorded_by="dev-storekeeper",
        daily_use_default=daily_use_default(office.population, item),
    )


def _context(office: Office) -> Context:
    return Context(subject=f"storekeeper-{office.id}", route="/offices/{office}/opening-counts", key=office.id)
