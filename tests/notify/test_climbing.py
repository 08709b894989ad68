"""A shortage climbs from the city to the province to Dirjen Dukcapil."""

from datetime import date

import pytest
from msgspec.structs import replace

from services.notify.domain import (
    Cause,
    Counted,
    EscalationClimbed,
    EscalationOpened,
    EscalationRepeated,
    EscalationResolved,
    Level,
    NoticeKind,
    Patience,
    Place,
    RaiseShortage,
    ShortageEased,
    StockLevel,
    Term,
    policies_of,
    post_of,
)
from tests.notify.situations import (
    BENGKULU,
    DAY,
    DIRJEN,
    EVERYBODY,
    HEAD,
    HOUR,
    NOON,
    PLACE,
    POLICY,
    PROVINCE,
    SET,
    STREAM,
    after,
    answer,
    critical,
    deadline,
    decline,
    due,
    empty,
    facts,
    figures,
    low,
    notices,
    over,
    quiet,
    received,
    told,
)


def test_low_stock_opens_an_escalation_and_tells_the_head_of_the_office() -> None:
    decision = quiet.when(low())
    assert facts(decision) == [
        EscalationOpened(
            office=BENGKULU,
            item="KTP_WNI",
            episode=4,
            level=Level.CITY,
            stock_level=StockLevel.LOW,
            figures=figures(),
            policy_version=3,
            patience=Patience(86_400, 2 * 86_400, 3_600),
            answer_by=NOON + DAY,
            told=(Level.CITY,),
            at=NOON,
            policy=POLICY,
            rules="00/3",
        )
    ]
    assert told(decision) == [(NoticeKind.SHORTAGE, HEAD)]
    assert {stream for stream, _ in decision} == {STREAM, post_of(HEAD)}


@pytest.mark.parametrize(("raised", "desks"), [(critical(), EVERYBODY[:2]), (empty(), EVERYBODY)])
def test_a_jump_to_a_level_tells_every_level_up_to_it(raised: RaiseShortage, desks: list[object]) -> None:
    assert told(quiet.when(raised)) == [(NoticeKind.SHORTAGE, desk) for desk in desks]
    assert told(after(low()).when(raised)) == [(NoticeKind.CLIMBED, desk) for desk in desks]


def test_a_second_alarm_changes_nothing() -> None:
    assert after(low()).when(low(now=NOON + HOUR)) == []
    assert after(low(), critical()).when(critical(now=NOON + HOUR)) == []


def test_no_answer_from_the_city_in_time_climbs_to_the_province() -> None:
    decision = after(low()).when(due(after(low())))
    assert facts(decision) == [
        EscalationClimbed(
            office=BENGKULU,
            item="KTP_WNI",
            episode=4,
            from_level=Level.CITY,
            level=Level.PROVINCE,
            cause=Cause.NO_ANSWER,
            stock_level=StockLevel.LOW,
            figures=figures(),
            answer_by=NOON + DAY + 2 * DAY,
            at=NOON + DAY,
        )
    ]
    assert told(decision) == [(NoticeKind.CLIMBED, HEAD), (NoticeKind.CLIMBED, PROVINCE)]


def test_a_late_city_timer_cannot_skip_the_province() -> None:
    city_timer = due(after(low()))
    climbed = after(low(), critical(NOON + HOUR))
    assert climbed.when(city_timer) == []
    much_later = deadline(city_timer.wait, NOON + 9 * DAY)
    assert climbed.when(much_later) == []


def test_a_clock_that_was_away_for_days_climbs_one_level_only() -> None:
    [climbed] = facts(after(low()).when(deadline(1, NOON + 9 * DAY)))
    assert (climbed.level, climbed.answer_by) == (Level.PROVINCE, NOON + 11 * DAY)


def test_a_timer_of_an_episode_that_is_over_says_nothing_about_the_next() -> None:
    first = due(after(low()))
    assert after(low(), over(), low(episode=5)).when(first) == []


def test_the_ministry_is_last_and_there_the_deadline_repeats_the_notice() -> None:
    at_the_ministry = after(empty())
    decision = at_the_ministry.when(due(at_the_ministry))
    [repeated] = facts(decision)
    assert isinstance(repeated, EscalationRepeated)
    assert (repeated.level, repeated.cause, repeated.answer_by) == (Level.NATIONAL, Cause.NO_ANSWER, NOON + 2 * HOUR)
    assert told(decision) == [(NoticeKind.SHORTAGE, DIRJEN)]
    again = at_the_ministry.given(decision)
    assert told(again.when(due(again))) == [(NoticeKind.SHORTAGE, DIRJEN)]


