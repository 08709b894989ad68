"""What a reader makes of each golden message it may meet; a change that would break it fails here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any, get_args

import msgspec
import pytest
from msgspec.structs import FieldInfo

from services.notify import reactions as notify
from services.notify.domain import (
    AlarmKind,
    Desk,
    Figures,
    HearCanary,
    HearOffice,
    NoteDeclined,
    NoteForwarded,
    NoteProposal,
    NoteRelief,
    NoteTakenBack,
    Proposal,
    RaiseAlarm,
    RaiseShortage,
    ReliefKind,
    ReliefLine,
    ShortageOver,
    StockLevel,
)
from services.outreach import reactions as outreach
from services.outreach.domain import DemandForecast, HearEquipment, NoteDay, NoteDebt
from services.outreach.domain import NoteStock as NoteNeedStock
from services.printing import reactions as printing
from services.printing.domain import JobRequest, NoteStock, QueueJob, RaiseNumberAlarm
from services.stock import reactions as stock
from services.stock.domain import (
    BookOldCard,
    NoteForecast,
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
from tests.contracts.said import EXAMPLES, JOB, LOW, RIBBON, VISIT
from tests.contracts.said.names import ALLOCATION, CONSIGNMENT

NOW = datetime(2024, 11, 18, 2, 30, 1, tzinfo=UTC)
HEARD: dict[str, Any] = {"now": NOW, "occurred_at": OCCURRED, "office": "17.71", "item": "KTP_WNI"}
BENGKULU = offices().get("17.71")
assert BENGKULU is not None


@dataclass(frozen=True)
class Reading:
    """A message that means something to a reader: what it redeclares of it, and the command it becomes.

    `silent_without` are fields that may be null, and with which it then means nothing.
    """

    redeclared: type[msgspec.Struct]
    command: Command
    silent_without: frozenset[str] = frozenset()


AWAITED: dict[str, dict[str, Any]] = {}
"""What readers are ready for and nobody promises yet, as they understand it. A promise takes its place here."""

NEED = EXAMPLES["outreach"][DemandForecast]
assert isinstance(NEED, DemandForecast)
NEWS = HEARD | {"heard_on": date(2024, 11, 18)}
HERE = HEARD | {"place": notify.place_of("17.71", NOW)}
RELIEF = NoteRelief(
    **HERE,
    kind=ReliefKind.ALLOCATED,
    quantity=10_000,
    promised_on=date(2024, 11, 20),
    until=datetime(2024, 11, 20, 16, 59, 59, 999_999, tzinfo=UTC),
    promise=ALLOCATION,
)
TODAY = HEARD | {"day": date(2024, 11, 18)}
IN_BENGKULU = TODAY | {"location": "MPP", "job": JOB}
KNOWN = TODAY | {"as_of": RECORDED}
FIGURES: dict[str, Any] = {"on_hand": 10_500, "available": 10_500, "as_of": OCCURRED}


def alarm(redeclared: type[msgspec.Struct], kind: AlarmKind, day: date | None = None, **figures: int) -> Reading:
    """Notify's alarm for the city and its province."""
    about: dict[str, Any] = {"id": "alarm/blanko.17.stock/41", "kind": kind, "figures": figures, "day": day}
    desks = (Desk("head", "17.71"), Desk("province", "17"))
    said = HEARD if kind.endswith("_OVERDUE") else NEWS
    return Reading(redeclared, RaiseAlarm(**said, **about, desks=desks))


