"""What outreach promises: a visit and its blanks, a pupil who may have a card now, what will be needed."""

from datetime import UTC, date, datetime

from services.outreach.domain import (
    DemandForecast,
    RecordingPrintReady,
    VisitClosed,
    VisitEquipmentRequested,
    VisitMonthsErased,
)
from shared.decider import Fact
from tests.contracts.said.names import RECORDING, VISIT

HORIZON = 7
"""Of a real one's 90 days."""
WORKDAY, WEEKEND = (141_200, 104_800, 183_400), (3_100, 0, 9_700)
"""Median, low and high of a day, in thousandths of a card."""
DAYS = [WEEKEND if day % 7 in (5, 6) else WORKDAY for day in range(HORIZON)]

OUTREACH: list[Fact] = [
    VisitEquipmentRequested(
        office="17.71",
        visit=VISIT,
        item="KTP_WNI",
        quantity=110,
        until=datetime(2024, 11, 19, 16, 59, 59, tzinfo=UTC),
    ),
    VisitClosed(
        office="17.71",
        visit=VISIT,
        outcome="HELD",
        recorded=104,
        printed=61,
        spoiled=2,
        reason=None,
    ),
    RecordingPrintReady(
        office="17.71",
        recording=RECORDING,
        visit=VISIT,
        applicant="PRR-2024-007312",
        item="KTP_WNI",
        location="MPP",
    ),
    VisitMonthsErased(office="17.71", visit=VISIT, because="NOBODY_WAITS"),
    DemandForecast(
        office="17.71",
        item="KTP_WNI",
        made_on=date(2024, 11, 18),
        first_day=date(2024, 11, 18),
        method="POISSON",
        history_days=412,
        median=tuple(median for median, _, _ in DAYS),
        low=tuple(low for _, low, _ in DAYS),
        high=tuple(high for _, _, high in DAYS),
        cumulative_median=tuple(sum(median for median, _, _ in DAYS[: n + 1]) // 1000 for n in range(HORIZON)),
        cumulative_high=tuple(round(sum(high for _, _, high in DAYS[: n + 1]) / 1100) for n in range(HORIZON)),
        inputs={"visits": 88, "birthdays": 40, "owed": 0, "masked_days": 3},
    ),
]
