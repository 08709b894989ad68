"""Virtual time for a whole stack: the file that its processes follow, and the same clock in its databases.

It stands still, runs at a speed, or jumps ahead; it never goes back. Where a service asks PostgreSQL for the time
(`recorded_at`, the watermark), it is answered by functions of a schema that is searched before PostgreSQL's own. Only
a simulated database has that schema.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from mmap import mmap
from pathlib import Path
from time import time_ns
from typing import Any, Self

import asyncpg

from shared.moments import LAYOUT

PATH = "public, simulated, pg_catalog"
INSTALL = f"""
create schema if not exists simulated;
create table if not exists simulated.clock (
    one boolean primary key default true check (one),
    real timestamptz not null, virtual timestamptz not null, speed double precision not null
);
create or replace function simulated.clock_timestamp() returns timestamptz language sql volatile as
    'select virtual + greatest(pg_catalog.clock_timestamp() - real, interval ''0'') * speed from simulated.clock';
create or replace function simulated.now() returns timestamptz language sql stable as
    'select virtual + greatest(pg_catalog.now() - real, interval ''0'') * speed from simulated.clock';
grant usage on schema simulated to public;
grant select on simulated.clock to public;
do $$
declare
    mine text;
begin
    execute format('alter database %I set search_path = {PATH}', current_database());
    for mine in select oid::regprocedure::text from pg_proc where proname in ('append_batch', 'watermark') loop
        execute format('alter function %s set search_path = {PATH}', mine);
    end loop;
end $$;
"""
SET = (
    "insert into simulated.clock (real, virtual, speed) values ($1, $2, $3)"
    " on conflict (one) do update set real = excluded.real, virtual = excluded.virtual, speed = excluded.speed"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Backwards(ValueError):
    """Somebody asked for a moment that is over."""


class ClockSetter:
    """Writes the clock file that `shared.moments` reads. It stands still until `set` says otherwise."""

    def __init__(self, path: Path, start: datetime) -> None:
        path.write_bytes(LAYOUT.pack(0, 0, 0, 0.0, 0))
        with path.open("r+b") as file:
            self._kept = mmap(file.fileno(), LAYOUT.size)
        self._turn, self._real, self._virtual, self._speed = 0, time_ns(), _nanoseconds(start), 0.0
        self._write()

    def now(self) -> datetime:
        """As every process that follows the file sees it."""
        return _EPOCH + timedelta(microseconds=self._at(time_ns()) // 1000)

    def anchor(self, to: datetime | None, speed: float) -> tuple[datetime, datetime]:
        """The real and the virtual moment of a change that `set` is to make. Raises `Backwards`."""
        real = time_ns()
        virtual = self._at(real) if to is None else _nanoseconds(to)
        if virtual < self._at(real) or speed < 0:
            raise Backwards(f"it is {self.now():%Y-%m-%d %H:%M:%S} already")
        return _moment(real), _moment(virtual)

    def set(self, real: datetime, virtual: datetime, speed: float) -> None:
        """From the real moment on it is the virtual one, and goes on at this speed. Raises `Backwards`."""
        if _nanoseconds(virtual) // 1000 < self._at(_nanoseconds(real)) // 1000:
            raise Backwards("the clock went on meanwhile")
        self._real, self._virtual, self._speed = _nanoseconds(real), _nanoseconds(virtual), speed
        self._write()

    def _at(self, real: int) -> int:
        return int(self._virtual + max(0, real - self._real) * self._speed)

    def _write(self) -> None:
        self._turn += 1
        packed = LAYOUT.pack(self._turn, self._real, self._virtual, self._speed, self._turn)
        for first, last in ((32, 40), (8, 32), (0, 8)):
            self._kept[first:last] = packed[first:last]


class VirtualTime:
    """The clock of a stack's processes and databases, set together: the databases first, so that no fact is older in
    the log than its commands believe."""

    def __init__(self, file: Path, start: datetime) -> None:
        self._setter = ClockSetter(file, start)
        self._databases: list[asyncpg.Connection[Any]] = []

    async def open(self, urls: Sequence[str]) -> Self:
        """Takes hold of the clocks in these databases, where they are `installed`, as their superuser."""
        for url in urls:
            self._databases.append(await asyncpg.connect(url))
        await self.pace(0.0)
        return self

    async def close(self) -> None:
        for connection in self._databases:
            await connection.close()

    def now(self) -> datetime:
        return self._setter.now()

    async def pace(self, speed: float) -> None:
        """From now on so many virtual seconds pass in a real one; none, and it stands still."""
        await self._change(None, speed)

    async def jump(self, to: datetime) -> None:
        """It is that moment now, and time stands still. Raises `Backwards`."""
        await self._change(to, 0.0)

    async def foresee(self, to: datetime) -> None:
        """The databases are there already, so that what is told until then is known when `jump` follows."""
        real, virtual = self._setter.anchor(to, 0.0)
        await self._tell(real, virtual, 0.0)

    async def _change(self, to: datetime | None, speed: float) -> None:
        real, virtual = self._setter.anchor(to, speed)
        await self._tell(real, virtual, speed)
        self._setter.set(real, max(virtual, self._setter.now()), speed)

    async def _tell(self, real: datetime, virtual: datetime, speed: float) -> None:
        for connection in self._databases:
            await connection.execute(SET, real, virtual, speed)


def installed(now: datetime) -> str:
    """What a superuser runs in a migrated database, before any service does: its clock stands still at `now`."""
    first = f"insert into simulated.clock (real, virtual, speed) values (pg_catalog.now(), '{now.isoformat()}', 0)"
    return f"{INSTALL}{first} on conflict do nothing;"


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def _moment(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)
