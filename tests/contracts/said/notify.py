"""What notify promises: the shortage of November 2024, on its way to the ministry and out of it."""

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
from shared.decider import Fact
from tests.contracts.said.names import PROMISED_ON

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
