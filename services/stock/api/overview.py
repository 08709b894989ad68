"""HTTP: the nation at a glance, and each province: who is on board, what there is, who is worst off."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from fastapi import Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, api
from services.stock.api.silence import silent
from services.stock.api.usable import printers_of, usable_cards
from services.stock.domain import SEVERITY, SUPPLIES, Cover, Item, cover_of, days_of_cover
from shared.http import NotFound, allow, engine_of, offices_in_scope, polled
from shared.moments import utcnow
from shared.offices import Office

WORST = 20


@dataclass(slots=True)
class Sum:
    """What offices hold together. Only those that print are counted by status; buffers are in every sum."""

    statuses: Counter[str] = field(default_factory=Counter)
    pieces: Counter[str] = field(default_factory=Counter)

    def add(self, office: Office, status: str, figures: Mapping[str, int]) -> None:
        self.pieces.update(figures)
        if office.serves:
            self.statuses[status] += 1
        else:
            self.pieces["in_buffers"] += figures["on_hand"]

    def shown(self) -> dict[str, Any]:
        counted = self.statuses
        total, absent, unknown = counted.total(), counted["not_on_board"], counted["unknown"]
        pieces = {
            name: self.pieces[name]
            for name in ("on_hand", "in_buffers", "available", "usable", "print_debt", "in_transit", "rejected")
        }
        return {
            "offices": {"total": total, "onboard": total - absent, "not_on_board": absent, "unknown": unknown},
            "levels": {level: counted[level] for level in SEVERITY},
            **pieces,
            "daily_use": self.pieces["daily_use"] / 1000,
            "days_of_cover": days_of_cover(self.pieces["available"], self.pieces["daily_use"]),
            "cover_from": "USE",
        }


@api.get("/overview")
@allow(*READERS)
async def get_overview(request: Request, item: Item, province: str | None = None) -> Response:
    """What there is of an item in the caller's scope, altogether and by province, and the offices worst off.

    With `province` its offices, worst first. An office that is on board and silent for two working days is
    `unknown`, whatever its book says. Of an office `cover_from` says whether `days_of_cover` follows from its forecast;
    a sum's always follows from the use.
    """
    now = utcnow()
    seen = [(office, office.province(now)) for office in offices_in_scope(request)]
    offices = [(office, code) for office, code in seen if province in (None, code)]
    if not offices:
        raise NotFound("province")
    ids = [office.id for office, _ in offices]
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        rows = await views.holdings(connection, list(dict.fromkeys((item, *SUPPLIES))), ids)
        coming = await views.on_the_way(connection, item, ids)
        unheard = await silent(request, connection, ids)
        printers = printers_of(await views.premises_of(connection, ids))
        outlooks = await views.outlooks_of(connection, ids, [item])
    held = {office: list(of_office) for office, of_office in groupby(rows, key=lambda row: row["office"])}
    everything, provinces = Sum(), dict[str, Sum]()
    shown = []
    for office, code in offices:
        here, (in_transit, rejected) = held.get(office.id, []), coming.get(office.id, (0, 0))
        row = next((row for row in here if row["item"] == item), None)
        status = status_of(row, office.id in unheard)
        figures = _figures(row) | {"in_transit": in_transit, "rejected": rejected, "usable": 0}
        if row is not None:
            figures["usable"] = usable_cards(here, printers.get(office.id, frozenset()))[item].pieces
        everything.add(office, status, figures)
        provinces.setdefault(code, Sum()).add(office, status, figures)
        outlook, _ = outlooks.get((office.id, item), (None, None))
        cover = cover_of(figures["available"], figures["daily_use"], outlook, office.day_at(now))
        shown.append(_shown(office, status, row, figures, cover))
    content: dict[str, Any] = {"item": item, "position": position, **everything.shown()}
    if province is None:
        content["provinces"] = [{"province": code, **of.shown()} for code, of in sorted(provinces.items())]
        content["worst"] = [one for one in _worst_first(shown) if SEVERITY.get(one["level"], 0)][:WORST]
    else:
        content["province"] = province
        content["of_offices"] = _worst_first(shown)
    return polled(request, content)


def status_of(row: RowMapping | None, silent: bool) -> str:
    """How an office stands with an item: `not_on_board`, `unknown`, or its level."""
    if row is None or not row["onboard"]:
        return "not_on_board"
    return "unknown" if silent else str(row["level"])


def _figures(row: RowMapping | None) -> dict[str, int]:
    if row is None:
        return {"on_hand": 0, "available": 0, "print_debt": 0, "daily_use": 0}
    pieces = {name: row[name] for name in ("on_hand", "available", "print_debt")}
    return pieces | {"daily_use": row["daily_use"] or 0}


def _shown(
    office: Office, status: str, row: RowMapping | None, figures: Mapping[str, int], cover: Cover
) -> dict[str, Any]:
    return {
        "office": office.id,
        "name": office.name,
        "status": status,
        "level": None if row is None else row["level"],
        "foreseen": row is not None and row["foreseen"],
        **figures,
        "daily_use": figures["daily_use"] / 1000,
        "days_of_cover": cover.days,
        "cover_from": cover.source,
    }


def _worst_first(shown: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """By the last level known, then by how long what there is lasts; those that are not on board come last."""

    def badness(one: dict[str, Any]) -> tuple[int, float, str]:
        cover = one["days_of_cover"]
        return -SEVERITY.get(one["level"], -1), float("inf") if cover is None else cover, one["office"]

    return sorted(shown, key=badness)
