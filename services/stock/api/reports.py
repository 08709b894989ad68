"""HTTP: the monthly report of spoiled, destroyed, lost and withdrawn cards, from city to province to nation."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Annotated, Any, Literal, get_args

from fastapi import Query, Request
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, api
from services.stock.domain import CENTRE, Cause
from services.stock.views import Spoilage
from shared.http import allow, engine_of, offices_in_scope, polled, principal
from shared.offices import Office, Offices

Month = Annotated[str, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
CAUSES: tuple[Cause, ...] = get_args(Cause)
BY_ITEM = dict[str, Spoilage]

HEADER = (
    "Bulan",
    "Tingkat",
    "Kode",
    "Nama",
    "Barang",
    "Gagal encode",
    "Gagal cetak",
    "Rusak fisik",
    "Chip mati",
    "Jumlah rusak",
    "Dimusnahkan",
    "Menunggu pemusnahan",
    "Hilang",
    "Kartu lama ditarik",
    "Kartu lama dimusnahkan",
)
"""What stands above the columns of the CSV; four of them are `CAUSES`, in that order."""
LEVELS = {"kota": "Kota", "kabupaten": "Kabupaten", "province": "Dinas provinsi", "centre": "Pusat"}


@api.get("/reports/spoilage")
@allow(*READERS)
async def get_spoilage(request: Request, month: Month, format: Literal["json", "csv"] | None = None) -> Response:
    """What the offices in the caller's scope spoiled, destroyed, lost and withdrew in a month; `YYYY-MM`.

    Who may see a province gets its sum, who may see the nation gets the nation's. As CSV with
    `format=csv`, or when that is what the caller accepts.
    """
    everywhere: Offices = request.app.state.offices
    region = principal(request).region
    first = date.fromisoformat(f"{month}-01")
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    wanted = offices_in_scope(request)
    months = {office.id: (office.begin_of(first), office.end_of(last)) for office in wanted}
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        found = await views.spoilage_in(connection, months)
    provinces = _added_up((office.province(last), found.get(office.id, {})) for office in wanted)
    nation = _added_up((CENTRE, items) for items in provinces.values()).get(CENTRE, {}) if region == CENTRE else None
    if "." in region:
        # A city's own figures are not its province's.
        provinces = {}
    if format == "csv" or (format is None and "text/csv" in request.headers.get("accept", "")):
        lines = _lines(wanted, found, provinces, nation, everywhere, last)
        return Response(
            _csv(month, lines),
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="rekap-rusak-{month}.csv"',
                "Cache-Control": "private, no-cache",
            },
        )
    content = {
        "month": month,
        "offices": [
            {
                "office": office.id,
                "name": office.name,
                "province": office.province(last),
                "items": _shown(found.get(office.id, {})),
            }
            for office in wanted
        ],
        "provinces": [
            {"province": code, "name": _name(everywhere, code), "items": _shown(items)}
            for code, items in provinces.items()
        ],
        "nation": None if nation is None else {"items": _shown(nation)},
        "position": position,
    }
    return polled(request, content)


def _added_up(parts: Iterable[tuple[str, BY_ITEM]]) -> dict[str, BY_ITEM]:
    sums: dict[str, BY_ITEM] = {}
    for code, items in parts:
        of_code = sums.setdefault(code, {})
        for item, figures in items.items():
            of_code.setdefault(item, Spoilage()).add(figures)
    return dict(sorted(sums.items()))


def _name(everywhere: Offices, code: str) -> str:
    province = everywhere.get(code)
    return code if province is None else province.name


def _shown(items: BY_ITEM) -> dict[str, Any]:
    return {
        item: {
            "spoiled": {cause: figures.spoiled.get(cause, 0) for cause in CAUSES},
            "destroyed": figures.destroyed,
            "awaiting": figures.awaiting,
            "lost": figures.lost,
            "withdrawn": figures.withdrawn,
            "old_cards_destroyed": figures.old_cards_destroyed,
        }
        for item, figures in items.items()
    }


def _lines(
    wanted: list[Office],
    found: dict[str, BY_ITEM],
    provinces: dict[str, BY_ITEM],
    nation: BY_ITEM | None,
    everywhere: Offices,
    day: date,
) -> Iterator[tuple[str, str, str, BY_ITEM]]:
    for office in wanted:
        yield LEVELS[office.type], office.code(day), office.name, found.get(office.id, {})
    for code, items in provinces.items():
        yield "Provinsi", code, _name(everywhere, code), items
    if nation is not None:
        yield "Nasional", CENTRE, "Indonesia", nation


def _csv(month: str, lines: Iterable[tuple[str, str, str, BY_ITEM]]) -> str:
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(HEADER)
    for level, code, name, items in lines:
        # An office with nothing to report has a line that says so.
        for item, figures in (items or {"": Spoilage()}).items():
            by_cause = [figures.spoiled.get(cause, 0) for cause in CAUSES]
            sums = (sum(by_cause), figures.destroyed, figures.awaiting, figures.lost, figures.withdrawn)
            sheet.writerow((month, level, code, name, item, *by_cause, *sums, figures.old_cards_destroyed))
    return out.getvalue()
