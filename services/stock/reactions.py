"""What stock reads from printing: each card printed used a blank, each one spoiled cost one."""

from datetime import datetime
from typing import Any

import msgspec

from services.stock.domain import AnyCommand, Cause, Item, SpoilBlank, UseBlank, daily_use_default
from shared.envelope import Incoming
from shared.offices import offices

READS = ("printing",)


class CardPrinted(msgspec.Struct, frozen=True):
    item: Item
    location: str
    job: str


class CardSpoiled(msgspec.Struct, frozen=True):
    item: Item
    location: str
    job: str
    cause: Cause


def react(message: Incoming, now: datetime) -> AnyCommand | None:
    """What a message means for stock: a command, or nothing. Raises `msgspec.DecodeError` on what it cannot read."""
    office = offices().get(message.office)
    if office is None:
        raise LookupError(f"{message.topic} at offset {message.offset} is about an unknown office")
    heard: dict[str, Any] = {
        "now": now,
        "occurred_at": message.occurred_at,
        "office": office.id,
        "day": message.occurred_at.astimezone(office.timezone).date(),
    }
    match message.service, message.type:
        case "printing", "CardPrinted":
            printed = msgspec.json.decode(message.data, type=CardPrinted)
            return UseBlank(
                **heard,
                item=printed.item,
                location=printed.location,
                job=printed.job,
                daily_use_default=daily_use_default(office.population, printed.item),
            )
        case "printing", "CardSpoiled":
            spoiled = msgspec.json.decode(message.data, type=CardSpoiled)
            return SpoilBlank(
                **heard, item=spoiled.item, location=spoiled.location, job=spoiled.job, cause=spoiled.cause
            )
        case _:
            return None
