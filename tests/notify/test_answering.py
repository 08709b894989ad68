"""Somebody answers for a shortage, or blanks are on their way: both buy time, neither ends it."""

from datetime import UTC, date, datetime

import pytest

from services.notify.domain import (
    LEVEL_OF,
    Cause,
    Desk,
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationRepeated,
    Level,
    NoticeKind,
    ReliefKind,
)
from shared.testing import Scenario
from tests.notify.situations import (
    BENGKULU,
    DAY,
    DIRJEN,
    HEAD,
    HOUR,
    NOON,
    PROVINCE,
    STREAM,
    after,
    answer,
    critical,
    decline,
    due,
    empty,
    facts,
    low,
    notices,
    over,
    promised,
    quiet,
    told,
)

BEFORE_EMPTY = date(2024, 11, 25)
AFTER_EMPTY = date(2024, 11, 26)


def waits_until(scenario: Scenario) -> datetime | None:
    due: datetime | None = scenario.state(STREAM).due
    return due


def test_an_answer_says_what_will_be_done_and_by_when() -> None:
    decision = after(low()).when(answer())
    assert decision == [
        (
            STREAM,
            EscalationAcknowledged(
                office=BENGKULU,
                item="KTP_WNI",
                episode=4,
                level=Level.CITY,
                by="u-80",
                role="head",
                action="Ambil 2.000 keping di provinsi",
                promised_by=NOON + 3 * DAY,
                at=NOON,
            ),
        )
    ]


def test_the_others_who_were_told_learn_of_the_answer() -> None:
    decision = after(empty()).when(answer(DIRJEN))
    assert told(decision) == [(NoticeKind.ANSWERED, HEAD), (NoticeKind.ANSWERED, PROVINCE)]
    assert {notice.answer.action for notice in notices(decision) if notice.answer} == {"Ambil 2.000 keping di provinsi"}


def test_an_answer_silences_the_timer_that_ran_before_it() -> None:
    waiting = after(low())
    assert waiting.after(answer()).when(due(waiting)) == []


def test_past_the_promise_it_climbs_on() -> None:
    answered = after(low(), answer())
    assert waits_until(answered) == NOON + 3 * DAY
    [climbed] = facts(answered.when(due(answered)))
    assert isinstance(climbed, EscalationClimbed)
    assert (climbed.level, climbed.cause) == (Level.PROVINCE, Cause.PROMISE_BROKEN)


def test_an_answer_covers_its_level_only() -> None:
    answered = after(low(), answer())
    [climbed] = facts(answered.when(critical(NOON + HOUR)))
    assert (climbed.level, climbed.cause, climbed.answer_by) == (Level.PROVINCE, Cause.WORSE, NOON + HOUR + 2 * DAY)
    assert facts(answered.when(empty(NOON + HOUR)))[0].level is Level.NATIONAL


def test_an_answer_from_above_counts_as_one_of_the_level_that_is_waited_for() -> None:
    [acknowledged] = facts(after(low()).when(answer(PROVINCE)))
    assert acknowledged.level is Level.CITY


@pytest.mark.parametrize(
    "stranger", [Desk("head", "17.01"), Desk("province", "18"), Desk("operator", BENGKULU), Desk("national", "17")]
)
def test_nobody_answers_for_another_office(stranger: Desk) -> None:
    assert after(low()).refused(answer(stranger)).code == "not_yours_to_answer"


def test_nobody_below_the_level_that_is_waited_for_answers_for_it() -> None:
    refusal = after(critical()).refused(answer(HEAD))
    assert (refusal.code, refusal.figures) == ("not_yours_to_answer", {"level": "PROVINCE"})
    assert after(empty()).refused(answer(PROVINCE)).code == "not_yours_to_answer"


def test_what_was_never_opened_or_is_over_cannot_be_answered() -> None:
    assert quiet.refused(answer()).code == "nothing_open"
    assert after(low(), over()).refused(answer()).code == "nothing_open"


