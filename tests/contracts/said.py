"""One example of each promised fact: Kota Bengkulu and its province, the weeks before Pilkada, November 2024."""

from datetime import UTC, date, datetime

from services.notify.domain import (
    Answer,
    Cause,
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationDeclined,
    EscalationOpened,
    EscalationResolved,
    Figures,
    Level,
    NoticeKind,
    NoticeSent,
    Patience,
    Relief,
    ReliefKind,
    StockLevel,
)
from services.outreach.domain import RecordingPrintReady
from services.printing.domain import CardPrinted, CardSpoiled
from services.stock.domain import (
    AllocationApproved,
    BlanksDispatched,
    BlankSpoiled,
    BlanksReceived,
    BlankUsed,
    ConsignmentAnnounced,
    DiscrepancyFound,
    SerialRange,
    StockLow,
    StockRecovered,
    VarianceRecorded,
)
from shared.decider import Fact

CONSIGNMENT = "3f0a6c52-9d1e-4b7a-8a43-6c1de2f0b915"
ALLOCATION = "b7d4e8f1-2c63-4a59-9e0d-5f8a1b3c7d26"
JOB = "c1e5a9d3-7b24-4f68-8d1a-9e3f5b7c2a40"
RECORDING = "9a2b4c6d-8e1f-4a3b-b5c7-d9e1f3a5b7c9"
VISIT = "5d7f9a1b-3c5e-4d7f-a9b1-c3e5f7a9b1d3"
PROMISED_ON = date(2024, 11, 20)

STOCK: list[Fact] = [
    BlanksReceived(
        office="17.71",
        item="KTP_WNI",
        location="gudang",
        quantity=10_000,
        source="CENTRE",
        bast="470/1021/BAST/2024",
        serials=SerialRange(first="A0240001", last="A0250000"),
        consignment=CONSIGNMENT,
        location_on_hand=10_380,
        on_hand=10_500,
        available=10_500,
    ),
    BlanksDispatched(
        office="00",
        item="KTP_WNI",
        location="gudang pusat",
        quantity=10_000,
        consignment=CONSIGNMENT,
        to="17.71",
        promised_on=PROMISED_ON,
        allocation=ALLOCATION,
        serials=SerialRange(first="A0240001", last="A0250000"),
        location_on_hand=190_000,
        on_hand=190_000,
        available=190_000,
    ),
    ConsignmentAnnounced(
        office="17.71",
        item="KTP_WNI",
        quantity=10_000,
        consignment=CONSIGNMENT,
        sender="00",
        promised_on=PROMISED_ON,
        allocation=ALLOCATION,
    ),
    BlankUsed(
        office="17.71",
        item="KTP_WNI",
        location="MPP",
        quantity=1,
        job=JOB,
        used_on=date(2024, 11, 18),
        location_on_hand=119,
        on_hand=1_400,
        available=1_400,
    ),
    BlankSpoiled(
        office="17.71",
        item="KTP_WNI",
        location="MPP",
        quantity=1,
        job=JOB,
        cause="ENCODE_FAILURE",
        location_on_hand=118,
        on_hand=1_399,
        available=1_399,
    ),
    VarianceRecorded(
        office="17.71",
        item="KTP_WNI",
        location=None,
        quantity=-20,
        reason="Dus penyok, segel terbuka",
        consignment=CONSIGNMENT,
        on_hand=10_500,
        available=10_500,
    ),
    DiscrepancyFound(
        office="17.71",
        item="KTP_WNI",
        location="MPP",
        kind="BELOW_ZERO",
        figures={"location_on_hand": -1},
        consignment=None,
        on_hand=880,
        available=880,
    ),
    StockLow(
        office="17.71",
        item="KTP_WNI",
        level="LOW",
        previous_level="OK",
        episode=4,
        daily_use=152.3,
        days_of_cover=9.1,
        projected_empty_on=date(2024, 11, 27),
        thresholds_version=2,
        on_hand=1_400,
        available=1_400,
    ),
    StockRecovered(
        office="17.71", item="KTP_WNI", previous_level="CRITICAL", episode=4, on_hand=10_500, available=10_500
    ),
    AllocationApproved(
        office="17.71",
        item="KTP_WNI",
        allocation=ALLOCATION,
        quantity=10_000,
        from_office="00",
        promised_on=PROMISED_ON,
        reason="Pilkada 27-11-2024",
    ),
]

