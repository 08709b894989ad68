"""The order of the queue, its quotas, and whether a letter may stand in for a card: data, with versions and days."""

from typing import Annotated

import msgspec
from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import READERS, PriorityName, api
from services.printing.domain import (
    DEFAULT,
    NATION,
    Level,
    PriorityClass,
    Reason,
    SetLetterPolicy,
    SetQueuePolicy,
)
from shared.auth import Role
from shared.http import (
    Body,
    Limit,
    Problem,
    SomeDay,
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
from shared.http.documents import Written
from shared.moments import utcnow

Rank = Annotated[int, Field(ge=1, le=100)]
CardsADay = Annotated[int, Field(ge=0, le=100_000)]


class Quotas(Body):
    """Cards a day at a level of stock; as many as come at a level that is not named."""

    LOW: CardsADay | None = None
    CRITICAL: CardsADay | None = None
    EMPTY: CardsADay | None = None

    def known(self) -> dict[Level, int]:
        """The quotas as the domain knows them."""
        levels: dict[Level, int | None] = {"LOW": self.LOW, "CRITICAL": self.CRITICAL, "EMPTY": self.EMPTY}
        return {level: cards for level, cards in levels.items() if cards is not None}


class Class(Body):
    """Jobs that wait together: lower ranks first, in shortage by `shortage_rank`.

    `reasons` are those of jobs that name no class; `quotas` cards a day at a level of stock, without limit at a
    level that is not named; `letter_holders` says that whoever was given a substitute letter waits here.
    """

    name: PriorityName
    rank: Rank
    shortage_rank: Rank
    reasons: Annotated[tuple[Reason, ...], Field(max_length=5)] = ()
    quotas: Quotas = Quotas()
    letter_holders: bool = False

    def known(self) -> PriorityClass:
        """The class as the domain knows it."""
        return PriorityClass(
            name=self.name,
            rank=self.rank,
            shortage_rank=self.shortage_rank,
            reasons=self.reasons,
            quotas=self.quotas.known(),
            letter_holders=self.letter_holders,
        )


class OrderOfTheQueue(Body):
    """From `starts_on` on. No classes: by the nation's policy again, or, if this is the nation's, by the defaults.

    Older than `age_limit_days`, a job comes first of all; after `tries` spoiled blanks a person decides.
    """

    starts_on: SomeDay
    classes: Annotated[tuple[Class, ...], Field(max_length=10)]
    age_limit_days: Annotated[int, Field(ge=1, le=365)] = DEFAULT.age_limit_days
    tries: Annotated[int, Field(ge=1, le=10)] = DEFAULT.tries


class Letters(Body):
    """From `starts_on` on, substitute letters are allowed at these levels of stock; at none: forbidden."""

    starts_on: SomeDay
    levels: Annotated[tuple[Level, ...], Field(max_length=4)]
    valid_days: Annotated[int, Field(ge=1, le=366)] = 1


@api.post("/offices/{office}/queue-policies", response_model=Written)
@allow(Role.HEAD, Role.NATIONAL)
async def set_queue_policy(request: Request, office: str, body: OrderOfTheQueue) -> Response:
    """Sets the order of the office's queues and their quotas: the head the office's own, the national desk 00's.

    409 `starts_in_the_past`, `classes_ambiguous`, `policies_waiting`.
    """
    if (principal(request).role is Role.NATIONAL) != (office == NATION):
        raise Problem(403, "not_allowed", "A head sets the office's own policy, the national desk that of 00.")
    command = SetQueuePolicy(
        **entered(request, office),
        starts_on=body.starts_on,
        set_by=principal(request).subject,
        classes=tuple(each.known() for each in body.classes),
        age_limit_days=body.age_limit_days,
        tries=body.tries,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/letter-policies", response_model=Written)
@allow(Role.NATIONAL)
async def set_letter_policy(request: Request, office: str, body: Letters) -> Response:
    """Allows substitute letters by day and level of stock, or forbids them: for the whole nation, as office 00."""
    if office != NATION:
        raise Problem(403, "not_allowed", "Letters are allowed or forbidden for the whole nation, as office 00.")
    command = SetLetterPolicy(
        **entered(request, office),
        starts_on=body.starts_on,
        set_by=principal(request).subject,
        levels=tuple(dict.fromkeys(body.levels)),
        valid_days=body.valid_days,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/policies")
@allow(*READERS)
async def list_policies(request: Request, office: str, start: Start = None, limit: Limit = 50) -> Response:
    """What the office goes by today, and whose that is; then every version that it has set itself, newest first.

    A policy's name is its office and version (`17.71/3`, `00/1`), or `default`.
    """
    today = office_of(request, office).day_at(utcnow())
    before = after(start, int)
    async with engine_of(request).connect() as connection:
        queue, letters = await views.policies_on(connection, office, today)
        rows = await views.policies_of(connection, office, before[0] if before else None, limit)
    content = {
        "office": office,
        "in_force": {
            "day": today,
            "queue": msgspec.to_builtins(queue),
            "letters": msgspec.to_builtins(letters),
        },
        "policies": [dict(row) for row in rows],
        "next": cursor(rows[-1]["version"]) if len(rows) == limit else None,
    }
    return polled(request, content)