def test_a_promise_lies_ahead() -> None:
    assert after(low()).refused(answer(promised_by=NOON)).code == "promise_is_past"


def test_at_the_ministry_a_broken_promise_repeats_the_notice() -> None:
    answered = after(empty(), answer(DIRJEN))
    assert waits_until(answered) == NOON + 3 * DAY
    decision = answered.when(due(answered))
    [repeated] = facts(decision)
    assert isinstance(repeated, EscalationRepeated)
    assert repeated.cause is Cause.PROMISE_BROKEN
    assert told(decision) == [(NoticeKind.SHORTAGE, DIRJEN)]


def test_a_province_that_promised_may_decline_after_all() -> None:
    [_, climbed] = facts(after(critical(), answer(PROVINCE)).when(decline(NOON + DAY)))
    assert climbed.level is Level.NATIONAL


def test_of_an_answer_and_a_climb_at_the_same_instant_the_first_in_the_log_wins() -> None:
    waiting = after(low())
    instant = waiting.state(STREAM).due
    timer, reply = due(waiting), answer(now=instant)
    assert waiting.after(reply).when(timer) == []
    assert waiting.after(timer).refused(reply).code == "not_yours_to_answer"


@pytest.mark.parametrize("kind", [ReliefKind.ALLOCATED, ReliefKind.ANNOUNCED])
def test_blanks_promised_before_the_last_one_goes_pause_the_clock_until_the_promise(kind: ReliefKind) -> None:
    coming = after(low(), promised(BEFORE_EMPTY, kind))
    assert waits_until(coming) == datetime(2024, 11, 25, 17, tzinfo=UTC)
    [climbed] = facts(coming.when(due(coming)))
    assert (climbed.level, climbed.cause) == (Level.PROVINCE, Cause.PROMISE_BROKEN)


@pytest.mark.parametrize("desk", [HEAD, PROVINCE, DIRJEN])
def test_who_answers_from_above_answered_at_their_own_level(desk: Desk) -> None:
    state = after(low(), answer(desk)).state(STREAM)
    assert (state.answered_at_level, state.answer.level) == (LEVEL_OF[desk.role], Level.CITY)


def test_blanks_promised_for_the_day_it_runs_out_pause_nothing() -> None:
    assert waits_until(after(low(), promised(AFTER_EMPTY))) == NOON + DAY


def test_blanks_pause_nothing_when_nobody_knows_the_day_it_runs_out() -> None:
    unknown = low(figures=low().figures.__class__(on_hand=9, available=9, as_of=NOON))
    assert waits_until(after(unknown, promised(BEFORE_EMPTY))) == NOON + DAY


def test_a_promise_shortens_no_wait() -> None:
    assert waits_until(after(low(), promised(date(2024, 11, 18)))) == NOON + DAY


def test_an_empty_office_ignores_promises() -> None:
    assert waits_until(after(empty(), promised(BEFORE_EMPTY))) == NOON + HOUR
    emptied = after(low(), promised(BEFORE_EMPTY), empty(NOON + DAY))
    assert waits_until(emptied) == NOON + DAY + HOUR


def test_blanks_on_their_way_pause_the_next_level_too_but_worse_stock_tells_it() -> None:
    decision = after(low(), promised(BEFORE_EMPTY)).when(critical(NOON + HOUR))
    [climbed] = facts(decision)
    assert climbed.answer_by == datetime(2024, 11, 25, 17, tzinfo=UTC)
    assert told(decision) == [(NoticeKind.CLIMBED, HEAD), (NoticeKind.CLIMBED, PROVINCE)]
    assert all(notice.relief and notice.relief.quantity == 2_000 for notice in notices(decision))


def test_a_relief_that_buys_no_time_leaves_the_running_timer_in_force() -> None:
    waiting = after(low())
    [climbed] = facts(waiting.after(promised(AFTER_EMPTY)).when(due(waiting)))
    assert climbed.level is Level.PROVINCE