def test_a_province_that_declines_sends_it_to_the_ministry_at_once() -> None:
    decision = after(critical()).when(decline(NOON + HOUR))
    declined, climbed = facts(decision)
    assert (declined.level, declined.reason) == (Level.PROVINCE, "Gudang provinsi kosong")
    assert (climbed.level, climbed.cause, climbed.reason) == (Level.NATIONAL, Cause.DECLINED, "Gudang provinsi kosong")
    assert told(decision) == [(NoticeKind.CLIMBED, desk) for desk in EVERYBODY]
    assert all(notice.declined == "Gudang provinsi kosong" for notice in notices(decision))


def test_a_province_that_declines_late_tells_the_ministry_why() -> None:
    decision = after(empty()).when(decline(NOON + HOUR))
    [declined] = facts(decision)
    assert declined.level is Level.NATIONAL
    assert told(decision) == [(NoticeKind.ANSWERED, HEAD), (NoticeKind.ANSWERED, DIRJEN)]


def test_only_the_province_declines_and_only_once_it_was_asked_and_only_once() -> None:
    assert after(critical()).refused(decline(desk=HEAD)).code == "not_yours_to_answer"
    assert after(low()).refused(decline()).code == "province_not_asked"
    assert after(critical(), decline()).refused(decline()).code == "already_declined"
    assert quiet.refused(decline()).code == "nothing_open"


def test_worse_stock_at_a_level_that_was_reached_before_tells_who_is_waited_for_again() -> None:
    at_the_province = after(low(), due(after(low())))
    decision = at_the_province.when(critical(NOON + 2 * DAY))
    [repeated] = facts(decision)
    assert (repeated.level, repeated.cause, repeated.answer_by) == (Level.PROVINCE, Cause.WORSE, NOON + 4 * DAY)
    assert told(decision) == [(NoticeKind.SHORTAGE, PROVINCE)]


def test_worse_stock_never_takes_it_back_down() -> None:
    at_the_province = after(low(), due(after(low())))
    at_the_ministry = at_the_province.after(due(at_the_province))
    decision = at_the_ministry.when(critical(NOON + 4 * DAY))
    assert facts(decision)[0].level is Level.NATIONAL
    assert told(decision) == [(NoticeKind.SHORTAGE, DIRJEN)]


def test_better_stock_that_is_short_still_is_noted_and_climbs_nowhere() -> None:
    decision = after(empty()).when(critical(NOON + HOUR))
    assert decision == [
        (
            STREAM,
            ShortageEased(
                office=BENGKULU, item="KTP_WNI", episode=4, stock_level=StockLevel.CRITICAL, figures=figures()
            ),
        )
    ]
    eased = after(empty()).given(decision)
    assert told(eased.when(empty(NOON + 2 * HOUR))) == [(NoticeKind.SHORTAGE, DIRJEN)]


def test_an_escalation_keeps_the_policy_it_was_opened_with() -> None:
    at_once = dict.fromkeys(Level, Term(1, Counted.ABSOLUTE))
    hasty = replace(POLICY, version=4, terms=dict.fromkeys(StockLevel, at_once))
    set_since = after(low()).given([(policies_of("00"), replace(SET, policy=hasty))])
    [climbed] = facts(set_since.when(critical()))
    assert climbed.answer_by == NOON + 2 * DAY
    assert set_since.after(critical()).state(STREAM).policy.version == 3
    assert set_since.after(over(), low(episode=5)).state(STREAM).policy.version == 4


def test_recovery_resolves_it_and_tells_everyone_who_was_told_once() -> None:
    climbed = after(low(), due(after(low())))
    decision = climbed.when(over(now=NOON + 2 * DAY))
    [resolved] = facts(decision)
    assert isinstance(resolved, EscalationResolved)
    assert resolved.told == (Level.CITY, Level.PROVINCE)
    assert told(decision) == [(NoticeKind.RESOLVED, HEAD), (NoticeKind.RESOLVED, PROVINCE)]
    assert notices(decision)[0].figures.on_hand == 9_000
    resolved_already = climbed.given(decision)
    assert resolved_already.when(over(now=NOON + 2 * DAY)) == []
    assert resolved_already.when(critical(NOON + 2 * DAY)) == []


