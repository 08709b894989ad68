"""HTTP: the items there are, an office's places, and its printers."""

from datetime import date
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, BlankVersion, LateReason, Location, api, entered
from services.stock.domain import (
    UNITS,
    CloseLocation,
    LocationKind,
    OpenLocation,
    RegisterPrinter,
    RetirePrinter,
)
from shared.auth import Role
from shared.http import Body, OccurredAt, Reference, SomeDay, allow, engine_of, polled, write

KEEPERS = (Role.STOREKEEPER, Role.HEAD, Role.ADMIN)


class LocationOpening(Body):
    """A place that keeps blanks from that day on: today, unless it says so."""

    location: Location
    kind: LocationKind
    opened_on: SomeDay | None = None


class LocationClosing(Body):
    """A place that keeps blanks no more, from the office's own day of that moment on."""

    location: Location
    late_reason: LateReason = None
    occurred_at: OccurredAt


class Printer(Body):
    """A printer, by a name that the office gave it, and every blank version that it takes."""

    printer: Reference
    takes: Annotated[tuple[BlankVersion, ...], Field(min_length=1, max_length=20)]


class RetiredPrinter(Body):
    """A printer that prints no more."""

    printer: Reference


@api.get("/items")
@allow(*READERS)
async def list_items(request: Request) -> Response:
    """Every item that is kept, what it is counted in, and how many cards one of it yields."""
    items = [{"item": item, "unit": unit, "cards": cards} for item, (unit, cards) in UNITS.items()]
    return polled(request, {"items": items})


@api.get("/offices/{office}/locations")
@allow(*READERS)
async def list_locations(request: Request, office: str) -> Response:
    """The office's places. One that only its books know, because a report named it, has no kind."""
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        known = (await views.premises_of(connection, [office])).get(office)
        rows = await views.balances_of(connection, [office])
    places: dict[str, dict[str, Any]] = {
        name: {"location": name, "kind": None, "opened_on": None, "closed_on": None}
        for row in rows
        for name in row["locations"]
    }
    for name, (kind, opened_on, closed_on) in ({} if known is None else known["locations"]).items():
        places[name] = {"location": name, "kind": kind, "opened_on": opened_on, "closed_on": closed_on}
    listed = [places[name] for name in sorted(places)]
    return polled(request, {"office": office, "locations": listed, "position": position})


@api.get("/offices/{office}/printers")
@allow(*READERS)
async def list_printers(request: Request, office: str) -> Response:
    """The office's printers, and the blank versions that each takes."""
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        known = (await views.premises_of(connection, [office])).get(office)
    printers = {} if known is None else known["printers"]
    listed = [{"printer": name, "takes": takes} for name, takes in sorted(printers.items())]
    return polled(request, {"office": office, "printers": listed, "position": position})


@api.post("/offices/{office}/locations")
@allow(*KEEPERS)
async def open_location(request: Request, office: str, body: LocationOpening) -> Response:
    """Opens a place of the office, or opens one again that was closed."""
    said = entered(request, office)
    opened_on: date = body.opened_on or said["day"]
    command = OpenLocation(**said, location=body.location, kind=body.kind, opened_on=opened_on)
    return await write(request, body, command)


@api.post("/offices/{office}/location-closings")
@allow(*KEEPERS)
async def close_location(request: Request, office: str, body: LocationClosing) -> Response:
    """Closes a place. Refused while any of the five books holds something there."""
    command = CloseLocation(**entered(request, office, body), location=body.location)
    return await write(request, body, command)


@api.post("/offices/{office}/printers")
@allow(*KEEPERS)
async def register_printer(request: Request, office: str, body: Printer) -> Response:
    """Says what a printer takes; the last word on a printer holds."""
    command = RegisterPrinter(**entered(request, office), printer=body.printer, takes=body.takes)
    return await write(request, body, command)


@api.post("/offices/{office}/printer-retirements")
@allow(*KEEPERS)
async def retire_printer(request: Request, office: str, body: RetiredPrinter) -> Response:
    """Takes a printer out of use."""
    command = RetirePrinter(**entered(request, office), printer=body.printer)
    return await write(request, body, command)