READERS: dict[ModuleType, dict[str, Reading]] = {
    stock: {
        "printing/CardPrinted.v1": Reading(
            stock.CardPrinted,
            UseBlank(
                **IN_BENGKULU,
                serial="A0240118",
                daily_use_default=daily_use_default(BENGKULU.population, "KTP_WNI"),
            ),
        ),
        "printing/CardSpoiled.v1": Reading(stock.CardSpoiled, SpoilBlank(**IN_BENGKULU, cause="ENCODE_FAILURE")),
        "printing/OldCardWithdrawn.v1": Reading(stock.OldCardWithdrawn, BookOldCard(**IN_BENGKULU)),
        "printing/RibbonChanged.v1": Reading(
            stock.RibbonChanged,
            UseBlank(
                **IN_BENGKULU | {"item": "RIBBON", "job": RIBBON},
                daily_use_default=daily_use_default(BENGKULU.population, "RIBBON"),
            ),
        ),
        "printing/PrintDebtChanged.v1": Reading(stock.PrintDebtChanged, NotePrintDebt(**TODAY, owed=212)),
        "outreach/VisitEquipmentRequested.v1": Reading(
            stock.VisitEquipmentRequested,
            ReserveBlanks(**TODAY, visit=VISIT, quantity=110, until=datetime(2024, 11, 19, 16, 59, 59, tzinfo=UTC)),
        ),
        "outreach/VisitClosed.v1": Reading(
            stock.VisitClosed,
            ReleaseReservation(**TODAY, further=("KTP_WNA", "KIA", "RIBBON", "FILM"), visit=VISIT, reason="CLOSED"),
        ),
        "outreach/DemandForecast.v1": Reading(
            stock.DemandForecast,
            NoteForecast(
                **TODAY,
                made_on=date(2024, 11, 18),
                first_day=date(2024, 11, 18),
                cumulative_median=NEED.cumulative_median,
                cumulative_high=NEED.cumulative_high,
            ),
        ),
    },
    printing: {
        "stock/StockLow.v1": Reading(
            printing.StockLow, NoteStock(**KNOWN, level="LOW", episode=4, on_hand=1_400, available=1_400)
        ),
        "stock/StockRecovered.v1": Reading(
            printing.StockRecovered, NoteStock(**KNOWN, level="OK", episode=4, on_hand=10_500, available=10_500)
        ),
        "stock/BlanksReceived.v1": Reading(
            printing.BlanksReceived, NoteStock(**KNOWN, level=None, episode=None, on_hand=10_500, available=10_500)
        ),
        "stock/DiscrepancyFound.v1": Reading(
            printing.DiscrepancyFound,
            RaiseNumberAlarm(
                **TODAY,
                location="MPP",
                kind="LOST_NUMBER_USED",
                first_serial="A0240951",
                last_serial="A0240951",
                holders=("17.71/gudang",),
            ),
            silent_without=frozenset({"serials"}),
        ),
        "outreach/RecordingPrintReady.v1": Reading(
            printing.RecordingPrintReady,
            QueueJob(
                **{name: value for name, value in TODAY.items() if name != "item"},
                request=JobRequest(
                    job="31912bbc-69b5-590f-9c93-088c547196dd",
                    item="KTP_WNI",
                    location="MPP",
                    reason="FIRST",
                    applicant="PRR-2024-007312",
                    print_ready_at=OCCURRED,
                ),
            ),
        ),
    },
    outreach: {
        "stock/BlanksReserved.v1": Reading(
            outreach.BlanksReserved, HearEquipment(**TODAY, visit=VISIT, answer="RESERVED", quantity=110)
        ),
        "stock/ReservationRefused.v1": Reading(
            outreach.ReservationRefused,
            HearEquipment(**TODAY, visit=VISIT, answer="REFUSED", quantity=1_500, reason="NOT_ENOUGH"),
        ),
        "stock/ReservationReleased.v1": Reading(
            outreach.ReservationReleased,
            HearEquipment(**TODAY, visit=VISIT, answer="RELEASED", quantity=110, reason="CLOSED"),
        ),
        "stock/DailyUseEstimated.v1": Reading(
            outreach.DailyUseEstimated,
            NoteDay(
                **KNOWN,
                level=None,
                on_hand=1_401,
                available=1_401,
                used_on=date(2024, 11, 17),
                used=163,
                ran_out=False,
            ),
            silent_without=frozenset({"day", "on_hand", "available"}),
        ),
        "stock/StockLow.v1": Reading(
            outreach.StockLow, NoteNeedStock(**KNOWN, level="LOW", on_hand=1_400, available=1_400)
        ),
        "stock/StockRecovered.v1": Reading(
            outreach.StockRecovered, NoteNeedStock(**KNOWN, level="OK", on_hand=10_500, available=10_500)
        ),
        "stock/BlanksReceived.v1": Reading(
            outreach.BlanksReceived, NoteNeedStock(**KNOWN, level=None, on_hand=10_500, available=10_500)
        ),
        "printing/PrintDebtChanged.v1": Reading(outreach.PrintDebtChanged, NoteDebt(**TODAY, owed=212)),
    },
    notify: {
        "stock/StockLow.v1": Reading(
            notify.StockLow,
            RaiseShortage(**HERE, episode=4, stock_level=StockLevel.LOW, figures=LOW),
        ),
        "stock/StockRecovered.v1": Reading(
            notify.StockRecovered, ShortageOver(**HERE, episode=4, figures=Figures(**FIGURES))
        ),
        "stock/ReliefProposed.v1": Reading(
            notify.ReliefProposed,
            NoteProposal(
                **HERE,
                episode=4,
                proposal=Proposal(429, 429, (ReliefLine("17", 300, 0), ReliefLine("17.09", 129, 31)), OCCURRED),
            ),
        ),
        "stock/AllocationApproved.v1": Reading(notify.Promised, RELIEF),
        "stock/ConsignmentAnnounced.v1": Reading(
            notify.Promised,
            replace(RELIEF, kind=ReliefKind.ANNOUNCED, promise=CONSIGNMENT, under=ALLOCATION),
        ),
        "stock/AllocationReleased.v1": Reading(notify.AllocationReleased, NoteTakenBack(**HERE, promise=ALLOCATION)),
        "stock/BlanksReceived.v1": Reading(
            notify.BlanksReceived,
            NoteRelief(**HERE | NEWS, kind=ReliefKind.RECEIVED, quantity=10_000, promise=CONSIGNMENT),
        ),
        "stock/ReplenishmentForwarded.v1": Reading(
            notify.ReplenishmentForwarded,
            NoteForwarded(**HERE, quantity=29_700, by="u-provinsi-17", reason="Buffer provinsi tinggal 300 keping"),
        ),
        "stock/AllocationDeclined.v1": Reading(
            notify.AllocationDeclined,
            NoteDeclined(**HERE, by="u-direktur-03", reason="Stok pusat habis sampai pengadaan Desember"),
        ),
        "stock/BlanksReportedLost.v1": alarm(notify.BlanksReportedLost, AlarmKind.NUMBERS_LOST, quantity=50),
        "stock/DiscrepancyFound.v1": alarm(notify.DiscrepancyFound, AlarmKind.LOST_NUMBER_USED),
        "stock/ConsignmentOverdue.v1": alarm(
            notify.ConsignmentOverdue, AlarmKind.CONSIGNMENT_OVERDUE, date(2024, 11, 20), quantity=10_000
        ),
        "stock/LoanOverdue.v1": alarm(notify.LoanOverdue, AlarmKind.LOAN_OVERDUE, date(2024, 12, 16), quantity=29),
        "stock/DestructionOverdue.v1": alarm(
            notify.DestructionOverdue, AlarmKind.DESTRUCTION_OVERDUE, date(2024, 11, 14), quantity=7
        ),
        "stock/ReservationReleased.v1": Reading(
            notify.ReservationReleased,
            HearOffice(now=NOW, occurred_at=OCCURRED, office="17.71", heard_on=date(2024, 11, 18)),
        ),
        "stock/CanarySung.v1": Reading(
            notify.CanarySung,
            HearCanary(
                now=NOW,
                occurred_at=OCCURRED,
                night=date(2024, 11, 18),
                sung_at=datetime(2024, 11, 17, 18, 0, 0, 350_000, UTC),
                zone=offices().known("00").timezone,
            ),
        ),
    },
}

