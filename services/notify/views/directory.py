"""Who sits at which desk, and how people are reached."""

from collections.abc import Sequence
from datetime import date

import msgspec
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import Channel, ChannelKind, Desk, DeskHolders

_HOLDERS = text("select appointments, leave, kept from desks where role = :role and region = :region")
_SEATS = """
select d.role, d.region, a->>'person' as person
  from desks d, json_array_elements(d.appointments) a
 where coalesce(a->>'until' >= :today, true)
"""
_SEATS_OF = text(f"select distinct role, region from ({_SEATS}) s where person = :person order by role, region")
_PERSON = text("select * from people where person = :person")
_PEOPLE = text(f"""
  with seated as (select person, bool_and(region = any(:regions)) as here from ({_SEATS}) s group by person)
select p.* from people p left join seated s using (person)
 where p.person > :after and coalesce(s.here, p.changed_by = :by)
 order by p.person limit :limit
""")
_EVERYBODY = text("select * from people where person > :after order by person limit :limit")


class Address(msgspec.Struct, frozen=True):
    """One way to reach a person, under a name; a webhook's `secret` signs what is sent to it. In no fact, in no log."""

    name: str
    kind: ChannelKind
    address: str
    secret: str | None = None

    @property
    def channel(self) -> Channel:
        """The channel without its address."""
        return Channel(self.name, self.kind)


async def holders(connection: AsyncConnection, desk: Desk) -> DeskHolders:
    """Who is appointed to a desk and who is away."""
    row = (await connection.execute(_HOLDERS, {"role": desk.role, "region": desk.region})).one_or_none()
    return DeskHolders() if row is None else msgspec.convert(row._asdict(), DeskHolders)


async def seats(connection: AsyncConnection, person: str, today: date) -> list[Desk]:
    """The desks to which this person is appointed, today or later."""
    asked = {"person": person, "today": today.isoformat()}
    return [Desk(role, region) for role, region in await connection.execute(_SEATS_OF, asked)]


async def person(connection: AsyncConnection, person: str) -> RowMapping | None:
    """A person's name and channels."""
    return (await connection.execute(_PERSON, {"person": person})).mappings().one_or_none()


async def people(
    connection: AsyncConnection, regions: Sequence[str] | None, by: str, today: date, after: str, limit: int
) -> Sequence[RowMapping]:
    """Those whose every seat is in one of these regions, or who have none and were entered `by` the one who asks.

    By reference, of those after that one; everybody, if `regions` is None.
    """
    asked = {"after": after, "limit": limit}
    if regions is None:
        return (await connection.execute(_EVERYBODY, asked)).mappings().all()
    asked |= {"regions": list(regions), "by": by, "today": today.isoformat()}
    return (await connection.execute(_PEOPLE, asked)).mappings().all()


def addresses(stored: object) -> tuple[Address, ...]:
    """A person's channels from their column, best first."""
    return msgspec.convert(stored, tuple[Address, ...])
