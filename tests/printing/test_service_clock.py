"""From validated to printed within 24 working hours: what counts, what stands still, and how an office did."""

import random
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from services.printing.api.service_clock import percentiles
from services.printing.views import Pause, on_the_clock, promised_since
from services.printing.views.promise import apart
from shared.decider import Command
from shared.ledger import Context
from shared.moments import utcnow
from tests.hosting import Caller
from tests.printing.bengkulu import JOB, NOON, WEDNESDAY, cancel, printed, queue_job, stock

JAKARTA, JAYAPURA = ZoneInfo("Asia/Jakarta"), ZoneInfo("Asia/Jayapura")
DAY, HOUR, INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
WHO = Context(subject="u", route="test")
CLOCK = "/offices/17.71/service-clock"
JOB_OF_BENGKULU = f"/offices/17.71/jobs/{JOB}"
THAT_WEEK = {"from": "2024-11-18", "to": "2024-11-24"}


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """In November 2024: the 15th is a Friday, the 27th was the regional election."""
    return datetime(2024, 11, day, hour, minute, tzinfo=JAKARTA)


async def after(app: FastAPI, *commands: Command) -> None:
    for command in commands:
        await app.state.ledger.execute(command, WHO)


def card(job: str, ready: datetime, at: datetime, **but: Any) -> list[Command]:
    """A card that was asked for and printed."""
    office = {name: but.pop(name) for name in ("office",) if name in but}
    return [
        queue_job(job=job, print_ready_at=ready, now=ready, **office, **but),
        printed(job=job, chip_serial=job, now=at, occurred_at=at, **office),
    ]


async def clock(caller: Caller, **query: str) -> dict[str, Any]:
    answer = await caller("head", "17.71").get(CLOCK, params=THAT_WEEK | query)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


def of(body: dict[str, Any], item: str = "KTP_WNI") -> dict[str, Any]:
    [found] = [one for one in body["items"] if one["item"] == item]
    return dict(found)


@pytest.mark.parametrize(
    ("ready", "at", "hours"),
    [
        (wib(20, 8), wib(20, 15, 30), 7.5),
        (wib(20, 8), wib(21, 8), 24),
        (wib(15, 15), wib(18, 9), 18),
        (wib(16, 9), wib(18, 9), 9),
        (wib(16, 9), wib(17, 9), 0),
        (wib(26, 12), wib(28, 12), 24),
    ],
    ids=["in a day", "a day later", "Friday to Monday", "Saturday to Monday", "a weekend", "over the election"],
)
def test_each_moment_of_a_working_day_counts_and_none_of_another(ready: datetime, at: datetime, hours: float) -> None:
    assert on_the_clock(ready, at, [], JAKARTA) == hours * HOUR


def test_a_weekend_begins_two_hours_earlier_in_the_east() -> None:
    ready, at = datetime(2024, 11, 15, 10, tzinfo=UTC), datetime(2024, 11, 17, 23, tzinfo=UTC)
    assert on_the_clock(ready, at, [], JAKARTA) == (24 - 17 + 6) * HOUR
    assert on_the_clock(ready, at, [], JAYAPURA) == (24 - 19 + 8) * HOUR
    assert on_the_clock(ready, datetime(2024, 11, 16, 3, tzinfo=UTC), [], JAYAPURA) == 5 * HOUR


def test_while_the_book_is_empty_the_clock_stands_still_and_a_weekend_in_it_counts_once() -> None:
    pauses = apart([Pause(wib(15, 12), wib(18, 12))], NOON)
    assert on_the_clock(wib(15, 10), wib(18, 13), pauses, JAKARTA) == 3 * HOUR
    assert on_the_clock(wib(15, 13), wib(18, 11), pauses, JAKARTA) == timedelta()
    assert on_the_clock(wib(18, 13), wib(18, 15), pauses, JAKARTA) == 2 * HOUR


