"""What stock hears from printing and outreach, and what it does when a deadline has come."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec

from services.stock.domain import (
    CENTRE,
    ITEMS,
    SINGS_AFTER,
    BookOldCard,
    Cause,
    CheckConsignment,
    CheckDestruction,
    CheckLoan,
    CloseDay,
    Item,
    NoteForecast,
    NotePrintDebt,
    OfficeCommand,
    ProposeRelief,
    ReleaseReservation,
    ReserveBlanks,
    SingCanary,
    SpoilBlank,
    StockCommand,
    UseBlank,
    daily_use_default,
)
from shared.clock import Deadline
from shared.envelope import Incoming, heard_of
from shared.offices import offices

READS = ("printing", "outreach")

NEIGHBOURS_ASKED = 8
"""So many neighbours' books are looked at when stock is low: each further one is a longer drive."""
Daily = Annotated[tuple[Annotated[int, msgspec.Meta(ge=0, le=2**53)], ...], msgspec.Meta(min_length=1, max_length=366)]
"""A figure for each day of a forecast."""
NO_HISTORY = "POPULATION"
"""How outreach forecasts where it knows nothing but how many people live there. So does stock by itself."""
SERIAL = re.compile(r"[A-Z]{0,8}[0-9]{1,12}")


class CardPrinted(msgspec.Struct, frozen=True):
    """`blank_serial` is whatever the printer read on the blank."""

    item: Item
    location: str
    job: str
    blank_serial: Any = None


class CardSpoiled(msgspec.Struct, frozen=True):
    item: Item
    location: str
    job: str
    cause: Cause
    blank_serial: Any = None


class OldCardWithdrawn(msgspec.Struct, frozen=True):
    item: Item
    location: str
    job: str


class RibbonChanged(msgspec.Struct, frozen=True):
    """A printer got a new roll, of ribbon or of film: it left the shelf."""

    item: Literal["RIBBON", "FILM"]
    location: str
    ribbon: str


class PrintDebtChanged(msgspec.Struct, frozen=True):
    item: Item
    owed: Annotated[int, msgspec.Meta(ge=0)]


class VisitEquipmentRequested(msgspec.Struct, frozen=True):
    """A visit that will need blanks; `until` is when it is over at the latest, with its offset from UTC."""

    visit: str
    item: Item
    quantity: Annotated[int, msgspec.Meta(ge=1)]
    until: Annotated[datetime, msgspec.Meta(tz=True)]


class VisitClosed(msgspec.Struct, frozen=True):
    visit: str


class DemandForecast(msgspec.Struct, frozen=True):
    """What an office will need: the median and the 90th percentile of the first n days together, in pieces."""

    item: Item
    made_on: date
    first_day: date
    cumulative_median: Daily
    cumulative_high: Daily
    method: str


def react(message: Incoming, now: datetime) -> StockCommand | None:
    """What a message means for stock: a command, or nothing. Raises `msgspec.DecodeError` on what it cannot read."""
    office, heard = heard_of(message, now)
    match message.service, message.type:
        case "printing", "CardPrinted":
            printed = msgspec.json.decode(message.data, type=CardPrinted)
            return UseBlank(
                **heard,
                item=printed.item,
                location=printed.location,
                job=printed.job,
                serial=_serial(printed.blank_serial),
                daily_use_default=daily_use_default(office.population, printed.item),
            )
        case "printing", "CardSpoiled":
            spoiled = msgspec.json.decode(message.data, type=CardSpoiled)
            return SpoilBlank(
                **heard,
                item=spoiled.item,
                location=spoiled.location,
                job=spoiled.job,
                cause=spoiled.cause,
                serial=_serial(spoiled.blank_serial),
            )
        case "printing", "OldCardWithdrawn":
            old = msgspec.json.decode(message.data, type=OldCardWithdrawn)
            return BookOldCard(**heard, item=old.item, location=old.location, job=old.job)
        case "printing", "RibbonChanged":
            roll = msgspec.json.decode(message.data, type=RibbonChanged)
            return UseBlank(
                **heard,
                item=roll.item,
                location=roll.location,
                job=roll.ribbon,
                daily_use_default=daily_use_default(office.population, roll.item),
            )
        case "printing", "PrintDebtChanged":
            debt = msgspec.json.decode(message.data, type=PrintDebtChanged)
            return NotePrintDebt(**heard, item=debt.item, owed=debt.owed)
        case "outreach", "VisitEquipmentRequested":
            wish = msgspec.json.decode(message.data, type=VisitEquipmentRequested)
            return ReserveBlanks(**heard, item=wish.item, visit=wish.visit, quantity=wish.quantity, until=wish.until)
        case "outreach", "VisitClosed":
            closed = msgspec.json.decode(message.data, type=VisitClosed)
            return ReleaseReservation(**heard, item=ITEMS[0], further=ITEMS[1:], visit=closed.visit, reason="CLOSED")
        case "outreach", "DemandForecast":
            forecast = msgspec.json.decode(message.data, type=DemandForecast)
            if forecast.method == NO_HISTORY:
                return None
            return NoteForecast(
                **heard,
                item=forecast.item,
                made_on=forecast.made_on,
                first_day=forecast.first_day,
                cumulative_median=forecast.cumulative_median,
                cumulative_high=forecast.cumulative_high,
            )
        case _:
            return None


