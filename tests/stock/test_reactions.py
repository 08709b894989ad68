"""What printing says, as stock hears it."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from services.stock.domain import SpoilBlank, UseBlank
from services.stock.reactions import react
from shared.envelope import Incoming

NOW = datetime(2024, 11, 5, 1, 0, tzinfo=UTC)
PRINTED = b'{"type":"CardPrinted","office":"17.71","job":"j-1","item":"KTP_WNI","location":"store","new":1}'
SPOILED = b'{"type":"CardSpoiled","office":"17.71","job":"j-1","item":"KTP_WNI","location":"store","cause":"DEAD_CHIP"}'


def heard(type: str, data: bytes, office: str = "17.71", occurred_at: datetime = NOW) -> Incoming:
    return Incoming(
        service="printing",
        type=type,
        version=1,
        office=office,
        topic="blanko.17.printing",
        offset=3,
        epoch=1,
        sequence=4,
        position=9,
        hash=b"",
        id="1-9",
        occurred_at=occurred_at,
        recorded_at=NOW,
        traceparent=None,
        data=data,
    )


def test_a_printed_card_used_a_blank_where_it_was_printed() -> None:
    assert react(heard("CardPrinted", PRINTED), NOW) == UseBlank(
        now=NOW,
        occurred_at=NOW,
        office="17.71",
        item="KTP_WNI",
        day=date(2024, 11, 5),
        location="store",
        job="j-1",
        daily_use_default=143_361,
    )


def test_a_spoiled_card_cost_a_blank() -> None:
    command = react(heard("CardSpoiled", SPOILED), NOW)
    assert isinstance(command, SpoilBlank)
    assert (command.cause, command.job, command.location) == ("DEAD_CHIP", "j-1", "store")


def test_the_day_is_the_offices_own() -> None:
    late = datetime(2024, 11, 4, 15, 30, tzinfo=UTC)
    for office, day in (("17.71", 4), ("91.71", 5)):
        command = react(heard("CardPrinted", PRINTED, office, late), NOW)
        assert command is not None and command.day == date(2024, 11, day), office


def test_other_facts_of_printing_mean_nothing_to_stock() -> None:
    assert react(heard("CardHandedOver", b"{}"), NOW) is None


@pytest.mark.parametrize("data", [b"", b"{", b'{"job":"j-1","item":"SIM","location":"store"}', b'{"item":"KIA"}'])
def test_what_cannot_be_read_is_not_guessed(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        react(heard("CardPrinted", data), NOW)
