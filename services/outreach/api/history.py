"""HTTP: days of use from before an office was on board. With them its first forecast knows more than its population."""

from typing import Annotated

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from services.outreach.api.common import api
from services.outreach.domain import ImportDays, Item
from shared.auth import Role
from shared.http import Body, SomeDay, allow, entered, write
from shared.http.csv_body import Table
from shared.http.documents import Written

DAYS_AT_MOST = 1_100
"""Three years: longer ago does not help a forecast."""
CSV_AT_MOST = 65_536
BODY_AT_MOST = 4 * CSV_AT_MOST
"""JSON may spell a character of the CSV in more than one byte."""


class _Day(Body):
    day: SomeDay
    used: Annotated[int, Field(ge=0, le=100_000)]
    ran_out: Annotated[str | None, Field(pattern=r"^(ya|tidak)$")] = None


DAYS = Table(
    _Day, required=("day", "used"), optional=("ran_out",), numbers=("used",), lines_at_most=DAYS_AT_MOST, key="day"
)


class DaysOfUse(Body):
    """A CSV of `day;used;ran_out`: the day as 2024-11-18, pieces used, and `ya` where there were none left that day."""

    item: Item
    csv: Annotated[str, Field(max_length=CSV_AT_MOST)]


@api.post("/offices/{office}/demand-history", response_model=Written, max_body_size=BODY_AT_MOST)
@allow(Role.HEAD, Role.ADMIN)
async def import_days(request: Request, office: str, body: DaysOfUse) -> Response:
    """Takes days of use from before stock told of them, or none if one line does not fit.

    409 `day_told_by_stock` if the list reaches into what stock tells itself.
    """
    days = tuple((row.day, row.used, row.ran_out == "ya") for _, row in DAYS.rows(body.csv))
    command = ImportDays(**entered(request, office), item=body.item, days=days)
    return await write(request, body, command)
