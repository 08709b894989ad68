"""What printing promises: a card from the counter in the public service mall."""

from datetime import UTC, datetime

from services.printing.domain import CardPrinted, CardSpoiled
from shared.decider import Fact
from tests.contracts.said.names import JOB

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
