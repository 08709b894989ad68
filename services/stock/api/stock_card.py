"""HTTP: the stock card of a book, as JSON a page at a time, or whole as CSV."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, Location, api
from services.stock.domain import COLUMNS, Item, Line, MovementReversed, book_of, reference_of, stock_card
from shared.http import Limit, after, allow, engine_of, fault_at, harmless, office_of, polled
from shared.http import cursor as mark
from shared.http.bodies import Moment
from shared.moments import utcnow
from shared.offices import Office

USUAL_WINDOW = timedelta(days=31)
WINDOW_AT_MOST = timedelta(days=366)

HEADER = (
    "Entri",
    "Terjadi",
    "Dicatat",
    "Berlaku sejak",
    "Peristiwa",
    "Referensi",
    "Diterima",
    "Mutasi masuk",
    "Mutasi keluar",
    "Dikirim",
    "Terpakai",
    "Rusak",
    "Selisih",
    "Sisa",
    "Terlambat",
    "Alasan terlambat",
    "Membatalkan entri",
    "Dibatalkan oleh entri",
)
"""What stands above the columns of the CSV; the seven in the middle are those of `COLUMNS`, in that order."""


@api.get("/offices/{office}/stock-card")
@allow(*READERS)
async def get_stock_card(
    request: Request,
    office: str,
    item: Item,
    location: Location | None = None,
    since: Annotated[Moment | None, Query(alias="from")] = None,
    to: Moment | None = None,
    cursor: str | None = None,
    limit: Limit = 100,
    format: Literal["json", "csv"] = "json",
) -> Response:
    """Every line of the book from `from` to just before `to`, with the balance after it, of a location or of all.

    At most a year and a day; the last 31 days unless it says. In order of when a line counts, then of entry.
    """
    end = to or utcnow()
    start = since or end - USUAL_WINDOW
    if not start < end <= start + WINDOW_AT_MOST:
        raise fault_at("/query/from", "window", "Should be before `to`, by a year and a day at most")
    last = after(cursor, int, int)
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        past = await views.past(connection, office, item, since=start, through=end)
        if past is None:
            opening, lines, closing = 0, list[Line](), 0
        else:
            card = stock_card(past.book, past.tail, start, end, location, past.until)
            opening, lines, closing = card.opening, card.lines, card.closing
        if format == "json":
            lines = [line for line in lines if last is None or _key(line) > last]
            page = lines[:limit]
        else:
            page = lines
        reversed_by = await views.reversals(connection, book_of(office, item), [line.recalled.version for line in page])
    if format == "csv":
        name = f"kartu-stok-{office}-{item}.csv"
        return Response(
            _csv(office_of(request, office), page, reversed_by),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-cache"},
        )
    content = {
        "office": office,
        "item": item,
        "location": location,
        "from": start,
        "to": end,
        "opening": opening,
        "closing": closing,
        "lines": [_shown(line, reversed_by) for line in page],
        "next": mark(*_key(page[-1])) if len(lines) > limit else None,
        "position": position,
    }
    return polled(request, content)


def _key(line: Line) -> tuple[int, int]:
    moment, entry = line.key
    return (moment - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1), entry


def _shown(line: Line, reversed_by: dict[int, int]) -> dict[str, Any]:
    entry, fact = line.recalled, line.recalled.fact
    assert isinstance(entry, views.Entry), "the card was made of entries"
    return {
        "entry": entry.version,
        "position": entry.position,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "counts_from": None if line.counts_from == entry.occurred_at else line.counts_from,
        "fact": type(fact).__name__,
        "columns": {column: line.columns.get(column, 0) for column in COLUMNS},
        "quantity": line.quantity,
        "balance": line.balance,
        "reference": reference_of(fact),
        "late": line.late,
        "late_reason": getattr(fact, "late_reason", None),
        "reverses": fact.reverses if isinstance(fact, MovementReversed) else None,
        "reversed_by": reversed_by.get(entry.version),
    }


def _csv(office: Office, lines: list[Line], reversed_by: dict[int, int]) -> str:
    def at(moment: datetime | None) -> str:
        return "" if moment is None else f"{moment.astimezone(office.timezone):%d-%m-%Y %H:%M} {office.zone}"

    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(HEADER)
    for line in lines:
        shown = _shown(line, reversed_by)
        sheet.writerow(
            [
                shown["entry"],
                at(shown["occurred_at"]),
                at(shown["recorded_at"]),
                at(shown["counts_from"]),
                shown["fact"],
                harmless(shown["reference"]),
                *shown["columns"].values(),
                shown["balance"],
                "ya" if shown["late"] else "",
                harmless(shown["late_reason"]),
                shown["reverses"],
                shown["reversed_by"],
            ]
        )
    return out.getvalue()
