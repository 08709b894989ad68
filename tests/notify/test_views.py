"""What the read tables answer, on the real PostgreSQL and written by the real ledger."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notify.domain import Level, NoteTakenBack, NoticeKind, NoticeSent, RaiseShortage
from services.notify.views import escalation, escalations_at, inbox
from shared.decider import Command
from shared.ledger import Context, Ledger
from tests.notify.situations import (
    BENGKULU,
    DAY,
    EMPTY_ON,
    HOUR,
    NOON,
    PLACE,
    PROVINCE,
    STREAM,
    answer,
    critical,
    deadline,
    low,
    over,
    promised,
    received,
)
from tests.notify.web import LISTEN, RULES

pytestmark = pytest.mark.anyio


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as connection:
        yield connection


async def carry_out(ledger: Ledger, *commands: Command) -> None:
    for command in (LISTEN, RULES, *commands):
        await ledger.execute(command, Context(subject="u", route="test"))


def low_at(office: str) -> RaiseShortage:
    raised = low()
    return RaiseShortage(
        **{name: getattr(raised, name) for name in RaiseShortage.__dataclass_fields__} | {"office": office}
    )


async def test_an_escalation_is_read_as_the_state_has_it(ledger: Ledger, connection: AsyncConnection) -> None:
    await carry_out(ledger, low(), received(50), answer(), critical(NOON + HOUR))
    row = await escalation(connection, BENGKULU, "KTP_WNI")
    assert row is not None
    assert (row["episode"], row["open"], row["level"], row["stock_level"]) == (4, True, "PROVINCE", "CRITICAL")
    assert (row["told"], row["received"], row["opened_at"]) == (["CITY", "PROVINCE"], 50, NOON)
    assert (row["due"], row["waiting_for"]) == (NOON + HOUR + 2 * DAY, "ANSWER")
    assert row["figures"]["available"] == 1_200
    assert row["answer"]["action"] == "Ambil 2.000 keping di provinsi"
    assert await escalation(connection, BENGKULU, "KIA") is None


async def test_one_that_is_over_is_kept_and_no_longer_open(ledger: Ledger, connection: AsyncConnection) -> None:
    await carry_out(ledger, low(), over(now=NOON + DAY))
    row = await escalation(connection, BENGKULU, "KTP_WNI")
    assert row is not None
    assert (row["open"], row["resolved_at"], row["due"], row["waiting_for"]) == (False, NOON + DAY, None, None)


async def test_what_is_open_is_listed_per_level_within_a_scope_page_by_page(
    ledger: Ledger, connection: AsyncConnection
) -> None:
    cities = ["17.01", "17.02", "17.03"]
    await carry_out(ledger, *(low_at(city) for city in cities), low_at("18.01"), critical())
    first = await escalations_at(connection, Level.CITY, True, [*cities, BENGKULU], None, 2)
    assert [row["office"] for row in first] == ["17.01", "17.02"]
    second = await escalations_at(connection, Level.CITY, True, [*cities, BENGKULU], ("17.02", "KTP_WNI"), 2)
    assert [row["office"] for row in second] == ["17.03"]
    at_any = await escalations_at(connection, None, True, [*cities, BENGKULU], None, 9)
    assert [row["office"] for row in at_any] == [*cities, BENGKULU]
    assert not await escalations_at(connection, None, False, [*cities, BENGKULU], None, 9)


async def test_an_inbox_holds_what_its_desk_was_told_the_latest_first(
    ledger: Ledger, connection: AsyncConnection
) -> None:
    await carry_out(ledger, low(), critical(NOON + HOUR), over(now=NOON + DAY))
    everything = await inbox(connection, "head", BENGKULU, None, 9)
    assert [notice.kind for _, notice in everything] == [NoticeKind.RESOLVED, NoticeKind.CLIMBED, NoticeKind.SHORTAGE]
    assert all(isinstance(notice, NoticeSent) for _, notice in everything)
    assert await inbox(connection, "head", BENGKULU, everything[0][0], 1) == everything[1:2]
    assert await inbox(connection, "head", BENGKULU, "no notice of ours", 9) == []
    assert [notice.kind for _, notice in await inbox(connection, "province", "17", None, 9)] == [
        NoticeKind.RESOLVED,
        NoticeKind.CLIMBED,
    ]
    assert await inbox(connection, "province", "18", None, 9) == []


async def test_a_promise_that_is_taken_back_leaves_the_clock_the_wait_that_there_was(
    ledger: Ledger, connection: AsyncConnection
) -> None:
    rows = text("select key, due, kind from deadlines")
    await carry_out(ledger, low(), replace(promised(EMPTY_ON - DAY), promise="a-1"))
    [paused] = (await connection.execute(rows)).all()
    assert (paused.key, paused.kind) == (f"{STREAM}/2", "PROMISE")
    about: dict[str, Any] = {"now": NOON + HOUR, "occurred_at": NOON + HOUR, "office": BENGKULU, "item": "KTP_WNI"}
    await carry_out(ledger, NoteTakenBack(**about, place=PLACE, promise="a-1"))
    [waits] = (await connection.execute(rows)).all()
    assert (waits.key, waits.due, waits.kind) == (f"{STREAM}/3", NOON + DAY, "ANSWER")
    row = await escalation(connection, BENGKULU, "KTP_WNI")
    assert row is not None and (row["due"], row["relief"]) == (NOON + DAY, None)


async def test_an_open_escalation_has_one_deadline_and_one_that_is_over_has_none(
    ledger: Ledger, connection: AsyncConnection
) -> None:
    rows = text("select key, due, kind, data from deadlines")
    await carry_out(ledger, low(), deadline(1, NOON + DAY), answer(PROVINCE, now=NOON + DAY))
    assert [tuple(row) for row in await connection.execute(rows)] == [(f"{STREAM}/3", NOON + 3 * DAY, "PROMISE", "3")]
    await ledger.execute(over(now=NOON + 2 * DAY), Context(subject="u", route="test"))
    assert (await connection.execute(rows)).all() == []
