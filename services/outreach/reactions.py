"""What outreach hears from stock and printing: what visits may carry, and what is needed and missing where."""

from datetime import date, datetime
from typing import Any

import msgspec

from services.outreach.domain import (
    ITEMS,
    HearEquipment,
    MarkPrintReady,
    NoteDay,
    NoteDebt,
    NoteStock,
    OutreachCommand,
)
from services.outreach.domain.words import Answer, Level
from shared.clock import Deadline
from shared.envelope import Incoming, heard_of

READS = ("stock", "printing")


class BlanksReserved(msgspec.Struct, frozen=True):
    item: str
    visit: str
    quantity: int


class ReservationRefused(msgspec.Struct, frozen=True):
    item: str
    visit: str
    asked: int
    reason: str


class ReservationReleased(msgspec.Struct, frozen=True):
    item: str
    visit: str
    quantity: int
    reason: str


class DailyUseEstimated(msgspec.Struct, frozen=True):
    """A day that is over, or a first estimate, which is of no day. Messages of old say nothing of the shelf."""

    item: str
    day: date | None = None
    used: int = 0
    ran_out: bool = False
    on_hand: int | None = None
    available: int | None = None


class StockLow(msgspec.Struct, frozen=True):
    item: str
    level: Level
    on_hand: int
    available: int


class StockRecovered(msgspec.Struct, frozen=True):
    item: str
    on_hand: int
    available: int


class BlanksReceived(msgspec.Struct, frozen=True):
    item: str
    on_hand: int
    available: int


class PrintDebtChanged(msgspec.Struct, frozen=True):
    item: str
    owed: int


def react(message: Incoming, now: datetime) -> OutreachCommand | None:
    """What a message means for outreach: a command, or nothing. Raises `msgspec.DecodeError` on what it cannot read."""
    _, heard = heard_of(message, now)
    match message.service, message.type:
        case "stock", "BlanksReserved":
            kept = msgspec.json.decode(message.data, type=BlanksReserved)
            return _answered(heard, kept.visit, kept.item, "RESERVED", kept.quantity, None)
        case "stock", "ReservationRefused":
            refused = msgspec.json.decode(message.data, type=ReservationRefused)
            return _answered(heard, refused.visit, refused.item, "REFUSED", refused.asked, refused.reason)
        case "stock", "ReservationReleased":
            freed = msgspec.json.decode(message.data, type=ReservationReleased)
            return _answered(heard, freed.visit, freed.item, "RELEASED", freed.quantity, freed.reason)
        case "stock", "DailyUseEstimated":
            return _day(heard, message, msgspec.json.decode(message.data, type=DailyUseEstimated))
        case "stock", "StockLow":
            low = msgspec.json.decode(message.data, type=StockLow)
            return _stock(heard, message, low, low.level)
        case "stock", "StockRecovered":
            return _stock(heard, message, msgspec.json.decode(message.data, type=StockRecovered), "OK")
        case "stock", "BlanksReceived":
            return _stock(heard, message, msgspec.json.decode(message.data, type=BlanksReceived), None)
        case "printing", "PrintDebtChanged":
            debt = msgspec.json.decode(message.data, type=PrintDebtChanged)
            return NoteDebt(**heard, item=debt.item, owed=debt.owed) if debt.item in ITEMS else None
        case _:
            return None


def due(deadline: Deadline, now: datetime, stale: bool) -> MarkPrintReady:
    """A birthday of a log from before months were sealed is past: that is so whether or not news could be awaited."""
    return MarkPrintReady(**deadline.told(now), recording=deadline.stream.removeprefix("recording/"), turns_17=None)


def _answered(
    heard: dict[str, Any], visit: str, item: str, answer: Answer, quantity: int, reason: str | None
) -> HearEquipment | None:
    if item not in ITEMS:
        return None
    return HearEquipment(**heard, visit=visit, item=item, answer=answer, quantity=quantity, reason=reason)


def _day(heard: dict[str, Any], message: Incoming, told: DailyUseEstimated) -> NoteDay | None:
    if told.item not in ITEMS or told.day is None or told.on_hand is None or told.available is None:
        return None
    return NoteDay(
        **heard,
        item=told.item,
        used_on=told.day,
        used=told.used,
        ran_out=told.ran_out,
        level=None,
        on_hand=told.on_hand,
        available=told.available,
        as_of=message.recorded_at,
    )


def _stock(
    heard: dict[str, Any],
    message: Incoming,
    told: StockLow | StockRecovered | BlanksReceived,
    level: Level | None,
) -> NoteStock | None:
    if told.item not in ITEMS:
        return None
    return NoteStock(
        **heard,
        item=told.item,
        level=level,
        on_hand=told.on_hand,
        available=told.available,
        as_of=message.recorded_at,
    )
