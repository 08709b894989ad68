"""Cards are asked for: one by one, or as many as an office took while it was offline."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from fastapi import Request
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import OF_JOBS, WORKERS, Location, PriorityName, api
from services.printing.domain import (
    CancelJob,
    Card,
    JobQueued,
    JobRequest,
    QueueJob,
    QueueJobs,
    Reason,
    RequestCameLate,
    ResumeJob,
)
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    NotFound,
    OccurredAt,
    PersonReference,
    SafeStr,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    entered,
    office_of,
    polled,
    principal,
    write,
)
from shared.http.bodies import Past, UnreadableLine, on_its_own
from shared.http.documents import Written
from shared.moments import utcnow

MAX_LINES = 1_000
BULK_AT_MOST = 524_288
"""Bytes of a bulk request's body: so many lines, each with everything in it."""

CONTENT = ("item", "reason", "applicant")
"""What makes two requests with one id the same."""

Outcome = Literal["QUEUED", "OWED", "ALREADY_QUEUED", "NAMED", "CLASS_UNKNOWN", "CONFLICT", "INVALID"]
Place = Literal["QUEUED", "CLAIMED", "HELD", "PRINTED", "HANDED_OVER", "CANCELLED"]


class CardRequest(Body):
    """A card is owed to this applicant, an opaque reference. `job` is an id that the caller made.

    Its age is counted from `print_ready_at` (when it was asked for, unless told); `priority` names a
    class of the policy of the day, which otherwise follows from the reason.
    """

    job: UUID
    item: Card
    location: Location
    reason: Reason
    applicant: PersonReference
    print_ready_at: Past | None = None
    priority: PriorityName | None = None
    occurred_at: OccurredAt

    def request(self) -> JobRequest:
        """The request as the domain knows it."""
        return JobRequest(
            job=str(self.job),
            item=self.item,
            location=self.location,
            reason=self.reason,
            applicant=self.applicant,
            print_ready_at=self.print_ready_at or self.occurred_at,
            priority=self.priority,
        )


AnyLine = Annotated[CardRequest, on_its_own(CardRequest)] | SkipJsonSchema[UnreadableLine]


class Requests(Body):
    """Requests that were taken offline, each with the id that makes it safe to send again."""

    lines: Annotated[list[AnyLine], Field(min_length=1, max_length=MAX_LINES)]
    occurred_at: OccurredAt


class LineAnswer(BaseModel):
    """What became of one line.

    `OWED`: queued, but put off for want of blanks. `NAMED`: its card had been printed before; now the
    applicant is known. `CONFLICT`: the id means another job. Neither that nor `CLASS_UNKNOWN` nor `INVALID` is queued.
    """

    job: UUID | None
    outcome: Outcome
    faults: tuple[Mapping[str, str], ...] = ()


class BulkAnswer(BaseModel):
    """One answer for each line, in the order of the lines."""

    position: int
    lines: list[LineAnswer]


class Decided(Body):
    """Why somebody decided so."""

    note: SafeStr
    occurred_at: OccurredAt


class _Written(msgspec.Struct):
    position: int
    facts: list[Any]


@api.post("/offices/{office}/jobs", response_model=Written)
@allow(*WORKERS)
async def queue_job(request: Request, office: str, body: CardRequest) -> Response:
    """Puts a job into the queue. The same job again is the same job; another one under its id is refused.

    In shortage, what is over its class's quota of the day is owed: queued, and put off (`put_off`).
    """
    command = QueueJob(**entered(request, office, body), request=body.request())
    return await write(request, body, command)