PRINTING: list[Fact] = [
    CardPrinted(
        office="17.71",
        job=JOB,
        item="KTP_WNI",
        location="MPP",
        reason="FIRST",
        workstation="cetak-02",
        chip_serial="04A1B2C3D4E5F6",
        blank_in_hand=False,
        printed_at=datetime(2024, 11, 18, 2, 30, tzinfo=UTC),
    ),
    CardSpoiled(
        office="17.71",
        job=JOB,
        item="KTP_WNI",
        location="MPP",
        reason="FIRST",
        cause="ENCODE_FAILURE",
        workstation="cetak-02",
        spoiled_at=datetime(2024, 11, 18, 2, 20, tzinfo=UTC),
    ),
]

OUTREACH: list[Fact] = [
    RecordingPrintReady(
        office="17.71",
        recording=RECORDING,
        visit=VISIT,
        applicant="pemohon-7Q2F",
        item="KTP_WNI",
        location="MPP",
    ),
]

RAISED_AT = datetime(2024, 11, 18, 2, 30, 1, tzinfo=UTC)
CLIMBED_AT = datetime(2024, 11, 19, 2, 30, 2, tzinfo=UTC)
ENDED_AT = datetime(2024, 11, 20, 4, 15, tzinfo=UTC)
LOW = Figures(
    on_hand=1_400,
    available=1_400,
    as_of=datetime(2024, 11, 18, 2, 30, tzinfo=UTC),
    daily_use=152.3,
    days_of_cover=9.1,
    projected_empty_on=date(2024, 11, 27),
)
ENOUGH = Figures(on_hand=10_500, available=10_500, as_of=ENDED_AT)

NOTIFY: list[Fact] = [
    EscalationOpened(
        office="17.71",
        item="KTP_WNI",
        episode=4,
        level=Level.CITY,
        stock_level=StockLevel.LOW,
        figures=LOW,
        policy_version=1,
        patience=Patience(city=86_400, province=86_400, national=86_400),
        answer_by=datetime(2024, 11, 19, 2, 30, 1, tzinfo=UTC),
        told=(Level.CITY,),
        at=RAISED_AT,
    ),
    EscalationClimbed(
        office="17.71",
        item="KTP_WNI",
        episode=4,
        from_level=Level.PROVINCE,
        level=Level.NATIONAL,
        cause=Cause.DECLINED,
        stock_level=StockLevel.LOW,
        figures=LOW,
        answer_by=datetime(2024, 11, 20, 2, 30, 2, tzinfo=UTC),
        at=CLIMBED_AT,
        reason="Gudang provinsi kosong",
        figures_may_be_old=False,
    ),
    EscalationAcknowledged(
        office="17.71",
        item="KTP_WNI",
        episode=4,
        level=Level.NATIONAL,
        by="u-direktur-03",
        role="national",
        action="Alokasi 10.000 keping dari pusat",
        promised_by=datetime(2024, 11, 20, 16, 59, 59, tzinfo=UTC),
    ),
    EscalationDeclined(
        office="17.71",
        item="KTP_WNI",
        episode=4,
        level=Level.PROVINCE,
        by="u-provinsi-17",
        reason="Gudang provinsi kosong",
    ),
    EscalationResolved(
        office="17.71",
        item="KTP_WNI",
        episode=4,
        figures=ENOUGH,
        told=(Level.CITY, Level.PROVINCE, Level.NATIONAL),
        at=ENDED_AT,
    ),
    NoticeSent(
        office="17.71",
        item="KTP_WNI",
        episode=4,
        step=3,
        level=Level.NATIONAL,
        kind=NoticeKind.CLIMBED,
        recipient_role="national",
        recipient_region="00",
        stock_level=StockLevel.LOW,
        figures=LOW,
        received=50,
        at=CLIMBED_AT,
        cause=Cause.DECLINED,
        relief=Relief(
            kind=ReliefKind.ANNOUNCED,
            quantity=500,
            promised_on=PROMISED_ON,
            until=datetime(2024, 11, 20, 16, 59, 59, 999_999, tzinfo=UTC),
        ),
        answer=Answer(
            level=Level.CITY,
            role="head",
            by="u-kadis-1771",
            action="Ambil 500 keping di provinsi",
            promised_by=datetime(2024, 11, 19, 2, 0, tzinfo=UTC),
        ),
        declined="Gudang provinsi kosong",
        answer_by=datetime(2024, 11, 20, 2, 30, 2, tzinfo=UTC),
        figures_may_be_old=False,
    ),
]

EXAMPLES: dict[str, dict[type[Fact], Fact]] = {
    service: {type(fact): fact for fact in facts}
    for service, facts in {"stock": STOCK, "printing": PRINTING, "outreach": OUTREACH, "notify": NOTIFY}.items()
}
