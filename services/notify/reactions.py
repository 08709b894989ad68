"""What notify does when stock or the clock speaks."""

from datetime import date, datetime, time
from typing import Any

import msgspec

from services.notify.domain import (
    DeadlinePassed,
    Figures,
    NoteRelief,
    NotifyCommand,
    RaiseShortage,
    ReliefKind,
    ShortageOver,
    StockLevel,
)
from services.notify.settings import POLICY
from shared.clock import Deadline
from shared.envelope import Incoming
from shared.offices import offices

READS = ("stock",)


class StockLow(msgspec.Struct, frozen=True):
    item: str
    level: StockLevel
    episode: int
    on_hand: int
    available: int
    daily_use: float | None
    days_of_cover: float | None
    projected_empty_on: date | None


class StockRecovered(msgspec.Struct, frozen=True):
    item: str
    episode: int
    on_hand: int
    available: int


class Promised(msgspec.Struct, frozen=True):
    """What `AllocationApproved` and `ConsignmentAnnounced` have in common: blanks for a day."""

    item: str
    quantity: int
    promised_on: date


class BlanksReceived(msgspec.Struct, frozen=True):
    item: str
    quantity: int


def react(message: Incoming, now: datetime) -> NotifyCommand | None:
    """What a message means for notify: a command, or nothing. Raises `msgspec.DecodeError` on what it cannot read."""
    heard: dict[str, Any] = {"now": now, "occurred_at": message.occurred_at, "office": message.office}
    match message.service, message.type:
        case "stock", "StockLow":
            low = msgspec.json.decode(message.data, type=StockLow)
            return RaiseShortage(
                **heard,
                item=low.item,
                province=offices().province_of(message.office, now),
                episode=low.episode,
                stock_level=low.level,
                figures=Figures(
                    on_hand=low.on_hand,
                    available=low.available,
                    as_of=message.occurred_at,
                    daily_use=low.daily_use,
                    days_of_cover=low.days_of_cover,
                    projected_empty_on=low.projected_empty_on,
                ),
                policy=POLICY,
            )
        case "stock", "StockRecovered":
            recovered = msgspec.json.decode(message.data, type=StockRecovered)
            figures = Figures(on_hand=recovered.on_hand, available=recovered.available, as_of=message.occurred_at)
            return ShortageOver(**heard, item=recovered.item, episode=recovered.episode, figures=figures)
        case "stock", "AllocationApproved":
            return _promised(message, heard, ReliefKind.ALLOCATED)
        case "stock", "ConsignmentAnnounced":
            return _promised(message, heard, ReliefKind.ANNOUNCED)
        case "stock", "BlanksReceived":
            received = msgspec.json.decode(message.data, type=BlanksReceived)
            return NoteRelief(**heard, item=received.item, kind=ReliefKind.RECEIVED, quantity=received.quantity)
        case _:
            return None


def due(deadline: Deadline, now: datetime, stale: bool) -> DeadlinePassed:
    """A wait is over; whether that still matters is the state's to say."""
    _, office, item = deadline.stream.split("/")
    return DeadlinePassed(
        now=now,
        occurred_at=deadline.due,
        office=office,
        item=item,
        province=offices().province_of(office, now),
        wait=int(deadline.data),
        stale=stale,
    )


def _promised(message: Incoming, heard: dict[str, Any], kind: ReliefKind) -> NoteRelief:
    promise = msgspec.json.decode(message.data, type=Promised)
    office = offices().get(message.office)
    # The promise holds until the day is over where the blanks are awaited.
    until = datetime.combine(promise.promised_on, time.max, office.timezone) if office else None
    return NoteRelief(
        **heard,
        item=promise.item,
        kind=kind,
        quantity=promise.quantity,
        promised_on=promise.promised_on,
        until=until,
    )
