"""HTTP: the head's own thresholds."""

from typing import Annotated, Self

from fastapi import Request
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, Location, Pieces, api, told
from services.stock.domain import Item, SetServicePointThreshold, SetThresholds
from shared.auth import Role
from shared.http import Body, Limit, after, allow, engine_of, polled, principal, write
from shared.http import cursor as mark

Days = Annotated[int, Field(ge=0, le=365)]


class OwnThresholds(Body):
    """In pieces of the office's available stock, in days of cover, or both; all null goes back to the default days.

    They hold beside the forecast, of which the greater counts; without `forecast` they hold alone.
    """

    item: Item
    low: Pieces | None
    critical: Pieces | None
    recovery: Pieces | None
    low_days: Days | None = None
    critical_days: Days | None = None
    forecast: bool = True

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.low is None) != (self.critical is None) or (self.low is None and self.recovery is not None):
            raise PydanticCustomError("thresholds_incomplete", "Low and critical should be set together, or none")
        if (self.low_days is None) != (self.critical_days is None):
            raise PydanticCustomError("thresholds_incomplete", "Low and critical should be set together, or none")
        return self


class LocationThreshold(Body):
    """In pieces on hand at one location; null goes back to the default."""

    item: Item
    location: Location
    low: Pieces | None


@api.post("/offices/{office}/thresholds")
@allow(Role.HEAD)
async def set_thresholds(request: Request, office: str, body: OwnThresholds) -> Response:
    """Sets the office's own thresholds. Its level is judged by them at once."""
    command = SetThresholds(
        **told(request, office, body.item),
        low=body.low,
        critical=body.critical,
        recovery=body.recovery,
        low_days=body.low_days,
        critical_days=body.critical_days,
        set_by=principal(request).subject,
        forecast=body.forecast,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/service-point-thresholds")
@allow(Role.HEAD)
async def set_service_point_threshold(request: Request, office: str, body: LocationThreshold) -> Response:
    """Sets when one location is low. Its crossing stays in the office."""
    command = SetServicePointThreshold(
        **told(request, office, body.item),
        location=body.location,
        low=body.low,
        set_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/thresholds")
@allow(*READERS)
async def list_thresholds(
    request: Request, office: str, item: Item, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Every version of the office's own thresholds, newest first: what was set, by whom and when."""
    before = after(cursor, int)
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        rows = await views.thresholds_of(connection, office, item, None if before is None else before[0], limit)
    following = mark(rows[-1]["version"]) if len(rows) == limit else None
    content = {"office": office, "item": item, "thresholds": [dict(row) for row in rows]}
    return polled(request, content | {"next": following, "position": position})
