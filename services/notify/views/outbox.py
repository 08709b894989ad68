"""What is to be sent, and what became of it. Each question costs what is still to be done, however long the log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import structlog
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import (
    AlarmSent,
    Answer,
    Desk,
    DeskHolders,
    Figures,
    Level,
    NoticeSent,
    Proposal,
    Relief,
    StockLevel,
)
from services.notify.views.directory import Address

log = structlog.get_logger()

LETTERS_LOOKED_AT = 5
"""So many bundles of a desk back a letter is still missed, and written."""

Told = NoticeSent | AlarmSent
BundleKey = tuple[str, str, int]
"""Role, region, number."""


class Lying(msgspec.Struct, frozen=True):
    """A notice in a bundle. `open`: its shortage is, still in the same episode; `flaps` is of that shortage now."""

    number: int
    id: str
    told: Told
    open: bool = False
    flaps: int = 0


class ShortageNow(msgspec.Struct, frozen=True):
    """The latest episode of a shortage as it is now."""

    office: str
    item: str
    episode: int
    level: Level
    stock_level: StockLevel
    figures: Figures
    opened_at: datetime
    received: int
    answer: Answer | None
    declined: str | None
    forwarded: str | None
    refused: str | None
    relief: Relief | None
    proposal: Proposal | None


@dataclass(frozen=True, slots=True)
class DueSend:
    """A bundle that is to be tried for a person now; `letter` is the number of the letter that goes with it."""

    role: str
    region: str
    bundle: int
    person: str
    letter: str | None
    closed_at: datetime
    digest: bool

    @property
    def key(self) -> tuple[str, str, int, str]:
        """By which sends are told apart."""
        return self.role, self.region, self.bundle, self.person

    @property
    def of(self) -> BundleKey:
        """The bundle's key."""
        return self.role, self.region, self.bundle

    @property
    def desk(self) -> Desk:
        """Whose post it is."""
        return Desk(self.role, self.region)


_TO_CLOSE = text("select role, region, bundle from posts where closes_at <= :now order by closes_at limit :limit")

# A digest is of notices that were in no bundle; what was posted meanwhile gathers in it as in any other. What was
# posted while a bundle was closed is in the bundle, whether whoever closed it saw it or not.
_LYING = text("""
with asked as (
    select * from unnest(cast(:roles as text[]), cast(:regions as text[]), cast(:bundles as int[]))
        as a(role, region, bundle)
), lying as (
    select a.*, p.number, p.notice from asked a join posted p using (role, region, bundle)
    union
    select a.*, p.number, p.notice
      from asked a
      join bundles b using (role, region, bundle)
     cross join lateral json_array_elements_text(b.notices) listed(notice)
      join posted p on p.notice = listed.notice and p.role = a.role and p.region = a.region
     where b.digest
)
select l.role, l.region, l.bundle, l.number, n.id, cast(n.notice as text) as told,
       coalesce(e.open and e.episode = n.episode, false) as open, coalesce(e.flaps, 0) as flaps
  from lying l
  join notices n on n.id = l.notice
  left join escalations e on e.office = n.office and e.item = n.item
 order by l.role, l.region, l.bundle, l.number
""")

_HELD = text("""
select p.number, n.id, cast(n.notice as text) as told, true as open, e.flaps
  from posted p
  join notices n on n.id = p.notice
  join escalations e on e.office = n.office and e.item = n.item and e.episode = n.episode
 where p.role = :role and p.region = :region and p.held = 'CATCHING_UP' and e.open
 order by p.number
""")

# What is held before the log caught up comes before everything else, so that the first notice of a desk says it.
_UNDIGESTED = text("""
select s.role, s.region, s.bundle, s.closes_at
  from posts s
  join posted p on p.role = s.role and p.region = s.region and p.number = 1 and p.held = 'CATCHING_UP'
 where not s.digested
 order by s.role, s.region
""")

