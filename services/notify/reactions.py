"""What notify does when stock or the clock speaks."""

from datetime import date, datetime, time
from typing import Any

import msgspec

from services.notify.domain import (
    MINISTRY,
    AlarmKind,
    DeadlinePassed,
    Figures,
    HearCanary,
    HearOffice,
    Level,
    MissCanary,
    NoteDeclined,
    NoteForwarded,
    NoteProposal,
    NoteRelief,
    NoteTakenBack,
    Place,
    Proposal,
    RaiseAlarm,
    RaiseShortage,
    ReliefKind,
    ReliefLine,
    ShortageOver,
    StockLevel,
    desk,
)
from shared.clock import Deadline
from shared.decider import Command
from shared.envelope import Incoming
from shared.offices import offices
from shared.workdays import is_working_day

READS = ("stock",)
BY_OTHERS = frozenset(
    {
        # What follows from something that is told besides, or from the end of a day.
        "StockLow",
        "StockRecovered",
        # The clock's.
        "ReliefProposed",
        "ConsignmentOverdue",
        "LoanOverdue",
        "DestructionOverdue",
        # Of a day of use the office has spoken by its cards.
        "DailyUseEstimated",
        # What the province, the centre or another office did for the office.
        "AllocationApproved",
        "AllocationDeclined",
        "AllocationReleased",
        "ReplenishmentForwarded",
        "ConsignmentAnnounced",
        "LoanGranted",
        "LoanReturned",
    }
)
"""Types of messages that are about an office, and tell of nothing that it did itself."""


class StockLow(msgspec.Struct, frozen=True):
    item: str
    level: StockLevel
    episode: int
    on_hand: int
    available: int
    daily_use: float | None
    days_of_cover: float | None
    projected_empty_on: date | None
    cover_from: str = "USE"
    foreseen: bool = False
    reorder_point: int | None = None


class StockRecovered(msgspec.Struct, frozen=True):
    item: str
    episode: int
    on_hand: int
    available: int


class ReliefProposed(msgspec.Struct, frozen=True):
    item: str
    episode: int
    wanted: int
    covered: int
    lines: tuple[ReliefLine, ...]


class Promised(msgspec.Struct, frozen=True):
    """What `AllocationApproved` and `ConsignmentAnnounced` have in common: blanks for a day.

    A `consignment` is sent of an `allocation`, or of none; without one this is the allocation's own promise.
    """

    item: str
    quantity: int
    promised_on: date
    allocation: str | None = None
    consignment: str | None = None


class AllocationReleased(msgspec.Struct, frozen=True):
    item: str
    allocation: str


class BlanksReceived(msgspec.Struct, frozen=True):
    item: str
    quantity: int
    consignment: str | None = None


class ReplenishmentForwarded(msgspec.Struct, frozen=True):
    item: str
    forwarded: int
    forwarded_by: str
    reason: str


class AllocationDeclined(msgspec.Struct, frozen=True):
    item: str
    declined_by: str
    reason: str


class ReservationReleased(msgspec.Struct, frozen=True):
    reason: str


class CanarySung(msgspec.Struct, frozen=True):
    night: date
    at: datetime


class BlanksReportedLost(msgspec.Struct, frozen=True):
    item: str
    quantity: int


class DiscrepancyFound(msgspec.Struct, frozen=True):
    item: str
    kind: str


class ConsignmentOverdue(msgspec.Struct, frozen=True):
    item: str
    in_transit: int
    promised_on: date


class LoanOverdue(msgspec.Struct, frozen=True):
    item: str
    outstanding: int
    return_by: date


class DestructionOverdue(msgspec.Struct, frozen=True):
    item: str
    awaiting: int
    since: date


def react(message: Incoming, now: datetime) -> Command | None:
    """What a message means for notify: a command, or nothing. Raises `msgspec.DecodeError` on what it cannot read."""
    if message.type == "CanarySung":
        song = msgspec.json.decode(message.data, type=CanarySung)
        zone = offices().known(MINISTRY).timezone
        return HearCanary(now=now, occurred_at=message.occurred_at, night=song.night, sung_at=song.at, zone=zone)
    office = offices().get(message.office)
    if office is None:
        return None
    heard: dict[str, Any] = {"now": now, "occurred_at": message.occurred_at, "office": message.office}
    if _by_the_office(message):
        heard["heard_on"] = office.day_at(message.occurred_at)
    return _alarm(message, heard, now) or _news(message, heard | {"place": place_of(message.office, now)}, heard)


def _by_the_office(message: Incoming) -> bool:
    """Whether the office itself did this, and so is not silent."""
    if message.type == "ReservationReleased":
        return msgspec.json.decode(message.data, type=ReservationReleased).reason != "EXPIRED"
    return message.type not in BY_OTHERS