def test_what_stock_told_late_may_overlap_and_is_taken_off_once() -> None:
    pauses = apart(
        [Pause(wib(20, 9), None), Pause(wib(19, 9), wib(19, 12)), Pause(wib(19, 8), wib(19, 10))], wib(20, 15)
    )
    assert pauses == [(wib(19, 8), wib(19, 10)), (wib(19, 10), wib(19, 12)), (wib(20, 9), wib(20, 15))]
    assert on_the_clock(wib(19, 7), wib(20, 15), pauses, JAKARTA) == (32 - 4 - 6) * HOUR
    assert apart([Pause(wib(20, 9), wib(20, 8))], NOON) == []


def test_who_waits_too_long_is_whoever_was_print_ready_before_one_moment() -> None:
    chance = random.Random(5)
    for _ in range(300):
        begin = datetime(2024, 3, 1, tzinfo=UTC)
        moments = sorted(begin + chance.random() * 60 * DAY for _ in range(7))
        pauses = apart([Pause(*moments[n : n + 2]) for n in (0, 2, 4)], moments[6])
        now, zone = moments[6], chance.choice([JAKARTA, JAYAPURA])
        limit = promised_since(now, pauses, zone)
        assert on_the_clock(limit - INSTANT, now, pauses, zone) > DAY
        assert on_the_clock(limit, now, pauses, zone) == DAY


def test_percentiles_are_those_of_a_naive_count() -> None:
    chance = random.Random(7)
    for count in (1, 2, 9, 10, 99, 100, 250):
        took = [chance.randrange(1, 60 * 60 * 60) * timedelta(seconds=1) for _ in range(count)]
        shown = percentiles(took)
        for percent in (50, 90, 95, 99):
            # The shortest time that at least so many of the cards did not exceed.
            naive = min(one for one in took if 100 * sum(each <= one for each in took) >= percent * count)
            assert shown[f"p{percent}"] == round(naive / HOUR, 2)
        assert shown["within"] == sum(each <= DAY for each in took)


def test_no_cards_have_no_percentiles() -> None:
    assert percentiles([]) == {
        "count": 0,
        "within": 0,
        "share": None,
        "p50": None,
        "p90": None,
        "p95": None,
        "p99": None,
    }


@pytest.mark.anyio
async def test_an_office_sees_how_its_cards_did_altogether_and_by_item(app: FastAPI, caller: Caller) -> None:
    hours = [2, 3, 4, 5, 26]
    for hour in hours:
        await after(app, *card(f"k{hour}", wib(19, 8), wib(19, 8) + hour * HOUR))
    await after(app, *card("kia", wib(15, 15), wib(18, 9), item="KIA"))
    body = await clock(caller)
    figures = {"count": 5, "within": 4, "share": 0.8, "p50": 4, "p90": 26, "p95": 26, "p99": 26, "unmeasured": 0}
    assert of(body)["printed"] == figures
    assert (of(body, "KIA")["printed"]["count"], of(body, "KIA")["printed"]["p50"]) == (1, 18)
    assert (body["printed"]["count"], body["printed"]["share"], body["promised_hours"]) == (6, 0.8333, 24)
    assert body["printed"]["p90"] == round(sorted([*hours, 18])[ceil(6 * 0.9) - 1], 2)


@pytest.mark.anyio
async def test_a_second_card_is_not_counted_and_a_card_without_a_request_before_it_is_not_measured(
    app: FastAPI, caller: Caller
) -> None:
    again = printed(job="a", chip_serial="04B2", declared=True, now=wib(22, 8), occurred_at=wib(22, 8))
    unasked = printed(job="b", item="KTP_WNI", reason="LOST", now=wib(20, 9), occurred_at=wib(20, 9))
    await after(app, *card("a", wib(19, 8), wib(19, 9)), again, unasked)
    printed_cards = of(await clock(caller))["printed"]
    assert (printed_cards["count"], printed_cards["p99"], printed_cards["unmeasured"]) == (1, 1, 1)


