"""How shortages went: against a naive count over the same episodes, on the real PostgreSQL."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notify.domain import DeclareDay, OfficeHours
from services.notify.domain.worktime import worked
from services.notify.views.questions import Figures, Percentiles, calendar_of, episodes_of, figures
from services.notify.views.tables import episodes
from shared.ledger import Context, Ledger
from shared.offices import Office, offices
from shared.workdays import is_working_day
from tests.hosting import Caller
from tests.notify.situations import BENGKULU, DAY, HEAD, HOUR, NOON, answer, close, critical, decline, low, over
from tests.notify.web import LISTEN, RULES, happened, told

pytestmark = pytest.mark.anyio

LEVELS = ("CITY", "PROVINCE", "NATIONAL")
BEGIN, END = datetime(2024, 11, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
SOME = [offices().known(id) for id in (BENGKULU, "17.01", "64.71", "81.01")]
"""Of three provinces, and of all three zones."""
WHO = Context(subject="u", route="test")


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


def an_episode(random: random.Random, number: int) -> dict[str, Any]:
    """Any episode around November and December 2024, which have a holiday, an election and collective leave."""
    office, opened_at = random.choice(SOME), BEGIN + random.random() * 70 * DAY - 5 * DAY
    answered, ended = random.random() < 0.7, random.random() < 0.8
    return {
        "office": office.id,
        "item": random.choice(("KTP_WNI", "KIA")),
        "episode": number,
        "province": office.province(opened_at),
        "opened_at": opened_at,
        "level": random.choice(LEVELS),
        "worst": "LOW",
        "answered_at": opened_at + random.random() * 9 * DAY if answered else None,
        "ended_at": opened_at + random.random() * 20 * DAY if ended else None,
        "answered_at_level": random.choice(LEVELS) if answered else None,
        "how": random.choice(("RESOLVED", "CLOSED")) if ended else None,
        "steps": 1,
    }


def naive(rows: Sequence[dict[str, Any]], of: Iterable[Office]) -> dict[str, Any]:
    """What the figures of these offices are, counted one after the other."""
    here = {office.id: office for office in of}
    asked = [row for row in rows if row["office"] in here and BEGIN <= row["opened_at"] < END]
    answered = [row for row in asked if row["answered_at"] is not None]
    by_level = Counter(row["answered_at_level"] for row in answered)
    zones = {id: office.timezone for id, office in here.items()}
    return {
        "opened": len(asked),
        "resolved": sum(row["how"] == "RESOLVED" for row in asked),
        "closed": sum(row["how"] == "CLOSED" for row in asked),
        "unended": sum(row["ended_at"] is None for row in asked),
        "reached": {level: sum(row["level"] == level for row in asked) for level in LEVELS},
        "answered": {level: by_level[level] for level in LEVELS},
        "share": {level: round(by_level[level] / len(asked), 4) if asked else 0.0 for level in LEVELS},
        "answer_hours": percentiles([row["answered_at"] - row["opened_at"] for row in answered]),
        "answer_working_hours": percentiles(
            [
                worked(row["opened_at"], row["answered_at"], zones[row["office"]], OfficeHours(), is_working_day)
                for row in answered
            ]
        ),
        "recovery_hours": percentiles(
            [row["ended_at"] - row["opened_at"] for row in asked if row["how"] == "RESOLVED"]
        ),
        "open_now": dict.fromkeys(LEVELS, 0),
    }


def percentiles(times: Iterable[timedelta]) -> Percentiles | None:
    """As PostgreSQL's `percentile_cont`: between two values, in proportion."""
    hours = sorted(time / HOUR for time in times)
    if not hours:
        return None
    found = []
    for part in (0.5, 0.9, 0.99):
        place = part * (len(hours) - 1)
        low, rest = int(place), place - int(place)
        high = min(low + 1, len(hours) - 1)
        found.append(hours[low] + rest * (hours[high] - hours[low]))
    return Percentiles(*found)


