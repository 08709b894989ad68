"""What is done in stock counts: promises that are kept, taken for what they are worth, and a no for whose it is."""

from dataclasses import replace as with_
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.notify.domain import (
    Appoint,
    BundleClosed,
    Capacity,
    Cause,
    Counted,
    Desk,
    EndAppointment,
    EscalationClimbed,
    EscalationDeclined,
    Held,
    Level,
    NoteDeclined,
    NoteForwarded,
    NoteRelief,
    NoteTakenBack,
    NoticePosted,
    ReportNobody,
    SetSilence,
    StockLevel,
    Term,
    WaitKind,
    policies_of,
)
from services.notify.wording import worded
from shared.decider import Decision
from shared.offices import offices
from shared.testing import Scenario
from tests.notify.situations import (
    BENGKULU,
    DAY,
    DIRJEN,
    EMPTY_ON,
    HEAD,
    HOUR,
    NOON,
    PLACE,
    POLICY,
    PROVINCE,
    SET,
    STREAM,
    TERMS,
    after,
    answer,
    critical,
    deadline,
    decline,
    due,
    empty,
    facts,
    low,
    notices,
    over,
    promised,
    quiet,
    received,
)

ABOUT: dict[str, Any] = {"now": NOON, "occurred_at": NOON, "office": BENGKULU, "item": "KTP_WNI", "place": PLACE}
SENT = promised(EMPTY_ON - DAY)
DAY_BEFORE = datetime(2024, 11, 25, 17, tzinfo=UTC)
"""When the day before the projected empty date is over at the office."""
FORWARDED = NoteForwarded(**ABOUT, quantity=5_000, by="u-17", reason="Gudang provinsi kosong")
CLOSED = BundleClosed(role="head", region=BENGKULU, bundle=1, notices=(), absorbed=0, to=(), at=NOON)
CENTRES_NO = NoteDeclined(**ABOUT, by="u-00", reason="Stok pusat habis")


def read(decision: Decision) -> set[str]:
    """What the notices say."""
    office = offices().known(BENGKULU)
    return {worded(notice, office.name, office.timezone).text for notice in notices(decision)}


def closes(decision: Decision) -> list[Any]:
    """When the bundles close that the notices lie in."""
    return [fact.closes_at for _, fact in decision if isinstance(fact, NoticePosted)]


def test_when_all_that_was_promised_has_arrived_the_wait_for_it_is_over_and_an_answer_is_awaited_again() -> None:
    waiting = after(low(), SENT)
    assert waiting.state(STREAM).waiting_for is WaitKind.PROMISE
    kept = waiting.after(received(2_000, NOON + HOUR))
    state = kept.state(STREAM)
    assert (state.relief, state.received, state.waiting_for) == (None, 2_000, WaitKind.ANSWER)
    assert state.due == NOON + HOUR + DAY and state.waits == waiting.state(STREAM).waits + 1
    assert kept.when(due(waiting)) == [], "the wait that was is over"


def test_what_has_arrived_of_a_promise_is_not_on_its_way_any_more() -> None:
    part = after(low(), SENT, received(1_200)).state(STREAM)
    assert part.relief is not None and part.relief.quantity == 800
    assert (part.waiting_for, part.due) == (WaitKind.PROMISE, part.relief.until)


def test_a_promise_of_less_than_a_days_blanks_is_noted_and_buys_no_time() -> None:
    state = after(low(), with_(SENT, quantity=149)).state(STREAM)
    assert state.waiting_for is WaitKind.ANSWER and state.relief is not None
    assert after(low(), with_(SENT, quantity=150)).state(STREAM).waiting_for is WaitKind.PROMISE


def test_what_the_province_forwarded_is_the_centres_to_decline() -> None:
    decision = after(critical(), FORWARDED).when(CENTRES_NO)
    [no] = [fact for fact in facts(decision) if isinstance(fact, EscalationDeclined)]
    assert (no.role, no.level) == ("national", Level.NATIONAL)
    assert all("Pusat tidak dapat membantu: Stok pusat habis" in text for text in read(decision))
    assert not any("Provinsi tidak dapat membantu" in text for text in read(decision))


def test_a_no_of_the_centre_is_heard_of_also_when_the_province_has_said_no_before() -> None:
    both = after(critical(), decline(), FORWARDED).when(CENTRES_NO)
    assert [type(fact) for fact in facts(both)] == [EscalationDeclined]
    assert after(critical(), decline(), FORWARDED, CENTRES_NO).when(CENTRES_NO) == []
    assert after(critical(), decline()).when(CENTRES_NO) == [], "the province declines once, in either place"


def test_towards_the_ministry_a_province_that_has_given_blanks_has_answered() -> None:
    given = after(critical(), with_(SENT, quantity=1))
    decision = given.when(due(given))
    assert any(isinstance(fact, EscalationClimbed) for fact in facts(decision))
    assert not any("provinsi belum menjawab" in text for text in read(decision))