_HOLDERS = text("""
select d.role, d.region, d.kept, cast(d.appointments as text) as appointments, cast(d.leave as text) as leave
  from desks d
  join unnest(cast(:roles as text[]), cast(:regions as text[])) a(role, region) using (role, region)
""")

_UNWRITTEN = text("""
select b.role, b.region, b.bundle, b.letter, b.at
  from posts p
 cross join lateral (
    select * from bundles where role = p.role and region = p.region and bundle <= p.bundle
     order by bundle desc limit :looked_at
 ) b
 where p.role = any(cast(:roles as text[])) and b.letter is not null
   and not exists (select from letters l where l.role = b.role and l.region = b.region and l.letter = b.letter)
 order by b.at, b.role, b.region, b.bundle
""")

_WRITTEN = text("""
select cast(content as text) as content, html_sha256, pdf_sha256
  from letters where role = :role and region = :region and letter = :letter
""")

_SHORTAGES = text("""
select e.office, e.item, e.episode, e.level, e.stock_level, cast(e.figures as text) as figures, e.opened_at, e.received,
       cast(e.answer as text) as answer, e.declined, e.forwarded, e.refused, cast(e.relief as text) as relief,
       cast(e.proposal as text) as proposal
  from escalations e
  join unnest(cast(:offices as text[]), cast(:items as text[])) a(office, item) using (office, item)
""")

# A letter that cannot be written keeps nobody waiting for ever: after a while its bundle goes without.
_DUE = text("""
select s.role, s.region, s.bundle, s.person, s.letter, b.at as closed_at, b.digest
  from sends s
  join bundles b using (role, region, bundle)
 where s.state = 'DUE' and s.due <= :now
   and (s.letter is null or b.at < :unwritten_since
        or exists (select from letters l where l.role = s.role and l.region = s.region and l.letter = s.letter))
 order by s.due, s.role, s.region, s.bundle, s.person
 limit :limit
""")

_UNDER_WAY = text("""
select role, region, bundle, person, attempts from sends where state = 'UNDER_WAY' and begun_at <= :before
""")

_UNREACHED = text("""
select s.role, s.region, s.bundle, array_agg(s.person order by s.person) as people
  from sends s
  join (select distinct role, region, bundle from sends where unreached and not reported) u using (role, region, bundle)
 group by s.role, s.region, s.bundle
having bool_and(s.unreached) and bool_or(not s.reported) and not bool_or(s.state = 'DELIVERED')
 order by s.role, s.region, s.bundle
 limit :limit
""")

_CONTACTS = text(
    "select person, cast(channels as text) as channels from people where person = any(cast(:who as text[]))"
)


async def bundles_to_close(connection: AsyncConnection, now: datetime, limit: int) -> list[BundleKey]:
    """The bundles whose time is over, the longest first."""
    rows = await connection.execute(_TO_CLOSE, {"now": now, "limit": limit})
    return [(row.role, row.region, row.bundle) for row in rows]


async def lying_in(connection: AsyncConnection, bundles: Sequence[BundleKey]) -> Mapping[BundleKey, list[Lying]]:
    """All notices in each of these bundles, closed or not, as they were posted."""
    found: dict[BundleKey, list[Lying]] = {bundle: [] for bundle in bundles}
    for row in await connection.execute(_LYING, _columns(bundles, "roles", "regions", "bundles")):
        found[row.role, row.region, row.bundle].append(_lying(row))
    return found


async def held_for(connection: AsyncConnection, desk: Desk) -> list[Lying]:
    """What a desk was not sent while the log caught up, of shortages that are open now, as it was posted."""
    rows = await connection.execute(_HELD, {"role": desk.role, "region": desk.region})
    return [_lying(row) for row in rows]


async def undigested(connection: AsyncConnection) -> Sequence[Row[Any]]:
    """Desks with notices from before this log caught up, and no digest: `role`, `region`, `bundle`, `closes_at`."""
    return (await connection.execute(_UNDIGESTED)).all()


