"""What waits at an office, and how it stands with the blanks behind it."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import READERS, api
from shared import news
from shared.http import allow, engine_of, polled
from shared.moments import utcnow

OF_STOCK = ("level", "episode", "since", "as_of", "on_hand", "available")


@api.get("/offices/{office}/queue")
@allow(*READERS)
async def get_queue(request: Request, office: str) -> Response:
    """For each item the jobs that wait, by reason and class, and what stock last told: since when, and `as_of` when.

    Whatever stock had said by `stock_known_up_to` is known here; null until its news has been read once.
    """
    topic = request.app.state.offices.topic("stock", office, utcnow())
    async with engine_of(request).connect() as connection:
        waiting = await views.waiting(connection, office)
        known = await views.queues_of(connection, office)
        known_up_to = await news.known_up_to(connection, topic)
    items: list[dict[str, Any]] = []
    for item in sorted({row["item"] for row in waiting} | known.keys()):
        of_item, queue = [row for row in waiting if row["item"] == item], known.get(item)
        told = None if queue is None or queue["level"] is None else {name: queue[name] for name in OF_STOCK}
        items.append(
            {
                "item": item,
                "queued": _sums(of_item, "reason"),
                "by_class": _sums(of_item, "priority"),
                "oldest_since": min((row["oldest_since"] for row in of_item), default=None),
                "stock": told,
            }
        )
    return polled(request, {"office": office, "stock_known_up_to": known_up_to, "items": items})


def _sums(rows: list[Any], name: str) -> dict[str, int]:
    sums: dict[str, int] = {}
    for row in rows:
        sums[row[name]] = sums.get(row[name], 0) + row["jobs"]
    return sums
