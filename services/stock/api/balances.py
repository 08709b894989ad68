"""HTTP: what offices hold now, and how long it lasts."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from fastapi import Request
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, api
from services.stock.api.overview import status_of
from services.stock.api.silence import silent
from services.stock.api.usable import Usable, printers_of, usable_cards
from services.stock.domain import UNITS, Outlook, cover_of, lead_days_of
from shared.http import Limit, after, allow, engine_of, office_of, polled, principal
from shared.http import cursor as mark
from shared.http.bodies import LATEST, Moment
from shared.moments import utcnow
from shared.offices import Office, Offices

Outlooks = Mapping[tuple[str, str], tuple[Outlook, int | None]]


@api.get("/offices/{office}/balances")
@allow(*READERS)
async def get_balances(
    request: Request, office: str, as_of: Moment | None = None, known_at: Moment | None = None
) -> Response:
    """What the office holds of each item, and how long it lasts. An item that was never counted is not on board.

    `usable` is what the office's printers can print on: not in quarantine, of a version that one of them takes, and
    no more cards than its ribbons and films yield (`usable_bound_by` names which), each item taken by itself.
    `print_debt` are cards owed, as printing last told.

    `cover_from` says what `days_of_cover` and `projected_empty_on` follow from: the `forecast` that counts today, or
    the daily use. Stock is low at the greater of the low threshold and the forecast's `reorder_point`; `foreseen`: only
    at that one.

    With `as_of` or `known_at`, what each location held then, or was believed to hold at that time.
    """
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        rows = await views.balances_of(connection, [office])
        if as_of is not None or known_at is not None:
            items = [await _past_balance(connection, office, row["item"], as_of, known_at) for row in rows]
            then = {"office": office, "as_of": as_of, "known_at": known_at, "items": items}
            return polled(request, then | {"position": position})
        unheard = await silent(request, connection, [office])
        printers = printers_of(await views.premises_of(connection, [office]))
        outlooks = await views.outlooks_of(connection, [office])
    shown = _balances(office_of(request, office), rows, unheard, printers.get(office, frozenset()), outlooks)
    return polled(request, shown | {"position": position})


@api.get("/balances")
@allow(*READERS)
async def list_balances(
    request: Request, province: str | None = None, cursor: str | None = None, limit: Limit = 50
) -> Response:
    """The offices in the caller's scope, of one province or of all, by id; also those that are not on board yet."""
    offices: Offices = request.app.state.offices
    region, now = principal(request).region, utcnow()
    last = after(cursor, str)
    wanted = [
        office
        for office in sorted(offices.all(), key=lambda office: office.id)
        if offices.within(region, office.id, now)
        and (province is None or office.province(now) == province)
        and (last is None or office.id > last[0])
    ][:limit]
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        rows = await views.balances_of(connection, [office.id for office in wanted])
        unheard = await silent(request, connection, [office.id for office in wanted])
        printers = printers_of(await views.premises_of(connection, [office.id for office in wanted]))
        outlooks = await views.outlooks_of(connection, [office.id for office in wanted])
    held = {office: list(of_office) for office, of_office in groupby(rows, key=lambda row: row["office"])}
    page = [
        _balances(office, held.get(office.id, ()), unheard, printers.get(office.id, frozenset()), outlooks)
        for office in wanted
    ]
    following = mark(wanted[-1].id) if len(wanted) == limit else None
    return polled(request, {"balances": page, "next": following, "position": position})


async def _past_balance(
    connection: AsyncConnection, office: str, item: str, as_of: datetime | None, known_at: datetime | None
) -> dict[str, Any]:
    held = await views.balances_at(connection, office, item, as_of or LATEST, known_at or LATEST)
    locations = [{"location": name, "on_hand": on_hand} for name, on_hand in held.items()]
    return {"item": item, "on_hand": sum(held.values()), "locations": locations}


def _balances(
    office: Office, rows: Sequence[RowMapping], unheard: Collection[str], takes: Collection[str], outlooks: Outlooks
) -> dict[str, Any]:
    today = office.day_at(utcnow())
    cards = usable_cards(rows, takes)
    items = [
        _balance(
            row, today, status_of(row, office.id in unheard), cards[row["item"]], outlooks.get((office.id, row["item"]))
        )
        for row in rows
    ]
    onboard = {item["item"] for item in items if item["onboard"]}
    return {
        "office": office.id,
        "onboard": bool(onboard),
        "not_on_board": [item for item in UNITS if item not in onboard],
        "items": items,
    }


def _balance(
    row: RowMapping, today: date, status: str, usable: Usable, forecast: tuple[Outlook, int | None] | None
) -> dict[str, Any]:
    available, daily_use = row["available"], row["daily_use"]
    outlook, lead_time = forecast or (None, None)
    if outlook is not None and not outlook.counts_on(today):
        outlook = None
    cover = cover_of(available, daily_use, outlook, today)
    return {
        "item": row["item"],
        "onboard": row["onboard"],
        "status": status,
        "on_hand": row["on_hand"],
        "reserved": row["reserved"],
        "available": available,
        "usable": usable.pieces,
        "usable_bound_by": usable.bound_by,
        "print_debt": row["print_debt"],
        "level": row["level"],
        "foreseen": row["foreseen"],
        "episode": row["episode"],
        "daily_use": None if daily_use is None else daily_use / 1000,
        "days_of_cover": cover.days,
        "projected_empty_on": cover.empty_on,
        "cover_from": cover.source,
        "forecast": outlook
        and {
            "made_on": outlook.made_on,
            "reorder_point": outlook.reorder_point,
            "lead_days": lead_days_of(lead_time),
        },
        "thresholds": {name: row[name] for name in ("low", "critical", "recovery")}
        | {"version": row["thresholds_version"]},
        "in_question": row["in_question"],
        "locations": [
            {
                "location": name,
                "on_hand": on_hand,
                "spoiled": spoiled,
                "counted": counted,
                "questions": questions,
                "quarantined": quarantined,
            }
            for name, (on_hand, spoiled, counted, questions, quarantined) in row["locations"].items()
        ],
    }
