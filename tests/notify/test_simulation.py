"""Whatever fails, comes twice, late, or at once: nobody is forgotten, and nobody is told wrongly.

What the simulation found is told here once more, in a few steps.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from multiprocessing import get_context
from typing import Any

import pytest

from services.notify.domain import (
    LISTENING,
    BeginTry,
    CaughtUp,
    Cause,
    Channel,
    ChannelKind,
    CloseBundle,
    Desk,
    EndTry,
    EscalationClimbed,
    IssueLetter,
    LetterContent,
    Result,
    SendBegun,
    SendPlanned,
    Urgency,
    send_of,
)
from services.notify.service import NOTIFY
from shared.testing import Scenario
from tests.notify.simulation.scheduler import run
from tests.notify.situations import (
    DAY,
    EMPTY_ON,
    HEAD,
    HOUR,
    NOON,
    PROVINCE,
    STREAM,
    after,
    critical,
    deadline,
    due,
    empty,
    facts,
    low,
    promised,
    quiet,
)

LONG = "BLANKO_LONG" in os.environ
SEEDS = range(20_000 if LONG else 200)
AT_ONCE = 20


def test_whatever_goes_wrong_the_shortage_climbs_until_somebody_answers_for_it() -> None:
    chunks = [SEEDS[n : n + AT_ONCE] for n in range(0, len(SEEDS), AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as processes:
        failures = [failure for found in processes.map(failing, chunks) for failure in found]
    if failures:
        pytest.fail("\n".join(failures[:5]), pytrace=False)


def failing(seeds: Iterable[int]) -> list[str]:
    """What went wrong with which of these seeds, and how it is seen again."""
    failures = []
    for seed in seeds:
        try:
            run(seed)
        except Exception as error:
            failures.append(f"{error!r}: python -m tests.notify.simulation {seed}")
    return failures


def test_a_promise_that_another_one_followed_is_broken_all_the_same_when_its_day_is_over() -> None:
    shortage = after(low(), promised(EMPTY_ON - DAY), promised(EMPTY_ON + DAY))
    assert shortage.state(STREAM).due < NOON + 8 * DAY
    [climbed] = facts(shortage.when(due(shortage)))
    assert isinstance(climbed, EscalationClimbed) and climbed.cause is Cause.PROMISE_BROKEN


def test_a_clock_that_was_away_longer_than_the_term_does_not_ask_for_an_answer_by_yesterday() -> None:
    shortage = Scenario(NOTIFY).given([(LISTENING, CaughtUp(at=NOON))]).after(low())
    state = shortage.state(STREAM)
    assert state.due < state.answer_by
    [climbed] = facts(shortage.when(deadline(state.waits, state.answer_by + HOUR)))
    assert isinstance(climbed, EscalationClimbed)


def test_what_is_posted_while_a_bundle_is_closed_is_in_no_bundle_that_does_not_say_so() -> None:
    two = after(low(), empty(NOON + timedelta(seconds=1)))
    assert two.when(closing(1, HEAD)) == []
    assert two.when(closing(1, HEAD, absorbed=1)) != []


def test_a_letter_is_issued_once_also_by_whoever_looked_before_the_next_one_was() -> None:
    first = after(critical(), closing(1, PROVINCE), empty(NOON + HOUR), closing(2, PROVINCE))
    issued = first.after(letter(1), letter(2))
    assert first.when(letter(1)) != []
    assert issued.when(letter(1)) == issued.when(letter(2)) == issued.when(letter(3)) == []


def test_what_may_have_arrived_is_marked_at_every_later_try_over_the_same_channel() -> None:
    stream, ways = send_of(HEAD, 1, "p-1"), (Channel("surel", ChannelKind.EMAIL),)
    about: dict[str, Any] = {"desk": HEAD, "bundle": 1, "person": "p-1", "occurred_at": NOON}
    planned = SendPlanned(role=HEAD.role, region=HEAD.region, bundle=1, person="p-1", at=NOON)
    sending = quiet.given([(stream, planned)])
    marked = []
    for attempt, result in enumerate((Result.UNKNOWN, Result.FAILED, Result.UNKNOWN), start=1):
        begin = BeginTry(**about, now=NOON + attempt * DAY, channels=ways)
        [(_, begun)] = sending.when(begin)
        assert isinstance(begun, SendBegun)
        marked.append(begun.again)
        end = EndTry(**about, now=begin.now, attempt=attempt, result=result, code="smtp_451")
        sending = sending.after(begin, end)
    assert marked == [False, True, True]
    assert sending.state(stream).due is None, "twice it may have arrived: no third time"


def closing(bundle: int, whose: Desk, absorbed: int = 0) -> CloseBundle:
    """The latest notice of the one shortage, and so many more."""
    about: dict[str, Any] = {"desk": whose, "bundle": bundle, "notices": ("the latest",), "absorbed": absorbed}
    return CloseBundle(now=NOON, occurred_at=NOON, **about, people=(), letter=whose == PROVINCE, day=NOON.date())


def letter(number: int) -> IssueLetter:
    content = LetterContent(f"400.12/{number:04}/BLANKO-17/2024", NOON.date(), Urgency.SEGERA, PROVINCE, (), ())
    about: dict[str, Any] = {"desk": PROVINCE, "bundle": number, "content": content}
    return IssueLetter(now=NOON, occurred_at=NOON, **about, html_sha256="", pdf_sha256="", typesetter="none")
