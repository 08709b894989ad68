"""A sync's lines, each answered on its own: what is wrong with one holds up no other."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.outreach.api.recordings import LINES, RecordingLine, Sync, Visited, answers
from services.outreach.domain import Line, RecordPersons, VisitMonthsErased
from services.outreach.sealing import MonthKey
from shared.http import Problem
from shared.http.bodies import UnreadableLine, parse, said
from shared.testing import Scenario
from tests.outreach.bengkulu import BENGKULU, EVENING, WIB, at, outreach, plan

ONE = "0193f3a2-0000-7000-8000-000000000001"
TWO = "0193f3a2-0000-7000-8000-000000000002"
NIK = "1771012345678901"
VISITED = Visited("v-1", MonthKey("v-1", bytes(32)), WIB, EVENING)

planned = outreach.after(plan())
erased = planned.given([("visit/v-1", VisitMonthsErased(office=BENGKULU, visit="v-1", because="REQUESTED"))])


def line(recording: str, turns_17: str | None = None, **changes: Any) -> dict[str, Any]:
    person = {"recording": recording, "applicant": "A-1", "item": "KTP_WNI", "location": "MPP", "turns_17": turns_17}
    return {**person, **changes}


def read(*lines: Any) -> Sync:
    return parse(Sync, json.dumps({"lines": lines}).encode())


def synced(scenario: Scenario, body: Sync, visited: Visited = VISITED) -> tuple[Scenario, list[str]]:
    """The scenario after a sync, and the outcome of each line."""
    sent = [visited.sealed(line) if isinstance(line, RecordingLine) else line for line in body.lines]
    readable = tuple(line for line in sent if isinstance(line, Line))
    command = RecordPersons(**at(visited.now), visit="v-1", timezone=WIB, lines=readable)
    decision = scenario.when(command)
    known = {}
    for line in readable:
        state = scenario.state(f"recording/{line.recording}")
        if state.progress != "UNKNOWN":
            known[line.recording] = msgspec.structs.asdict(state) | {"state": state.progress}
    facts: Any = [fact for _, fact in decision]
    return scenario.given(decision), [answer["outcome"] for answer in answers(sent, visited, facts, known)]


def outcomes(*lines: Any) -> list[str]:
    return synced(planned, read(*lines))[1]


def test_each_line_learns_whether_its_card_can_be_printed() -> None:
    assert outcomes(line(ONE), line(TWO, "2025-03")) == ["PRINT_READY", "WAITING"]


def test_a_sync_sent_again_is_answered_as_recorded_already() -> None:
    body = read(line(ONE), line(TWO, "2025-03"))
    after, _ = synced(planned, body)
    assert synced(after, body)[1] == ["ALREADY_RECORDED", "ALREADY_RECORDED"]


def test_a_person_twice_in_one_sync_is_recorded_by_the_first_line() -> None:
    assert outcomes(line(ONE), line(ONE)) == ["PRINT_READY", "ALREADY_RECORDED"]


@pytest.mark.parametrize(
    "change",
    [{"applicant": "A-2"}, {"item": "KIA"}, {"location": "UPT"}, {"turns_17": "2025-04"}, {"turns_17": None}],
)
def test_an_id_with_another_content_is_a_conflict_and_the_first_stands(change: dict[str, Any]) -> None:
    first = line(ONE, "2025-03")
    assert outcomes(first, first | change) == ["WAITING", "CONFLICT"]
    after, _ = synced(planned, read(first))
    assert synced(after, read(first | change))[1] == ["CONFLICT"]


def test_who_is_print_ready_has_a_birthday_that_is_past() -> None:
    after, _ = synced(planned, read(line(ONE, "2024-10")))
    assert synced(after, read(line(ONE, "2024-09")))[1] == synced(after, read(line(ONE)))[1] == ["ALREADY_RECORDED"]
    assert synced(after, read(line(ONE, "2024-12")))[1] == ["CONFLICT"]


def test_a_recording_of_another_visit_is_a_conflict() -> None:
    after, _ = synced(planned, read(line(ONE)))
    other = replace(VISITED, visit="v-2")
    known = msgspec.structs.asdict(after.state(f"recording/{ONE}")) | {"state": "PRINT_READY"}
    (sent,) = read(line(ONE)).lines
    assert isinstance(sent, RecordingLine)
    assert [answer["outcome"] for answer in answers([other.sealed(sent)], other, [], {ONE: known})] == ["CONFLICT"]


def test_a_month_that_comes_after_the_erasure_is_told_as_gone_and_sent_again_as_recorded() -> None:
    without = replace(VISITED, key=None)
    after, told = synced(erased, read(line(ONE, "2025-03"), line(TWO, "2024-10")), without)
    assert told == ["MONTH_ERASED", "PRINT_READY"]
    assert synced(after, read(line(ONE, "2025-03")), without)[1] == ["ALREADY_RECORDED"]


def test_who_waited_when_the_months_were_erased_is_recorded_still() -> None:
    after, _ = synced(planned, read(line(ONE, "2025-03")))
    assert synced(after, read(line(ONE, "2025-04")), replace(VISITED, key=None))[1] == ["ALREADY_RECORDED"]


def test_who_is_not_sixteen_is_told_so() -> None:
    assert outcomes(line(ONE, "2025-12"), line(TWO)) == ["TOO_YOUNG", "PRINT_READY"]
    a_month_later = replace(VISITED, now=EVENING + timedelta(days=30))
    assert synced(planned, read(line(ONE, "2025-12")), a_month_later)[1] == ["WAITING"]


@pytest.mark.parametrize(
    "wrong",
    [
        line(ONE, applicant=NIK),
        line(ONE, applicant="081234567890"),
        line(ONE, item="RIBBON"),
        line(ONE, "2024-13"),
        line(ONE, "2007-11-20"),
        line(ONE, name="Budi"),
        line("7"),
        {"recording": ONE},
        None,
        7,
    ],
)
def test_an_unreadable_line_holds_up_no_other(wrong: Any) -> None:
    assert outcomes(wrong, line(TWO)) == ["INVALID", "PRINT_READY"]


def test_a_fault_says_where_and_why_but_never_what_was_sent() -> None:
    (unreadable,) = read(line(ONE, applicant=NIK)).lines
    assert isinstance(unreadable, UnreadableLine)
    assert [(fault["at"], fault["code"]) for fault in unreadable.faults] == [("/applicant", "not_opaque")]
    assert NIK not in str(unreadable)


def test_a_request_says_nothing_of_a_month_that_a_hash_of_it_could_be_tried_against() -> None:
    body = read(line(ONE, "2025-03"), line(TWO))
    assert said(body) == said(read(line(ONE, "2025-04"), line(TWO, "2025-04")))
    assert said(body) != said(read(line(ONE, "2025-03", applicant="A-2"), line(TWO)))
    assert "2025-03" not in repr(body) + str(body.model_dump())


def test_a_sync_has_a_line_or_a_tally_and_at_most_two_thousand_lines() -> None:
    for lines in ([], [line(ONE)] * (LINES + 1)):
        with pytest.raises(Problem, match="invalid"):
            read(*lines)
    assert len(read(*[line(str(UUID(int=n))) for n in range(LINES)]).lines) == LINES
    assert parse(Sync, b'{"lines": [], "tally": {"recorded": 0, "turned_away": 0, "blanks": []}}').lines == []


def test_a_tally_counts_each_item_once() -> None:
    blanks = [{"item": "KTP_WNI", "taken": 1, "printed": 1, "spoiled": 0, "returned": 0}] * 2
    with pytest.raises(Problem, match="invalid"):
        parse(Sync, json.dumps({"lines": [], "tally": {"recorded": 0, "turned_away": 0, "blanks": blanks}}).encode())


def test_nobody_can_pass_off_a_line_as_unreadable() -> None:
    (unreadable,) = read({"faults": [{"at": "/", "code": "mine", "detail": NIK}]}).lines
    assert isinstance(unreadable, UnreadableLine)
    assert NIK not in str(unreadable)
