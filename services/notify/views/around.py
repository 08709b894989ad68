"""What is around a shortage: who sits at its desks, what silences it, and what was sent of it to whom."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import SEVERITY, DeskHolders, Held, Level, StockLevel

NOTICES_AT_MOST = 200
SENDS_AT_MOST = 20

_CHANNELS = text("select person, json_array_length(channels) as channels from people where person = any(:people)")
_SILENCES = text("""
select s.silence, s.item, s.at_most, s.level, s.until, s.reason, s.by, s.at
  from silences s
 where s.office = :office and s.until > :now and (s.item is null or s.item = :item)
   and not exists (select from lifted_silences l where l.office = s.office and l.silence = s.silence and l.at >= s.at)
 order by s.until desc
""")
_TOLD = """
with told as (
  select n.id, n.at, p.role, p.region, p.bundle, p.held
    from notices n join posted p on p.notice = n.id
   where n.office = :office and n.item = :item and n.episode = :episode
   order by n.at desc limit :notices
)
"""
_HELD = text(
    f"{_TOLD} select held, count(*) as notices, max(at) as latest_at from told where held is not null group by held"
)
# What was said in a digest lay in no bundle before.
_SENT = text(f"""
{_TOLD}, gone as (
  select distinct role, region, bundle from told where bundle is not null
  union
  select b.role, b.region, b.bundle
    from bundles b
    join (select distinct role, region from told where held = '{Held.CATCHING_UP}') as d using (role, region)
   where b.digest and exists (select from json_array_elements_text(b.notices) as n(id) join told using (id))
)
select role, region, g.bundle, b.at as closed_at, coalesce(b.digest, false) as digest, b.letter,
       case when b.at is null then p.closes_at end as closes_at,
       s.person, s.state, coalesce(s.attempts, 0) as attempts, s.channel, s.result, s.code, s.due as next_try_at,
       coalesce(s.unreached, false) as unreached
  from gone g
  left join bundles b using (role, region, bundle)
  left join sends s using (role, region, bundle)
  left join posts p using (role, region)
 order by b.at desc nulls first, role, region, g.bundle, s.person
 limit :sends
""")


class Vacancy(StrEnum):
    """Why nobody is on duty at a desk. At one that was never kept whoever bears the role reads the inbox."""

    NEVER_KEPT = "NEVER_KEPT"
    ON_LEAVE = "ON_LEAVE"
    NOT_APPOINTED = "NOT_APPOINTED"


class OnDuty(msgspec.Struct, frozen=True):
    """Somebody by reference, and over how many channels they are reached outside of the inbox."""

    person: str
    channels: int


class DeskNow(msgspec.Struct, frozen=True):
    """A desk that hears of the shortage: `asked` for an answer, or sent a copy."""

    level: Level
    role: str
    region: str
    asked: bool
    on_duty: tuple[OnDuty, ...]
    nobody: Vacancy | None


class SilenceNow(msgspec.Struct, frozen=True):
    """A silence that holds; it `covers` the shortage if that is no worse than `at_most`."""

    silence: str
    item: str | None
    at_most: StockLevel
    level: Level
    until: datetime
    reason: str
    by: str
    at: datetime
    covers: bool


class HeldNotices(msgspec.Struct, frozen=True):
    """Notices of the episode that are in inboxes and were sent to nobody, and why."""

    held: Held
    notices: int
    latest_at: datetime


class Sent(msgspec.Struct, frozen=True):
    """A bundle with notices of the episode, and what became of it for one person; it gathers until `closes_at`.

    No `person`: nobody was on duty when it closed. `state` is DUE, UNDER_WAY, DELIVERED or OVER.
    """

    role: str
    region: str
    bundle: int
    closes_at: datetime | None
    closed_at: datetime | None
    digest: bool
    letter: str | None
    person: str | None
    state: str | None
    attempts: int
    channel: str | None
    result: str | None
    code: str | None
    next_try_at: datetime | None
    unreached: bool


async def channels_of(connection: AsyncConnection, people: list[str]) -> Mapping[str, int]:
    """How many channels each of these people has, by reference; those of whom nothing is known are left out."""
    rows = await connection.execute(_CHANNELS, {"people": people})
    return {row.person: row.channels for row in rows}


def vacancy(holders: DeskHolders, day: date) -> Vacancy | None:
    """Why nobody is on duty there on that day, if nobody is."""
    if holders.on_duty(day):
        return None
    if not holders.kept:
        return Vacancy.NEVER_KEPT
    appointed = any(each.since <= day <= (each.until or date.max) for each in holders.appointments)
    return Vacancy.ON_LEAVE if appointed else Vacancy.NOT_APPOINTED


async def silences_at(
    connection: AsyncConnection, office: str, item: str, stock_level: StockLevel | None, now: datetime
) -> tuple[SilenceNow, ...]:
    """The silences that hold for the item at an office now, the longest first."""
    rows = await connection.execute(_SILENCES, {"office": office, "item": item, "now": now})
    found = []
    for row in rows.mappings():
        covers = stock_level is not None and SEVERITY.index(stock_level) <= SEVERITY.index(StockLevel(row["at_most"]))
        found.append(msgspec.convert({**row, "covers": covers}, SilenceNow))
    return tuple(found)


async def held_of(connection: AsyncConnection, office: str, item: str, episode: int) -> tuple[HeldNotices, ...]:
    """What of the episode's latest notices was held back, by reason."""
    rows = await connection.execute(_HELD, _episode(office, item, episode))
    return tuple(msgspec.convert(dict(row), HeldNotices) for row in rows.mappings())


async def sent_of(connection: AsyncConnection, office: str, item: str, episode: int) -> tuple[Sent, ...]:
    """What was sent of the episode's latest notices, the latest first: what still gathers, then at most 20 sends."""
    rows = await connection.execute(_SENT, {**_episode(office, item, episode), "sends": SENDS_AT_MOST})
    return tuple(msgspec.convert(dict(row), Sent) for row in rows.mappings())


def _episode(office: str, item: str, episode: int) -> dict[str, object]:
    return {"office": office, "item": item, "episode": episode, "notices": NOTICES_AT_MOST}