@pytest.mark.anyio
async def test_days_are_those_of_the_office_both_ends_included(app: FastAPI, caller: Caller) -> None:
    await after(app, *card("a", wib(20, 1), wib(20, 0, 30) + HOUR), *card("b", wib(21, 1), wib(21, 23, 59)))
    await after(app, *card("c", wib(19, 1), wib(19, 23, 59)), *card("d", wib(22, 0), wib(22, 0, 1)))
    body = await clock(caller, **{"from": "2024-11-20", "to": "2024-11-21"})
    assert body["printed"]["count"] == 2


@pytest.mark.anyio
async def test_the_time_without_blanks_is_shown_with_its_reason_and_taken_off(app: FastAPI, caller: Caller) -> None:
    begin, end = wib(19, 9), wib(20, 9)
    await after(app, queue_job(job="a", print_ready_at=wib(19, 8), now=wib(19, 8)))
    await after(app, stock("EMPTY", now=begin, occurred_at=begin), stock("LOW", now=end, occurred_at=end))
    await after(app, printed(job="a", now=wib(20, 10), occurred_at=wib(20, 10)))
    found = of(await clock(caller))
    assert found["printed"]["p50"] == 2
    assert found["paused"] == [{"because": "EMPTY", "began": "2024-11-19T02:00:00Z", "ended": "2024-11-20T02:00:00Z"}]
    assert of(await clock(caller), "KIA")["paused"] == []
    assert of(await clock(caller, **{"from": "2024-11-21"}))["paused"] == []


@pytest.mark.anyio
async def test_what_waits_is_shown_with_its_oldest_and_how_many_wait_too_long(app: FastAPI, caller: Caller) -> None:
    now = utcnow()
    await after(app, queue_job(job="a", print_ready_at=NOON), queue_job(job="b", print_ready_at=now))
    waiting = of(await clock(caller))["waiting"]
    assert waiting == {"jobs": 2, "oldest_since": "2024-11-20T05:00:00Z", "over_promise": 1}
    assert of(await clock(caller), "KIA")["waiting"] == {"jobs": 0, "oldest_since": None, "over_promise": 0}


@pytest.mark.anyio
@pytest.mark.parametrize(
    "days",
    [{"from": "2024-11-19", "to": "2024-11-18"}, {"from": "2024-10-01", "to": "2024-11-01"}, {"to": "1999-01-01"}],
)
async def test_more_than_31_days_or_days_backwards_are_not_answered(caller: Caller, days: dict[str, str]) -> None:
    answer = await caller("head", "17.71").get(CLOCK, params=THAT_WEEK | days)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


@pytest.mark.anyio
async def test_a_job_shows_its_own_clock(app: FastAPI, caller: Caller) -> None:
    head = caller("head", "17.71")
    await after(app, queue_job(print_ready_at=wib(15, 15), now=wib(15, 15)))
    waiting = (await head.get(JOB_OF_BENGKULU)).json()["clock"]
    assert (waiting["promised_hours"], waiting["late"], waiting["paused_because"]) == (24, True, None)
    await after(app, printed(now=wib(18, 9), occurred_at=wib(18, 9)))
    assert (await head.get(JOB_OF_BENGKULU)).json()["clock"] == {
        "worked_hours": 18,
        "promised_hours": 24,
        "late": False,
        "paused_because": None,
        "paused_since": None,
    }


@pytest.mark.anyio
async def test_a_job_that_waits_for_blanks_says_so_and_one_that_was_cancelled_has_no_clock(
    app: FastAPI, caller: Caller
) -> None:
    head = caller("head", "17.71")
    await after(app, queue_job(print_ready_at=wib(20, 8)), stock("EMPTY", now=wib(20, 18), occurred_at=wib(20, 18)))
    clock = (await head.get(JOB_OF_BENGKULU)).json()["clock"]
    assert (clock["worked_hours"], clock["late"], clock["paused_because"]) == (10, False, "EMPTY")
    assert clock["paused_since"] == "2024-11-20T11:00:00Z"
    await after(app, cancel())
    assert (await head.get(JOB_OF_BENGKULU)).json()["clock"] is None


def test_the_wednesday_of_these_tests_is_a_working_day() -> None:
    assert (WEDNESDAY, wib(20, 12)) == (date(2024, 11, 20), NOON)
