"""Substitute letters (suket): allowed or forbidden by day and level of stock, valid for a while, then over."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.printing.domain import Job, PriorityClass, SubstituteLetterIssued
from services.printing.reactions import due
from shared.clock import Clock
from shared.decider import Command
from shared.ledger import Context
from shared.moments import utcnow
from shared.news import News
from shared.offices import offices
from tests.hosting import Caller
from tests.printing.bengkulu import (
    BENGKULU,
    JOB,
    STREAM,
    WEDNESDAY,
    cancel,
    hand_over,
    issue_letter,
    letter_policy,
    printed,
    queue_job,
    queue_policy,
    stock,
    waiting,
)

THURSDAY, DAY = date(2024, 11, 21), timedelta(days=1)
NUMBER = "470/1/SUKET/2024"
WHO = Context(subject="u", route="test")
LETTERS = f"/offices/17.71/jobs/{JOB}/letters"

allowed = waiting.after(letter_policy("CRITICAL", "EMPTY"), stock("EMPTY"))
holder = allowed.after(issue_letter())


def job(scenario: Any) -> Job:
    state: Job = scenario.state(STREAM)
    return state


def test_until_the_nation_says_otherwise_letters_are_forbidden() -> None:
    refusal = waiting.after(stock("EMPTY")).refused(issue_letter())
    assert (refusal.code, refusal.figures) == (
        "letter_forbidden",
        {"level": "EMPTY", "allowed_at": (), "policy": "default"},
    )


def test_a_letter_stands_in_for_a_card_as_long_as_the_policy_of_the_day_says() -> None:
    [(_, fact)] = allowed.when(issue_letter())
    assert isinstance(fact, SubstituteLetterIssued)
    assert (fact.policy, fact.level, fact.valid_through) == ("00/1", "EMPTY", WEDNESDAY + 180 * DAY)


@pytest.mark.parametrize("level", ["OK", "LOW"])
def test_at_a_level_that_the_policy_does_not_name_it_is_refused_and_the_policy_is_cited(level: str) -> None:
    refusal = allowed.after(stock(level)).refused(issue_letter())
    figures = {"level": level, "allowed_at": ("CRITICAL", "EMPTY"), "policy": "00/1"}
    assert (refusal.code, refusal.figures) == ("letter_forbidden", figures)


def test_where_stock_never_told_no_level_allows_it() -> None:
    assert (
        waiting.after(letter_policy("OK", "LOW", "CRITICAL", "EMPTY")).refused(issue_letter()).figures["level"] is None
    )


def test_a_policy_holds_from_its_day_on_and_is_ended_by_the_next() -> None:
    from_tomorrow = waiting.after(stock("EMPTY"), letter_policy("EMPTY", starts_on=THURSDAY))
    assert from_tomorrow.refused(issue_letter()).figures["policy"] == "default"
    assert len(from_tomorrow.when(issue_letter(day=THURSDAY))) == 1
    ended = from_tomorrow.after(letter_policy(starts_on=THURSDAY + DAY))
    assert len(ended.when(issue_letter(day=THURSDAY))) == 1
    assert ended.refused(issue_letter(day=THURSDAY + DAY)).figures["policy"] == "00/2"


def test_an_applicant_has_one_letter_at_a_time_and_the_same_one_twice_is_one() -> None:
    assert holder.when(issue_letter()) == []
    assert holder.refused(issue_letter(letter="470/2/SUKET/2024")).code == "letter_valid"


def test_after_its_last_day_a_new_letter_may_be_given_though_the_clock_has_not_spoken_yet() -> None:
    last = WEDNESDAY + 180 * DAY
    another = {"letter": "470/2/SUKET/2025"}
    assert holder.refused(issue_letter(**another, day=last)).code == "letter_valid"
    assert len(holder.when(issue_letter(**another, day=last + DAY))) == 1


def test_no_letter_stands_in_for_a_card_that_nobody_is_owed() -> None:
    for done in (allowed.after(printed(blank_in_hand=True)), allowed.after(cancel())):
        assert done.refused(issue_letter()).code == "no_card_owed"


def test_whoever_has_a_letter_waits_with_the_others_who_do_unless_their_own_class_comes_before() -> None:
    assert job(holder).priority == "SUKET"
    first = allowed.after(queue_job(job="f", reason="FIRST"), issue_letter(job="f"))
    assert first.state("job/f").priority == "FIRST"
    without = (PriorityClass("ALL", 1, 1, reasons=("LOST",)),)
    of_no_such_class = allowed.after(queue_policy(classes=without), queue_job(job="n"), issue_letter(job="n"))
    assert of_no_such_class.state("job/n").priority == "ALL"


async def after(app: FastAPI, *commands: Command) -> None:
    for command in commands:
        await app.state.ledger.execute(command, WHO)


def clock_at(app: FastAPI, now: datetime) -> Clock:
    """Printing's clock at this moment, with nothing to wait for."""
    state = app.state
    return Clock("printing", state.ledger, state.engine, due, News(), lambda office, moment: (), lambda: now)


END = offices().get(BENGKULU).end_of(WEDNESDAY + 180 * DAY)  # type: ignore[union-attr]


