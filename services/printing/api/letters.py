"""A substitute letter (suket) stands in for a card that is owed."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import OF_JOBS, WORKERS, api
from services.printing.domain import IssueLetter
from shared.http import (
    Body,
    Limit,
    OccurredAt,
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
from shared.http.documents import Written
from shared.moments import utcnow


class Letter(Body):
    """The number on the letter, by which it is known again."""

    letter: Annotated[SafeStr, Field(max_length=64)]
    occurred_at: OccurredAt


@api.post("/offices/{office}/jobs/{job}/letters", response_model=Written)
@allow(*WORKERS)
async def issue_letter(request: Request, office: str, job: UUID, body: Letter) -> Response:
    """Records the letter that an applicant was given, valid as long as the policy of the day says.

    409 `letter_forbidden` names the policy, the level of stock and those at which it allows one; `letter_valid`
    the last day of the letter that the applicant has; `no_card_owed`.
    """
    who = principal(request).subject
    command = IssueLetter(**entered(request, office, body), job=str(job), letter=body.letter, issued_by=who)
    return await write(request, body, command)


@api.get("/offices/{office}/letters")
@allow(*OF_JOBS)
async def list_letters(
    request: Request,
    office: str,
    state: Literal["valid", "expired"] = "valid",
    start: Start = None,
    limit: Limit = 50,
) -> Response:
    """Jobs whose applicants hold a letter and no card yet, by its last day; or held one whose time is over.

    An expired letter's number is shown until the clock has taken it from its job.
    """
    last = after(start, int, str)
    today = office_of(request, office).day_at(utcnow())
    async with engine_of(request).connect() as connection:
        rows = await views.letters_of(
            connection,
            office,
            today,
            valid=state == "valid",
            after=None if last is None else (_day_of(last[0]), last[1]),
            limit=limit,
        )
    following = cursor(rows[-1]["letter_until"].toordinal(), rows[-1]["job"]) if len(rows) == limit else None
    return polled(request, {"office": office, "day": today, "letters": [dict(row) for row in rows], "next": following})


def _day_of(ordinal: int) -> date:
    # A cursor that we did not make may hold a day that there is not.
    return date.fromordinal(min(max(ordinal, 1), date.max.toordinal()))
