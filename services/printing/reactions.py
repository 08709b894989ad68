"""What printing reads from others: stock's blanks, and the people outreach found print ready."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import msgspec

from services.printing.domain import (
    ALARMS,
    CARDS,
    ExpireLetter,
    JobRequest,
    NoteStock,
    PrintingCommand,
    QueueJob,
    RaiseNumberAlarm,
)
from shared.clock import Deadline
from shared.envelope import Incoming, heard_of

READS = ("stock", "outreach")

_JOBS_OF_RECORDINGS = UUID("6d1f4c1e-8f0b-5b0a-9a55-0d2f6f1b7c17")
"""Never to change: one recording makes one job, even after all of outreach's facts are read again."""


class StockLow(msgspec.Struct, frozen=True):
    """`foreseen`: the shelf is not low; no card waits for that."""

    item: str
    level: Literal["OK", "LOW", "CRITICAL", "EMPTY"]
    episode: int
    on_hand: int
    available: int
    foreseen: bool = False


class StockRecovered(msgspec.Struct, frozen=True):
    item: str
    episode: int
    on_hand: int
    available: int


class BlanksReceived(msgspec.Struct, frozen=True):
    item: str
    on_hand: int
    available: int
    source: str | None = None


class Serials(msgspec.Struct, frozen=True):
    first: str
    last: str


class DiscrepancyFound(msgspec.Struct, frozen=True):
    item: str
    location: str
    kind: str
    serials: Serials | None = None
    holders: tuple[str, ...] = ()


class RecordingPrintReady(msgspec.Struct, frozen=True):
    recording: str
    applicant: str
    item: str
    location: str


def react(message: Incoming, now: datetime) -> PrintingCommand | None:
    """What a message means for printing: a command, or nothing. Raises `msgspec.DecodeError` on what it cannot read."""
    office, heard = heard_of(message, now)
    match message.service, message.type:
        case "stock", "StockLow":
            low = msgspec.json.decode(message.data, type=StockLow)
            return _note(heard, message, low, "OK" if low.foreseen else low.level, low.episode)
        case "stock", "StockRecovered":
            recovered = msgspec.json.decode(message.data, type=StockRecovered)
            return _note(heard, message, recovered, "OK", recovered.episode)
        case "stock", "BlanksReceived":
            received = msgspec.json.decode(message.data, type=BlanksReceived)
            return _note(heard, message, received, None, None, opening=received.source == "OPENING")
        case "stock", "DiscrepancyFound":
            found = msgspec.json.decode(message.data, type=DiscrepancyFound)
            return _alarm(heard, found)
        case "outreach", "RecordingPrintReady":
            ready = msgspec.json.decode(message.data, type=RecordingPrintReady)
            request = JobRequest(
                job=job_of(ready.recording),
                item=ready.item,
                location=ready.location,
                reason="FIRST",
                applicant=ready.applicant,
                print_ready_at=message.occurred_at,
            )
            # Its quota is that of the day on which it comes in, not of the day on which it was recorded.
            return QueueJob(**heard | {"day": office.day_at(now)}, request=request)
        case _:
            return None


def due(deadline: Deadline, now: datetime, stale: bool) -> PrintingCommand:
    """The last day of a substitute letter is over; whether that still matters is the state's to say."""
    return ExpireLetter(
        **deadline.told(now),
        job=deadline.stream.removeprefix("job/"),
        letter=deadline.data,
    )


def job_of(recording: str) -> str:
    """The id of the one job that a recording makes."""
    return str(uuid5(_JOBS_OF_RECORDINGS, recording))


def _note(
    heard: dict[str, Any],
    message: Incoming,
    told: StockLow | StockRecovered | BlanksReceived,
    level: Literal["OK", "LOW", "CRITICAL", "EMPTY"] | None,
    episode: int | None,
    *,
    opening: bool = False,
) -> PrintingCommand | None:
    """Of what a card is printed on; other items have no queue here."""
    if told.item not in CARDS:
        return None
    return NoteStock(
        **heard,
        item=told.item,
        level=level,
        episode=episode,
        as_of=message.recorded_at,
        on_hand=told.on_hand,
        available=told.available,
        opening=opening,
    )


def _alarm(heard: dict[str, Any], found: DiscrepancyFound) -> PrintingCommand | None:
    if found.kind not in ALARMS or found.serials is None:
        return None
    return RaiseNumberAlarm(
        **heard,
        kind=found.kind,
        item=found.item,
        location=found.location,
        first_serial=found.serials.first,
        last_serial=found.serials.last,
        holders=found.holders,
    )