@pytest.mark.anyio
async def test_a_letter_is_over_when_its_last_day_is_over_at_the_office(app: FastAPI) -> None:
    await after(app, queue_job(), letter_policy("EMPTY"), stock("EMPTY"), issue_letter())
    assert END.isoformat() == "2025-05-20T00:00:00+07:00"
    assert await clock_at(app, END - timedelta(seconds=1)).look() == 0
    assert await clock_at(app, END).look() == 1
    _, states = await app.state.ledger.preview(issue_letter(letter="470/9"))
    assert (states[STREAM].letter, states[STREAM].letter_until) == (None, WEDNESDAY + 180 * DAY)
    assert await clock_at(app, END).look() == 0


@pytest.mark.anyio
async def test_a_letter_whose_card_was_printed_expires_without_a_word(app: FastAPI) -> None:
    await after(app, queue_job(), letter_policy("EMPTY"), stock("EMPTY"), issue_letter(), printed(blank_in_hand=True))
    assert await clock_at(app, END).look() == 1
    async with app.state.engine.connect() as connection:
        told = (await connection.execute(text("select type from events where type like '%Expired'"))).all()
    assert told == []


@pytest.mark.anyio
async def test_the_counter_gives_a_letter_and_a_refusal_cites_the_policy(app: FastAPI, caller: Caller) -> None:
    operator = caller("operator", "17.71")
    await after(app, queue_job(), stock("EMPTY"))
    body = {"letter": NUMBER}
    refused = await post(operator, LETTERS, body)
    assert (refused.status_code, refused.json()["code"]) == (409, "letter_forbidden")
    assert refused.json()["figures"] == {"level": "EMPTY", "allowed_at": [], "policy": "default"}
    await after(app, letter_policy("EMPTY"))
    [fact] = (await post(operator, LETTERS, body)).json()["facts"]
    today = offices().get(BENGKULU).day_at(utcnow())  # type: ignore[union-attr]
    assert (fact["letter"], fact["valid_through"]) == (NUMBER, (today + 180 * DAY).isoformat())
    assert (fact["policy"], fact["issued_by"]) == ("00/1", "operator-17.71")
    assert (await operator.get(f"/offices/17.71/jobs/{JOB}")).json()["letter"] == NUMBER


@pytest.mark.anyio
@pytest.mark.parametrize("letter", ["", "x" * 65, "470/1771012345678901", 7])
async def test_what_is_no_number_of_a_letter_is_not_taken_nor_repeated(
    app: FastAPI, caller: Caller, letter: Any
) -> None:
    answer = await post(caller("operator", "17.71"), LETTERS, {"letter": letter})
    assert answer.status_code == 422
    assert len(str(letter)) < 2 or str(letter) not in answer.text


@pytest.mark.anyio
async def test_letters_are_listed_by_their_last_day_page_by_page_and_those_that_are_over_apart(
    app: FastAPI, caller: Caller
) -> None:
    head = caller("head", "17.71")
    today = offices().get(BENGKULU).day_at(utcnow())  # type: ignore[union-attr]
    await after(app, letter_policy("EMPTY", valid_days=30), stock("EMPTY"))
    days_ago = {"over": 31, "last-day": 30, "fresh": 1, "middle": 9, "same": 9, "cancelled": 2, "handed": 2}
    for name, days in days_ago.items():
        await after(app, queue_job(job=name), issue_letter(job=name, letter=name, day=today - days * DAY))
    await after(app, cancel(job="cancelled"), printed(job="handed", blank_in_hand=True), hand_over(job="handed"))
    await after(app, printed(job="fresh", chip_serial="04F1", blank_in_hand=True))
    valid, cursor = [], None
    while True:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await head.get("/offices/17.71/letters", params=params)).json()
        valid += [one["job"] for one in page["letters"]]
        cursor = page["next"]
        if cursor is None:
            break
    # The last one's card is printed, but not in its owner's hand.
    assert valid == ["last-day", "middle", "same", "fresh"]
    for _ in range(2):
        expired = (await head.get("/offices/17.71/letters", params={"state": "expired"})).json()["letters"]
        assert [(one["job"], one["letter_until"]) for one in expired] == [("over", (today - DAY).isoformat())]
        # The clock takes the letter from its job, which is still one whose letter is over.
        await clock_at(app, utcnow()).look()
    assert expired[0]["letter"] is None


@pytest.mark.anyio
async def test_letters_are_the_counters_and_no_cursor_of_another_kind_is_taken(app: FastAPI, caller: Caller) -> None:
    assert (await caller("storekeeper", "17.71").get("/offices/17.71/letters")).status_code == 403
    assert (await caller("head", "17.01").get("/offices/17.71/letters")).status_code == 404
    wrong = await caller("head", "17.71").get("/offices/17.71/letters", params={"cursor": "WyJ4Il0"})
    assert wrong.status_code == 422
    far = await caller("head", "17.71").get("/offices/17.71/letters", params={"cursor": "Wzk5OTk5OTk5LCJ4Il0"})
    assert far.status_code == 200
    assert (await post(caller("operator", "17.01"), LETTERS, {"letter": NUMBER})).status_code == 404
    assert (await post(caller("province", "17"), LETTERS, {"letter": NUMBER})).status_code == 403


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": uuid4().hex})