@pytest.mark.parametrize(
    ("level", "silenced"),
    [(Level.CITY, {HEAD}), (Level.PROVINCE, {HEAD, PROVINCE}), (Level.NATIONAL, {HEAD, PROVINCE, DIRJEN})],
)
def test_nobody_silences_those_above(level: Level, silenced: set[Desk]) -> None:
    silence = SetSilence(
        now=NOON,
        occurred_at=NOON,
        office=BENGKULU,
        silence="s-1",
        item=None,
        at_most=StockLevel.EMPTY,
        level=level,
        until=NOON + DAY,
        reason="Kantor pindah gedung",
        by="u-80",
    )
    told = notices(quiet.after(silence).when(empty(NOON + HOUR)))
    held = {Desk(each.recipient_role, each.recipient_region) for each in told if each.held is Held.SILENCED}
    assert held == silenced and len(told) == 3


def seated() -> Scenario:
    """The head's desk was kept, and since yesterday nobody sits there; a shortage waits for an answer."""
    about: dict[str, Any] = {"now": NOON, "occurred_at": NOON, "role": HEAD.role, "region": HEAD.region, "by": "u-1"}
    about |= {"person": "p-80", "capacity": Capacity.DEFINITIVE}
    gone = EndAppointment(**about, last_day=NOON.date() - timedelta(days=1), reason="Pensiun")
    return quiet.after(Appoint(**about, since=NOON.date() - timedelta(days=300)), low(), gone)


def test_who_leaves_while_an_answer_is_awaited_leaves_the_shortage_to_the_next_level_at_once() -> None:
    nobody = ReportNobody(**ABOUT, episode=4)
    [climbed] = facts(seated().when(nobody))
    assert isinstance(climbed, EscalationClimbed)
    assert (climbed.level, climbed.cause) == (Level.PROVINCE, Cause.NOBODY_THERE)
    assert after(low()).when(nobody) == [], "of a desk that nobody keeps nothing is known"
    assert seated().after(over()).when(nobody) == []


def test_what_comes_and_goes_gathers_for_half_of_the_time_to_answer_at_most_and_what_has_climbed_does_not() -> None:
    slow = quiet.given([(policies_of("00"), replace(SET, policy=replace(POLICY, version=4, settle=10 * 86_400)))])
    begins = slow.after(low(), over())
    sent = begins.given([(f"post/head/{BENGKULU}", replace(CLOSED, bundle=1))])
    assert closes(sent.when(low(episode=5))) == [NOON + DAY / 2]
    again = sent.after(low(episode=5))
    assert closes(again.when(due(again))) == [NOON + DAY / 2, NOON + DAY], "the head's gathers already"


def of(name: str, on: date = EMPTY_ON - DAY, **changes: Any) -> NoteRelief:
    """2,000 blanks of this allocation, or of this consignment if it is `under` one."""
    return with_(promised(on), promise=name, **changes)


def taken_back(name: str = "a-1", now: datetime = NOON + HOUR) -> NoteTakenBack:
    return NoteTakenBack(**{**ABOUT, "now": now, "occurred_at": now}, promise=name)


def wait(scenario: Scenario) -> Any:
    state = scenario.state(STREAM)
    return state.due, state.answer_by, state.waiting_for, state.relief


def test_a_promise_that_is_taken_back_bought_nothing() -> None:
    back = after(low(), of("a-1"), taken_back())
    assert wait(back) == wait(after(low())) == (NOON + DAY, NOON + DAY, WaitKind.ANSWER, None)
    assert back.when(deadline(2, DAY_BEFORE)) == [], "the wait for it is over"
    [climbed] = facts(back.when(due(back)))
    assert (climbed.level, climbed.cause) == (Level.PROVINCE, Cause.NO_ANSWER)


def test_nor_did_it_at_the_level_that_was_asked_meanwhile() -> None:
    meanwhile = after(low(), of("a-1"), critical(NOON + HOUR))
    assert meanwhile.state(STREAM).answer_by == DAY_BEFORE
    assert wait(meanwhile.after(taken_back(now=NOON + DAY))) == wait(after(low(), critical(NOON + HOUR)))
    undertaken = answer(PROVINCE, NOON + 2 * DAY, NOON + HOUR)
    answered = after(low(), critical(NOON + HOUR), undertaken)
    assert wait(meanwhile.after(undertaken, taken_back(now=NOON + DAY))) == wait(answered)


def test_where_the_time_to_answer_is_over_without_it_the_wait_ends_at_once() -> None:
    late = NOON + 3 * DAY
    back = after(low(), of("a-1"), taken_back(now=late))
    assert wait(back) == (late, late, WaitKind.ANSWER, None)
    [climbed] = facts(back.when(due(back)))
    assert (climbed.level, climbed.cause) == (Level.PROVINCE, Cause.NO_ANSWER)


