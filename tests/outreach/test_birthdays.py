"""Birthdays: when a month is over where the office is, who turned 17 in it becomes print ready, once."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.outreach.domain import Line, OutreachCommand, RecordPersons, printable_from
from services.outreach.rounds.birthdays import Birthdays, all_waiting, birthdays, birthdays_due
from services.outreach.sealing import Keyring, MonthKey, key_for
from services.outreach.service import OUTREACH
from shared.ledger import Context, Ledger
from shared.offices import offices
from tests.outreach.bengkulu import BEFORE, close, plan
from tests.shared.streams import eventually, running

pytestmark = pytest.mark.anyio

BENGKULU, JAYAPURA = "17.71", "91.71"
NOVEMBER = datetime(2024, 11, 20, 9, 0, tzinfo=UTC)
MIDNIGHT = datetime(2024, 11, 30, 17, 0, tzinfo=UTC)
"""The first midnight of December in western Indonesia; in the east it is two in the morning."""
KEYRING = Keyring([bytes(range(32))])


@dataclass
class Office:
    """Outreach's log and tables, the time that its worker believes, and what visits to two offices brought home."""

    engine: AsyncEngine
    ledger: Ledger
    now: datetime = NOVEMBER

    def round(self, ledger: Ledger | None = None, keyring: Keyring = KEYRING) -> Birthdays:
        return Birthdays(ledger or self.ledger, self.engine, keyring, lambda: self.now)

    async def does(self, command: OutreachCommand) -> None:
        await self.ledger.execute(command, Context(subject="test", route="test", key=uuid4().hex))

    async def visited(self, office: str, *months: str | None, item: Any = "KTP_WNI") -> str:
        """A visit there, with a recording for each of these months of a 17th birthday; gives the visit's id."""
        visit = str(uuid4())
        await self.does(plan(visit, office=office, team=f"T-{visit[:4]}"))
        await self.sync(office, visit, months, item)
        return visit

    async def sync(self, office: str, visit: str, months: Iterable[str | None], item: Any = "KTP_WNI") -> None:
        async with self.engine.connect() as connection:
            key = await key_for(connection, KEYRING, office, visit)
        assert key is not None
        lines = [person(key, month, item) for month in months]
        here: dict[str, Any] = {"now": self.now, "occurred_at": self.now, "office": office, "day": self.now.date()}
        zone = offices().known(office).timezone.key
        await self.does(RecordPersons(**here, visit=visit, timezone=zone, lines=tuple(lines)))

    async def asked(self, query: str) -> list[Any]:
        async with self.engine.connect() as connection:
            return list((await connection.execute(text(query))).scalars())

    async def ready(self) -> list[str]:
        """The offices of the recordings that are print ready."""
        return await self.asked("select office from recordings where state = 'PRINT_READY' order by office")

    async def facts(self) -> int:
        return len(await self.asked("select 1 from events where type = 'RecordingPrintReady'"))


def person(key: MonthKey, month: str | None, item: Any) -> Line:
    recording = str(uuid4())
    sealed = None if month is None else key.seal(recording, month)
    return Line(recording=recording, applicant="A-1", item=item, location="MPP", turns_17=month, sealed=sealed)


def topic_of(office: str, moment: datetime) -> str:
    return offices().topic("outreach", office, moment)


@asynccontextmanager
async def another(database: ServiceDatabase) -> AsyncIterator[tuple[AsyncEngine, Ledger]]:
    engine = create_async_engine(database.app_url, isolation_level="AUTOCOMMIT")
    async with Ledger(OUTREACH, engine, topic_of) as ledger:
        yield engine, ledger
    await engine.dispose()


@pytest.fixture
async def office(database: ServiceDatabase) -> AsyncIterator[Office]:
    async with another(database) as (engine, ledger):
        yield Office(engine, ledger)


async def test_nobody_is_print_ready_before_the_first_midnight_after_the_month(office: Office) -> None:
    await office.visited(BENGKULU, "2024-11", "2024-12")
    round = office.round()
    for now, ready in ((MIDNIGHT - timedelta(seconds=1), []), (MIDNIGHT, [BENGKULU])):
        office.now = now
        await round.look()
        assert await office.ready() == ready


async def test_a_month_is_over_earlier_in_the_east(office: Office) -> None:
    await office.visited(BENGKULU, "2024-11")
    await office.visited(JAYAPURA, "2024-11")
    round = office.round()
    for now, ready in (
        (MIDNIGHT - timedelta(hours=2, seconds=1), []),
        (MIDNIGHT - timedelta(hours=2), [JAYAPURA]),
        (MIDNIGHT - timedelta(hours=1), [JAYAPURA]),
        (MIDNIGHT, [BENGKULU, JAYAPURA]),
    ):
        office.now = now
        await round.look()
        assert await office.ready() == ready


async def test_a_worker_that_was_away_at_midnight_goes_the_round_at_its_start(office: Office) -> None:
    await office.visited(BENGKULU, "2024-11", "2025-01", "2025-10")
    office.now = datetime(2025, 2, 14, tzinfo=UTC)
    await office.round().look()
    assert len(await office.ready()) == 2