def _serial(read: Any) -> str | None:
    return read if isinstance(read, str) and SERIAL.fullmatch(read) else None


def _item(deadline: Deadline) -> str:
    """The item of the book that waits."""
    return deadline.stream.split("/")[2]


def _day(deadline: Deadline, told: dict[str, Any]) -> StockCommand:
    return CloseDay(**told | {"item": _item(deadline), "day": date.fromisoformat(deadline.data)})


def _destruction(deadline: Deadline, told: dict[str, Any]) -> StockCommand:
    return CheckDestruction(**told | {"item": _item(deadline)})


def _reservation(deadline: Deadline, told: dict[str, Any]) -> StockCommand:
    return ReleaseReservation(**told | {"item": _item(deadline)}, visit=deadline.data, reason="EXPIRED")


def _consignment(deadline: Deadline, told: dict[str, Any]) -> StockCommand:
    return CheckConsignment(**told | {"item": deadline.data}, consignment=deadline.stream.removeprefix("consignment/"))


def _loan(deadline: Deadline, told: dict[str, Any]) -> StockCommand:
    return CheckLoan(**told | {"item": deadline.data}, loan=deadline.stream.removeprefix("loan/"))


def _relief(deadline: Deadline, told: dict[str, Any]) -> StockCommand:
    item, (episode, level), now = _item(deadline), deadline.data.split("/"), told["now"]
    here = offices().known(deadline.office)
    province, nearest = here.province(now), offices().nearest(here.id, now)[:NEIGHBOURS_ASKED]
    of_the_level: dict[str, Any] = {"item": item, "episode": int(episode), "level": level}
    at_once = {"occurred_at": now, "day": here.day_at(now)}
    return ProposeRelief(
        **told | at_once | of_the_level,
        province=(province, offices().distance_km(here.id, province)),
        neighbours=tuple((each.id, offices().distance_km(here.id, each.id)) for each in nearest),
    )


def _canary(_: Deadline, told: dict[str, Any]) -> SingCanary:
    # A clock that stood still for many nights sings for the latest, and not for each of them.
    return song_of_tonight(told["now"])


def song_of_tonight(now: datetime) -> SingCanary:
    """The song of the last night whose hour has come: what a canary is told that may never have sung."""
    centre = offices().known(CENTRE)
    night = centre.day_at(now - SINGS_AFTER)
    return SingCanary(**centre.told_at(now), night=night)


KINDS: dict[str, Callable[[Deadline, dict[str, Any]], OfficeCommand]] = {
    "day": _day,
    "destruction": _destruction,
    "reservation": _reservation,
    "consignment": _consignment,
    "loan": _loan,
    "relief": _relief,
    "canary": _canary,
}
"""What is looked at when a wait of this kind is over; `views.deadlines` says which fact leaves it."""


def due(deadline: Deadline, now: datetime, stale: bool) -> OfficeCommand:
    """A wait is over; whether that still matters is the state's to say, so that old figures do no harm."""
    return KINDS[deadline.kind](deadline, deadline.told(now))
