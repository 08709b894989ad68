"""What printing promises: a card from the counter in the public service mall, and what its office owes."""

from datetime import UTC, date, datetime

from services.printing.domain import (
    CardHandedOver,
    CardPrinted,
    CardSpoiled,
    OldCardWithdrawn,
    PrintDebtChanged,
    PrintDebtUnexplained,
    RibbonChanged,
)
from shared.decider import Fact
from tests.contracts.said.names import CLAIM, JOB, RIBBON

PRINTED_AT = datetime(2024, 11, 18, 2, 30, tzinfo=UTC)
HANDED_OVER_AT = datetime(2024, 11, 18, 4, 5, tzinfo=UTC)

PRINTING: list[Fact] = [
    CardPrinted(
        office="17.71",
        job=JOB,
        item="KTP_WNI",
        location="MPP",
        reason="DAMAGED",
        workstation="cetak-02",
        chip_serial="04A1B2C3D4E5F6",
        blank_in_hand=False,
        printed_at=PRINTED_AT,
        blank_serial="A0240118",
        printer="printer-03",
        batch="DUS-2024-0117",
        printed_by="u-operator-07",
        claim=CLAIM,
    ),
    CardSpoiled(
        office="17.71",
        job=JOB,
        item="KTP_WNI",
        location="MPP",
        reason="DAMAGED",
        cause="ENCODE_FAILURE",
        workstation="cetak-02",
        spoiled_at=datetime(2024, 11, 18, 2, 20, tzinfo=UTC),
        blank_serial=None,
        printer="printer-03",
        batch="DUS-2024-0117",
        spoiled_by="u-operator-07",
        claim=CLAIM,
    ),
    CardHandedOver(
        office="17.71",
        job=JOB,
        item="KTP_WNI",
        location="MPP",
        reason="DAMAGED",
        handed_over_at=HANDED_OVER_AT,
        handed_over_by="u-loket-02",
    ),
    OldCardWithdrawn(office="17.71", job=JOB, item="KTP_WNI", location="MPP", withdrawn_at=HANDED_OVER_AT),
    RibbonChanged(
        office="17.71",
        ribbon=RIBBON,
        item="RIBBON",
        location="MPP",
        printer="printer-03",
        cards=487,
        changed_at=datetime(2024, 11, 18, 2, 25, tzinfo=UTC),
        changed_by="u-operator-07",
    ),
    PrintDebtChanged(
        office="17.71",
        item="KTP_WNI",
        owed=212,
        put_off=180,
        by_reason={"FIRST": 41, "LOST": 96, "DAMAGED": 75},
        oldest_since=datetime(2024, 11, 6, 3, 10, tzinfo=UTC),
        level="CRITICAL",
        on_hand=640,
        stock_as_of=datetime(2024, 11, 18, 2, 12, tzinfo=UTC),
    ),
    PrintDebtUnexplained(
        office="17.71",
        item="KTP_WNI",
        owed=58,
        before=41,
        oldest_since=datetime(2024, 11, 27, 1, 45, tzinfo=UTC),
        level="OK",
        on_hand=10_480,
        stock_as_of=datetime(2024, 12, 2, 1, 30, tzinfo=UTC),
        reported_on=date(2024, 12, 2),
    ),
]