async def test_a_sync_from_before_midnight_that_is_stored_after_the_round_waits_five_minutes_at_most(
    office: Office,
) -> None:
    visit, round = await office.visited(BENGKULU), office.round()
    office.now = MIDNIGHT
    await round.look()
    office.now = MIDNIGHT - timedelta(seconds=2)
    await office.sync(BENGKULU, visit, ["2024-11"])
    for late, ready in ((timedelta(minutes=4), []), (timedelta(minutes=5), [BENGKULU])):
        office.now = MIDNIGHT + late
        await round.look()
        assert await office.ready() == ready


async def test_between_two_midnights_nobody_is_gone_through(office: Office) -> None:
    await office.visited(BENGKULU, "2024-11")
    round = office.round()
    await round.look()
    asked: list[object] = []
    event.listen(office.engine.sync_engine, "before_cursor_execute", lambda *what: asked.append(what))
    office.now += timedelta(days=9)
    await round.look()
    assert asked == []


async def test_rounds_of_two_workers_and_of_one_that_begins_again_make_one_card(
    office: Office, database: ServiceDatabase
) -> None:
    await office.visited(BENGKULU, *["2024-11"] * 600)
    office.now = MIDNIGHT
    async with AsyncExitStack() as others:
        rounds = [office.round()]
        for _ in range(2):
            engine, ledger = await others.enter_async_context(another(database))
            rounds.append(Birthdays(ledger, engine, KEYRING, lambda: office.now))
        interrupted = asyncio.create_task(office.round().look())
        await asyncio.sleep(0.05)
        interrupted.cancel()
        await asyncio.gather(*(round.look() for round in rounds))
    assert (len(await office.ready()), await office.facts()) == (600, 600)


async def test_a_month_that_cannot_be_opened_holds_up_no_other(office: Office) -> None:
    await office.visited(BENGKULU, "2024-11")
    broken = await office.visited(BENGKULU, "2024-11")
    await office.visited(JAYAPURA, "2024-11")
    await office.asked(f"update month_keys set wrapped = 'lost' where visit = '{broken}' returning 1")
    office.now = MIDNIGHT
    await office.round().look()
    assert await office.ready() == [BENGKULU, JAYAPURA]


async def test_months_are_erased_when_a_visit_is_over_and_nobody_waits(office: Office) -> None:
    waits, over = await office.visited(BENGKULU, "2024-12"), await office.visited(BENGKULU, "2024-11")
    for visit in (waits, over):
        await office.asked(f"update visits set stage = 'CLOSED' where visit = '{visit}' returning 1")
    held = await office.visited(BENGKULU, "2024-11")
    called_off = await office.visited(JAYAPURA)
    await office.does(replace(close("CANCELLED", now=BEFORE), visit=called_off, office=JAYAPURA, team=None))
    office.now, round = MIDNIGHT, office.round()
    await round.look()
    await round.erase()
    with_key = await office.asked("select visit from month_keys where wrapped is not null")
    assert set(with_key) == {waits, held}
    because = await office.asked("select data->>'because' from events where type = 'VisitMonthsErased'")
    assert because == ["NOBODY_WAITS", "NOBODY_WAITS"]
    await round.erase()
    assert len(await office.asked("select 1 from events where type = 'VisitMonthsErased'")) == 2


async def test_what_falls_due_is_counted_by_office_item_and_first_of_a_month(office: Office) -> None:
    await office.visited(BENGKULU, "2024-11", "2024-12", "2024-12", "2025-10", None)
    await office.visited(BENGKULU, "2024-12", item="KIA")
    await office.visited(JAYAPURA, "2024-11")
    assert await birthdays_due(office.engine, KEYRING) == {
        (BENGKULU, "KTP_WNI"): {date(2024, 12, 1): 1, date(2025, 1, 1): 2, date(2025, 11, 1): 1},
        (BENGKULU, "KIA"): {date(2025, 1, 1): 1},
        (JAYAPURA, "KTP_WNI"): {date(2024, 12, 1): 1},
    }
    assert await birthdays_due(office.engine, Keyring([bytes(32)])) == {}


async def test_the_workers_part_makes_who_is_due_print_ready_and_survives_its_database(office: Office) -> None:
    await office.visited(BENGKULU, "2024-11")
    office.now = MIDNIGHT
    part = birthdays(KEYRING, lambda: office.now)

    async def ready() -> bool:
        return await office.ready() == [BENGKULU]

    async with running(part(office.ledger, office.engine)):
        await eventually(ready, "the birthday is past")


async def test_a_month_in_clear_of_an_old_log_is_known_too(office: Office) -> None:
    visit = await office.visited(BENGKULU)
    await office.asked(
        "insert into recordings (recording, visit, office, applicant, item, location, turns_17, state)"
        f" values ('r-1', '{visit}', '17.71', 'A-1', 'KTP_WNI', 'MPP', '2024-11', 'WAITING') returning 1"
    )
    assert [waiting async for waiting in all_waiting(office.engine, KEYRING)] == [
        ("r-1", BENGKULU, "KTP_WNI", "2024-11")
    ]
    assert await birthdays_due(office.engine, KEYRING) == {(BENGKULU, "KTP_WNI"): {date(2024, 12, 1): 1}}
    assert printable_from("2024-11", "Asia/Jakarta") == MIDNIGHT
