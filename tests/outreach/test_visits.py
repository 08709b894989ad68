"""A visit's way: planned, confirmed, equipped, running, home, stood by, over; or called off; or nobody there."""

from datetime import timedelta
from typing import Any

import pytest

from services.outreach.domain import (
    EquipmentAnswered,
    SchoolRegistered,
    TeamBooked,
    TeamFreed,
    VisitClosed,
    VisitEquipmentRequested,
    VisitPlanned,
    VisitReconciled,
)
from tests.outreach.bengkulu import (
    BEFORE,
    BENGKULU,
    DAY,
    EVENING,
    MORNING,
    close,
    confirm,
    equip,
    heard,
    outreach,
    plan,
    reconcile,
    start,
    synced,
    tally,
)

VISIT = "visit/v-1"
TEAM = f"team/17.71/A/{DAY}"

planned = outreach.after(plan())
confirmed = planned.after(confirm())
asked = confirmed.after(equip())
equipped = asked.after(heard("RESERVED"))
running = equipped.after(start())
home = running.after(synced())


def test_a_visit_takes_its_place_in_the_calendar_of_its_team() -> None:
    [(visit, fact), (team, booked)] = outreach.when(plan())
    assert (visit, team) == (VISIT, TEAM)
    assert isinstance(fact, VisitPlanned) and fact.held_on == DAY
    assert booked == TeamBooked(office=BENGKULU, team="A", visit="v-1", day=DAY, starts_at=MORNING, ends_at=EVENING)


def test_the_same_plan_twice_is_one_visit() -> None:
    assert planned.when(plan()) == confirmed.when(plan()) == []


@pytest.mark.parametrize("change", [{"place": "SMAN 6"}, {"expected": 90}, {"office": "17.01"}, {"team": "B"}])
def test_an_id_that_means_another_visit_already_is_refused(change: dict[str, Any]) -> None:
    assert planned.refused(plan(**change)).code == "visit_id_taken"


def test_a_team_is_not_sent_to_two_places_at_once_and_the_other_is_named() -> None:
    refusal = planned.refused(
        plan("v-2", starts_at=EVENING - timedelta(minutes=1), ends_at=EVENING + timedelta(hours=2))
    )
    assert (refusal.code, refusal.figures["visit"], refusal.figures["ends_at"]) == ("team_busy", "v-1", EVENING)


def test_a_team_may_go_on_to_the_next_place_and_another_team_anywhere() -> None:
    assert planned.when(plan("v-2", starts_at=EVENING, ends_at=EVENING + timedelta(hours=2)))
    assert planned.when(plan("v-3", team="B"))


def test_a_visit_of_two_days_takes_both() -> None:
    next_day = DAY + timedelta(days=1)
    long = outreach.after(plan(ends_at=EVENING + timedelta(days=1), days=(DAY, next_day)))
    there: dict[str, Any] = {
        "starts_at": MORNING + timedelta(days=1),
        "ends_at": EVENING + timedelta(days=1),
        "days": (next_day,),
    }
    assert long.refused(plan("v-2", **there)).code == "team_busy"


def test_a_visit_that_was_held_is_planned_afterwards_whatever_the_calendar_says() -> None:
    assert planned.when(plan("v-2", now=EVENING))


def test_a_school_is_known_before_it_is_visited() -> None:
    assert outreach.refused(plan(school="10702391")).code == "school_unknown"
    school = SchoolRegistered(office=BENGKULU, school="10702391", name="SMAN 5", pupils=310)
    assert outreach.given([("school/17.71/10702391", school)]).when(plan(school="10702391"))


def test_what_the_place_says_counts_more_than_the_plan() -> None:
    assert confirmed.state(VISIT).expected == 110
    assert planned.after(confirm(expected=None)).state(VISIT).expected == 100
    assert confirmed.when(confirm()) == []
    assert confirmed.refused(confirm(reference="421.3/118")).code == "visit_not_planned"


def test_blanks_are_asked_for_until_a_day_after_the_visit() -> None:
    assert confirmed.when(equip()) == [
        (
            VISIT,
            VisitEquipmentRequested(
                office=BENGKULU, visit="v-1", item="KTP_WNI", quantity=110, until=EVENING + timedelta(days=1)
            ),
        )
    ]
    assert planned.refused(equip()).code == "visit_not_confirmed"
    assert confirmed.refused(equip(now=EVENING + timedelta(days=1))).code == "visit_over"


def test_a_visit_is_equipped_only_when_stock_keeps_all_that_it_asked_for() -> None:
    both = confirmed.after(equip(("KTP_WNI", 110), ("KIA", 20)))
    assert both.state(VISIT).stage == "CONFIRMED"
    assert both.after(heard("RESERVED")).state(VISIT).stage == "CONFIRMED"
    assert both.after(heard("RESERVED"), heard("RESERVED", 20, "KIA")).state(VISIT).stage == "EQUIPPED"


def test_a_visit_does_not_run_without_its_blanks_and_says_what_stock_said() -> None:
    refused = asked.after(heard("REFUSED", reason="NOT_ENOUGH"))
    refusal = refused.refused(start())
    assert refusal.code == "visit_not_equipped"
    assert refusal.figures["equipment"] == {"KTP_WNI": [110, "REFUSED", "NOT_ENOUGH"]}
    assert asked.refused(start()).code == "visit_not_equipped"


