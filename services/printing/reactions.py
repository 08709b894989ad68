"""What printing reads from others: stock's levels, and the people outreach found print ready."""

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

import msgspec

from services.printing.domain import NoteStockLevel, PrintingCommand, QueueJob
from shared.envelope import Incoming

READS = ("stock", "outreach")

_JOBS_OF_RECORDINGS = UUID("6d1f4c1e-8f0b-5b0a-9a55-0d2f6f1b7c17")
"""Never to change: one recording makes one job, even after all of outreach's facts are read again."""


class StockLow(msgspec.Struct, frozen=True):
    item: str
    level: Literal["OK", "LOW", "CRITICAL", "EMPTY"]
    episode: int


class StockRecovered(msgspec.Struct, frozen=True):
    item: str
    episode: int


class RecordingPrintReady(msgspec.Struct, frozen=True):
    recording: str
    applicant: str
    item: str
    location: str


def react(message: Incoming, now: datetime) -> PrintingCommand | None:
    """What a message means for printing: a command, or nothing. Raises `msgspec.DecodeError` on what it cannot read."""
    match message.service, message.type:
        case "stock", "StockLow":
            low = msgspec.json.decode(message.data, type=StockLow)
            return _note(message, now, low.item, low.level, low.episode)
        case "stock", "StockRecovered":
            recovered = msgspec.json.decode(message.data, type=StockRecovered)
            return _note(message, now, recovered.item, "OK", recovered.episode)
        case "outreach", "RecordingPrintReady":
            ready = msgspec.json.decode(message.data, type=RecordingPrintReady)
            return QueueJob(
                now=now,
                occurred_at=message.occurred_at,
                office=message.office,
                job=job_of(ready.recording),
                item=ready.item,
                location=ready.location,
                reason="FIRST",
                applicant=ready.applicant,
            )
        case _:
            return None


def job_of(recording: str) -> str:
    """The id of the one job that a recording makes."""
    return str(uuid5(_JOBS_OF_RECORDINGS, recording))


def _note(message: Incoming, now: datetime, item: str, level: str, episode: int) -> NoteStockLevel:
    return NoteStockLevel(
        now=now,
        occurred_at=message.occurred_at,
        office=message.office,
        item=item,
        level=level,
        episode=episode,
        as_of=message.recorded_at,
    )
