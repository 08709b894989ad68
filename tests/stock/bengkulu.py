"""Kota Bengkulu in November 2024, and the commands its office speaks in."""

from datetime import UTC, date, datetime
from typing import Any

from services.stock.domain import (
    CENTRE,
    ApproveAllocation,
    ApproveConsignment,
    Book,
    DispatchBlanks,
    MoveBlanks,
    ReceiveBlanks,
    RecordOpeningCount,
    RequestConsignment,
    SetThresholds,
    SpoilBlank,
    StockCommand,
    UseBlank,
    book_of,
)
from services.stock.service import STOCK
from shared.decider import Decision, Fact
from shared.testing import Scenario

NOON = datetime(2024, 11, 4, 5, 0, tzinfo=UTC)
MONDAY = date(2024, 11, 4)
BENGKULU, STORE, MALL = "17.71", "store", "mall"
BOOK = book_of(BENGKULU, "KTP_WNI")
CENTRES_BOOK = book_of(CENTRE, "KTP_WNI")
A_DAY = 140_000
"""140 cards a day, in thousandths: low at 1,400, critical at 700, recovered above 1,680."""

WHEN: dict[str, Any] = {"now": NOON, "occurred_at": NOON, "day": MONDAY, "item": "KTP_WNI"}
HERE: dict[str, Any] = WHEN | {"office": BENGKULU, "location": STORE}


def count(counted: int, **but: Any) -> RecordOpeningCount:
    said: dict[str, Any] = {
        "counters": ("p:ani", "p:budi"),
        "minutes": "BA-1/2024",
        "recorded_by": "p:citra",
        "daily_use_default": A_DAY,
    }
    return RecordOpeningCount(**HERE | said | {"counted": counted} | but)


def receipt(quantity: int, **but: Any) -> ReceiveBlanks:
    return ReceiveBlanks(**HERE | {"quantity": quantity, "source": "CENTRE", "bast": "470/1/BAST/2024"} | but)


def card(**but: Any) -> UseBlank:
    return UseBlank(**HERE | {"job": "job-1", "daily_use_default": A_DAY} | but)


def spoiled(**but: Any) -> SpoilBlank:
    return SpoilBlank(**HERE | {"job": "job-1", "cause": "MISPRINT"} | but)


def thresholds(low: int | None, critical: int | None, recovery: int | None = None) -> SetThresholds:
    return SetThresholds(**WHEN, office=BENGKULU, low=low, critical=critical, recovery=recovery)


def allocation(quantity: int, **but: Any) -> ApproveAllocation:
    said: dict[str, Any] = {"allocation": "a-1", "promised_on": date(2024, 11, 8), "reason": "Pilkada"}
    return ApproveAllocation(**WHEN | {"office": BENGKULU, "quantity": quantity} | said | but)


def consignment(quantity: int, **but: Any) -> DispatchBlanks:
    said: dict[str, Any] = {"office": CENTRE, "to": BENGKULU, "consignment": "c-1", "promised_on": date(2024, 11, 8)}
    return DispatchBlanks(**HERE | {"quantity": quantity} | said | but)


def move(quantity: int, **but: Any) -> MoveBlanks:
    return MoveBlanks(**HERE | {"quantity": quantity, "to": MALL} | but)


def agreed(quantity: int, sender: str = BENGKULU, to: str = "17.01", name: str = "c-1") -> tuple[StockCommand, ...]:
    """The office `to` asked `sender` for so much, and somebody there approved it."""
    asked = {"consignment": name, "sender": sender, "quantity": quantity, "reason": "kosong", "requested_by": "p:dedi"}
    approved = {"consignment": name, "quantity": quantity, "approved_by": "p:eka"}
    return (
        RequestConsignment(**WHEN | asked | {"office": to}),
        ApproveConsignment(**WHEN | approved | {"office": sender}),
    )


nothing = Scenario(STOCK)


def holding(quantity: int) -> Scenario:
    """Kota Bengkulu is on board with so many blanks in its store."""
    return nothing.after(count(quantity))


def quiet(quantity: int) -> Scenario:
    """Kota Bengkulu is on board with so many blanks, and is not believed to use any: it is never low."""
    return nothing.after(count(quantity, daily_use_default=0))


def centre_holding(quantity: int) -> Scenario:
    """The centre is on board with so many blanks, and uses few itself."""
    return nothing.after(count(quantity, office=CENTRE, daily_use_default=1_000))


def book(scenario: Scenario) -> Book:
    """Kota Bengkulu's."""
    here: Book = scenario.state(BOOK)
    return here


def facts(decision: Decision) -> list[Fact]:
    """What happened, whichever stream it is in."""
    return [fact for _, fact in decision]


def names(decision: Decision) -> list[str]:
    """The kinds of facts, in order."""
    return [type(fact).__name__ for _, fact in decision]