def test_a_visit_that_carries_nothing_runs_once_it_is_confirmed() -> None:
    assert confirmed.after(start()).state(VISIT).stage == "RUNNING"
    assert planned.refused(start()).code == "visit_not_equipped"


def test_what_stock_refused_may_be_asked_for_again_and_what_it_keeps_may_not_change() -> None:
    refused = asked.after(heard("REFUSED", reason="NOT_ENOUGH"))
    assert refused.when(equip(("KTP_WNI", 60)))
    assert equipped.when(equip()) == asked.when(equip()) == []
    assert equipped.refused(equip(("KTP_WNI", 60))).code == "equipment_asked"


def test_a_visit_whose_blanks_stock_let_go_is_not_equipped_any_more() -> None:
    let_go = equipped.after(heard("RELEASED", reason="EXPIRED"))
    assert let_go.state(VISIT).stage == "CONFIRMED"
    assert let_go.when(equip())
    assert running.after(heard("RELEASED", reason="EXPIRED")).state(VISIT).stage == "RUNNING"


def test_the_same_answer_twice_is_one_and_of_another_offices_visit_is_none() -> None:
    assert equipped.when(heard("RESERVED")) == outreach.when(heard("RESERVED")) == []


def test_tallies_sent_again_change_nothing_and_corrected_ones_count_until_somebody_stands_by_them() -> None:
    assert home.when(synced()) == []
    corrected = home.after(synced(0, tally(printed=41, returned=68)))
    assert corrected.state(VISIT).tallies == (tally(printed=41, returned=68),)
    assert home.after(reconcile()).refused(synced(3)).code == "visit_reconciled"
    assert home.after(reconcile()).when(synced()) == []


def test_what_agrees_is_stood_by_without_a_word() -> None:
    [(_, fact)] = home.when(reconcile())
    assert isinstance(fact, VisitReconciled) and fact.differences == {}


def test_what_differs_is_named_and_needs_an_explanation() -> None:
    short = running.after(synced(12, tally(taken=112, returned=69)))
    refusal = short.refused(reconcile())
    assert refusal.code == "differences_unexplained"
    differences = {"recordings": 12, "KTP_WNI unaccounted": 2, "KTP_WNI taken": 2}
    assert refusal.figures["differences"] == differences
    [(_, fact)] = short.when(reconcile("two blanks were wet; the device was lost"))
    assert isinstance(fact, VisitReconciled) and fact.differences == differences


def test_nobody_stands_by_his_own_tallies() -> None:
    assert home.refused(reconcile(by="op-1")).code == "same_person"
    assert running.refused(reconcile()).code == "visit_not_synced"


def test_a_visit_is_closed_when_somebody_stands_by_it_and_tells_what_came_of_it() -> None:
    assert home.refused(close()).code == "visit_not_reconciled"
    [(_, fact)] = home.after(reconcile()).when(close())
    assert fact == VisitClosed(
        office=BENGKULU, visit="v-1", outcome="HELD", recorded=0, printed=40, spoiled=1, reason=None
    )
    assert home.after(reconcile(), close()).when(close()) == []


def test_a_visit_called_off_gives_its_team_the_day_back() -> None:
    facts = equipped.when(close("CANCELLED", reason="exams"))
    assert [type(fact) for _, fact in facts] == [VisitClosed, TeamFreed]
    assert equipped.after(close("CANCELLED", reason="exams")).when(plan("v-2"))
    assert running.refused(close("CANCELLED", reason="exams")).code == "visit_under_way"


def test_nobody_was_there_is_said_of_a_visit_whose_time_has_come_and_that_recorded_nobody() -> None:
    assert equipped.refused(close("NO_SHOW", now=MORNING - timedelta(seconds=1))).code == "visit_not_begun"
    assert running.after(close("NO_SHOW")).state(VISIT).stage == "NO_SHOW"
    assert home.refused(close("NO_SHOW")).code == "visit_was_held"
    assert planned.refused(close("NO_SHOW")).code == "visit_was_held"


def test_a_visit_called_off_that_was_held_after_all_is_closed_once_more_when_it_comes_home() -> None:
    off = equipped.after(close("CANCELLED", now=BEFORE, reason="rain"))
    back = off.after(synced())
    assert back.state(VISIT).stage == "SYNCED"
    assert back.after(reconcile(), close()).state(VISIT).outcome == "HELD"


def test_what_stock_says_after_the_end_is_noted_and_changes_no_stage() -> None:
    over = asked.after(close("CANCELLED", now=BEFORE, reason="rain"))
    [(_, fact)] = over.when(heard("RESERVED"))
    assert isinstance(fact, EquipmentAnswered)
    assert over.after(heard("RESERVED")).state(VISIT).stage == "CANCELLED"


def test_another_office_does_nothing_with_the_visit() -> None:
    elsewhere = {"office": "17.01"}
    assert planned.refused(confirm(**elsewhere)).code == "visit_unknown"
