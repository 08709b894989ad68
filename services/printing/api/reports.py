"""The day's report of an office and each of its service points, as JSON or as a sheet (CSV)."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, Literal, get_args

from fastapi import Request
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import READERS, api
from services.printing.domain import REASONS, Cause
from services.printing.views import Did
from shared.http import SomeDay, allow, engine_of, harmless, office_of, polled
from shared.moments import utcnow
from shared.offices import Office

CAUSES: tuple[Cause, ...] = get_args(Cause)
ONCE = {
    "handed_over": ("HANDED_OVER", ""),
    "old_cards_withdrawn": ("OLD_CARD", ""),
    "cancelled": ("CANCELLED", ""),
    "letters": ("LETTER", ""),
    "waiting": ("WAITING", ""),
    "owed": ("OWED", ""),
}
"""Figures of a card's item that have one number each, and where `Did` has them."""

HEADER = (
    "Tanggal",
    "Tingkat",
    "Kode",
    "Nama",
    "Titik layanan",
    "Barang",
    "Masuk: baru",
    "Masuk: hilang",
    "Masuk: rusak",
    "Masuk: ubah data",
    "Masuk: pindah",
    "Jumlah masuk",
    "Cetak: baru",
    "Cetak: hilang",
    "Cetak: rusak",
    "Cetak: ubah data",
    "Cetak: pindah",
    "Jumlah cetak",
    "Gagal encode",
    "Gagal cetak",
    "Rusak fisik",
    "Chip mati",
    "Jumlah rusak",
    "Diserahkan",
    "Kartu lama ditarik",
    "Dibatalkan",
    "Suket",
    "Menunggu",
    "Utang cetak",
    "Dokumen terbit",
    "Lembar A4",
    "Pita/film diganti",
    "Kartu per pita/film",
)
"""What stands above the columns of the CSV: each five those of `REASONS`, the four those of `CAUSES`, in that order.

`Barang` is a card's item, then a kind of document, then RIBBON and FILM; each has its own columns, the others are 0.
"""
OF_CARDS = 23
"""So many of the columns are figures of cards; four more are those of documents and of supplies."""


@api.get("/offices/{office}/reports/daily")
@allow(*READERS)
async def get_daily_report(
    request: Request, office: str, day: SomeDay | None = None, format: Literal["json", "csv"] | None = None
) -> Response:
    """What the office and each of its service points did on a day of its own calendar (today), whenever it was entered.

    `waiting` and `owed` are no part of the day: they are the cards that are owed now. A KIA is a card here, other
    documents are counted with their sheets. As CSV with `format=csv`, or when that is what the caller accepts.
    """
    here, now = office_of(request, office), utcnow()
    wanted = day or here.day_at(now)
    async with engine_of(request).connect() as connection:
        places = await views.day_of(connection, office, here.begin_of(wanted), here.end_of(wanted))
        for (location, item), jobs in (await views.waiting_at(connection, office)).items():
            places.setdefault(location, Did()).count(item, "WAITING", "", jobs)
        for item, debts in (await views.debts_by_location(connection, here, now)).items():
            for location, debt in debts.items():
                places.setdefault(location, Did()).count(item, "OWED", "", debt.owed)
    places = dict(sorted(places.items()))
    whole = views.added_up(places)
    if format == "csv" or (format is None and "text/csv" in request.headers.get("accept", "")):
        return Response(
            _csv(here, wanted, whole, places),
            media_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="laporan-harian-{office}-{wanted}.csv"',
                "Cache-Control": "private, no-cache",
            },
        )
    content = {
        "office": office,
        "name": here.name,
        "day": wanted,
        **_shown(whole),
        "service_points": [{"location": location, **_shown(did)} for location, did in places.items()],
    }
    return polled(request, content)


def _shown(did: Did) -> dict[str, Any]:
    return {
        "cards": {item: _of_cards(figures) for item, figures in sorted(did.cards.items())},
        "documents": {kind: {"issued": n, "sheets": sheets} for kind, (n, sheets) in sorted(did.documents.items())},
        "supplies": {item: {"changed": n, "cards": cards} for item, (n, cards) in sorted(did.supplies.items())},
    }


def _of_cards(figures: Counter[tuple[str, str]]) -> dict[str, Any]:
    return {
        "in": {reason: figures["IN", reason] for reason in REASONS},
        "printed": {reason: figures["PRINTED", reason] for reason in REASONS},
        "spoiled": {cause: figures["SPOILED", cause] for cause in CAUSES},
        **{name: figures[where] for name, where in ONCE.items()},
    }


def _csv(office: Office, day: date, whole: Did, places: dict[str, Did]) -> str:
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(HEADER)
    of_places = (("Titik layanan", name, did) for name, did in places.items())
    for level, location, did in (("Kantor", "", whole), *of_places):
        for item, figures in _lines(did):
            sheet.writerow((day, level, office.code(day), office.name, harmless(location), item, *figures))
    return out.getvalue()


def _lines(did: Did) -> Iterator[tuple[str, list[int]]]:
    """A line for each item. Where nothing was done, one that says so."""
    for item, counted in sorted(did.cards.items()):
        shown = _of_cards(counted)
        groups = [list(shown[group].values()) for group in ("in", "printed", "spoiled")]
        yield item, [n for group in groups for n in (*group, sum(group))] + [shown[name] for name in ONCE] + [0] * 4
    for kind, issued in sorted(did.documents.items()):
        yield kind, [*[0] * OF_CARDS, *issued, 0, 0]
    for item, changed in sorted(did.supplies.items()):
        yield item, [*[0] * OF_CARDS, 0, 0, *changed]
    if not (did.cards or did.documents or did.supplies):
        yield "", [0] * (OF_CARDS + 4)
