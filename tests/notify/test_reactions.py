"""What stock and the clock say to notify, as messages and rows look."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.notify.domain import (
    DeadlinePassed,
    Figures,
    NoteRelief,
    Patience,
    Policy,
    RaiseShortage,
    ReliefKind,
    ShortageOver,
    StockLevel,
)
from services.notify.reactions import due, react
from services.notify.service import NOTIFY
from shared.clock import Deadline
from shared.envelope import Incoming
from tests.notify.situations import BENGKULU, NOON, STREAM, low, quiet

LATER = NOON + timedelta(seconds=2)


def message(name: str, **data: Any) -> Incoming:
    body = {"type": name, "office": BENGKULU, "item": "KTP_WNI", "something_new": [1, 2], **data}
    return Incoming(
        service="stock",
        type=name,
        version=1,
        office=BENGKULU,
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


def test_low_stock_raises_a_shortage_with_the_policy_of_the_day() -> None:
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
        now=LATER,
        occurred_at=NOON,
        office=BENGKULU,
        item="KTP_WNI",
        province="17",
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
        policy=Policy(1, Patience(86_400, 86_400, 86_400)),
    )


def test_recovered_stock_ends_the_shortage() -> None:
    news = message("StockRecovered", episode=4, previous_level="LOW", on_hand=9_000, available=9_000)
    command = react(news, LATER)
    assert isinstance(command, ShortageOver)
    assert (command.episode, command.figures.on_hand) == (4, 9_000)


@pytest.mark.parametrize(
    ("name", "kind"), [("AllocationApproved", ReliefKind.ALLOCATED), ("ConsignmentAnnounced", ReliefKind.ANNOUNCED)]
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


def test_what_else_stock_says_is_not_for_notify() -> None:
    assert react(message("BlankUsed", quantity=1), LATER) is None


def test_a_message_that_cannot_be_read_is_an_error_and_no_command() -> None:
    with pytest.raises(msgspec.DecodeError):
        react(message("StockLow", level="WORRYING", episode=4), LATER)


def test_the_row_of_a_wait_comes_back_from_the_clock_as_the_deadline_of_that_wait() -> None:
    opened = quiet.after(low())
    [(stream, fact), _] = quiet.when(low())
    rows = {row.key: row.values for row in NOTIFY.project(stream, fact, opened.state(STREAM)) if row.values}
    deadline = Deadline(**rows[(f"{STREAM}/1",)])
    command = due(deadline, deadline.due, stale=True)
    assert command == DeadlinePassed(
        now=deadline.due,
        occurred_at=deadline.due,
        office=BENGKULU,
        item="KTP_WNI",
        province="17",
        wait=1,
        stale=True,
    )
    assert opened.when(command)