@api.post("/offices/{office}/jobs/bulk", response_model=BulkAnswer, max_body_size=BULK_AT_MOST)
@allow(*WORKERS)
async def queue_jobs(request: Request, office: str, body: Requests) -> Response:
    """Takes up to 1,000 requests, each on its own: whatever was sent before may be sent again."""
    requests = tuple(line.request() for line in body.lines if isinstance(line, CardRequest))
    command = QueueJobs(**entered(request, office, body), requests=requests)
    response = await write(request, body, command)
    if response.status_code != 201:
        return response
    written = msgspec.json.decode(response.body, type=_Written)
    async with engine_of(request).connect() as connection:
        known = await views.jobs_among(connection, [each.job for each in requests])
    told = list(answers(body.lines, office, written.facts, known))
    answer = BulkAnswer(position=written.position, lines=told)
    headers = {name: value for name, value in response.headers.items() if name.startswith("idempotency")}
    return Response(answer.model_dump_json(exclude_defaults=True), 201, headers, media_type="application/json")


@api.post("/offices/{office}/jobs/{job}/cancellation", response_model=Written)
@allow(*WORKERS)
async def cancel_job(request: Request, office: str, job: UUID, body: Decided) -> Response:
    """No card is owed any more. Refused once it was printed, and while a workstation has it."""
    who = principal(request).subject
    command = CancelJob(**entered(request, office, body), job=str(job), cancelled_by=who, note=body.note)
    return await write(request, body, command)


@api.post("/offices/{office}/jobs/{job}/resumption", response_model=Written)
@allow(Role.HEAD)
async def resume_job(request: Request, office: str, job: UUID, body: Decided) -> Response:
    """The head decides that a job which spoiled too many blanks is tried again."""
    who = principal(request).subject
    command = ResumeJob(**entered(request, office, body), job=str(job), decided_by=who, note=body.note)
    return await write(request, body, command)


@api.get("/offices/{office}/jobs")
@allow(*OF_JOBS)
async def list_jobs(
    request: Request, office: str, state: Place = "QUEUED", start: Start = None, limit: Limit = 50
) -> Response:
    """The office's jobs in a place, oldest first; `next` is the cursor of the next page, null on the last."""
    last = after(start, str)
    async with engine_of(request).connect() as connection:
        jobs = await views.jobs_by_age(connection, office, state, last[0] if last else None, limit)
    following = cursor(jobs[-1]["job"]) if len(jobs) == limit else None
    return polled(request, {"jobs": [dict(job) for job in jobs], "next": following})


@api.get("/offices/{office}/jobs/{job}")
@allow(*OF_JOBS)
async def get_job(request: Request, office: str, job: UUID) -> Response:
    """One job of the office, and its service clock: how long it waits, or waited, in working hours."""
    async with engine_of(request).connect() as connection:
        found = await views.job(connection, office, str(job))
        if found is None:
            raise NotFound("job")
        clock = await views.clock_of(connection, office_of(request, office), found, utcnow())
    return polled(request, dict(found) | {"clock": clock})


def answers(
    lines: Iterable[CardRequest | UnreadableLine],
    office: str,
    facts: Iterable[Mapping[str, Any]],
    known: Mapping[str, Mapping[Any, Any]],
) -> Iterator[LineAnswer]:
    """What became of each line: `facts` are what this request led to, `known` is what is queued by now."""
    fresh: dict[str, Outcome] = {}
    for fact in facts:
        if fact["type"] == JobQueued.__name__:
            fresh[fact["job"]] = "QUEUED" if fact["put_off"] is None else "OWED"
        elif fact["type"] == RequestCameLate.__name__:
            fresh[fact["job"]] = "NAMED"
    for line in lines:
        if isinstance(line, UnreadableLine):
            yield LineAnswer(job=None, outcome="INVALID", faults=line.faults)
            continue
        job = known.get(str(line.job))
        outcome: Outcome
        if job is None:
            outcome = "CLASS_UNKNOWN"
        elif job["office"] != office or any(getattr(line, name) != job[name] for name in CONTENT):
            outcome = "CONFLICT"
        else:
            outcome = fresh.pop(str(line.job), "ALREADY_QUEUED")
        yield LineAnswer(job=line.job, outcome=outcome)