def test_a_province_that_was_told_before_the_office_moved_is_told_of_the_end() -> None:
    elsewhere = Place(province="18", zone=PLACE.zone, before=("17",))
    moved = after(critical()).given(after(critical()).when(low(StockLevel.EMPTY, place=elsewhere)))
    assert [(desk.role, desk.region) for _, desk in told(moved.when(over(place=elsewhere)))] == [
        ("head", BENGKULU),
        ("province", "17"),
        ("province", "18"),
        ("national", "00"),
    ]


def test_news_of_another_episode_does_not_resolve_or_change_this_one() -> None:
    assert after(low()).when(over(episode=3)) == []
    assert after(low()).when(over(episode=5)) == []
    assert after(low()).when(empty(episode=3)) == []
    assert quiet.when(over()) == []


def test_a_later_episode_ends_the_one_before_it() -> None:
    decision = after(critical()).when(low(episode=5, now=NOON + DAY))
    resolved, opened = facts(decision)
    assert (resolved.episode, opened.episode, opened.level) == (4, 5, Level.CITY)
    assert told(decision) == [(NoticeKind.RESOLVED, HEAD), (NoticeKind.RESOLVED, PROVINCE), (NoticeKind.SHORTAGE, HEAD)]


def test_a_receipt_of_50_against_3000_is_noted_and_climbing_goes_on() -> None:
    fed = after(low(), received(50))
    decision = fed.when(due(fed))
    [climbed] = facts(decision)
    assert climbed.level is Level.PROVINCE
    assert {notice.received for notice in notices(decision)} == {50}


def test_a_reminder_on_the_day_on_which_its_desk_was_told_is_one_and_the_next_days_is_none() -> None:
    hourly = after(empty())
    first = hourly.when(due(hourly))
    assert [(notice.recipient_role, notice.reminder) for notice in notices(first)] == [("national", True)]
    assert not any(notice.reminder for notice in notices(quiet.when(empty())))
    evening = hourly.after(deadline(1, NOON + 10 * HOUR))
    assert [notice.reminder for notice in notices(evening.when(due(evening)))] == [True], "Monday, 23.00 WIB"
    late = deadline(2, NOON + 12 * HOUR)
    assert [notice.reminder for notice in notices(evening.when(late))] == [False], "Tuesday, 00.00 WIB"
    tuesday = evening.after(late)
    assert [notice.reminder for notice in notices(tuesday.when(due(tuesday)))] == [True]


def test_on_days_off_there_is_nothing_but_reminders_and_the_next_working_day_begins_with_more() -> None:
    friday = NOON + 4 * DAY
    weekend = after(empty(friday)).after(deadline(1, friday + DAY))
    for days, reminds in ((1, True), (2, True), (3, False)):
        told_then = notices(after(empty(friday)).when(deadline(1, friday + days * DAY)))
        assert [notice.reminder for notice in told_then] == [reminds], days
    assert [notice.reminder for notice in notices(weekend.when(deadline(2, friday + 2 * DAY)))] == [True]


def test_worse_stock_and_a_broken_promise_are_no_reminders() -> None:
    answered = after(empty(), answer(DIRJEN, NOON + HOUR / 2))
    assert [notice.reminder for notice in notices(answered.when(due(answered)))] == [False]
    declined = after(critical(), decline())
    assert not any(notice.reminder for notice in notices(declined.when(empty(NOON + HOUR / 2))))


def test_relief_without_a_shortage_is_nobodys_business_here() -> None:
    assert quiet.when(received(10_000)) == []
    assert after(low(), over()).when(received(10_000)) == []


def test_a_deadline_on_unread_news_says_that_its_figures_may_be_old() -> None:
    decision = after(low()).when(due(after(low()), stale=True))
    assert all(notice.figures_may_be_old for notice in notices(decision))
    assert facts(decision)[0].figures_may_be_old


def test_a_notice_carries_the_figures_to_act_on() -> None:
    [notice] = notices(quiet.when(low()))
    assert notice.figures.available == 1_200
    assert notice.figures.projected_empty_on == date(2024, 11, 26)
    assert (notice.step, notice.answer_by) == (1, NOON + DAY)