def close_to(found: Figures, expected: dict[str, Any]) -> bool:
    def alike(one: Any, other: Any) -> bool:
        if not isinstance(one, Percentiles) or not isinstance(other, Percentiles):
            return bool(one == other)
        pairs = zip((one.p50, one.p90, one.p99), (other.p50, other.p90, other.p99), strict=True)
        return all(abs(a - b) < 0.006 for a, b in pairs)

    return all(alike(getattr(found, name), value) for name, value in expected.items())


async def test_figures_are_what_a_naive_count_over_the_episodes_says_in_working_time_too(
    connection: AsyncConnection,
) -> None:
    seeded = random.Random(6)
    rows = [an_episode(seeded, number) for number in range(2_000)]
    await connection.execute(insert(episodes), rows)
    groups = [(office, office.province(NOON)) for office in SOME]
    whole, parts = await figures(connection, groups, BEGIN, END, is_working_day, OfficeHours())
    assert close_to(whole, naive(rows, SOME))
    assert sorted(parts) == ["17", "64", "81"]
    for province, part in parts.items():
        assert close_to(part, naive(rows, [office for office in SOME if office.province(NOON) == province])), province


async def test_where_nothing_happened_there_are_no_percentiles(connection: AsyncConnection) -> None:
    whole, parts = await figures(connection, [(SOME[0], "17")], BEGIN, END, is_working_day, OfficeHours())
    assert (whole.opened, whole.answer_hours, whole.share["CITY"]) == (0, None, 0.0)
    assert parts == {"17": whole}


async def test_an_episode_leaves_how_far_it_climbed_who_answered_first_and_how_it_ended(
    ledger: Ledger, connection: AsyncConnection
) -> None:
    city, province = answer(HEAD, now=NOON + 2 * HOUR), answer(HEAD, now=NOON + 3 * HOUR)
    steps = [low(), city, province, critical(NOON + 4 * HOUR), decline(NOON + 5 * HOUR), over(now=NOON + 10 * HOUR)]
    for command in (LISTEN, RULES, *steps, low(episode=5, now=NOON + DAY), close(NOON + DAY + HOUR)):
        await ledger.execute(command, WHO)
    closed, ended = await episodes_of(connection, BENGKULU, "KTP_WNI", None, 9)
    assert (ended["level"], ended["worst"], ended["answered_at_level"]) == ("NATIONAL", "CRITICAL", "CITY")
    assert (ended["answered_at"], ended["ended_at"], ended["how"]) == (NOON + 2 * HOUR, NOON + 10 * HOUR, "RESOLVED")
    assert (closed["episode"], closed["level"], closed["answered_at"], closed["how"]) == (5, "CITY", None, "CLOSED")
    whole, _ = await figures(connection, [(SOME[0], "17")], BEGIN, END, is_working_day, OfficeHours())
    assert (whole.opened, whole.resolved, whole.closed, whole.unended) == (2, 1, 1, 0)
    assert whole.answer_hours == Percentiles(2, 2, 2) and whole.recovery_hours == Percentiles(10, 10, 10)
    # Opened at noon: what is answered at two, by the office's clock, took two working hours.
    assert whole.answer_working_hours == Percentiles(2, 2, 2)
    assert whole.share == {"CITY": 0.5, "PROVINCE": 0.0, "NATIONAL": 0.0}


async def test_a_day_that_an_administrator_declared_free_is_not_counted_as_working_time(
    ledger: Ledger, connection: AsyncConnection
) -> None:
    tuesday = date(2024, 11, 19)
    about: dict[str, Any] = {"note": "Banjir", "by": "admin", "today": date(2024, 11, 18)}
    free = DeclareDay(now=NOON, occurred_at=NOON, day=tuesday, works=False, **about)
    for command in (LISTEN, RULES, free, low(), answer(HEAD, now=NOON + 2 * DAY - HOUR)):
        await ledger.execute(command, WHO)
    works = await calendar_of(connection)
    assert not works(tuesday) and works(tuesday + DAY)
    whole, _ = await figures(connection, [(SOME[0], "17")], BEGIN, END, works, OfficeHours())
    assert whole.answer_working_hours == Percentiles(7, 7, 7)
    whole, _ = await figures(connection, [(SOME[0], "17")], BEGIN, END, is_working_day, OfficeHours())
    assert whole.answer_working_hours == Percentiles(15, 15, 15)