BY_OTHERS = ("stock/LoanGranted.v1", "stock/LoanReturned.v1", "stock/DailyUseEstimated.v1")


def office_heard(golden: Golden) -> HearOffice | None:
    """Notify hears of an office by what it did itself, and of a day of use by its cards."""
    if golden.name in BY_OTHERS:
        return None
    return HearOffice(now=NOW, occurred_at=OCCURRED, office=golden.fields["office"], heard_on=date(2024, 11, 18))


ELSE: dict[ModuleType, Callable[[Golden], Command | None]] = {notify: office_heard}
"""What a message says to a reader beside what is read here; to the others nothing."""


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
    otherwise = ELSE[reader](golden) if reader in ELSE else None
    assert reader.react(golden.incoming(), NOW) == (reading.command if reading else otherwise)


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
        heard = reader.react(golden.but(**{field: None}).incoming(), NOW)
        assert (heard is None) == (field in reading.silent_without), field


@pytest.mark.parametrize(("reader", "golden", "reading"), READINGS)
def test_a_message_of_before_its_producer_added_a_field_is_understood(
    reader: ModuleType, golden: Golden, reading: Reading
) -> None:
    for field in added_to(golden):
        heard = reader.react(golden.without(field).incoming(), NOW)
        assert (heard is None) == (field in reading.silent_without), field


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
    held = {reading.redeclared for reading in READERS[reader].values()}
    assert held | {part for struct in held for part in structs_in(struct)} == redeclared


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


def fields_of(golden: Golden) -> list[FieldInfo]:
    """The fields of today's fact; none for a version of the past."""
    return [
        field
        for domain, fact, version in PROMISES
        if (domain.service, fact.__name__, version) == (golden.service, golden.type, golden.version)
        for field in msgspec.structs.fields(fact)
    ]


def may_be_null(golden: Golden) -> list[str]:
    """The fields in which its producer may say null."""
    return [field.encode_name for field in fields_of(golden) if type(None) in get_args(field.type)]


def added_to(golden: Golden) -> list[str]:
    """The fields that messages of this version may lack, for they were said before."""
    return [field.encode_name for field in fields_of(golden) if not field.required]


def structs_in(struct: type[msgspec.Struct]) -> list[type[msgspec.Struct]]:
    """The structs of its own that its fields are made of."""
    parts = [part for field in msgspec.structs.fields(struct) for part in (field.type, *get_args(field.type))]
    structs = [part for part in parts if isinstance(part, type) and issubclass(part, msgspec.Struct)]
    return [part for part in structs if part.__module__ == struct.__module__]
