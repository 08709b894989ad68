"""The debt book: cards that are owed, beside the blanks that stock says there are."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Request
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import READERS, api
from services.printing.api.queue import OF_STOCK
from services.printing.domain import Card, Debt
from shared import news
from shared.http import NotFound, allow, engine_of, office_of, offices_in_scope, polled
from shared.moments import utcnow
from shared.offices import Office

WORST = 20


@api.get("/offices/{office}/debt")
@allow(*READERS)
async def get_debt(request: Request, office: str) -> Response:
    """What the office owes at this moment, by item and service point, beside what stock last told of its blanks.

    Owed is a card that was put off for want of blanks (`put_off`), and one that waits longer than was promised.
    `told` is the debt that others were told last. Whatever stock had said by `stock_known_up_to` is known here.
    """
    now = utcnow()
    topic = request.app.state.offices.topic("stock", office, now)
    async with engine_of(request).connect() as connection:
        owed = await views.debts_by_location(connection, office_of(request, office), now)
        known = await views.queues_of(connection, office)
        known_up_to = await news.known_up_to(connection, topic)
    items: list[dict[str, Any]] = []
    for item in sorted(owed.keys() | known.keys()):
        places, queue = owed.get(item, {}), known.get(item)
        debt = {
            "item": item,
            **_shown(views.together(places.values())),
            "by_location": {place: of_place.owed for place, of_place in places.items()},
            "told": _shown(Debt() if queue is None else views.debt_of(queue)),
            "stock": None if queue is None or queue["level"] is None else {name: queue[name] for name in OF_STOCK},
        }
        items.append(debt)
    return polled(request, {"office": office, "stock_known_up_to": known_up_to, "items": items})


@api.get("/debt")
@allow(*READERS)
async def get_debts(request: Request, item: Card = "KTP_WNI", province: str | None = None) -> Response:
    """What the offices in the caller's scope owe of an item, as it was told last: altogether and by province.

    The worst offices are those that owe most, and among equals for longest; with `province` all that owe.
    """
    now = utcnow()
    offices = [(office, office.province(now)) for office in offices_in_scope(request)]
    offices = [(office, code) for office, code in offices if province in (None, code)]
    if not offices:
        raise NotFound("province")
    async with engine_of(request).connect() as connection:
        known = await views.queues_among(connection, [office.id for office, _ in offices], item)
    of_province: dict[str, list[Debt]] = {}
    shown = []
    for office, code in offices:
        queue = known.get(office.id)
        debt = Debt() if queue is None else views.debt_of(queue)
        of_province.setdefault(code, []).append(debt)
        if queue is not None and debt.owed:
            shown.append(_of_office(office, queue, debt))
    worst = sorted(shown, key=lambda one: (-one["owed"], one["oldest_since"], one["office"]))
    everything = views.together(debt for debts in of_province.values() for debt in debts)
    content: dict[str, Any] = {"item": item, **_shown(everything)}
    if province is None:
        content["provinces"] = [
            {"province": code, **_shown(views.together(debts))} for code, debts in sorted(of_province.items())
        ]
        content["worst"] = worst[:WORST]
    else:
        content["province"] = province
        content["of_offices"] = worst
    return polled(request, content)


def _of_office(office: Office, queue: RowMapping, debt: Debt) -> Mapping[str, Any]:
    stock = {"level": queue["level"], "on_hand": queue["on_hand"], "stock_as_of": queue["as_of"]}
    return {"office": office.id, "name": office.name, **_shown(debt), **stock}


def _shown(debt: Debt) -> dict[str, Any]:
    return msgspec.structs.asdict(debt)