async def holders_of(connection: AsyncConnection, desks: Iterable[Desk]) -> Mapping[Desk, DeskHolders]:
    """Who is at these desks; those at which nobody ever was are left out."""
    asked = _columns([(desk.role, desk.region) for desk in desks], "roles", "regions")
    return {
        Desk(row.role, row.region): msgspec.convert(
            {
                "kept": row.kept,
                "appointments": msgspec.json.decode(row.appointments),
                "leave": msgspec.json.decode(row.leave),
            },
            DeskHolders,
        )
        for row in await connection.execute(_HOLDERS, asked)
    }


async def unwritten_letters(connection: AsyncConnection, roles: Sequence[str]) -> Sequence[Row[Any]]:
    """Bundles whose letter has a number and was not issued: `role`, `region`, `bundle`, `letter`, `at`."""
    asked = {"roles": list(roles), "looked_at": LETTERS_LOOKED_AT}
    return (await connection.execute(_UNWRITTEN, asked)).all()


async def written_letter(connection: AsyncConnection, desk: Desk, letter: str) -> Row[Any] | None:
    """The letter of this number, if it was issued: `content` as JSON, `html_sha256`, `pdf_sha256`."""
    asked = {"role": desk.role, "region": desk.region, "letter": letter}
    return (await connection.execute(_WRITTEN, asked)).one_or_none()


async def shortages_now(
    connection: AsyncConnection, asked: Sequence[tuple[str, str]]
) -> Mapping[tuple[str, str], ShortageNow]:
    """The shortages of these items at these offices as they are now."""
    json = ("figures", "answer", "relief", "proposal")
    found = {}
    for row in await connection.execute(_SHORTAGES, _columns(asked, "offices", "items")):
        values = dict(row._mapping)
        values |= {name: msgspec.json.decode(values[name]) for name in json if values[name] is not None}
        found[row.office, row.item] = msgspec.convert(values, ShortageNow)
    return found


async def sends_due(connection: AsyncConnection, now: datetime, unwritten_since: datetime, limit: int) -> list[DueSend]:
    """Sends that are to be tried, the longest due first; with no letter yet if closed before `unwritten_since`."""
    asked = {"now": now, "unwritten_since": unwritten_since, "limit": limit}
    return [DueSend(**row._mapping) for row in await connection.execute(_DUE, asked)]


async def sends_under_way(connection: AsyncConnection, before: datetime) -> Sequence[Row[Any]]:
    """Tries that began by then and have no outcome: the send's key and `attempts`, the number of the try."""
    return (await connection.execute(_UNDER_WAY, {"before": before})).all()


async def bundles_unreached(connection: AsyncConnection, limit: int) -> Sequence[Row[Any]]:
    """Bundles that reached none of their people over any channel, which nobody was told yet: the key and `people`."""
    return (await connection.execute(_UNREACHED, {"limit": limit})).all()


async def contacts_of(connection: AsyncConnection, people: Iterable[str]) -> Mapping[str, tuple[Address, ...]]:
    """How these people are reached, best first; those of whom nothing is known are left out."""
    found = {}
    for row in await connection.execute(_CONTACTS, {"who": list(people)}):
        try:
            found[row.person] = msgspec.json.decode(row.channels, type=tuple[Address, ...])
        except msgspec.ValidationError:
            # No address in the log, and nobody else is kept waiting.
            log.error("contact_unreadable", person=row.person)
    return found


def _lying(row: Any) -> Lying:
    told = msgspec.json.decode(row.told, type=NoticeSent | AlarmSent)
    return Lying(row.number, row.id, told, row.open, row.flaps)


def _columns(rows: Sequence[tuple[Any, ...]], *names: str) -> dict[str, list[Any]]:
    """Rows as arrays, one for each column: as many parameters however many rows."""
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}
