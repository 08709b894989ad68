"""What printing makes of others' messages: it reads a few fields and does not mind the rest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.printing.domain import NoteStockLevel, QueueJob
from services.printing.reactions import react
from services.printing.service import PRINTING
from shared.envelope import Incoming
from shared.testing import Scenario

NOON = datetime(2024, 11, 20, 5, 0, tzinfo=UTC)
KNOWN = NOON + timedelta(seconds=2)
NOW = NOON + timedelta(seconds=9)

READY = {"recording": "r-1", "visit": "v-1", "applicant": "A-1", "item": "KTP_WNI", "location": "MPP"}


def message(service: str, type: str, **data: Any) -> Incoming:
    return Incoming(
        service=service,
        type=type,
        version=1,
        office="17.71",
        topic=f"blanko.17.{service}",
        offset=6,
        epoch=1,
        sequence=7,
        position=70,
        hash=b"",
        id="1-70",
        occurred_at=NOON,
        recorded_at=KNOWN,
        traceparent=None,
        data=msgspec.json.encode({"type": type, "office": "17.71", **data}),
    )


def test_a_person_found_print_ready_gets_a_job_for_a_first_card() -> None:
    command = react(message("outreach", "RecordingPrintReady", **READY), NOW)
    assert isinstance(command, QueueJob)
    assert (command.office, command.reason, command.applicant) == ("17.71", "FIRST", "A-1")
    assert command.occurred_at == NOON


def test_one_recording_makes_one_job_however_often_it_is_read() -> None:
    scenario = Scenario(PRINTING)
    first = react(message("outreach", "RecordingPrintReady", **READY), NOW)
    again = react(message("outreach", "RecordingPrintReady", **READY), NOW + timedelta(days=400))
    other = react(message("outreach", "RecordingPrintReady", **{**READY, "recording": "r-2"}), NOW)
    assert first is not None and again is not None and other is not None
    assert len(scenario.when(first)) == 1
    assert scenario.after(first).when(again) == []
    assert len(scenario.after(first).when(other)) == 1


def test_the_job_of_a_recording_is_the_same_in_every_release() -> None:
    command = react(message("outreach", "RecordingPrintReady", **READY), NOW)
    assert isinstance(command, QueueJob)
    assert command.job == "2e6fd484-2b18-57e7-a000-27c02ee07690"


@pytest.mark.parametrize("level", ["LOW", "CRITICAL", "EMPTY"])
def test_a_shortage_is_noted_with_its_age(level: str) -> None:
    command = react(message("stock", "StockLow", item="KTP_WNI", level=level, episode=4, on_hand=12), NOW)
    assert command == NoteStockLevel(
        now=NOW, occurred_at=NOON, office="17.71", item="KTP_WNI", level=level, episode=4, as_of=KNOWN
    )


def test_a_recovery_is_noted_as_a_level_like_any_other() -> None:
    command = react(message("stock", "StockRecovered", item="KIA", episode=4, previous_level="LOW"), NOW)
    assert isinstance(command, NoteStockLevel)
    assert (command.item, command.level, command.episode) == ("KIA", "OK", 4)


def test_what_does_not_concern_printing_is_passed_over() -> None:
    assert react(message("stock", "BlanksReceived", item="KTP_WNI", quantity=10_000), NOW) is None
    assert react(message("outreach", "VisitClosed", visit="v-1"), NOW) is None


def test_a_message_that_lacks_what_is_read_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(msgspec.DecodeError):
        react(message("stock", "StockLow", item="KTP_WNI", episode=4), NOW)
