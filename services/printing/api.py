"""HTTP: what an office's printing program says and asks."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from services.printing import views
from services.printing.domain import QueueJob, RecordPrinted, RecordSpoiled
from shared import news
from shared.auth import Role
from shared.http import Api, Body, Limit, NotFound, OccurredAt, Reference, SafeStr, after, allow, cursor, polled, write
from shared.http.documents import Written

Card = Literal["KTP_WNI", "KTP_WNA", "KIA"]
Reason = Literal["FIRST", "LOST", "DAMAGED", "CHANGE", "MOVE"]

Location = Annotated[SafeStr, Field(max_length=64)]
"""A place of the office, by the name that its stock is booked under."""
Start = Annotated[str | None, Query(alias="cursor")]

api = Api(tags=["printing"])


class CardRequest(Body):
    """A card is owed to this applicant, an opaque reference. `job` is an id that the caller made."""

    job: UUID
    item: Card
    location: Location
    reason: Reason
    applicant: Reference
    occurred_at: OccurredAt


class Report(Body):
    """What happened at a printer. `item` and `reason` are asked for only when the job is not known here."""

    workstation: Reference
    location: Location
    item: Card | None = None
    reason: Reason | None = None
    occurred_at: OccurredAt


class Printed(Report):
    """A card came out. `blank_in_hand` confirms a blank that stock's book does not know of."""

    chip_serial: Reference | None = None
    blank_in_hand: bool = False


class Spoiled(Report):
    """A blank was spoiled."""

    cause: Literal["ENCODE_FAILURE", "MISPRINT", "DAMAGED", "DEAD_CHIP"]


@api.post("/offices/{office}/jobs", response_model=Written)
@allow(Role.OPERATOR)
async def queue_job(request: Request, office: str, body: CardRequest) -> Response:
    """Puts a job into the queue. The same job again is the same job; another one under its id is refused."""
    command = QueueJob(
        now=datetime.now(UTC),
        occurred_at=body.occurred_at,
        office=office,
        job=str(body.job),
        item=body.item,
        location=body.location,
        reason=body.reason,
        applicant=body.applicant,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/jobs/{job}/printed", response_model=Written)
@allow(Role.OPERATOR)
async def record_printed(request: Request, office: str, job: UUID, body: Printed) -> Response:
    """Records a card that was printed. 409 `blank_not_confirmed` and `job_unknown` ask to complete the report."""
    command = RecordPrinted(
        now=datetime.now(UTC),
        occurred_at=body.occurred_at,
        office=office,
        job=str(job),
        location=body.location,
        workstation=body.workstation,
        chip_serial=body.chip_serial,
        blank_in_hand=body.blank_in_hand,
        item=body.item,
        reason=body.reason,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/jobs/{job}/spoiled", response_model=Written)
@allow(Role.OPERATOR)
async def record_spoiled(request: Request, office: str, job: UUID, body: Spoiled) -> Response:
    """Records a spoiled blank. Its job stays in the queue. 409 `job_unknown` asks to complete the report."""
    command = RecordSpoiled(
        now=datetime.now(UTC),
        occurred_at=body.occurred_at,
        office=office,
        job=str(job),
        location=body.location,
        workstation=body.workstation,
        cause=body.cause,
        item=body.item,
        reason=body.reason,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/jobs")
@allow(Role.OPERATOR, Role.HEAD, Role.AUDITOR, Role.SERVICE)
async def list_jobs(
    request: Request,
    office: str,
    state: Literal["QUEUED", "PRINTED"] = "QUEUED",
    start: Start = None,
    limit: Limit = 50,
) -> Response:
    """The office's jobs in a state, oldest first; `next` is the cursor of the next page, null on the last."""
    last = after(start, str)
    async with request.app.state.engine.connect() as connection:
        jobs = await views.jobs_by_age(connection, office, state, last[0] if last else None, limit)
    following = cursor(jobs[-1]["job"]) if len(jobs) == limit else None
    return polled(request, {"jobs": [dict(job) for job in jobs], "next": following})


@api.get("/offices/{office}/jobs/{job}")
@allow(Role.OPERATOR, Role.HEAD, Role.AUDITOR, Role.SERVICE)
async def get_job(request: Request, office: str, job: UUID) -> Response:
    """One job of the office."""
    async with request.app.state.engine.connect() as connection:
        found = await views.job(connection, office, str(job))
    if found is None:
        raise NotFound("job")
    return polled(request, dict(found))


@api.get("/offices/{office}/queue")
@allow(*Role)
async def get_queue(request: Request, office: str) -> Response:
    """For each item the jobs that wait, by reason, and the level that stock last told: since when, and `as_of` when.

    Whatever stock had said by `stock_known_up_to` is known here; null until its news has been read once.
    """
    topic = request.app.state.offices.topic("stock", office, datetime.now(UTC))
    async with request.app.state.engine.connect() as connection:
        queue = await views.queue(connection, office)
        known_up_to = await news.known_up_to(connection, topic)
    return polled(request, {"office": office, "stock_known_up_to": known_up_to, "items": queue})
