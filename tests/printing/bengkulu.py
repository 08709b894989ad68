"""Kota Bengkulu in November 2024, and the commands that its printers, its counter and stock speak in."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.printing.domain import (
    CancelJob,
    ClaimJobs,
    DeclareNotPrinted,
    HandOver,
    IssueLetter,
    JobRequest,
    NoteStock,
    QueueJob,
    QueueJobs,
    RecordPrinted,
    RecordSpoiled,
    SetLetterPolicy,
    SetQueuePolicy,
    job_of,
    queue_of,
)
from services.printing.domain.policy import DEFAULT
from services.printing.service import PRINTING
from shared.testing import Scenario

NOON = datetime(2024, 11, 20, 5, 0, tzinfo=UTC)
LATER = NOON + timedelta(minutes=7)
WEDNESDAY = date(2024, 11, 20)
BENGKULU, NATION = "17.71", "00"
JOB = "0193f3a2-0000-7000-8000-000000000001"
STREAM = job_of(JOB)
QUEUE = queue_of(BENGKULU, "KTP_WNI")
CLAIM, ANOTHER_CLAIM = "claim-1", "claim-2"

HERE: dict[str, Any] = {"now": NOON, "occurred_at": NOON, "office": BENGKULU, "day": WEDNESDAY}
CARD: dict[str, Any] = {"job": JOB, "item": "KTP_WNI", "location": "MPP", "reason": "LOST"}
AT_PRINTER: dict[str, Any] = {"job": JOB, "location": "MPP", "workstation": "WS-2"}


def asked(**but: Any) -> JobRequest:
    """A request for a lost card."""
    return JobRequest(**CARD | {"applicant": "A-17", "print_ready_at": NOON} | but)


def queue_job(*, office: str = BENGKULU, now: datetime = NOON, day: date = WEDNESDAY, **request: Any) -> QueueJob:
    return QueueJob(**HERE | {"office": office, "now": now, "occurred_at": now, "day": day}, request=asked(**request))


def queue_jobs(*requests: JobRequest, **but: Any) -> QueueJobs:
    return QueueJobs(**HERE | {"requests": requests} | but)


def claim(*candidates: str, jobs: int = 1, now: datetime = NOON, **but: Any) -> ClaimJobs:
    said = {"item": "KTP_WNI", "workstation": "WS-2", "claim": CLAIM, "blanks_in_hand": False}
    return ClaimJobs(
        **HERE | {"now": now, "occurred_at": now, "candidates": candidates or (JOB,), "jobs": jobs} | said | but
    )


def printed(**but: Any) -> RecordPrinted:
    said = {"chip_serial": "04A1", "blank_in_hand": False, "now": LATER, "occurred_at": LATER}
    return RecordPrinted(**HERE | AT_PRINTER | said | but)


def spoiled(**but: Any) -> RecordSpoiled:
    return RecordSpoiled(**HERE | AT_PRINTER | {"cause": "DEAD_CHIP", "now": LATER, "occurred_at": LATER} | but)


def not_printed(**but: Any) -> DeclareNotPrinted:
    said = {"job": JOB, "claim": CLAIM, "workstation": "WS-2", "now": LATER, "occurred_at": LATER}
    return DeclareNotPrinted(**HERE | said | but)


def hand_over(**but: Any) -> HandOver:
    said = {"job": JOB, "location": "MPP", "handed_over_by": "operator-17.71", "old_card_withdrawn": False}
    return HandOver(**HERE | {"now": LATER, "occurred_at": LATER} | said | but)


def cancel(**but: Any) -> CancelJob:
    return CancelJob(**HERE | {"job": JOB, "cancelled_by": "operator-17.71", "note": "came twice"} | but)


def issue_letter(**but: Any) -> IssueLetter:
    return IssueLetter(**HERE | {"job": JOB, "letter": "470/1/SUKET/2024", "issued_by": "operator-17.71"} | but)


def stock(level: str | None, **but: Any) -> NoteStock:
    """What stock tells of the office's citizen cards."""
    figures = {"on_hand": 0 if level == "EMPTY" else 500, "available": 0 if level == "EMPTY" else 500}
    said = {"item": "KTP_WNI", "level": level, "episode": None if level is None else 3, "as_of": LATER}
    return NoteStock(**HERE | said | figures | but)


def queue_policy(*, office: str = BENGKULU, starts_on: date = WEDNESDAY, **but: Any) -> SetQueuePolicy:
    """The default order, unless told otherwise."""
    said = {"classes": DEFAULT.classes, "age_limit_days": 14, "tries": 3, "set_by": f"head-{office}"}
    return SetQueuePolicy(**HERE | {"office": office, "starts_on": starts_on} | said | but)


def letter_policy(*levels: str, starts_on: date = WEDNESDAY, **but: Any) -> SetLetterPolicy:
    said = {"office": NATION, "starts_on": starts_on, "levels": levels, "valid_days": 180, "set_by": "national"}
    return SetLetterPolicy(**HERE | said | but)


printing = Scenario(PRINTING)
waiting = printing.after(queue_job())
at_work = waiting.after(claim(claim=CLAIM))
done = at_work.after(printed(claim=CLAIM))
