"""A workstation takes jobs for a while, and sees what it has."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import OF_JOBS, WORKERS, Location, api
from services.printing.domain import JOBS_AT_ONCE, Card, ClaimJobs, DeclareNotPrinted
from shared.http import Body, Limit, OccurredAt, Reference, allow, engine_of, entered, office_of, once, polled, write
from shared.http.documents import Written
from shared.moments import utcnow

SPARE = 2
"""Times as many candidates as are wanted: another process may be dealing the same queue."""
OF_A_BATCH = ("batch", "first_serial", "last_serial")


class Claim(Body):
    """Wishes for so many jobs of an item, of one service point or of all. `claim` is an id that the caller made.

    `blanks_in_hand` confirms blanks that stock's book does not know of.
    """

    claim: UUID
    item: Card
    jobs: Annotated[int, Field(ge=1, le=JOBS_AT_ONCE)]
    location: Location | None = None
    blanks_in_hand: bool = False


class NotPrinted(Body):
    """No card was made of this job under this claim, and no blank was used."""

    claim: UUID
    workstation: Reference
    occurred_at: OccurredAt


@api.post("/offices/{office}/workstations/{workstation}/claims", response_model=Written)
@allow(*WORKERS)
async def claim_jobs(request: Request, office: str, workstation: Reference, body: Claim) -> Response:
    """Takes the next jobs: nobody else has them until the claim is over. Fewer than wished, or none, is an answer too.

    409 `cards_undeclared` asks first what became of jobs whose time is over; `blank_not_confirmed`
    whether there are blanks, for stock's book is empty.
    """
    told = entered(request, office)
    now = told["now"]
    dealing, wanted = _dealing(request, f"{office}/{body.item}"), SPARE * body.jobs
    async with dealing.turn, engine_of(request).connect() as connection:
        undeclared = await views.undeclared(connection, office, workstation, now)
        rules = await views.rules_of(connection, office, body.item, told["day"])
        # Of a claim that is stored meanwhile, this question may not have seen it.
        taken = set(dealing.given)
        limit = wanted + len(taken)
        queue = await views.next_jobs(connection, office, body.item, rules, now, limit, body.location)
        candidates = [job for job in queue if job not in taken][:wanted]
        given = set(candidates[: body.jobs])
        dealing.given |= given
    command = ClaimJobs(
        **told,
        item=body.item,
        workstation=workstation,
        claim=str(body.claim),
        jobs=body.jobs,
        candidates=tuple(candidates),
        blanks_in_hand=body.blanks_in_hand,
        undeclared=undeclared,
    )
    try:
        return await write(request, body, command)
    finally:
        dealing.given -= given


@api.post("/offices/{office}/jobs/{job}/not-printed", response_model=Written)
@allow(*WORKERS)
async def declare_not_printed(request: Request, office: str, job: UUID, body: NotPrinted) -> Response:
    """Gives a job back, or says of one whose time is over that no card was made of it."""
    told = entered(request, office, body) | {"job": str(job), "claim": str(body.claim), "workstation": body.workstation}
    return await write(request, body, DeclareNotPrinted(**told))


@api.get("/offices/{office}/workstations/{workstation}")
@allow(*OF_JOBS)
async def get_workstation(request: Request, office: str, workstation: Reference) -> Response:
    """The jobs that a workstation has, and those whose time is over, of which it has to say what became of them.

    On the `quarantined` batches, by name or number, it should print nothing.
    """
    now = utcnow()
    async with engine_of(request).connect() as connection:
        held = await views.held_by(connection, office, workstation, now)
        undeclared = await views.undeclared(connection, office, workstation, now)
        batches = await views.quarantined(connection, office)
    content = {
        "office": office,
        "workstation": workstation,
        "jobs": [dict(job) for job in held],
        "undeclared": [{"job": each.job, "claim": each.claim} for each in undeclared],
        "quarantined": [{name: batch[name] for name in OF_A_BATCH} for batch in batches],
    }
    return polled(request, content)


@api.get("/offices/{office}/next-jobs")
@allow(*OF_JOBS)
async def next_jobs(
    request: Request, office: str, item: Card, location: Location | None = None, limit: Limit = 20
) -> Response:
    """The jobs that would be dealt next, in order, and the policy of the day that says so."""
    now = utcnow()
    day = office_of(request, office).day_at(now)
    async with engine_of(request).connect() as connection:
        rules = await views.rules_of(connection, office, item, day)
        ids = await views.next_jobs(connection, office, item, rules, now, limit, location)
        known = await views.jobs_among(connection, ids)
    content = {
        "office": office,
        "item": item,
        "policy": rules.in_force.name,
        "level": rules.level,
        "quotas_left": rules.quotas_left,
        "jobs": [dict(known[id]) for id in ids],
    }
    return polled(request, content)


@dataclass(slots=True)
class Dealing:
    """A queue as this process deals it: one after the other asks, and passes over what is being `given` to others.

    So claims that come together are stored together, and of two at once neither gets what the other has taken.
    """

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    given: set[str] = field(default_factory=set)


def _dealing(request: Request, queue: str) -> Dealing:
    dealings: dict[str, Dealing] = once(request, "dealings", dict)
    return dealings.setdefault(queue, Dealing())
