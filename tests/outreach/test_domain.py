"""Recordings, told as what was known, what came, and what followed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.outreach.domain import (
    EraseMonths,
    Line,
    MarkPrintReady,
    PersonRecorded,
    RecordingPrintReady,
    RecordingsArrived,
    RecordPersons,
    VisitMonthsErased,
    printable_from,
)
from services.outreach.service import OUTREACH
from shared.ledger.batch import MAX_BYTES
from shared.testing import Scenario
from tests.outreach.bengkulu import BENGKULU, EVENING, WIB, at, outreach, plan

SCHOOL = "visit/v-1"
ERASED = SCHOOL, VisitMonthsErased(office=BENGKULU, visit="v-1", because="REQUESTED")

planned = outreach.after(plan())


def line(recording: str, turns_17: str | None = None) -> Line:
    sealed = None if turns_17 is None else f"sealed {recording}"
    return Line(
        recording=recording,
        applicant=f"A-{recording}",
        item="KTP_WNI",
        location="MPP",
        turns_17=turns_17,
        sealed=sealed,
    )


def sync(*lines: Line, office: str = BENGKULU, now: datetime = EVENING) -> RecordPersons:
    return RecordPersons(**at(now) | {"office": office}, visit="v-1", timezone=WIB, lines=lines)


def mark_ready(recording: str, now: datetime, turns_17: str | None = "2025-03") -> MarkPrintReady:
    return MarkPrintReady(**at(now), recording=recording, turns_17=turns_17)


def recorded(recording: str, sealed: str | None = None, turns_17: str | None = None) -> tuple[str, PersonRecorded]:
    return f"recording/{recording}", PersonRecorded(
        office=BENGKULU,
        recording=recording,
        visit="v-1",
        applicant=f"A-{recording}",
        item="KTP_WNI",
        location="MPP",
        timezone=WIB,
        sealed=sealed,
        turns_17=turns_17,
    )


def waits(recording: str) -> tuple[str, PersonRecorded]:
    return recorded(recording, f"sealed {recording}")


def ready(recording: str) -> tuple[str, RecordingPrintReady]:
    return f"recording/{recording}", RecordingPrintReady(
        office=BENGKULU,
        recording=recording,
        visit="v-1",
        applicant=f"A-{recording}",
        item="KTP_WNI",
        location="MPP",
    )


def arrived(count: int) -> tuple[str, RecordingsArrived]:
    return SCHOOL, RecordingsArrived(office=BENGKULU, visit="v-1", recorded=count)


def test_who_is_seventeen_already_is_print_ready_at_once() -> None:
    assert planned.when(sync(line("r-1"))) == [recorded("r-1"), ready("r-1"), arrived(1)]


def test_who_is_sixteen_waits() -> None:
    assert planned.when(sync(line("r-1", "2025-03"))) == [waits("r-1"), arrived(1)]


def test_who_turns_seventeen_this_month_waits_until_it_is_over() -> None:
    assert planned.when(sync(line("r-1", "2024-11"))) == [waits("r-1"), arrived(1)]


def test_a_sync_that_comes_after_the_birthday_makes_its_recording_ready_at_once_and_keeps_nothing_of_the_month() -> (
    None
):
    assert planned.when(sync(line("r-1", "2024-10"))) == [recorded("r-1"), ready("r-1"), arrived(1)]


def test_who_is_not_sixteen_yet_is_not_recorded_and_holds_up_nobody() -> None:
    assert planned.when(sync(line("r-1", "2025-12"), line("r-2", "2025-11"))) == [waits("r-2"), arrived(1)]


def test_no_fact_has_a_month_in_clear() -> None:
    facts = planned.when(sync(*(line(f"r-{n}", month) for n, month in enumerate(("2024-10", "2024-11", "2025-11")))))
    assert [fact.turns_17 for _, fact in facts if isinstance(fact, PersonRecorded)] == [None] * 3


def test_a_birthday_in_december_is_over_in_january() -> None:
    assert printable_from("2024-12", "Asia/Jakarta") == datetime(2024, 12, 31, 17, 0, tzinfo=UTC)


def test_the_month_is_over_at_midnight_where_the_office_is() -> None:
    assert printable_from("2025-03", "Asia/Jakarta") == datetime(2025, 3, 31, 17, 0, tzinfo=UTC)
    assert printable_from("2025-03", "Asia/Jayapura") == datetime(2025, 3, 31, 15, 0, tzinfo=UTC)


def test_when_the_birthday_is_past_the_recording_becomes_print_ready() -> None:
    given = planned.given([waits("r-1")])
    assert given.when(mark_ready("r-1", printable_from("2025-03", WIB))) == [ready("r-1")]


def test_a_card_is_never_ready_before_the_seventeenth_birthday() -> None:
    given = planned.given([waits("r-1")])
    assert given.when(mark_ready("r-1", printable_from("2025-03", WIB) - timedelta(seconds=1))) == []


def test_a_month_in_clear_of_an_old_log_is_known_to_the_log() -> None:
    given = outreach.given([recorded("r-1", turns_17="2025-03")])
    assert given.when(mark_ready("r-1", printable_from("2025-03", WIB), turns_17=None)) == [ready("r-1")]


def test_a_round_that_comes_twice_makes_one_card() -> None:
    given = planned.given([waits("r-1"), ready("r-1")])
    assert given.when(mark_ready("r-1", datetime(2025, 5, 1, tzinfo=UTC))) == []


def test_of_who_is_print_ready_the_state_keeps_nothing_of_the_month() -> None:
    after = planned.given([waits("r-1"), ready("r-1")]).state("recording/r-1")
    assert (after.sealed, after.turns_17) == (None, None)


def test_a_sync_sent_again_adds_only_what_is_new() -> None:
    given = planned.given([recorded("r-1"), ready("r-1")])
    assert given.when(sync(line("r-1"), line("r-2", "2025-03"))) == [waits("r-2"), arrived(1)]
    assert given.when(sync(line("r-1"))) == []


def test_a_person_twice_in_one_sync_is_recorded_once_as_first_told() -> None:
    assert planned.when(sync(line("r-1", "2025-03"), line("r-1"))) == [waits("r-1"), arrived(1)]


def test_recordings_of_a_visit_nobody_planned_are_not_taken() -> None:
    assert outreach.refused(sync(line("r-1"))).code == "visit_unknown"


def test_another_office_cannot_add_to_the_visit() -> None:
    assert planned.refused(sync(line("r-1"), office="17.01")).code == "visit_unknown"


def erase(**changes: Any) -> EraseMonths:
    return EraseMonths(**at(EVENING) | {"visit": "v-1", "because": "REQUESTED"} | changes)


def test_the_months_of_a_visit_are_erased_once() -> None:
    assert planned.when(erase()) == [ERASED]
    assert planned.given([ERASED]).when(erase()) == []


def test_no_other_office_erases_them() -> None:
    assert planned.refused(erase(office="17.01")).code == "visit_unknown"


@pytest.mark.parametrize(("turns_17", "becomes"), [("2025-03", "MONTH_ERASED"), ("2024-10", "PRINT_READY")])
def test_a_month_that_comes_after_the_erasure_is_not_kept(turns_17: str, becomes: str) -> None:
    after = planned.given([ERASED])
    facts = after.when(sync(line("r-1", turns_17)))
    assert not any("sealed r-1" in str(fact) for _, fact in facts)
    assert after.given(facts).state("recording/r-1").progress == becomes


def test_nobody_waits_is_said_of_so_many_recordings_and_no_longer_true_of_more() -> None:
    over = planned.after(sync(line("r-1")))
    nobody_waits = erase(because="NOBODY_WAITS", recorded=1)
    assert len(over.when(nobody_waits)) == 1
    assert over.after(sync(line("r-2", "2025-03"))).when(nobody_waits) == []


def test_the_key_goes_with_the_fact_and_never_without() -> None:
    rows = list(OUTREACH.project(*ERASED, planned.given([ERASED]).state(SCHOOL)))
    assert [(row.key, row.values) for row in rows if row.table == "month_keys"] == [
        (("v-1",), {"visit": "v-1", "wrapped": None})
    ]
    others = [row for fact in planned.when(sync(line("r-1", "2025-03"))) for row in _rows(fact)]
    assert not any(row.table == "month_keys" for row in others)


def _rows(decided: Any) -> list[Any]:
    stream, fact = decided
    after: Scenario = planned.given([decided])
    return list(OUTREACH.project(stream, fact, after.state(stream)))


def test_no_birth_month_leaves_outreach() -> None:
    for promised in OUTREACH.promised:
        assert {"turns_17", "timezone", "sealed"}.isdisjoint(promised.__struct_fields__)


def test_five_hundred_recordings_fit_well_into_one_append() -> None:
    facts = planned.when(sync(*(line(f"r-{n}") for n in range(500))))
    assert len(facts) == 1_001
    assert sum(len(str(fact)) for _, fact in facts) < MAX_BYTES