def _news(message: Incoming, here: dict[str, Any], heard: dict[str, Any]) -> Command | None:
    match message.type:
        case "StockLow":
            low = msgspec.json.decode(message.data, type=StockLow)
            figures = Figures(
                on_hand=low.on_hand,
                available=low.available,
                as_of=message.occurred_at,
                daily_use=low.daily_use,
                days_of_cover=low.days_of_cover,
                projected_empty_on=low.projected_empty_on,
                cover_from=low.cover_from,
                foreseen=low.foreseen,
                reorder_point=low.reorder_point,
            )
            return RaiseShortage(**here, item=low.item, episode=low.episode, stock_level=low.level, figures=figures)
        case "StockRecovered":
            recovered = msgspec.json.decode(message.data, type=StockRecovered)
            figures = Figures(on_hand=recovered.on_hand, available=recovered.available, as_of=message.occurred_at)
            return ShortageOver(**here, item=recovered.item, episode=recovered.episode, figures=figures)
        case "ReliefProposed":
            proposed = msgspec.json.decode(message.data, type=ReliefProposed)
            proposal = Proposal(proposed.wanted, proposed.covered, proposed.lines, as_of=message.occurred_at)
            return NoteProposal(**here, item=proposed.item, episode=proposed.episode, proposal=proposal)
        case "AllocationApproved":
            return _promised(message, here, ReliefKind.ALLOCATED)
        case "ConsignmentAnnounced":
            return _promised(message, here, ReliefKind.ANNOUNCED)
        case "AllocationReleased":
            released = msgspec.json.decode(message.data, type=AllocationReleased)
            return NoteTakenBack(**here, item=released.item, promise=released.allocation)
        case "BlanksReceived":
            received = msgspec.json.decode(message.data, type=BlanksReceived)
            return NoteRelief(
                **here,
                item=received.item,
                kind=ReliefKind.RECEIVED,
                quantity=received.quantity,
                promise=received.consignment,
            )
        case "ReplenishmentForwarded":
            asked = msgspec.json.decode(message.data, type=ReplenishmentForwarded)
            return NoteForwarded(
                **here, item=asked.item, quantity=asked.forwarded, by=asked.forwarded_by, reason=asked.reason
            )
        case "AllocationDeclined":
            no = msgspec.json.decode(message.data, type=AllocationDeclined)
            return NoteDeclined(**here, item=no.item, by=no.declined_by, reason=no.reason)
        case _:
            return HearOffice(**heard) if "heard_on" in heard else None


def _alarm(message: Incoming, heard: dict[str, Any], now: datetime) -> RaiseAlarm | None:
    """What is no shortage, and yet wants to be heard of."""
    day: date | None = None
    match message.type:
        case "BlanksReportedLost":
            lost = msgspec.json.decode(message.data, type=BlanksReportedLost)
            kind, item, figures = AlarmKind.NUMBERS_LOST, lost.item, {"quantity": lost.quantity}
        case "DiscrepancyFound":
            found = msgspec.json.decode(message.data, type=DiscrepancyFound)
            if found.kind != "LOST_NUMBER_USED":
                return None
            kind, item, figures = AlarmKind.LOST_NUMBER_USED, found.item, {}
        case "ConsignmentOverdue":
            overdue = msgspec.json.decode(message.data, type=ConsignmentOverdue)
            kind, item, figures = AlarmKind.CONSIGNMENT_OVERDUE, overdue.item, {"quantity": overdue.in_transit}
            day = overdue.promised_on
        case "LoanOverdue":
            loan = msgspec.json.decode(message.data, type=LoanOverdue)
            kind, item, figures, day = AlarmKind.LOAN_OVERDUE, loan.item, {"quantity": loan.outstanding}, loan.return_by
        case "DestructionOverdue":
            waiting = msgspec.json.decode(message.data, type=DestructionOverdue)
            kind, item, figures = AlarmKind.DESTRUCTION_OVERDUE, waiting.item, {"quantity": waiting.awaiting}
            day = waiting.since
        case _:
            return None
    province = offices().province_of(message.office, now)
    desks = tuple(desk(level, message.office, province) for level in (Level.CITY, Level.PROVINCE))
    id = f"alarm/{message.topic}/{message.sequence}"
    return RaiseAlarm(**heard, id=id, kind=kind, desks=desks, item=item, figures=figures, day=day)


def due(deadline: Deadline, now: datetime, stale: bool) -> DeadlinePassed | MissCanary:
    """A wait is over; whether that still matters is the state's to say."""
    if deadline.kind == "canary":
        zone = offices().known(MINISTRY).timezone
        return MissCanary(now=now, occurred_at=deadline.due, wait=int(deadline.data), zone=zone)
    _, office, item = deadline.stream.split("/")
    return DeadlinePassed(
        now=now,
        occurred_at=deadline.due,
        office=office,
        item=item,
        place=place_of(office, now),
        wait=int(deadline.data),
        stale=stale,
    )


def place_of(office: str, now: datetime) -> Place:
    """Where an office is. Raises `KeyError` for one that there is not."""
    known, province = offices().known(office), offices().province_of(office, now)
    ever = dict.fromkeys(code.partition(".")[0] for code in (known.id, *(code for _, code in known.moves)))
    before = tuple(each for each in ever if each != province)
    return Place(province=province, zone=known.timezone, official=is_working_day, before=before)


def _promised(message: Incoming, here: dict[str, Any], kind: ReliefKind) -> NoteRelief:
    promise = msgspec.json.decode(message.data, type=Promised)
    # The promise holds until the day is over where the blanks are awaited.
    until = datetime.combine(promise.promised_on, time.max, offices().known(message.office).timezone)
    return NoteRelief(
        **here,
        item=promise.item,
        kind=kind,
        quantity=promise.quantity,
        promised_on=promise.promised_on,
        until=until,
        promise=promise.consignment or promise.allocation,
        under=promise.allocation if promise.consignment is not None else None,
    )
