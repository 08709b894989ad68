"""The words in which the tests of outreach tell of Kota Bengkulu and its teams."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.outreach.domain import (
    CloseVisit,
    CompleteSync,
    ConfirmVisit,
    HearEquipment,
    PlanVisit,
    ReconcileVisit,
    RequestEquipment,
    StartVisit,
    Tally,
)
from services.outreach.service import OUTREACH
from shared.testing import Scenario

BENGKULU = "17.71"
WIB = "Asia/Jakarta"
DAY = date(2024, 11, 20)
MORNING = datetime(2024, 11, 20, 1, 0, tzinfo=UTC)
"""08.00 WIB, when the team leaves."""
EVENING = datetime(2024, 11, 20, 9, 0, tzinfo=UTC)
BEFORE = MORNING - timedelta(days=7)

outreach = Scenario(OUTREACH)


def at(now: datetime) -> dict[str, Any]:
    return {"now": now, "occurred_at": now, "office": BENGKULU, "day": now.date()}


def plan(visit: str = "v-1", *, now: datetime = BEFORE, **changes: Any) -> PlanVisit:
    """SMAN 5 by team A, from eight to four."""
    asked: dict[str, Any] = {
        "team": "A",
        "place": "SMAN 5",
        "place_kind": "SCHOOL",
        "school": None,
        "starts_at": MORNING,
        "ends_at": EVENING,
        "days": (DAY,),
        "expected": 100,
    }
    return PlanVisit(**at(now) | {"visit": visit} | asked | changes)


def confirm(**changes: Any) -> ConfirmVisit:
    asked: dict[str, Any] = {"visit": "v-1", "reference": "421.3/117", "expected": 110, "confirmed_by": "op-1"}
    return ConfirmVisit(**at(BEFORE) | asked | changes)


def equip(*lines: tuple[Any, int], now: datetime = BEFORE) -> RequestEquipment:
    return RequestEquipment(**at(now), visit="v-1", lines=lines or (("KTP_WNI", 110),))


def heard(answer: Any, quantity: int = 110, item: Any = "KTP_WNI", reason: str | None = None) -> HearEquipment:
    return HearEquipment(**at(BEFORE), visit="v-1", item=item, answer=answer, quantity=quantity, reason=reason)


def start(now: datetime = MORNING) -> StartVisit:
    return StartVisit(**at(now), visit="v-1")


def tally(taken: int = 110, printed: int = 40, spoiled: int = 1, returned: int = 69) -> Tally:
    return Tally("KTP_WNI", taken, printed, spoiled, returned)


def synced(recorded: int = 0, *tallies: Tally, by: str = "op-1") -> CompleteSync:
    return CompleteSync(
        **at(EVENING), visit="v-1", recorded=recorded, turned_away=0, tallies=tallies or (tally(),), synced_by=by
    )


def reconcile(explanation: str | None = None, by: str = "head-1") -> ReconcileVisit:
    return ReconcileVisit(**at(EVENING), visit="v-1", explanation=explanation, reconciled_by=by)


def close(outcome: Any = "HELD", now: datetime = EVENING, reason: str | None = None) -> CloseVisit:
    return CloseVisit(**at(now), visit="v-1", outcome=outcome, reason=reason, team="A", days=(DAY,))
