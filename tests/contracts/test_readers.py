"""What a reader makes of each golden message it may meet; a change that would break it fails here."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any, get_args

import msgspec
import pytest

from services.notify import reactions as notify
from services.notify.domain import Figures, NoteRelief, RaiseShortage, ReliefKind, ShortageOver, StockLevel
from services.notify.settings import POLICY
from services.outreach import reactions as outreach
from services.printing import reactions as printing
from services.printing.domain import NoteStockLevel, QueueJob
from services.stock import reactions as stock
from services.stock.domain import (
    BookOldCard,
    NotePrintDebt,
    ReleaseReservation,
    ReserveBlanks,
    SpoilBlank,
    UseBlank,
    daily_use_default,
)
from shared.decider import Command
from shared.offices import offices
from tests.contracts.golden import DOMAINS, OCCURRED, PROMISES, RECORDED, Golden, all_of
from tests.contracts.said import JOB, LOW, VISIT

NOW = datetime(2024, 11, 18, 2, 30, 1, tzinfo=UTC)
HEARD: dict[str, Any] = {"now": NOW, "occurred_at": OCCURRED, "office": "17.71", "item": "KTP_WNI"}
BENGKULU = offices().get("17.71")
assert BENGKULU is not None


@dataclass(frozen=True)
class Reading:
    """A message that means something to a reader: what it redeclares of it, and the command it becomes."""

    redeclared: type[msgspec.Struct]
    command: Command


AWAITED: dict[str, dict[str, Any]] = {
    "printing/OldCardWithdrawn.v1": {"item": "KTP_WNI", "location": "MPP", "job": JOB},
    "printing/PrintDebtChanged.v1": {"item": "KTP_WNI", "owed": 212},
    "outreach/VisitEquipmentRequested.v1": {
        "item": "KTP_WNI",
        "visit": VISIT,
        "quantity": 110,
        "until": "2024-11-19T16:59:59Z",
    },
    "outreach/VisitClosed.v1": {"visit": VISIT},
}
"""What readers are ready for and nobody promises yet, as they understand it. A promise takes its place here."""

RELIEF = NoteRelief(
    **HEARD,
    kind=ReliefKind.ALLOCATED,
    quantity=10_000,
    promised_on=date(2024, 11, 20),
    until=datetime(2024, 11, 20, 16, 59, 59, 999_999, tzinfo=UTC),
)
TODAY = HEARD | {"day": date(2024, 11, 18)}
IN_BENGKULU = TODAY | {"location": "MPP", "job": JOB}
KNOWN = HEARD | {"episode": 4, "as_of": RECORDED}
FIGURES: dict[str, Any] = {"on_hand": 10_500, "available": 10_500, "as_of": OCCURRED}

READERS: dict[ModuleType, dict[str, Reading]] = {
    stock: {
        "printing/CardPrinted.v1": Reading(
            stock.CardPrinted,
            UseBlank(**IN_BENGKULU, daily_use_default=daily_use_default(BENGKULU.population, "KTP_WNI")),
        ),
        "printing/CardSpoiled.v1": Reading(stock.CardSpoiled, SpoilBlank(**IN_BENGKULU, cause="ENCODE_FAILURE")),
        "printing/OldCardWithdrawn.v1": Reading(stock.OldCardWithdrawn, BookOldCard(**IN_BENGKULU)),
        "printing/PrintDebtChanged.v1": Reading(stock.PrintDebtChanged, NotePrintDebt(**TODAY, owed=212)),
        "outreach/VisitEquipmentRequested.v1": Reading(
            stock.VisitEquipmentRequested,
            ReserveBlanks(**TODAY, visit=VISIT, quantity=110, until=datetime(2024, 11, 19, 16, 59, 59, tzinfo=UTC)),
        ),
        "outreach/VisitClosed.v1": Reading(
            stock.VisitClosed,
            ReleaseReservation(**TODAY, further=("KTP_WNA", "KIA", "RIBBON", "FILM"), visit=VISIT, reason="CLOSED"),
        ),
    },
    printing: {
        "stock/StockLow.v1": Reading(printing.StockLow, NoteStockLevel(**KNOWN, level="LOW")),
        "stock/StockRecovered.v1": Reading(printing.StockRecovered, NoteStockLevel(**KNOWN, level="OK")),
        "outreach/RecordingPrintReady.v1": Reading(
            printing.RecordingPrintReady,
            QueueJob(
                **HEARD,
                job="31912bbc-69b5-590f-9c93-088c547196dd",
                location="MPP",
                reason="FIRST",
                applicant="pemohon-7Q2F",
            ),
        ),
    },
    outreach: {},
    notify: {
        "stock/StockLow.v1": Reading(
            notify.StockLow,
            RaiseShortage(**HEARD, province="17", episode=4, stock_level=StockLevel.LOW, figures=LOW, policy=POLICY),
        ),
        "stock/StockRecovered.v1": Reading(
            notify.StockRecovered, ShortageOver(**HEARD, episode=4, figures=Figures(**FIGURES))
        ),
        "stock/AllocationApproved.v1": Reading(notify.Promised, RELIEF),
        "stock/ConsignmentAnnounced.v1": Reading(notify.Promised, replace(RELIEF, kind=ReliefKind.ANNOUNCED)),
        "stock/BlanksReceived.v1": Reading(
            notify.BlanksReceived, NoteRelief(**HEARD, kind=ReliefKind.RECEIVED, quantity=10_000)
        ),
    },
}


def said_by(service: str) -> list[Golden]:
    """The golden messages of a service, and those that are awaited of it."""
    awaited = [
        Golden(*parts_of(name), msgspec.json.encode({"type": parts_of(name)[1], "office": "17.71", **fields}))
        for name, fields in AWAITED.items()
        if name.startswith(f"{service}/")
    ]
    return [*all_of(service), *awaited]


def parts_of(name: str) -> tuple[str, str, int]:
    service, _, message = name.partition("/")
    type_, _, version = message.partition(".v")
    return service, type_, int(version)


MEETINGS = [
    pytest.param(reader, golden, id=f"{reader.__name__.split('.')[1]} reads {golden.name}")
    for reader in READERS
    for service in reader.READS
    for golden in said_by(service)
]
READINGS = [
    pytest.param(reader, golden, reading, id=f"{reader.__name__.split('.')[1]} reads {golden.name}")
    for reader, readings in READERS.items()
    for service in reader.READS
    for golden in said_by(service)
    if (reading := readings.get(golden.name))
]


@pytest.mark.parametrize(("reader", "golden"), MEETINGS)
def test_a_reader_makes_its_command_of_a_message_or_nothing(reader: ModuleType, golden: Golden) -> None:
    reading = READERS[reader].get(golden.name)
    assert reader.react(golden.incoming(), NOW) == (reading and reading.command)


@pytest.mark.parametrize(("reader", "golden", "reading"), READINGS)
def test_what_a_reader_redeclares_is_in_the_message_with_the_same_type(
    reader: ModuleType, golden: Golden, reading: Reading
) -> None:
    for field in msgspec.structs.fields(reading.redeclared):
        if field.required:
            assert field.encode_name in golden.fields, f"{golden.name} has no {field.encode_name}, which {reader} reads"
        if field.encode_name in golden.fields:
            msgspec.convert(golden.fields[field.encode_name], field.type)


@pytest.mark.parametrize(("reader", "golden", "reading"), READINGS)
def test_a_message_without_a_field_that_is_read_is_an_error_and_never_a_guess(
    reader: ModuleType, golden: Golden, reading: Reading
) -> None:
    for field in (field for field in msgspec.structs.fields(reading.redeclared) if field.required):
        with pytest.raises(msgspec.DecodeError):
            reader.react(golden.without(field.encode_name).incoming(), NOW)


@pytest.mark.parametrize(("reader", "golden", "reading"), READINGS)
def test_nothing_said_in_a_field_that_may_be_null_is_understood(
    reader: ModuleType, golden: Golden, reading: Reading
) -> None:
    for field in may_be_null(golden):
        assert reader.react(golden.but(**{field: None}).incoming(), NOW) is not None, field


@pytest.mark.parametrize(("reader", "golden", "reading"), READINGS)
def test_fields_that_a_producer_adds_change_nothing(reader: ModuleType, golden: Golden, reading: Reading) -> None:
    assert reader.react(golden.but(said_since_2026={"a": [1]}).incoming(), NOW) == reading.command


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.split(".")[1])
def test_everything_a_reader_redeclares_is_held_against_a_message(reader: ModuleType) -> None:
    redeclared = {
        value
        for value in vars(reader).values()
        if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == reader.__name__
    }
    assert {reading.redeclared for reading in READERS[reader].values()} == redeclared


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__.split(".")[1])
def test_every_message_that_a_reader_counts_on_is_promised_or_awaited(reader: ModuleType) -> None:
    promised = {golden.name for service in reader.READS for golden in all_of(service)}
    assert READERS[reader].keys() - AWAITED.keys() <= promised


def test_nothing_is_awaited_that_is_promised() -> None:
    promised = {golden.name for domain in DOMAINS for golden in all_of(domain.service)}
    assert not promised & AWAITED.keys()


@pytest.mark.parametrize("read", ["04A1B2C3D4E5F6", "a240001", 240001, None], ids=repr)
def test_what_a_printer_read_that_is_no_serial_number_is_not_believed(read: Any) -> None:
    printed = next(golden for golden in all_of("printing") if golden.type == "CardPrinted")
    heard = stock.react(printed.but(blank_serial=read).incoming(), NOW)
    assert isinstance(heard, UseBlank) and heard.serial is None
    heard = stock.react(printed.but(blank_serial="A0240001").incoming(), NOW)
    assert isinstance(heard, UseBlank) and heard.serial == "A0240001"


def may_be_null(golden: Golden) -> list[str]:
    """The fields of today's fact in which its producer may say null; none for a version of the past."""
    return [
        field.encode_name
        for domain, fact, version in PROMISES
        if (domain.service, fact.__name__, version) == (golden.service, golden.type, golden.version)
        for field in msgspec.structs.fields(fact)
        if type(None) in get_args(field.type)
    ]
