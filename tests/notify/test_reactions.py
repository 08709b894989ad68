"""What stock and the clock say to notify, as messages and rows look."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.notify.domain import (
    AlarmKind,
    DeadlinePassed,
    Figures,
    HearCanary,
    HearOffice,
    MissCanary,
    NoteDeclined,
    NoteForwarded,
    NoteProposal,
    NoteRelief,
    Place,
    RaiseAlarm,
    RaiseShortage,
    ReliefKind,
    ReliefLine,
    ShortageOver,
    StockLevel,
)
from services.notify.domain.commands import OfficeCommand
from services.notify.reactions import due, place_of, react
from services.notify.service import NOTIFY
from shared.clock import Deadline
from shared.envelope import Incoming
from shared.workdays import is_working_day
from tests.notify.situations import BENGKULU, HEAD, NOON, PROVINCE, STREAM, low, quiet

LATER = NOON + timedelta(seconds=2)
CENTRES = ZoneInfo("Asia/Jakarta")
TODAY = date(2024, 11, 18)
HEARD: dict[str, Any] = {"now": LATER, "occurred_at": NOON, "office": BENGKULU, "heard_on": TODAY}
SAID = {name: value for name, value in HEARD.items() if name != "heard_on"}
"""Of what the office did not do itself, nothing is heard of it."""
HERE = Place(province="17", zone=ZoneInfo("Asia/Jakarta"), official=is_working_day)


def message(name: str, office: str = BENGKULU, **data: Any) -> Incoming:
    body = {"type": name, "office": office, "item": "KTP_WNI", "something_new": [1, 2], **data}
    return Incoming(
        service="stock",
        type=name,
        version=1,
        office=office,
        topic="blanko.17.stock",
        offset=11,
        epoch=1,
        sequence=12,
        position=90,
        hash=b"",
        id="1-90",
        occurred_at=NOON,
        recorded_at=NOON,
        traceparent=None,
        data=json.dumps(body).encode(),
    )


def test_low_stock_raises_a_shortage_where_the_office_is() -> None:
    news = message(
        "StockLow",
        level="CRITICAL",
        previous_level="LOW",
        episode=4,
        on_hand=700,
        available=650,
        daily_use=150.5,
        days_of_cover=4.3,
        projected_empty_on="2024-11-22",
        thresholds_version=0,
    )
    assert react(news, LATER) == RaiseShortage(
        **SAID,
        item="KTP_WNI",
        place=HERE,
        episode=4,
        stock_level=StockLevel.CRITICAL,
        figures=Figures(
            on_hand=700,
            available=650,
            as_of=NOON,
            daily_use=150.5,
            days_of_cover=4.3,
            projected_empty_on=date(2024, 11, 22),
        ),
    )


def test_recovered_stock_ends_the_shortage() -> None:
    news = message("StockRecovered", episode=4, previous_level="LOW", on_hand=9_000, available=9_000)
    command = react(news, LATER)
    assert isinstance(command, ShortageOver)
    assert (command.episode, command.figures.on_hand) == (4, 9_000)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AllocationApproved", ReliefKind.ALLOCATED),
        ("ConsignmentAnnounced", ReliefKind.ANNOUNCED),
    ],
)
def test_promised_blanks_are_relief_until_the_day_is_over_at_the_office(name: str, kind: ReliefKind) -> None:
    command = react(message(name, quantity=2_000, promised_on="2024-11-25"), LATER)
    assert isinstance(command, NoteRelief)
    assert (command.kind, command.quantity, command.promised_on) == (kind, 2_000, date(2024, 11, 25))
    assert command.until == datetime(2024, 11, 25, 16, 59, 59, 999_999, tzinfo=UTC)


def test_arrived_blanks_are_relief_without_a_promise() -> None:
    command = react(message("BlanksReceived", quantity=50, location="KANTOR", source="CENTRE"), LATER)
    assert isinstance(command, NoteRelief)
    assert (command.kind, command.quantity, command.until) == (ReliefKind.RECEIVED, 50, None)


def test_what_stock_proposes_names_who_could_help_and_how_far_away_they_are() -> None:
    lines = [{"office": "17.09", "quantity": 129, "available": 2_600, "distance_km": 31}]
    command = react(message("ReliefProposed", episode=4, wanted=429, covered=129, lines=lines), LATER)
    assert isinstance(command, NoteProposal)
    assert (command.proposal.wanted, command.proposal.covered) == (429, 129)
    assert command.proposal.lines == (ReliefLine(office="17.09", quantity=129, distance_km=31),)


def test_what_a_province_answers_in_stock_is_an_answer_here() -> None:
    asked = react(message("ReplenishmentForwarded", forwarded=900, forwarded_by="u-17", reason="Gudang kosong"), LATER)
    assert isinstance(asked, NoteForwarded)
    assert (asked.quantity, asked.by, asked.reason) == (900, "u-17", "Gudang kosong")
    no = react(message("AllocationDeclined", declined_by="u-03", reason="Stok pusat habis"), LATER)
    assert isinstance(no, NoteDeclined)
    assert (no.by, no.reason) == ("u-03", "Stok pusat habis")


@pytest.mark.parametrize(
    ("name", "data", "kind", "figures", "day"),
    [
        ("BlanksReportedLost", {"quantity": 3}, AlarmKind.NUMBERS_LOST, {"quantity": 3}, None),
        ("DiscrepancyFound", {"kind": "LOST_NUMBER_USED"}, AlarmKind.LOST_NUMBER_USED, {}, None),
        (
            "ConsignmentOverdue",
            {"in_transit": 500, "promised_on": "2024-11-15"},
            AlarmKind.CONSIGNMENT_OVERDUE,
            {"quantity": 500},
            date(2024, 11, 15),
        ),
        (
            "LoanOverdue",
            {"outstanding": 29, "return_by": "2024-11-14"},
            AlarmKind.LOAN_OVERDUE,
            {"quantity": 29},
            date(2024, 11, 14),
        ),
        (
            "DestructionOverdue",
            {"awaiting": 12, "since": "2024-10-01"},
            AlarmKind.DESTRUCTION_OVERDUE,
            {"quantity": 12},
            date(2024, 10, 1),
        ),
    ],
)
def test_what_is_no_shortage_and_must_be_heard_is_an_alarm_for_the_city_and_its_province(
    name: str, data: dict[str, Any], kind: AlarmKind, figures: dict[str, int], day: date | None
) -> None:
    assert react(message(name, **data), LATER) == RaiseAlarm(
        **(SAID if name.endswith("Overdue") else HEARD),
        id="alarm/blanko.17.stock/12",
        kind=kind,
        desks=(HEAD, PROVINCE),
        item="KTP_WNI",
        figures=figures,
        day=day,
    )


def test_the_canary_is_heard_with_the_moment_at_which_it_sang_and_is_news_of_no_office() -> None:
    news = message("CanarySung", "00", night="2024-11-18", number=9, at="2024-11-17T18:00:00.350Z")
    sung_at = datetime(2024, 11, 17, 18, 0, 0, 350_000, tzinfo=UTC)
    assert react(news, LATER) == HearCanary(now=LATER, occurred_at=NOON, night=TODAY, sung_at=sung_at, zone=CENTRES)


@pytest.mark.parametrize(("name", "data"), [("BlankUsed", {}), ("DiscrepancyFound", {"kind": "NEGATIVE"})])
def test_what_else_stock_says_means_that_the_office_is_heard_of(name: str, data: dict[str, Any]) -> None:
    assert react(message(name, quantity=1, **data), LATER) == HearOffice(**HEARD)


@pytest.mark.parametrize("name", ["LoanGranted", "LoanReturned"])
def test_what_others_do_for_an_office_is_not_heard_of_it(name: str) -> None:
    assert react(message(name), LATER) is None


def test_what_the_clock_the_centre_or_the_province_says_is_not_heard_of_the_office() -> None:
    promised: dict[str, Any] = {"quantity": 2_000, "promised_on": "2024-11-25"}
    said: dict[str, dict[str, Any]] = {
        "StockLow": {"level": "LOW", "episode": 4, "daily_use": 1.0, "days_of_cover": 1.0, "projected_empty_on": None},
        "StockRecovered": {"episode": 4},
        "ReliefProposed": {"episode": 4, "wanted": 1, "covered": 0, "lines": []},
        "AllocationApproved": promised,
        "ConsignmentAnnounced": promised,
        "AllocationReleased": {"allocation": "a-1"},
        "AllocationDeclined": {"declined_by": "u-03", "reason": "habis"},
        "ReplenishmentForwarded": {"forwarded": 9, "forwarded_by": "u-17", "reason": "habis"},
        "DestructionOverdue": {"awaiting": 12, "since": "2024-10-01"},
    }
    for name, data in said.items():
        command = react(message(name, on_hand=7, available=7, **data), LATER)
        assert isinstance(command, OfficeCommand) and command.heard_on is None, name
    received = react(message("BlanksReceived", quantity=50), LATER)
    assert isinstance(received, NoteRelief) and received.heard_on == TODAY


def test_a_reservation_that_expires_is_the_clocks_and_one_that_is_closed_the_offices() -> None:
    assert react(message("ReservationReleased", reason="EXPIRED"), LATER) is None
    assert react(message("ReservationReleased", reason="CLOSED"), LATER) == HearOffice(**HEARD)


def test_an_office_is_heard_of_on_its_own_day() -> None:
    news = replace(message("BlankUsed", "81.01"), occurred_at=datetime(2024, 11, 18, 15, 1, tzinfo=UTC))
    command = react(news, LATER)
    assert isinstance(command, HearOffice) and command.heard_on == date(2024, 11, 19)


def test_news_of_an_office_that_there_is_not_means_nothing() -> None:
    assert react(message("BlankUsed", "99.99", quantity=1), LATER) is None


def test_a_message_that_cannot_be_read_is_an_error_and_no_command() -> None:
    with pytest.raises(msgspec.DecodeError):
        react(message("StockLow", level="WORRYING", episode=4), LATER)


def test_the_row_of_a_wait_comes_back_from_the_clock_as_the_deadline_of_that_wait() -> None:
    opened = quiet.after(low())
    stream, fact = quiet.when(low())[0]
    rows = {row.key: row.values for row in NOTIFY.project(stream, fact, opened.state(STREAM)) if row.values}
    deadline = Deadline(**rows[(f"{STREAM}/1",)])
    command = due(deadline, deadline.due, stale=True)
    assert command == DeadlinePassed(
        now=deadline.due,
        occurred_at=deadline.due,
        office=BENGKULU,
        item="KTP_WNI",
        place=HERE,
        wait=1,
        stale=True,
    )
    assert opened.when(command)


def test_the_canarys_row_comes_back_as_the_wait_for_the_next_one() -> None:
    deadline = Deadline("canary/00/3", "canary/00", "00", NOON, "canary", "3")
    assert due(deadline, LATER, stale=False) == MissCanary(now=LATER, occurred_at=NOON, wait=3, zone=CENTRES)


def test_where_an_office_is_that_there_is_not_is_a_question_without_an_answer() -> None:
    assert place_of(BENGKULU, NOON) == HERE
    with pytest.raises(KeyError):
        place_of("99.99", NOON)


def test_a_shortage_that_is_foreseen_is_raised_with_what_the_forecast_says() -> None:
    figures: dict[str, Any] = {"on_hand": 1_900, "available": 1_900, "daily_use": 150.5, "days_of_cover": 9.5}
    said: dict[str, Any] = {"level": "LOW", "previous_level": "OK", "episode": 4, "projected_empty_on": "2024-11-27"}
    command = react(
        message("StockLow", **figures, **said, cover_from="FORECAST", foreseen=True, reorder_point=2_000), LATER
    )
    assert isinstance(command, RaiseShortage)
    known = command.figures
    assert (known.cover_from, known.foreseen, known.reorder_point) == ("FORECAST", True, 2_000)


def test_what_the_clock_says_of_a_day_at_night_is_no_word_of_the_office() -> None:
    assert react(message("DailyUseEstimated", thousandths=152_300, day="2024-11-17", used=163), LATER) is None
