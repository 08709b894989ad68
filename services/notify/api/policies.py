"""How a shortage climbs, as data: set for a province or for the nation, with a day, and never in the past."""

from typing import Annotated, Literal, Self

import msgspec
from fastapi import Request
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import READERS, api, province_or_nation, region_in_scope
from services.notify.domain import (
    DEFAULT,
    MINISTRY,
    Counted,
    EscalationPolicy,
    Level,
    OfficeHours,
    SetPolicy,
    StockLevel,
    Term,
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
    office_of,
    polled,
    principal,
    write,
)
from shared.http.documents import Written
from shared.moments import utcnow

MINUTE, HOUR, DAY = 60, 3_600, 86_400
NO_TERMS = "Should be left out where there are no terms"

AtMost2 = Field(max_length=2)
Seconds = Annotated[int, Field(ge=0, le=DAY)]


class Time(Body):
    """How many seconds an answer may take, up to 60 days. Until then the notice is repeated, a minute apart or more."""

    within: Annotated[int, Field(ge=1, le=60 * DAY)]
    counted: Counted
    repeats: Annotated[int, Field(ge=0, le=20)] = 0

    @model_validator(mode="after")
    def _a_minute_apart(self) -> Self:
        if self.repeats and self.within < MINUTE * (self.repeats + 1):
            raise PydanticCustomError("too_often", "A notice should be repeated a minute later or more")
        return self


class Hours(Body):
    """From when to when offices work, in minutes after midnight by their own clock: an hour at least."""

    opens: Annotated[int, Field(ge=0, lt=24 * 60)]
    closes: Annotated[int, Field(gt=0, le=24 * 60)]

    @model_validator(mode="after")
    def _an_hour(self) -> Self:
        if self.closes < self.opens + 60:
            raise PydanticCustomError("too_short", "An office should be open for an hour at least")
        return self


class ByLevel(Body):
    """A term for each level of the ladder."""

    CITY: Time
    PROVINCE: Time
    NATIONAL: Time


class Terms(Body):
    """The terms at each level of stock, or nothing."""

    LOW: ByLevel | None = None
    CRITICAL: ByLevel | None = None
    EMPTY: ByLevel | None = None

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        if len({terms is None for _, terms in self}) > 1:
            raise PydanticCustomError("terms_missing", "Should be for each level of stock, or for none")
        return self


class Last(Body):
    """Items whose last level is below the ministry."""

    KTP_WNI: Level | None = None
    KTP_WNA: Level | None = None
    KIA: Level | None = None
    RIBBON: Level | None = None
    FILM: Level | None = None


class Copies(Body):
    """Roles that are told beside those that answer, by level: whose desks there are at it."""

    CITY: Annotated[tuple[Literal["head", "storekeeper"], ...], AtMost2] = ()
    PROVINCE: Annotated[tuple[Literal["province"], ...], AtMost2] = ()
    NATIONAL: Annotated[tuple[Literal["national"], ...], AtMost2] = ()


class Gathering(Body):
    """For how many seconds notices to a desk gather, by level of stock."""

    LOW: Seconds = DEFAULT.gather[StockLevel.LOW]
    CRITICAL: Seconds = DEFAULT.gather[StockLevel.CRITICAL]
    EMPTY: Seconds = DEFAULT.gather[StockLevel.EMPTY]


class Policy(Body):
    """From `starts_on` on. No terms, and then nothing else: by the nation's policy again; the nation by the defaults.

    An episode that begins within `settle` seconds of the end of the one before gathers as long; what is promised
    lies at most `promise_at_most` seconds ahead. What is left out is as in the default.
    """

    starts_on: SomeDay
    terms: Terms
    last: Last = Last.model_validate(dict(DEFAULT.last))
    copies: Copies = Copies()
    hours: Hours = Hours(opens=DEFAULT.hours.opens, closes=DEFAULT.hours.closes)
    gather: Gathering = Gathering()
    settle: Annotated[int, Field(ge=0, le=7 * DAY)] = DEFAULT.settle
    promise_at_most: Annotated[int, Field(ge=HOUR, le=366 * DAY)] = DEFAULT.promise_at_most

    def known(self) -> EscalationPolicy:
        """The policy as the domain knows it, before it has a version."""
        return EscalationPolicy(
            version=0,
            starts_on=self.starts_on,
            terms={
                StockLevel(stock_level): {
                    Level(level): Term(time.within, time.counted, time.repeats) for level, time in terms
                }
                for stock_level, terms in self.terms
                if terms is not None
            },
            last={item: level for item, level in self.last if level is not None},
            copies={Level(level): tuple(dict.fromkeys(roles)) for level, roles in self.copies if roles},
            hours=OfficeHours(self.hours.opens, self.hours.closes),
            gather={StockLevel(stock_level): seconds for stock_level, seconds in self.gather},
            settle=self.settle,
            promise_at_most=self.promise_at_most,
        )


@api.post("/regions/{region}/escalation-policies", response_model=Written)
@allow(Role.ADMIN)
async def set_policy(request: Request, region: str, body: Policy) -> Response:
    """Sets the policy of a province, or of the nation (00). What is open keeps the one it was opened with.

    409 `starts_in_the_past`, `policies_waiting`; 422 for what is said beside no terms, and would never hold.
    """
    region_in_scope(request, region)
    _require_terms(body)
    now = utcnow()
    command = SetPolicy(
        now=now,
        occurred_at=now,
        region=region,
        policy=body.known(),
        by=principal(request).subject,
        today=office_of(request, MINISTRY).day_at(now),
    )
    return await write(request, body, command)


def _require_terms(body: Policy) -> None:
    """Raises a 422 `Problem` that names each field of which nothing would come."""
    if body.terms.LOW is not None:
        return
    vain = [name for name in Policy.model_fields if name in body.model_fields_set - {"starts_on", "terms"}]
    if vain:
        faults = [{"at": f"/body/{name}", "code": "without_terms", "detail": NO_TERMS} for name in vain]
        raise Problem(422, "invalid", "The request is not as it should be.", errors=faults)


@api.get("/regions/{region}/escalation-policies")
@allow(*READERS, Role.ADMIN)
async def list_policies(request: Request, region: str, start: Start = None, limit: Limit = 50) -> Response:
    """What a region goes by today, and whose that is; then every version that was set for it, newest first.

    A policy's name is whose it is and its version (`17/3`, `00/1`), or `default`. Rules are for everybody to read.
    """
    province_or_nation(request, region)
    today, before = office_of(request, MINISTRY).day_at(utcnow()), after(start, int)
    async with engine_of(request).connect() as connection:
        in_force = await views.policy_on(connection, region, today)
        rows = await views.policies_of(connection, region, before[0] if before else None, limit)
    content = {
        "region": region,
        "in_force": {"day": today, **msgspec.structs.asdict(in_force)},
        "policies": [dict(row) for row in rows],
        "next": cursor(rows[-1]["version"]) if len(rows) == limit else None,
    }
    return polled(request, content)
