"""Outreach's story, told as what was known, what came, and what followed."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.outreach.domain import (
    MAX_LINES,
    Line,
    MarkPrintReady,
    PersonRecorded,
    PlanVisit,
    RecordingPrintReady,
    RecordPersons,
    VisitPlanned,
    printable_from,
)
from services.outreach.service import OUTREACH
from shared.ledger.batch import MAX_FACTS
from shared.testing import Scenario

EVENING = datetime(2024, 11, 20, 11, 0, tzinfo=UTC)
BENGKULU = "17.71"
SCHOOL = "visit/v-1"
WIB = "Asia/Jakarta"

outreach = Scenario(OUTREACH)

planned = SCHOOL, VisitPlanned(office=BENGKULU, visit="v-1", place="SMAN 5", held_on=date(2024, 11, 20), expected=100)


def plan_visit(**changes: Any) -> PlanVisit:
    asked = {"office": BENGKULU, "visit": "v-1", "place": "SMAN 5", "held_on": date(2024, 11, 20), "expected": 100}
    return PlanVisit(now=EVENING, occurred_at=EVENING, **{**asked, **changes})


def line(recording: str, turns_17: str | None = None) -> Line:
    return Line(recording=recording, applicant=f"A-{recording}", item="KTP_WNI", location="MPP", turns_17=turns_17)


def sync(*lines: Line, office: str = BENGKULU, now: datetime = EVENING) -> RecordPersons:
    return RecordPersons(now=now, occurred_at=now, office=office, visit="v-1", timezone=WIB, lines=lines)


def mark_ready(recording: str, now: datetime) -> MarkPrintReady:
    return MarkPrintReady(now=now, occurred_at=now, recording=recording)


def recorded(recording: str, turns_17: str | None = None) -> tuple[str, PersonRecorded]:
    return f"recording/{recording}", PersonRecorded(
        office=BENGKULU,
        recording=recording,
        visit="v-1",
        applicant=f"A-{recording}",
        item="KTP_WNI",
        location="MPP",
        turns_17=turns_17,
        timezone=WIB,
    )


def ready(recording: str) -> tuple[str, RecordingPrintReady]:
    return f"recording/{recording}", RecordingPrintReady(
        office=BENGKULU,
        recording=recording,
        visit="v-1",
        applicant=f"A-{recording}",
        item="KTP_WNI",
        location="MPP",
    )


def test_a_visit_is_planned() -> None:
    assert outreach.when(plan_visit()) == [planned]


def test_the_same_plan_twice_is_one_visit() -> None:
    assert outreach.given([planned]).when(plan_visit()) == []


@pytest.mark.parametrize("change", [{"place": "SMAN 6"}, {"expected": 90}, {"office": "17.01"}])
def test_an_id_that_means_another_visit_already_is_refused(change: dict[str, Any]) -> None:
    assert outreach.given([planned]).refused(plan_visit(**change)).code == "visit_id_taken"


def test_who_is_seventeen_already_is_print_ready_at_once() -> None:
    assert outreach.given([planned]).when(sync(line("r-1"))) == [recorded("r-1"), ready("r-1")]


def test_who_is_sixteen_waits() -> None:
    assert outreach.given([planned]).when(sync(line("r-1", "2025-03"))) == [recorded("r-1", "2025-03")]


def test_who_turns_seventeen_this_month_waits_until_it_is_over() -> None:
    assert outreach.given([planned]).when(sync(line("r-1", "2024-11"))) == [recorded("r-1", "2024-11")]


def test_a_sync_that_comes_after_the_birthday_makes_its_recording_ready_at_once() -> None:
    facts = outreach.given([planned]).when(sync(line("r-1", "2024-10")))
    assert facts == [recorded("r-1", "2024-10"), ready("r-1")]


def test_who_is_not_sixteen_yet_is_not_recorded_and_holds_up_nobody() -> None:
    facts = outreach.given([planned]).when(sync(line("r-1", "2025-12"), line("r-2", "2025-11")))
    assert facts == [recorded("r-2", "2025-11")]


def test_a_birthday_in_december_is_over_in_january() -> None:
    assert printable_from("2024-12", "Asia/Jakarta") == datetime(2024, 12, 31, 17, 0, tzinfo=UTC)


def test_the_month_is_over_at_midnight_where_the_office_is() -> None:
    assert printable_from("2025-03", "Asia/Jakarta") == datetime(2025, 3, 31, 17, 0, tzinfo=UTC)
    assert printable_from("2025-03", "Asia/Jayapura") == datetime(2025, 3, 31, 15, 0, tzinfo=UTC)


def test_when_the_birthday_is_past_the_recording_becomes_print_ready() -> None:
    given = outreach.given([planned, recorded("r-1", "2025-03")])
    assert given.when(mark_ready("r-1", printable_from("2025-03", WIB))) == [ready("r-1")]


def test_a_card_is_never_ready_before_the_seventeenth_birthday() -> None:
    given = outreach.given([planned, recorded("r-1", "2025-03")])
    assert given.when(mark_ready("r-1", printable_from("2025-03", WIB) - timedelta(seconds=1))) == []


def test_a_clock_that_rings_twice_makes_one_card() -> None:
    given = outreach.given([recorded("r-1", "2025-03"), ready("r-1")])
    assert given.when(mark_ready("r-1", datetime(2025, 5, 1, tzinfo=UTC))) == []


def test_a_sync_sent_again_adds_only_what_is_new() -> None:
    given = outreach.given([planned, recorded("r-1"), ready("r-1")])
    assert given.when(sync(line("r-1"), line("r-2", "2025-03"))) == [recorded("r-2", "2025-03")]


def test_a_person_twice_in_one_sync_is_recorded_once_as_first_told() -> None:
    facts = outreach.given([planned]).when(sync(line("r-1", "2025-03"), line("r-1")))
    assert facts == [recorded("r-1", "2025-03")]


def test_recordings_of_a_visit_nobody_planned_are_not_taken() -> None:
    assert outreach.refused(sync(line("r-1"))).code == "visit_unknown"


def test_another_office_cannot_add_to_the_visit() -> None:
    assert outreach.given([planned]).refused(sync(line("r-1"), office="17.01")).code == "visit_unknown"


def test_no_birth_month_leaves_outreach() -> None:
    (promised,) = OUTREACH.promised
    assert promised is RecordingPrintReady
    assert {"turns_17", "timezone"}.isdisjoint(promised.__struct_fields__)


def test_a_full_sync_fits_into_one_append() -> None:
    facts = outreach.given([planned]).when(sync(*(line(f"r-{n}") for n in range(MAX_LINES))))
    assert len(facts) <= MAX_FACTS
