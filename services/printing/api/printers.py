"""An office's printers: their ribbons and films, and what each made of the blanks it was given."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import READERS, WORKERS, Location, api
from services.printing.domain import ChangeRibbon, Supply
from shared.http import Body, OccurredAt, Reference, allow, engine_of, entered, polled, principal, write
from shared.http.documents import Written
from shared.moments import utcnow

YIELD = 500
"""Cards that a ribbon, or a film, is good for (`DOMAIN.md`). A spoiled blank takes its piece as a card does."""
RECENT = timedelta(days=31)
LOOKED_BACK = timedelta(days=92)
"""How old the last change may be to be found: at ten cards a day a ribbon lasts fifty."""


class Changed(Body):
    """A printer got a new ribbon or film. `ribbon` is an id that the caller made for this change."""

    ribbon: UUID
    item: Supply
    location: Location
    occurred_at: OccurredAt


@api.post("/offices/{office}/printers/{printer}/ribbons", response_model=Written)
@allow(*WORKERS)
async def change_ribbon(request: Request, office: str, printer: Reference, body: Changed) -> Response:
    """Records a new ribbon or film, of which stock hears: one roll less.

    Its `cards` are what this printer had reported, printed and spoiled, since its last change of the
    same; of the last 92 days, if no change is known.
    """
    told = entered(request, office, body)
    changed_at = body.occurred_at
    oldest = changed_at - LOOKED_BACK
    async with engine_of(request).connect() as connection:
        changes = await views.changes_of(connection, office, oldest, printer)
        since = max(
            (each["at"] for each in changes if each["item"] == body.item and each["at"] < changed_at), default=oldest
        )
        cards = await views.made_since(connection, office, printer, since, changed_at)
    command = ChangeRibbon(
        **told,
        ribbon=str(body.ribbon),
        item=body.item,
        location=body.location,
        printer=printer,
        cards=cards,
        changed_by=principal(request).subject,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/printers")
@allow(*READERS)
async def list_printers(request: Request, office: str) -> Response:
    """Every printer that reported anything in the last 31 days, or whose ribbon was changed in the last 92.

    `left` estimates how many cards its ribbon and film are still good for, from what was reported since the
    change; null: no change is known. `changes`, `printed` and `spoiled` are of the last 31 days.
    """
    now = utcnow()
    recent = now - RECENT
    async with engine_of(request).connect() as connection:
        changes = await views.changes_of(connection, office, now - LOOKED_BACK)
        made = {row["printer"]: row for row in await views.made(connection, office, now - LOOKED_BACK, recent)}
    by_printer: dict[str, list[RowMapping]] = {printer: [] for printer in made}
    for change in changes:
        by_printer.setdefault(change["printer"], []).append(change)
    printers = [_shown(name, by_printer[name], made.get(name), recent) for name in sorted(by_printer)]
    return polled(request, {"office": office, "yield": YIELD, "printers": printers})


def _shown(name: str, changes: list[RowMapping], made: RowMapping | None, recent: datetime) -> dict[str, Any]:
    printed, spoiled = (0, 0) if made is None else (made["printed"], made["spoiled"])
    return {
        "printer": name,
        "ribbon": _supply("RIBBON", changes, 0 if made is None else made["since_ribbon"]),
        "film": _supply("FILM", changes, 0 if made is None else made["since_film"]),
        "changes": [
            {"item": each["item"], "changed_at": each["at"], "cards": each["cards"]}
            for each in changes
            if each["at"] >= recent
        ],
        "printed": printed,
        "spoiled": spoiled,
        "spoiled_share": views.share(printed, spoiled),
    }


def _supply(item: Supply, changes: list[RowMapping], cards: int) -> dict[str, Any]:
    last = next((each["at"] for each in changes if each["item"] == item), None)
    if last is None:
        return {"changed_at": None, "cards": None, "left": None}
    return {"changed_at": last, "cards": cards, "left": max(YIELD - cards, 0)}
