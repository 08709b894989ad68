"""Deadlines kept in the database, and the clock that lets them speak."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.domain import NoticeSent
from services.notify.reactions import due
from services.notify.views import escalation, inbox
from shared.clock import Clock
from shared.ledger import Context, Ledger
from shared.news import News
from tests.notify.situations import BENGKULU, DAY, HOUR, NOON, answer, low, over
from tests.notify.test_views import carry_out

pytestmark = pytest.mark.anyio

SECOND = timedelta(seconds=1)
WHO = Context(subject="u", route="test")


def nothing_to_await(office: str, moment: datetime) -> Sequence[str]:
    return ()


def news_of_stock(office: str, moment: datetime) -> Sequence[str]:
    return ("blanko.17.stock",)


ClockAt = Callable[..., Clock]


@pytest.fixture
def clock_at(ledger: Ledger, engine: AsyncEngine) -> ClockAt:
    def at(now: datetime, topics_of: Callable[[str, datetime], Sequence[str]] = nothing_to_await) -> Clock:
        return Clock("notify", ledger, engine, due, News(), topics_of, lambda: now)

    return at


async def level(engine: AsyncEngine) -> str:
    async with engine.connect() as connection:
        row = await escalation(connection, BENGKULU, "KTP_WNI")
    assert row is not None
    found: str = row["level"]
    return found


async def test_the_clock_climbs_at_the_deadline_and_once(
    ledger: Ledger, engine: AsyncEngine, clock_at: ClockAt
) -> None:
    await carry_out(ledger, low())
    assert await clock_at(NOON + DAY - SECOND).look() == 0
    assert await clock_at(NOON + DAY).look() == 1
    assert await level(engine) == "PROVINCE"
    assert await clock_at(NOON + DAY).look() == 0
    assert await clock_at(NOON + 3 * DAY).look() == 1
    assert await level(engine) == "NATIONAL"
    assert [await clock_at(NOON + 3 * DAY + n * HOUR).look() for n in (1, 2, 3)] == [1, 1, 1]


async def test_an_answer_moves_the_next_moment_to_its_promise(
    ledger: Ledger, engine: AsyncEngine, clock_at: ClockAt
) -> None:
    await carry_out(ledger, low())
    await ledger.execute(answer(promised_by=NOON + 3 * DAY), WHO)
    assert await clock_at(NOON + 2 * DAY).look() == 0
    assert await clock_at(NOON + 3 * DAY).look() == 1
    assert await level(engine) == "PROVINCE"


async def test_nobody_is_woken_for_a_shortage_that_is_over(
    ledger: Ledger, engine: AsyncEngine, clock_at: ClockAt
) -> None:
    await carry_out(ledger, low())
    await ledger.execute(over(now=NOON + HOUR), WHO)
    assert await clock_at(NOON + 9 * DAY).look() == 0


async def test_no_deadline_speaks_on_unread_news_until_ten_minutes_have_passed_and_then_it_says_so(
    ledger: Ledger, engine: AsyncEngine, clock_at: ClockAt
) -> None:
    await carry_out(ledger, low())
    assert await clock_at(NOON + DAY + SECOND, news_of_stock).look() == 0
    assert await clock_at(NOON + DAY + timedelta(minutes=10), news_of_stock).look() == 1
    async with engine.connect() as connection:
        [(_, notice)] = await inbox(connection, "province", "17", None, 9)
    assert isinstance(notice, NoticeSent) and notice.figures_may_be_old


async def test_a_clock_that_took_a_row_in_hand_before_an_answer_removes_nothing_of_the_answers(
    ledger: Ledger, engine: AsyncEngine, clock_at: ClockAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    await carry_out(ledger, low())
    execute_all = ledger.execute_all

    async def after_the_answer(*arguments: object, **named: object) -> object:
        monkeypatch.undo()
        await ledger.execute(answer(promised_by=NOON + 3 * DAY), WHO)
        return await execute_all(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "execute_all", after_the_answer)
    assert await clock_at(NOON + DAY).look() == 1
    assert await level(engine) == "CITY"
    async with engine.connect() as connection:
        rows = (await connection.execute(text("select due from deadlines"))).scalars().all()
    assert rows == [NOON + 3 * DAY]
