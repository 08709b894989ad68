"""Deadlines: rows that become commands, on news that is read, exactly once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.clock import PATIENCE, Clock, Deadline
from shared.decider import Command
from shared.ledger import Ledger
from shared.news import News, Watermark
from tests.shared.conftest import asking
from tests.shared.streams import rows
from tests.shared.toy import Put, Take

pytestmark = pytest.mark.anyio

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TOPIC = "blanko.17.other"
TOPICS = frozenset({TOPIC})


def deadline(name: str, due: datetime = NOON) -> Deadline:
    return Deadline(key=name, stream=f"jar/{name}", office="17.71", due=due, kind="REFILL", data="")


def refill(deadline: Deadline, now: datetime, stale: bool) -> Command:
    return Put(jar=deadline.stream.partition("/")[2], label="stale" if stale else "fresh", now=now)


def read_until(moment: datetime) -> News:
    """News of a reader that has applied everything that had happened by then."""
    news = News()
    news.applied(TOPIC, 7)
    news.marked(Watermark("other", moment, {TOPIC: 7}), TOPICS)
    return news


def clock(
    ledger: Ledger,
    engine: AsyncEngine,
    now: datetime,
    news: News,
    due: Callable[[Deadline, datetime, bool], Command] = refill,
) -> Clock:
    return Clock("toy", ledger, engine, due, news, lambda office, moment: [TOPIC], lambda: now)


async def labels(engine: AsyncEngine) -> list[str]:
    return [row[0] for row in await rows(engine, "select data->>'label' from events where data->>'label' <> ''")]


async def test_a_due_row_speaks_once_and_is_gone(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="b"), asking(), [deadline("a").row])
    ticking = clock(ledger, engine, NOON + timedelta(seconds=1), read_until(NOON))
    assert [await ticking.look(), await ticking.look()] == [1, 0]
    assert await labels(engine) == ["fresh"]
    assert await rows(engine, "select 1 from deadlines") == []


async def test_what_is_not_due_is_silent(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="b"), asking(), [deadline("a").row])
    assert await clock(ledger, engine, NOON - timedelta(seconds=1), read_until(NOON)).look() == 0


async def test_a_deadline_does_not_speak_on_unread_news(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="b"), asking(), [deadline("a").row])
    news = read_until(NOON - timedelta(seconds=1))
    waiting = clock(ledger, engine, NOON + timedelta(minutes=5), news)
    assert await waiting.look() == 0
    # Published by then, but not yet applied here.
    news.marked(Watermark("other", NOON + timedelta(minutes=4), {TOPIC: 9}), TOPICS)
    assert await waiting.look() == 0
    news.applied(TOPIC, 9)
    assert await waiting.look() == 1
    assert await labels(engine) == ["fresh"]


async def test_after_ten_minutes_of_trying_it_speaks_and_says_that_figures_may_be_old(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await ledger.execute(Put(jar="b"), asking(), [deadline("a").row])
    assert await clock(ledger, engine, NOON + PATIENCE - timedelta(seconds=1), News()).look() == 0
    assert await clock(ledger, engine, NOON + PATIENCE, News()).look() == 1
    assert await labels(engine) == ["stale"]


async def test_a_refused_deadline_is_consumed_all_the_same(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="b"), asking(), [deadline("a").row])
    ticking = clock(ledger, engine, NOON, read_until(NOON), lambda row, now, stale: Take(jar="a", now=now))
    assert [await ticking.look(), await ticking.look()] == [1, 0]


async def test_two_clocks_that_take_the_same_row_consume_it_together(ledger: Ledger, engine: AsyncEngine) -> None:
    await ledger.execute(Put(jar="b"), asking(), [deadline(name).row for name in "acd"])
    for _ in range(2):
        await clock(ledger, engine, NOON, read_until(NOON)).look()
    assert await labels(engine) == ["fresh"] * 3


def test_a_watermark_that_is_awaited_is_kept_until_it_is_reached() -> None:
    news = News()
    news.applied(TOPIC, 1)
    for second in range(5):
        news.marked(Watermark("other", NOON + timedelta(seconds=second), {TOPIC: 10 + second}), TOPICS)
    assert news.up_to(TOPIC) is None
    news.applied(TOPIC, 10)
    assert news.up_to(TOPIC) == NOON


def test_a_watermark_of_another_service_says_nothing_about_this_topic() -> None:
    news = News()
    news.applied(TOPIC, 1)
    news.marked(Watermark("another", NOON, {}), TOPICS)
    assert news.up_to(TOPIC) is None
