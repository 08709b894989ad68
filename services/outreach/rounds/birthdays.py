"""Birthdays: when a month is over, who turned 17 in it becomes print ready; and months that serve nobody are erased.

There is no deadline for a sealed month, for a due time would tell it. So whenever a month begins in one of the zones,
all who wait are gone through: each month is unsealed in memory, and forgotten.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from services.outreach import views
from services.outreach.domain import EraseMonths, MarkPrintReady, printable_from
from services.outreach.sealing import CannotOpen, Keyring, MonthKey
from shared.ledger import Context, Entry, Ledger
from shared.moments import utcnow
from shared.offices import ZONES, offices
from shared.steadily import steadily
from shared.worker import Part

LOOK_EVERY = 1.0
"""Seconds between looks at the calendar, which cost nothing until a month begins."""
ONCE_MORE_AFTER = timedelta(minutes=5)
"""A sync that began before midnight may be stored behind the round of that midnight: there is a second one."""
ERASE_EVERY = 600.0
READ_AT_ONCE = 1_000
MARKED_AT_ONCE = 250
"""Recordings in one append: others who write have their turn between two."""
ERASED_AT_ONCE = 100

log = structlog.get_logger()


class Waiting(NamedTuple):
    """Somebody who waits for a birthday, and the month of it."""

    recording: str
    office: str
    item: str
    turns_17: str


def birthdays(keyring: Keyring, now: Callable[[], datetime] = utcnow) -> Part:
    """The worker's part that makes people print ready, and erases months for which nobody waits."""

    async def go_round(ledger: Ledger, engine: AsyncEngine) -> None:
        round = Birthdays(ledger, engine, keyring, now)
        async with asyncio.TaskGroup() as parts:
            parts.create_task(steadily("birthdays", LOOK_EVERY, round.look))
            parts.create_task(steadily("erasures", ERASE_EVERY, round.erase))

    return go_round


class Birthdays:
    """Goes through who waits, at the start and whenever a month has begun somewhere."""

    def __init__(
        self, ledger: Ledger, engine: AsyncEngine, keyring: Keyring, now: Callable[[], datetime] = utcnow
    ) -> None:
        self._ledger = ledger
        self._engine = engine
        self._keyring = keyring
        self._now = now
        self._gone_through: tuple[str, ...] = ()

    async def look(self) -> None:
        """Goes the round if a month has begun since the last that was finished. Raises one of `INTERRUPTIONS`."""
        now = self._now()
        months = (*_months(now - ONCE_MORE_AFTER), *_months(now))
        if months == self._gone_through:
            return
        await self._mark_all(now)
        self._gone_through = months

    async def erase(self) -> None:
        """Erases the months of visits that are over and of whom nobody waits. Raises one of `INTERRUPTIONS`."""
        while True:
            async with self._engine.connect() as connection:
                rows = await views.nobody_waits(connection, ERASED_AT_ONCE)
            for visit, office, recorded in rows:
                now = self._now()
                command = EraseMonths(
                    **offices().known(office).told_at(now), visit=visit, because="NOBODY_WAITS", recorded=recorded
                )
                await self._ledger.execute_all([Entry(command, _context("NOBODY_WAITS"))])
            if len(rows) < ERASED_AT_ONCE:
                return

    async def _mark_all(self, now: datetime) -> None:
        due: list[Entry] = []
        count = 0
        async for waiting in all_waiting(self._engine, self._keyring):
            if printable_at(waiting.office, waiting.turns_17) > now:
                continue
            count += 1
            command = MarkPrintReady(
                **offices().known(waiting.office).told_at(now), recording=waiting.recording, turns_17=waiting.turns_17
            )
            due.append(Entry(command, _context("PRINT_READY")))
            if len(due) == MARKED_AT_ONCE:
                await self._ledger.execute_all(due)
                due = []
        if due:
            await self._ledger.execute_all(due)
        if count:
            log.info("birthdays_are_past", people=count)


async def all_waiting(engine: AsyncEngine, keyring: Keyring) -> AsyncIterator[Waiting]:
    """All who wait for a birthday, unsealed one after the other. Whose month cannot be opened is passed over."""
    after, key, key_of = ("", ""), None, ""
    locked: set[str] = set()
    while True:
        async with engine.connect() as connection:
            rows = await views.waiting(connection, after, READ_AT_ONCE)
        for visit, recording, office, item, turns_17, sealed, wrapped in rows:
            try:
                if turns_17 is None and key_of != visit:
                    key, key_of = None, visit
                    key = keyring.unwrap(visit, wrapped)
                month = turns_17 if turns_17 is not None else _opened(key, recording, sealed)
            except CannotOpen:
                locked.add(visit)
                continue
            yield Waiting(recording, office, item, month)
        if len(rows) < READ_AT_ONCE:
            break
        after = rows[-1][0], rows[-1][1]
    if locked:
        log.error("months_cannot_be_opened", visits=len(locked))


async def birthdays_due(engine: AsyncEngine, keyring: Keyring) -> dict[tuple[str, str], dict[date, int]]:
    """How many cards fall due on which day, by office and item: the first of a month each, past ones too.

    Months are opened in memory, and counted; nothing is kept of a person. Raises the database's error.
    """
    counted: Counter[tuple[str, str, str]] = Counter()
    async for waiting in all_waiting(engine, keyring):
        counted[waiting.office, waiting.item, waiting.turns_17] += 1
    due: dict[tuple[str, str], dict[date, int]] = defaultdict(dict)
    for (office, item, month), cards in counted.items():
        due[office, item][offices().known(office).day_at(printable_at(office, month))] = cards
    return dict(due)


@lru_cache(maxsize=20_000)
def printable_at(office: str, turns_17: str) -> datetime:
    """When a card of this office may be printed for who turns 17 in this month."""
    return printable_from(turns_17, offices().known(office).timezone.key)


def _opened(key: MonthKey | None, recording: str, sealed: str) -> str:
    if key is None:
        raise CannotOpen
    return key.unseal(recording, sealed)


def _months(moment: datetime) -> tuple[str, ...]:
    """Which month it is in each zone."""
    return tuple(f"{moment.astimezone(ZoneInfo(zone)):%Y-%m}" for zone in ZONES)


def _context(route: str) -> Context:
    return Context(subject="outreach-birthdays", route=route)
