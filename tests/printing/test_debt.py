"""The debt book: what is owed at a moment, and that others hear of it when it changes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.printing import views, worker
from services.printing.domain import Debt, TellDebt
from services.printing.views import Pause, promised_since
from services.printing.worker import keep_debt_book, tell_debts
from shared.decider import Command
from shared.ledger import Context
from shared.offices import offices
from tests.hosting import Caller
from tests.printing.bengkulu import (
    BENGKULU,
    HERE,
    NOON,
    asked,
    cancel,
    claim,
    printed,
    printing,
    queue_job,
    queue_jobs,
    spoiled,
    stock,
)

pytestmark = pytest.mark.anyio

DAY, HOUR, INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
WHO = Context(subject="u", route="test")
QUEUE = (BENGKULU, "KTP_WNI")


async def after(app: FastAPI, *commands: Command) -> None:
    for command in commands:
        await app.state.ledger.execute(command, WHO)


async def owed(app: FastAPI, now: datetime = NOON) -> dict[tuple[str, str], Debt]:
    """What the whole nation owes."""
    async with app.state.engine.connect() as connection:
        return dict(await views.debts(connection, offices().all(), now))


async def tell(app: FastAPI, now: datetime = NOON) -> list[tuple[str, int, int]]:
    """What is told at this moment: facts, with how many cards are owed, and how many are put off or were owed."""
    async with app.state.engine.connect() as connection:
        before = await connection.scalar(text("select position from log_head"))
    await tell_debts(app.state.ledger, app.state.engine, now)
    query = text("select type, data from events where position > :before order by position")
    async with app.state.engine.connect() as connection:
        facts = (await connection.execute(query, {"before": before})).all()
    return [(type, data["owed"], data.get("put_off", data.get("before"))) for type, data in facts]


async def test_a_card_that_was_put_off_is_owed_at_once_and_any_other_once_it_waits_too_long(app: FastAPI) -> None:
    await after(app, queue_job(job="a"), stock("EMPTY"), queue_job(job="b", print_ready_at=NOON - HOUR))
    assert await owed(app) == {QUEUE: Debt(1, 1, {"LOST": 1}, NOON - HOUR)}
    await after(app, stock("OK"))
    assert await owed(app, NOON + DAY) == {QUEUE: Debt(1, 1, {"LOST": 1}, NOON - HOUR)}
    assert await owed(app, NOON + DAY + INSTANT) == {QUEUE: Debt(2, 1, {"LOST": 2}, NOON - HOUR)}


async def test_whoever_is_claimed_or_waits_for_a_decision_is_owed_a_card_and_whoever_has_one_is_not(
    app: FastAPI,
) -> None:
    long_ago = NOON - 30 * DAY
    await after(app, *(queue_job(job=name, print_ready_at=long_ago) for name in "abcde"), claim("a"))
    await after(app, *[spoiled(job="b")] * 3, printed(job="c"), cancel(job="d"))
    assert (await owed(app))[QUEUE].owed == 3


async def test_debt_is_counted_by_queue_and_reason_and_the_oldest_is_known(app: FastAPI) -> None:
    long_ago = NOON - 30 * DAY
    await after(app, queue_job(job="a", reason="FIRST", print_ready_at=long_ago - DAY))
    await after(app, queue_job(job="b", print_ready_at=long_ago), queue_job(job="c", print_ready_at=long_ago))
    await after(app, queue_job(job="d", item="KIA", print_ready_at=long_ago))
    await after(app, queue_job(job="e", office="91.71", print_ready_at=long_ago))
    assert await owed(app) == {
        QUEUE: Debt(3, 0, {"FIRST": 1, "LOST": 2}, long_ago - DAY),
        (BENGKULU, "KIA"): Debt(1, 0, {"LOST": 1}, long_ago),
        ("91.71", "KTP_WNI"): Debt(1, 0, {"LOST": 1}, long_ago),
    }


async def test_while_the_book_is_empty_time_makes_no_debt(app: FastAPI) -> None:
    await after(app, queue_job(job="a"), stock("EMPTY"))
    assert await owed(app, NOON + 9 * DAY) == {}
    later = NOON + 5 * DAY
    await after(app, stock("OK", now=later, occurred_at=later))
    assert await owed(app, later + DAY) == {}
    # Monday at noon to Tuesday at noon; Wednesday, 27 November 2024, was the regional election.
    assert (await owed(app, later + DAY + INSTANT))[QUEUE].owed == 1


async def test_each_office_has_its_own_weekend(app: FastAPI) -> None:
    """At the end of Friday in Jakarta it is Saturday in Jayapura."""
    friday_evening_utc = datetime(2024, 11, 22, 16, 0, tzinfo=UTC)
    for office in ("17.71", "91.71"):
        await after(app, queue_job(job=office, office=office, print_ready_at=friday_evening_utc - DAY))
    assert set(await owed(app, friday_evening_utc + HOUR / 2)) == {QUEUE}


async def test_a_debt_is_told_when_it_is_not_as_it_was_told_last(app: FastAPI) -> None:
    await after(app, stock("EMPTY"), queue_jobs(*(asked(job=name) for name in "abc")))
    assert await tell(app) == [("PrintDebtChanged", 3, 3)]
    assert await tell(app) == []
    await after(app, printed(job="a", blank_in_hand=True), queue_job(job="d"), queue_job(job="e"))
    assert await tell(app) == [("PrintDebtChanged", 4, 4)]
    await after(app, *(printed(job=name, blank_in_hand=True) for name in "bcde"))
    assert await tell(app) == [("PrintDebtChanged", 0, 0)]
    assert await tell(app) == []


async def test_a_debt_of_the_same_size_by_other_reasons_or_of_another_age_is_told(app: FastAPI) -> None:
    await after(app, stock("EMPTY"), queue_job(job="a"), queue_job(job="b"))
    await tell(app)
    await after(app, cancel(job="a"), queue_job(job="c", reason="FIRST"))
    assert await tell(app) == [("PrintDebtChanged", 2, 2)]
    await after(app, cancel(job="c"), queue_job(job="d", reason="FIRST", print_ready_at=NOON - HOUR))
    assert await tell(app) == [("PrintDebtChanged", 2, 2)]


async def test_what_is_told_stands_beside_stock(app: FastAPI) -> None:
    await after(app, stock("EMPTY"), queue_job(job="a"))
    await tell(app)
    async with app.state.engine.connect() as connection:
        query = text("select data, topic from events where type = 'PrintDebtChanged'")
        data, topic = (await connection.execute(query)).one()
    assert topic == "blanko.17.printing"
    assert (data["level"], data["on_hand"], data["by_reason"]) == ("EMPTY", 0, {"LOST": 1})
    assert (data["oldest_since"], data["stock_as_of"]) == ("2024-11-20T05:00:00Z", "2024-11-20T05:07:00Z")


async def test_debt_that_grows_though_stock_says_there_is_enough_is_reported_once_a_day(app: FastAPI) -> None:
    await after(
        app, stock("OK"), *(queue_job(job=name, print_ready_at=NOON + n * HOUR) for n, name in enumerate("abcd"))
    )
    tomorrow = NOON + DAY
    assert await tell(app, tomorrow + INSTANT) == [("PrintDebtChanged", 1, 0), ("PrintDebtUnexplained", 1, 0)]
    assert await tell(app, tomorrow + HOUR + INSTANT) == [("PrintDebtChanged", 2, 0)]
    assert await tell(app, tomorrow + 2 * HOUR + INSTANT) == [("PrintDebtChanged", 3, 0)]
    await after(app, printed(job="a"))
    day_after = NOON + 2 * DAY
    assert await tell(app, day_after) == [("PrintDebtChanged", 3, 0)], "one more, one less"
    await after(app, queue_job(job="e", print_ready_at=NOON))
    assert await tell(app, day_after) == [("PrintDebtChanged", 4, 0), ("PrintDebtUnexplained", 4, 3)]


async def test_what_grew_in_a_shortage_is_not_taken_for_growth_after_it(app: FastAPI) -> None:
    enough = stock("OK", occurred_at=NOON + HOUR)
    await after(app, stock("EMPTY"), queue_job(job="a", print_ready_at=NOON - DAY), enough)
    assert await tell(app, NOON + HOUR + INSTANT) == [("PrintDebtChanged", 1, 1)]
    await after(app, queue_job(job="b", print_ready_at=NOON - DAY))
    assert await tell(app, NOON + 2 * HOUR) == [("PrintDebtChanged", 2, 1), ("PrintDebtUnexplained", 2, 1)]


@pytest.mark.parametrize("level", [None, "LOW", "CRITICAL", "EMPTY"])
async def test_debt_that_grows_in_shortage_explains_itself(app: FastAPI, level: str | None) -> None:
    await after(app, queue_job(job="a", print_ready_at=NOON - 9 * DAY), *([stock(level)] if level else []))
    assert await tell(app) == [("PrintDebtChanged", 1, 0)]


async def test_debt_drains_when_blanks_come_in_the_order_of_shortage_and_the_book_follows(app: FastAPI) -> None:
    await after(app, stock("EMPTY"))
    await after(app, queue_job(job="lost", print_ready_at=NOON - HOUR), queue_job(job="first", reason="FIRST"))
    await tell(app)
    await after(app, stock("LOW", on_hand=1, available=1))
    for job, left in (("first", 1), ("lost", 0)):
        async with app.state.engine.connect() as connection:
            rules = await views.rules_of(connection, BENGKULU, "KTP_WNI", NOON.date())
            [next_one] = await views.next_jobs(connection, BENGKULU, "KTP_WNI", rules, NOON, 1, None)
        assert next_one == job
        await after(app, printed(job=job, chip_serial=job))
        assert await tell(app) == [("PrintDebtChanged", left, left)]


async def test_the_debt_book_is_kept_while_the_worker_works_and_survives_its_database(
    app: FastAPI, database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    async def look(*arguments: Any) -> int:
        try:
            return await tell_debts(*arguments)
        except ProgrammingError:
            failed.set()
            raise

    for name, value in (("LOOK_EVERY", 0.05), ("BUSY_AT_MOST", 1.0), ("tell_debts", look)):
        monkeypatch.setattr(worker, name, value)
    await after(app, stock("EMPTY"), queue_job(job="a"))
    keeping = asyncio.create_task(keep_debt_book(app.state.ledger, app.state.engine))
    try:
        assert await told_by_now(app, 1)
        async with out_of_order(database):
            await asyncio.wait_for(failed.wait(), 10)
        await after(app, queue_job(job="b"))
        assert await told_by_now(app, 2)
    finally:
        keeping.cancel()


@asynccontextmanager
async def out_of_order(database: ServiceDatabase) -> AsyncIterator[None]:
    """Whoever asks for queues gets an error meanwhile."""
    owner = create_async_engine(database.owner_url)
    try:
        async with owner.begin() as connection:
            await connection.execute(text("alter table queues rename to queues_gone"))
        yield
        async with owner.begin() as connection:
            await connection.execute(text("alter table queues_gone rename to queues"))
    finally:
        await owner.dispose()


async def told_by_now(app: FastAPI, owed: int) -> bool:
    """Whether so much was told, after a while at most."""
    for _ in range(200):
        await asyncio.sleep(0.05)
        async with app.state.engine.connect() as connection:
            if (await views.told_debts(connection))[QUEUE].owed == owed:
                return True
    return False


async def test_an_office_sees_what_it_owes_now_by_service_point_and_what_was_told(app: FastAPI, caller: Caller) -> None:
    await after(app, stock("EMPTY"), queue_job(job="a"))
    await tell(app)
    await after(app, queue_job(job="b", location="Kecamatan Selebar", reason="FIRST"))
    body = (await caller("head", "17.71").get("/offices/17.71/debt")).json()
    assert (body["office"], body["stock_known_up_to"]) == ("17.71", None)
    [item] = body["items"]
    noon = "2024-11-20T05:00:00Z"
    told = {"owed": 1, "put_off": 1, "by_reason": {"LOST": 1}, "oldest_since": noon}
    now = {"owed": 2, "put_off": 2, "by_reason": {"FIRST": 1, "LOST": 1}, "oldest_since": noon}
    assert {name: item[name] for name in now} == now
    assert (item["told"], item["by_location"]) == (told, {"Kecamatan Selebar": 1, "MPP": 1})
    assert (item["stock"]["level"], item["stock"]["on_hand"]) == ("EMPTY", 0)


async def test_provinces_and_the_nation_see_what_was_told_and_nobody_sees_beyond_their_region(
    app: FastAPI, caller: Caller
) -> None:
    for office, count in (("17.71", 2), ("17.01", 1), ("32.10", 4)):
        await after(app, stock("EMPTY", office=office))
        requests = [asked(job=str(uuid4()), print_ready_at=NOON - count * HOUR) for _ in range(count)]
        await after(app, queue_jobs(*requests, office=office))
    await tell(app)
    nation = (await caller("national", "00").get("/debt")).json()
    assert (nation["owed"], nation["put_off"], nation["oldest_since"]) == (7, 7, "2024-11-20T01:00:00Z")
    assert [one["office"] for one in nation["worst"]] == ["32.10", "17.71", "17.01"]
    assert {one["province"]: one["owed"] for one in nation["provinces"] if one["owed"]} == {"17": 3, "32": 4}
    province = (await caller("province", "17").get("/debt", params={"province": "17"})).json()
    assert (province["owed"], [one["office"] for one in province["of_offices"]]) == (3, ["17.71", "17.01"])
    assert (province["of_offices"][0]["level"], province["of_offices"][0]["on_hand"]) == ("EMPTY", 0)
    assert (await caller("province", "17").get("/debt")).json()["owed"] == 3
    assert (await caller("head", "17.01").get("/debt")).json()["owed"] == 1
    assert (await caller("province", "17").get("/debt", params={"province": "32"})).status_code == 404
    assert (await caller("ops", "00").get("/debt")).status_code == 403
    assert (await caller("head", "17.01").get("/offices/17.71/debt")).status_code == 404


def test_two_workers_that_tell_the_same_tell_it_once() -> None:
    debt = TellDebt(**HERE, item="KTP_WNI", debt=Debt(2, 1, {"LOST": 2}, NOON))
    assert printing.after(debt).when(debt) == []


def test_pauses_take_nothing_from_the_promise() -> None:
    jakarta: Any = offices().get("17.71").timezone  # type: ignore[union-attr]
    assert promised_since(NOON, [], jakarta) == NOON - DAY
    pause = Pause(NOON - 3 * HOUR, NOON - HOUR)
    assert promised_since(NOON, [pause], jakarta) == NOON - DAY - 2 * HOUR
    assert promised_since(NOON, [Pause(NOON - HOUR, NOON)], jakarta) == NOON - DAY - HOUR
