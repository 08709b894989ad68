"""What came out of a printer."""

from typing import Any
from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from services.printing.api.common import WORKERS, BatchName, BlankSerial, ChipSerial, Location, api, name_of
from services.printing.domain import Card, Cause, Reason, RecordPrinted, RecordSpoiled
from shared.http import Body, OccurredAt, Reference, allow, entered, principal, write
from shared.http.documents import Written


class Report(Body):
    """What happened at a printer. `item` and `reason` are asked for only when the job is not known here.

    `printer` is the workstation's own, unless named; `operator` who sends it; `batch` the name on the
    box that the blank was in; `claim` the one under which the workstation has the job.
    """

    workstation: Reference
    location: Location
    printer: Reference | None = None
    operator: Reference | None = None
    blank_serial: BlankSerial | None = None
    batch: BatchName | None = None
    claim: UUID | None = None
    item: Card | None = None
    reason: Reason | None = None
    occurred_at: OccurredAt


class Printed(Report):
    """A card came out.

    `blank_in_hand` confirms a blank that stock's book does not know of; `declared` a card that is
    there, though its job is another's by now or done with.
    """

    chip_serial: ChipSerial | None = None
    blank_in_hand: bool = False
    declared: bool = False


class Spoiled(Report):
    """A blank was spoiled."""

    cause: Cause


@api.post("/offices/{office}/jobs/{job}/printed", response_model=Written)
@allow(*WORKERS)
async def record_printed(request: Request, office: str, job: UUID, body: Printed) -> Response:
    """Records a card that was printed. 409 `blank_not_confirmed`, `job_unknown`, `declare_card` ask to complete it."""
    command = RecordPrinted(
        **entered(request, office, body),
        **_told(request, job, body),
        chip_serial=body.chip_serial,
        blank_in_hand=body.blank_in_hand,
        declared=body.declared,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/jobs/{job}/spoiled", response_model=Written)
@allow(*WORKERS)
async def record_spoiled(request: Request, office: str, job: UUID, body: Spoiled) -> Response:
    """Records a spoiled blank. Its job waits as before; after too many of them a person decides. 409 `job_unknown`."""
    command = RecordSpoiled(**entered(request, office, body), **_told(request, job, body), cause=body.cause)
    return await write(request, body, command)


def _told(request: Request, job: UUID, body: Report) -> dict[str, Any]:
    return {
        "job": str(job),
        "location": body.location,
        "workstation": body.workstation,
        "printer": body.printer,
        "operator": body.operator or principal(request).subject,
        "blank_serial": body.blank_serial,
        "batch": body.batch,
        "claim": name_of(body.claim),
        "item": body.item,
        "reason": body.reason,
    }