async def test_the_history_of_an_office_is_read_page_by_page_the_latest_first(connection: AsyncConnection) -> None:
    seeded = random.Random(7)
    rows = [an_episode(seeded, number) | {"office": BENGKULU} for number in range(40)]
    for row in rows[:10]:
        row["opened_at"] = NOON
    await connection.execute(insert(episodes), rows)
    wanted = sorted(rows, key=lambda row: (row["opened_at"], row["item"], row["episode"]), reverse=True)
    seen: list[tuple[str, int]] = []
    while page := await episodes_of(connection, BENGKULU, None, seen[-1] if seen else None, 7):
        seen += [(row["item"], row["episode"]) for row in page]
    assert seen == [(row["item"], row["episode"]) for row in wanted]
    only = await episodes_of(connection, BENGKULU, "KIA", None, 200)
    assert [row["episode"] for row in only] == [row["episode"] for row in wanted if row["item"] == "KIA"]
    assert await episodes_of(connection, "17.01", None, None, 9) == []


async def test_everyone_asks_within_their_scope(app: FastAPI, caller: Caller) -> None:
    await happened(app, low(), critical(NOON + HOUR))
    days = {"from": "2024-11-01", "to": "2024-11-30"}
    nation = await told(caller("national", "00"), "/figures", **days)
    assert (nation["opened"], nation["open_now"]) == (1, {"CITY": 0, "PROVINCE": 1, "NATIONAL": 0})
    assert len(nation["provinces"]) == 39
    assert [each["province"] for each in nation["provinces"] if each["opened"]] == ["17"]
    province = await told(caller("province", "17"), "/figures", province="17", **days)
    assert [each["office"] for each in province["offices"] if each["open_now"]["PROVINCE"]] == [BENGKULU]
    office = await told(caller("head", BENGKULU), "/figures", office=BENGKULU, item="KTP_WNI", **days)
    assert ([each["office"] for each in office["offices"]], office["unended"]) == ([BENGKULU], 1)
    other = await told(caller("head", BENGKULU), "/figures", item="KIA", **days)
    assert (other["opened"], other["open_now"]["PROVINCE"]) == (0, 0)
    stranger = caller("province", "18")
    assert (await told(stranger, "/figures", **days))["opened"] == 0
    for asked in ({"office": BENGKULU}, {"province": "17"}):
        assert (await stranger.get("/figures", params=asked)).status_code == 404
    assert (await stranger.get(f"/offices/{BENGKULU}/episodes")).status_code == 404
    assert (await caller("ops", "00").get("/figures")).status_code == 403


@pytest.mark.parametrize(
    "days",
    [
        {"from": "2024-11-02", "to": "2024-11-01"},
        {"from": "2023-11-01", "to": "2024-11-01"},
        {"from": "1999-01-01", "to": "1999-01-02"},
        {"from": "yesterday"},
    ],
)
async def test_days_that_are_no_time_or_too_much_of_it_are_not_asked_for(caller: Caller, days: dict[str, str]) -> None:
    answer = await caller("national", "00").get("/figures", params=days)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_history_over_http_ends_where_there_is_no_more(app: FastAPI, caller: Caller) -> None:
    await happened(app, low(), over(), low(episode=5, now=NOON + DAY))
    head, path = caller("head", BENGKULU), f"/offices/{BENGKULU}/episodes"
    page = await told(head, path, limit=1)
    rest = await told(head, path, limit=1, cursor=page["next"])
    assert [row["episode"] for row in (*page["episodes"], *rest["episodes"])] == [5, 4]
    assert await told(head, path, limit=1, cursor=rest["next"]) == {"office": BENGKULU, "episodes": [], "next": None}
    for nonsense in ("nonsense", "WzFd"):
        assert (await head.get(path, params={"cursor": nonsense})).status_code == 422
    # A cursor that we did not make may hold a number that no episode can have.
    assert (await head.get(path, params={"cursor": "WyJLSUEiLDkyMjMzNzIwMzY4NTQ3NzU4MDdd"})).json()["episodes"] == []
