"""What is done in stock counts: promises that are kept, taken for what they are worth, and a no for whose it is."""

from dataclasses import replace as with_
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from services.notify.domain import (
    Appoint,
    BundleClosed,
    Capacity,
    Cause,
    Desk,
    EndAppointment,
    EscalationClimbed,
    EscalationDeclined,
    Held,
    Level,
    NoteDeclined,
    NoteForwarded,
    NoticePosted,
    ReportNobody,
    SetSilence,
    StockLevel,
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
    after,
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
    received,
)

ABOUT: dict[str, Any] = {"now": NOON, "occurred_at": NOON, "office": BENGKULU, "item": "KTP_WNI", "place": PLACE}
SENT = promised(EMPTY_ON - DAY)
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
