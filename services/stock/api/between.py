"""HTTP: what is between offices, and what is in question at one."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, api, ids_in_scope, in_scope
from shared.http import Limit, NotFound, after, allow, engine_of, polled
from shared.http import cursor as mark


@api.get("/consignments")
@allow(*READERS)
async def list_consignments(
    request: Request, office: str | None = None, open: bool = False, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Consignments from or to one office, or all in the caller's scope, by id; only the open ones if asked."""
    last = after(cursor, str)
    async with engine_of(request).connect() as connection:
        rows = await views.consignments_of(
            connection, _asked(request, office), is_open=open, after=None if last is None else last[0], limit=limit
        )
    return polled(request, {"consignments": [dict(row) for row in rows], "next": _next(rows, "consignment", limit)})


@api.get("/loans")
@allow(*READERS)
async def list_loans(
    request: Request, office: str | None = None, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """Loans to or from one office, or all in the caller's scope, by id, with what is still to be given back."""
    last = after(cursor, str)
    async with engine_of(request).connect() as connection:
        rows = await views.loans_of(connection, _asked(request, office), None if last is None else last[0], limit)
    return polled(request, {"loans": [dict(row) for row in rows], "next": _next(rows, "loan", limit)})


@api.get("/offices/{office}/discrepancies")
@allow(*READERS)
async def list_discrepancies(request: Request, office: str) -> Response:
    """What is in question at the office, with the facts that asked. A count answers it, or the head explains."""
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        found = await views.open_questions(connection, office)
    questions = [
        {
            "item": question.item,
            "location": question.location,
            "kind": question.kind,
            "count_wanted": question.kind != "SERIAL_OVERLAP",
            "explanation_wanted": question.kind == "SERIAL_OVERLAP",
            "found": [
                {
                    "entry": entry.version,
                    "position": entry.position,
                    "occurred_at": entry.occurred_at,
                    "recorded_at": entry.recorded_at,
                    "figures": entry.fact.figures,
                    "consignment": entry.fact.consignment,
                    "serials": entry.fact.serials,
                    "holders": entry.fact.holders,
                }
                for entry in question.found
            ],
        }
        for question in found
    ]
    return polled(request, {"office": office, "discrepancies": questions, "position": position})


def _asked(request: Request, office: str | None) -> list[str] | None:
    """The offices that the caller asks about and may see; None for every one. Raises `NotFound`."""
    if office is not None:
        if not in_scope(request, office):
            raise NotFound("office")
        return [office]
    return ids_in_scope(request)


def _next(rows: Any, key: str, limit: int) -> str | None:
    return mark(rows[-1][key]) if len(rows) == limit else None