def test_other_promises_still_count() -> None:
    nearer, farther = of("a-2", EMPTY_ON - 3 * DAY), of("a-1")
    for two in ((nearer, farther), (farther, nearer)):
        assert wait(after(low(), *two, taken_back())) == wait(after(low(), nearer))
        assert wait(after(low(), *two, taken_back("a-2")))[0] == DAY_BEFORE
    assert wait(after(low(), nearer, farther, taken_back(), taken_back("a-2"))) == wait(after(low()))
    worse = critical(NOON + HOUR)
    assert wait(after(low(), nearer, farther, worse, taken_back())) == wait(after(low(), nearer, worse))


def test_what_is_on_its_way_of_an_allocation_stays_promised_when_the_rest_is_taken_back() -> None:
    sent = of("c-1", EMPTY_ON - 2 * DAY, quantity=500, under="a-1")
    back = after(low(), of("a-1"), sent, taken_back())
    due_at, _, waits_for, relief = wait(back)
    assert (due_at, waits_for, relief.quantity) == (DAY_BEFORE - DAY, WaitKind.PROMISE, 500)
    assert after(low(), of("a-1"), with_(sent, quantity=2_000)).when(taken_back()) == [], "nothing of it is left"


def test_what_somebody_undertook_is_waited_for_as_long_as_before() -> None:
    undertaken = answer(promised_by=NOON + 2 * DAY)
    assert wait(after(low(), undertaken, of("a-1"), taken_back())) == wait(after(low(), undertaken))
    before = of("a-2", EMPTY_ON - 3 * DAY)
    assert wait(after(low(), before, undertaken, of("a-1"), taken_back())) == wait(after(low(), before, undertaken))
    since = after(low(), undertaken, before, of("a-1"), taken_back())
    assert wait(since) == wait(after(low(), undertaken, before)) and since.state(STREAM).due == DAY_BEFORE - 2 * DAY


def test_what_somebody_undertook_and_did_not_do_while_blanks_were_promised_is_a_broken_promise() -> None:
    hasty, late = answer(promised_by=NOON + HOUR), NOON + 2 * HOUR
    back = after(low(), hasty, of("a-1"), taken_back(now=late))
    assert (back.state(STREAM).due, back.state(STREAM).waiting_for) == (late, WaitKind.PROMISE)
    [climbed] = facts(back.when(due(back)))
    assert (climbed.level, climbed.cause) == (Level.PROVINCE, Cause.PROMISE_BROKEN)


def test_a_repetition_that_the_promise_put_off_comes_when_it_would_have_come() -> None:
    twice = {level: Term(86_400, Counted.ABSOLUTE, repeats=1) for level in TERMS}
    policy = replace(POLICY, version=4, terms=dict.fromkeys(StockLevel, twice))
    reminding = quiet.given([(policies_of("00"), replace(SET, policy=policy))])
    first = reminding.after(low())
    assert wait(first.after(of("a-1"), taken_back())) == wait(first)
    assert first.state(STREAM).due == NOON + DAY / 2
    again = first.after(due(first))
    assert wait(again.after(of("a-1"), taken_back(now=NOON + DAY * 3 / 4))) == wait(again)


def test_a_milder_stock_gives_no_more_time_than_there_was_when_it_was_asked() -> None:
    eased = critical(NOON), low(now=NOON + HOUR)
    slow = {**TERMS, Level.PROVINCE: Term(9 * 86_400, Counted.ABSOLUTE)}
    policy = replace(POLICY, version=4, terms={**POLICY.terms, StockLevel.LOW: slow})
    differing = quiet.given([(policies_of("00"), replace(SET, policy=policy))])
    assert wait(differing.after(*eased, of("a-1"), taken_back())) == wait(differing.after(*eased))


def test_what_arrives_is_of_the_consignment_that_it_names() -> None:
    both = after(low(), of("c-1"), of("c-2", EMPTY_ON - 2 * DAY))
    arrived = both.after(with_(received(500), promise="c-1"))
    assert [(each.name, each.relief.quantity) for each in arrived.state(STREAM).promises] == [
        ("c-1", 1_500),
        ("c-2", 2_000),
    ]
    assert wait(arrived)[0] == DAY_BEFORE
    assert both.after(with_(received(2_000), promise="c-2")).when(taken_back("c-2")) == []
    assert [each.name for each in both.after(received(2_000)).state(STREAM).promises] == ["c-1"], "the first due"


def test_what_was_never_promised_is_not_taken_back() -> None:
    assert after(low(), of("a-1")).when(taken_back("a-9")) == []
    assert quiet.when(taken_back()) == [] and after(low(), of("a-1"), over()).when(taken_back()) == []
    for_nothing = after(low(), of("a-1", EMPTY_ON))
    assert wait(for_nothing.after(taken_back())) == wait(after(low()))
    assert for_nothing.after(taken_back()).state(STREAM).waits == for_nothing.state(STREAM).waits
