"""What the tests of notify have in common: Kota Bengkulu in the weeks before Pilkada."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.notify.domain import (
    DEFAULT,
    LISTENING,
    Acknowledge,
    CaughtUp,
    Close,
    Counted,
    DeadlinePassed,
    Decline,
    Desk,
    EscalationPolicy,
    EscalationPolicySet,
    Figures,
    Forward,
    HandBack,
    Level,
    NoteRelief,
    NoticeKind,
    NoticePosted,
    NoticeSent,
    Place,
    RaiseShortage,
    ReliefKind,
    ShortageOver,
    StockLevel,
    Term,
    policies_of,
)
from services.notify.service import NOTIFY
from shared.decider import Command, Decision
from shared.testing import Scenario

NOON = datetime(2024, 11, 18, 5, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EMPTY_ON = date(2024, 11, 26)

BENGKULU = "17.71"
STREAM = f"shortage/{BENGKULU}/KTP_WNI"
HEAD = Desk("head", BENGKULU)
PROVINCE = Desk("province", "17")
DIRJEN = Desk("national", "00")
EVERYBODY = [HEAD, PROVINCE, DIRJEN]
PLACE = Place(province="17", zone=ZoneInfo("Asia/Jakarta"))
TERMS = {
    Level.CITY: Term(86_400, Counted.ABSOLUTE),
    Level.PROVINCE: Term(2 * 86_400, Counted.ABSOLUTE),
    Level.NATIONAL: Term(3_600, Counted.ABSOLUTE),
}
POLICY = EscalationPolicy(3, date(2024, 1, 1), dict.fromkeys(StockLevel, TERMS), last=DEFAULT.last)
SET = EscalationPolicySet(region="00", policy=POLICY, set_on=date(2024, 1, 1), set_by="u-1")

quiet = Scenario(NOTIFY).given([(LISTENING, CaughtUp(at=NOON)), (policies_of("00"), SET)])
"""Caught up with Kafka, under the nation's policy."""


def figures(on_hand: int = 1_200, empty_on: date | None = EMPTY_ON) -> Figures:
    return Figures(
        on_hand=on_hand, available=on_hand, as_of=NOON, daily_use=150.0, days_of_cover=8.0, projected_empty_on=empty_on
    )


def _about(now: datetime) -> dict[str, Any]:
    return {"now": now, "occurred_at": now, "office": BENGKULU, "item": "KTP_WNI", "place": PLACE}


def low(level: StockLevel = StockLevel.LOW, episode: int = 4, now: datetime = NOON, **changes: Any) -> RaiseShortage:
    raised = {"episode": episode, "stock_level": level, "figures": figures()}
    return RaiseShortage(**{**_about(now), **raised, **changes})


def critical(now: datetime = NOON, episode: int = 4) -> RaiseShortage:
    return low(StockLevel.CRITICAL, episode, now)


def empty(now: datetime = NOON, episode: int = 4) -> RaiseShortage:
    return low(StockLevel.EMPTY, episode, now, figures=figures(0))


def over(episode: int = 4, now: datetime = NOON, place: Place = PLACE) -> ShortageOver:
    return ShortageOver(**{**_about(now), "place": place}, episode=episode, figures=figures(9_000, None))


def answer(desk: Desk = HEAD, promised_by: datetime = NOON + 3 * DAY, now: datetime = NOON) -> Acknowledge:
    return Acknowledge(
        **_about(now),
        by="u-80",
        answerer=desk,
        action="Ambil 2.000 keping di provinsi",
        promised_by=promised_by,
    )


def decline(now: datetime = NOON, desk: Desk = PROVINCE) -> Decline:
    return Decline(**_about(now), by="u-17", answerer=desk, reason="Gudang provinsi kosong")


def forward(now: datetime = NOON, desk: Desk = HEAD) -> Forward:
    return Forward(**_about(now), by="u-80", answerer=desk, reason="Di luar kemampuan kota")


def hand_back(now: datetime = NOON, desk: Desk = PROVINCE) -> HandBack:
    return HandBack(**_about(now), by="u-17", answerer=desk, reason="Kota masih bisa meminjam dari tetangga")


def close(now: datetime = NOON, desk: Desk = HEAD) -> Close:
    return Close(**_about(now), by="u-80", answerer=desk, reason="Printer rusak, tidak perlu blanko")


def deadline(wait: int, now: datetime, stale: bool = False) -> DeadlinePassed:
    return DeadlinePassed(**_about(now), wait=wait, stale=stale)


def due(scenario: Scenario, stale: bool = False) -> DeadlinePassed:
    """The clock, at the very moment for which the shortage waits."""
    shortage = scenario.state(STREAM)
    return deadline(shortage.waits, shortage.due, stale)


def received(quantity: int, now: datetime = NOON) -> NoteRelief:
    return NoteRelief(**_about(now), kind=ReliefKind.RECEIVED, quantity=quantity)


def promised(on: date, kind: ReliefKind = ReliefKind.ANNOUNCED, now: datetime = NOON) -> NoteRelief:
    until = datetime(on.year, on.month, on.day, 17, tzinfo=UTC)
    return NoteRelief(**_about(now), kind=kind, quantity=2_000, promised_on=on, until=until)


def after(*commands: Command) -> Scenario:
    """These commands were carried out; the deadlines between them did not pass."""
    return quiet.after(*commands)


def facts(decision: Decision) -> list[Any]:
    """What follows for the escalation itself, notices apart."""
    return [fact for _, fact in decision if not isinstance(fact, NoticeSent | NoticePosted)]


def notices(decision: Decision) -> list[NoticeSent]:
    return [fact for _, fact in decision if isinstance(fact, NoticeSent)]


def told(decision: Decision) -> list[tuple[NoticeKind, Desk]]:
    """Who is told what."""
    return [(notice.kind, Desk(notice.recipient_role, notice.recipient_region)) for notice in notices(decision)]
