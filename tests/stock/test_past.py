"""What the books say of the past equals what a naive reader of all facts would say, whatever was entered when."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.stock.domain import (
    SCHEMAS,
    BlanksMoved,
    BlanksReceived,
    BlankUsed,
    Book,
    BookClosed,
    Change,
    DailyUseEstimated,
    MovementReversed,
    VarianceRecorded,
    changes,
    evolve,
    stock_card,
)
from services.stock.views import balances_at, history, past
from shared.decider import Recalled
from tests.stock.bengkulu import BENGKULU, BOOK, MALL, STORE

pytestmark = pytest.mark.anyio

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
EVER = datetime(2099, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WHOSE: dict[str, Any] = {"office": BENGKULU, "item": "KTP_WNI", "on_hand": 0, "available": 0}
SEEDS = (1, 2, 3)


def counts_from(history: list[Recalled]) -> list[tuple[datetime, Recalled]]:
    """Each fact with the moment since which it counts: its own, unless that was closed when it was entered."""
    closed_until, counted = None, []
    for r in history:
        moment = r.occurred_at if closed_until is None else max(r.occurred_at, closed_until)
        counted.append((moment, r))
        if isinstance(r.fact, BookClosed):
            closed_until = r.fact.until
    return counted


def naive(history: list[Recalled], as_of: datetime, known_at: datetime = EVER) -> Counter[str]:
    """The sum of all that had happened by then, as far as it was known."""
    held: Counter[str] = Counter()
    for moment, r in counts_from(history):
        if moment <= as_of and r.recorded_at <= known_at:
            for change in changes(r.fact):
                held[change.location] += change.quantity
    return held


def anything(random: Random, history: list[Recalled]) -> tuple[Any, datetime | None]:
    """A fact, and when it happened if that is not up to chance."""
    n, here = random.randint(1, 9), random.choice((STORE, MALL))
    there = MALL if here == STORE else STORE
    moved = WHOSE | {"location": here, "quantity": n, "location_on_hand": 0}
    undone = [r for r in history if isinstance(r.fact, BlanksReceived | BlanksMoved)]
    match random.randrange(12):
        case 0 | 1 | 2:
            return BlanksReceived(**moved, source="CENTRE", bast="BAST"), None
        case 3:
            return BlanksMoved(**moved, to=there, to_on_hand=0), None
        case 4:
            return VarianceRecorded(**WHOSE, location=here, quantity=n - 5, reason="COUNTED_SINCE"), None
        case 5 if undone:
            r = random.choice(undone)
            back = tuple(Change(c.location, c.column, -c.quantity) for c in changes(r.fact))
            fact = MovementReversed(
                **WHOSE, reverses=r.version, kind="?", changes=back, reason="?", reversed_by="p:ani"
            )
            return fact, r.occurred_at
        case 6:
            return DailyUseEstimated(office=BENGKULU, item="KTP_WNI", thousandths=n), None
    return BlankUsed(**moved, job="job", used_on=date(2024, 1, 1)), None


def closing(history: list[Recalled], until: datetime, previous: datetime | None) -> BookClosed:
    held = naive(history, until - MICROSECOND)
    through = (until - timedelta(days=1)).date()
    return BookClosed(
        **WHOSE, through=through, until=until, previous_until=previous, locations=dict(held), closed_by="p:ani"
    )


def a_history(random: Random, length: int = 300) -> list[Recalled]:
    """Sixty days, closed three times: some of it entered at once, some days late, some by a clock that is ahead."""
    history: list[Recalled] = []
    now, closed_until = BEGAN, None
    for n in range(1, length + 1):
        now += timedelta(seconds=random.randint(0, 30_000))
        if n % 80 == 0:
            until = now.replace(hour=0, minute=0, second=0) - timedelta(days=random.randint(0, 3))
            fact: Any = closing(history, until, closed_until)
            closed_until, occurred_at = until, now
        else:
            fact, told = anything(random, history)
            late = random.choice((0, 0, 0, -100, 3_600, 86_400 * random.randint(1, 7)))
            occurred_at = told or (closed_until if closed_until and not late else now - timedelta(seconds=late))
        history.append(Recalled(n, occurred_at, now, fact))
    return history


def state_of(history: list[Recalled]) -> Book:
    book = Book()
    for r in history:
        book = evolve(book, r.fact)
    return book


async def store(engine: AsyncEngine, history: list[Recalled]) -> None:
    statement = text(
        "insert into events (position, stream, version, type, schema, data, metadata, occurred_at, recorded_at, hash)"
        " values (:position, :stream, :version, :type, 1, cast(:data as json), '{}', :occurred_at, :recorded_at, '')"
    )
    rows = [
        {
            "position": r.version,
            "version": r.version,
            "stream": BOOK,
            "type": type(r.fact).__name__,
            "data": msgspec.json.encode(r.fact).decode(),
            "occurred_at": r.occurred_at,
            "recorded_at": r.recorded_at,
        }
        for r in history
    ]
    state = msgspec.json.encode(state_of(history)).decode()
    async with engine.begin() as connection:
        await connection.execute(text("delete from streams"))
        await connection.execute(statement, rows)
        await connection.execute(
            text("insert into streams values (:stream, :version, :schema, cast(:state as json))"),
            {"stream": BOOK, "version": len(history), "schema": SCHEMAS["office"], "state": state},
        )


@pytest.fixture
async def engine(database: ServiceDatabase) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(database.app_url)
    yield engine
    await engine.dispose()


def moments(random: Random, history: list[Recalled]) -> list[datetime]:
    """Any, the very ones of facts and closings, and those right beside."""
    chosen = [r.occurred_at for r in random.sample(history, 12)] + [r.recorded_at for r in random.sample(history, 12)]
    untils = [r.fact.until for r in history if isinstance(r.fact, BookClosed)]
    near = [moment + random.choice((-1, 0, 1)) * MICROSECOND for moment in chosen + untils]
    return [BEGAN - timedelta(days=9), *near, *untils, EVER]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_balance_of_the_past_is_the_sum_of_the_facts(
    engine: AsyncEngine, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "AT_ONCE", 23)
    random = Random(seed)
    facts = a_history(random)
    await store(engine, facts)
    async with engine.connect() as connection:
        for as_of in moments(random, facts):
            for known_at in (EVER, *random.sample(moments(random, facts), 4)):
                held = await balances_at(connection, BENGKULU, "KTP_WNI", as_of, known_at)
                expected = naive(facts, as_of, known_at)
                assert Counter(held) - Counter() == expected - Counter(), (as_of, known_at)
                assert {name: n for name, n in held.items() if n} == {name: n for name, n in expected.items() if n}


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_stock_card_leads_from_its_opening_to_its_closing_balance(engine: AsyncEngine, seed: int) -> None:
    random = Random(seed)
    facts = a_history(random)
    await store(engine, facts)
    async with engine.connect() as connection:
        for _ in range(25):
            start, end = sorted(random.sample(moments(random, facts), 2))
            if start == end:
                continue
            known = await past(connection, BENGKULU, "KTP_WNI", start, end)
            assert known is not None
            for location in (None, STORE, MALL):
                card = stock_card(known.book, known.tail, start, end, location, known.until)

                def held(at: datetime, location: str | None = location) -> int:
                    sums = naive(facts, at - MICROSECOND)
                    return sums.total() if location is None else sums[location]

                assert (card.opening, card.closing) == (held(start), held(end))
                balance = card.opening
                for line in card.lines:
                    balance += line.quantity
                    assert line.balance == balance and sum(line.columns.values()) == line.quantity
                moved = [
                    r.version
                    for moment, r in sorted(counts_from(facts), key=lambda pair: (pair[0], pair[1].version))
                    if start <= moment < end and any(location in (None, change.location) for change in changes(r.fact))
                ]
                assert [line.recalled.version for line in card.lines] == moved


async def test_a_question_about_a_closed_period_reads_nothing_that_came_after(engine: AsyncEngine) -> None:
    facts = a_history(Random(7))
    await store(engine, facts)
    first = next(r for r in facts if isinstance(r.fact, BookClosed))
    async with engine.connect() as connection:
        known = await past(connection, BENGKULU, "KTP_WNI", first.fact.until - timedelta(days=1), BEGAN)
        recent = await past(connection, BENGKULU, "KTP_WNI", facts[-5].recorded_at, EVER)
    assert known is not None and known.until == first.fact.until
    assert 0 < len(known.tail) < 80 and max(entry.version for entry in known.tail) == first.version - 1
    assert recent is not None and len(recent.tail) < 20


async def test_a_state_of_an_older_shape_is_folded_anew(engine: AsyncEngine) -> None:
    facts = a_history(Random(8))
    await store(engine, facts)
    async with engine.begin() as connection:
        await connection.execute(text("update streams set state_schema = 1, state = '{}'"))
    async with engine.connect() as connection:
        assert await history.book_now(connection, BENGKULU, "KTP_WNI") == state_of(facts)
        assert await history.book_now(connection, BENGKULU, "KIA") is None


def asking_with(statement: Any) -> str:
    """The statement with values in place of its parameters, as the planner is told them."""
    values = {"moment": "'2024-01-01Z'", "entries": "'{1,2}'", "stream": f"'{BOOK}'", "first": "1", "last": "99"}
    said = str(statement)
    for name, value in (values | {"chunk": "10"}).items():
        said = said.replace(f":{name}", value)
    return said


async def test_landmarks_closings_counts_and_reversals_are_found_by_an_index_of_few(engine: AsyncEngine) -> None:
    await store(engine, a_history(Random(9)))
    statements = [*history._LANDMARKS.values(), history._COUNTS, history._CLOSING]
    async with engine.connect() as connection:
        await connection.execute(text("set enable_seqscan = off"))
        for statement, index in [(s, "events_landmarks") for s in statements] + [
            (history._REVERSALS, "events_reversals")
        ]:
            plan = await connection.exec_driver_sql(f"explain {asking_with(statement)}")
            assert index in "\n".join(row[0] for row in plan), statement
