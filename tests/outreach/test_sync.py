"""A sync's lines, each answered on its own: what is wrong with one holds up no other."""

import json
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from services.outreach.api import RecordingLine, Sync, answers
from services.outreach.domain import Line, PlanVisit, RecordPersons
from services.outreach.service import OUTREACH
from shared.http import Problem
from shared.http.bodies import UnreadableLine, parse
from shared.testing import Scenario

NOW = datetime(2024, 11, 20, 11, 0, tzinfo=UTC)
ONE = "0193f3a2-0000-7000-8000-000000000001"
TWO = "0193f3a2-0000-7000-8000-000000000002"
NIK = "1771012345678901"

planned = Scenario(OUTREACH).after(
    PlanVisit(
        now=NOW, occurred_at=NOW, office="17.71", visit="v", place="SMAN 5", held_on=date(2024, 11, 20), expected=9
    )
)


def line(recording: str, turns_17: str | None = None, **changes: Any) -> dict[str, Any]:
    person = {"recording": recording, "applicant": "A-1", "item": "KTP_WNI", "location": "MPP", "turns_17": turns_17}
    return {**person, **changes}


def read(*lines: Any) -> Sync:
    return parse(Sync, json.dumps({"lines": lines}).encode())


def synced(scenario: Scenario, body: Sync) -> tuple[Scenario, list[str]]:
    """The scenario after a sync, and the outcome of each line."""
    readable = [line for line in body.lines if isinstance(line, RecordingLine)]
    command = RecordPersons(
        now=NOW,
        occurred_at=NOW,
        office="17.71",
        visit="v",
        timezone="Asia/Jakarta",
        lines=tuple(Line(**{**line.model_dump(), "recording": str(line.recording)}) for line in readable),
    )
    decision = scenario.when(command)
    after = scenario.given(decision)
    known = {}
    for line in readable:
        state = after.state(f"recording/{line.recording}")
        if state.progress != "UNKNOWN":
            known[str(line.recording)] = msgspec.structs.asdict(state)
    facts: Any = [fact for _, fact in decision]
    return after, [answer.outcome for answer in answers(body.lines, "v", facts, known)]


def outcomes(*lines: Any) -> list[str]:
    return synced(planned, read(*lines))[1]


def test_each_line_learns_whether_its_card_can_be_printed() -> None:
    assert outcomes(line(ONE), line(TWO, "2025-03")) == ["PRINT_READY", "WAITING"]


def test_a_sync_sent_again_is_answered_as_recorded_already() -> None:
    after, _ = synced(planned, read(line(ONE), line(TWO, "2025-03")))
    assert synced(after, read(line(ONE), line(TWO, "2025-03")))[1] == ["ALREADY_RECORDED", "ALREADY_RECORDED"]


def test_a_person_twice_in_one_sync_is_recorded_by_the_first_line() -> None:
    assert outcomes(line(ONE), line(ONE)) == ["PRINT_READY", "ALREADY_RECORDED"]


@pytest.mark.parametrize(
    "change", [{"applicant": "A-2"}, {"item": "KIA"}, {"location": "UPT"}, {"turns_17": "2025-04"}]
)
def test_an_id_with_another_content_is_a_conflict_and_the_first_stands(change: dict[str, str]) -> None:
    assert outcomes(line(ONE, "2025-03"), line(ONE, "2025-03") | change) == ["WAITING", "CONFLICT"]


def test_who_is_not_sixteen_is_told_so() -> None:
    assert outcomes(line(ONE, "2025-12"), line(TWO)) == ["TOO_YOUNG", "PRINT_READY"]


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


@pytest.mark.parametrize("count", [0, 501])
def test_a_sync_has_one_to_five_hundred_lines(count: int) -> None:
    with pytest.raises(Problem, match="invalid"):
        read(*[line(ONE)] * count)


def test_nobody_can_pass_off_a_line_as_unreadable() -> None:
    (unreadable,) = read({"faults": [{"at": "/", "code": "mine", "detail": NIK}]}).lines
    assert isinstance(unreadable, UnreadableLine)
    assert NIK not in str(unreadable)
