"""What printing makes of others' messages: it reads a few fields and does not mind the rest."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.printing.domain import Alarm, ExpireLetter, Level, NoteStock, QueueJob, RaiseNumberAlarm
from services.printing.domain.facts import StockLevelNoted
from services.printing.reactions import due, react
from services.printing.service import PRINTING
from shared.clock import Deadline
from shared.envelope import Incoming
from shared.testing import Scenario

NOON = datetime(2024, 11, 20, 5, 0, tzinfo=UTC)
KNOWN = NOON + timedelta(seconds=2)
NOW = NOON + timedelta(seconds=9)

HEARD: dict[str, Any] = {"now": NOW, "occurred_at": NOON, "office": "17.71", "day": date(2024, 11, 20)}
KNOWN_OF_CARDS = HEARD | {"item": "KTP_WNI", "as_of": KNOWN, "on_hand": 12, "available": 10}
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
    request = command.request
    assert (command.office, request.reason, request.applicant, request.item) == ("17.71", "FIRST", "A-1", "KTP_WNI")
    assert command.occurred_at == request.print_ready_at == NOON


def test_the_quota_of_a_recording_is_that_of_the_day_on_which_it_comes_in() -> None:
    command = react(message("outreach", "RecordingPrintReady", **READY), NOW + timedelta(days=2))
    assert isinstance(command, QueueJob)
    assert (command.day, command.request.print_ready_at) == (date(2024, 11, 22), NOON), "its age is of the recording"


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
    assert command.request.job == "2e6fd484-2b18-57e7-a000-27c02ee07690"


@pytest.mark.parametrize("level", ["LOW", "CRITICAL", "EMPTY"])
def test_a_shortage_is_noted_with_its_age(level: Level) -> None:
    low = {"item": "KTP_WNI", "level": level, "episode": 4, "on_hand": 12, "available": 10, "previous_level": "OK"}
    assert react(message("stock", "StockLow", **low), NOW) == NoteStock(**KNOWN_OF_CARDS, level=level, episode=4)


def test_a_recovery_is_noted_as_a_level_like_any_other() -> None:
    recovered = {"item": "KIA", "episode": 4, "previous_level": "LOW", "on_hand": 12, "available": 10}
    command = react(message("stock", "StockRecovered", **recovered), NOW)
    assert command == NoteStock(**KNOWN_OF_CARDS | {"item": "KIA"}, level="OK", episode=4)


def test_blanks_that_came_change_the_figures_and_leave_the_level_to_stock() -> None:
    received = {"item": "KTP_WNI", "quantity": 10_000, "on_hand": 12, "available": 10}
    assert react(message("stock", "BlanksReceived", **received), NOW) == NoteStock(
        **KNOWN_OF_CARDS, level=None, episode=None
    )


def test_an_opening_count_means_that_there_is_enough_until_stock_says_otherwise() -> None:
    opened = {"item": "KTP_WNI", "quantity": 9_000, "on_hand": 9_000, "available": 9_000, "source": "OPENING"}
    count = react(message("stock", "BlanksReceived", **opened), NOW)
    more = react(message("stock", "BlanksReceived", **opened | {"source": "PROVINCE", "on_hand": 9_100}), NOW)
    low = {"item": "KTP_WNI", "level": "LOW", "episode": 1, "on_hand": 12, "available": 10}
    short = react(message("stock", "StockLow", **low), NOW)
    assert count is not None and more is not None and short is not None
    before = Scenario(PRINTING)
    assert before.when(more) == [], "who was never counted has no level"
    [(_, noted)] = before.when(count)
    assert isinstance(noted, StockLevelNoted) and (noted.level, noted.episode) == ("OK", 0)
    [(_, figures)] = before.after(count).when(more)
    assert isinstance(figures, StockLevelNoted) and (figures.level, figures.on_hand) == ("OK", 9_100)
    [(_, back)] = before.after(short).when(count)
    assert isinstance(back, StockLevelNoted) and back.level == "LOW", "stock has said what the level is"


@pytest.mark.parametrize("item", ["RIBBON", "FILM"])
def test_what_no_card_is_printed_on_has_no_queue(item: str) -> None:
    figures = {"item": item, "on_hand": 12, "available": 10}
    assert react(message("stock", "StockLow", **figures, level="EMPTY", episode=1), NOW) is None
    assert react(message("stock", "StockRecovered", **figures, episode=1), NOW) is None
    assert react(message("stock", "BlanksReceived", **figures), NOW) is None


FOUND = {
    "item": "KTP_WNI",
    "location": "MPP",
    "serials": {"first": "A0240951", "last": "A0240951"},
    "holders": ["17.01"],
}


@pytest.mark.parametrize("kind", ["LOST_NUMBER_USED", "NUMBER_ELSEWHERE"])
def test_a_number_that_is_not_the_offices_to_print_on_is_an_alarm(kind: Alarm) -> None:
    assert react(message("stock", "DiscrepancyFound", **FOUND, kind=kind), NOW) == RaiseNumberAlarm(
        **HEARD,
        item="KTP_WNI",
        location="MPP",
        kind=kind,
        first_serial="A0240951",
        last_serial="A0240951",
        holders=("17.01",),
    )


@pytest.mark.parametrize("kind", ["BELOW_ZERO", "SERIAL_OVERLAP", "OF_A_LATER_RELEASE"])
def test_what_else_does_not_fit_in_stocks_books_is_stocks_to_clear_up(kind: str) -> None:
    assert react(message("stock", "DiscrepancyFound", **FOUND, kind=kind), NOW) is None


def test_the_last_day_of_a_letter_is_looked_at_when_it_is_over() -> None:
    over = Deadline("job/j-1/letter/470/1", "job/j-1", "17.71", NOON, "letter", "470/1")
    assert due(over, NOW, stale=False) == ExpireLetter(**HEARD, job="j-1", letter="470/1")


def test_what_does_not_concern_printing_is_passed_over() -> None:
    assert react(message("stock", "BlanksMoved", item="KTP_WNI", quantity=100), NOW) is None
    assert react(message("outreach", "VisitClosed", visit="v-1"), NOW) is None


def test_a_message_that_lacks_what_is_read_is_an_error_and_not_a_guess() -> None:
    with pytest.raises(msgspec.DecodeError):
        react(message("stock", "StockLow", item="KTP_WNI", episode=4, on_hand=12, available=10), NOW)


def test_stock_that_is_only_foreseen_to_be_low_is_not_short_of_cards_today() -> None:
    said = {"item": "KTP_WNI", "level": "LOW", "episode": 4, "on_hand": 12, "available": 10}
    assert react(message("stock", "StockLow", **said, foreseen=True), NOW) == NoteStock(
        **KNOWN_OF_CARDS, level="OK", episode=4
    )
