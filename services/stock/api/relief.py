"""HTTP: who could help an office whose stock is low."""

from fastapi import Request
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, api
from services.stock.domain import Item
from shared.http import NotFound, allow, engine_of, polled


@api.get("/offices/{office}/relief")
@allow(*READERS)
async def get_relief(request: Request, office: str, item: Item) -> Response:
    """The newest proposal: the province's buffer, then neighbours, nearest first; and what is on its way besides."""
    async with engine_of(request).connect() as connection:
        position = await views.position(connection)
        proposal = await views.newest_proposal(connection, office, item)
        in_transit = await views.on_its_way(connection, office, item)
    if proposal is None:
        raise NotFound("proposal")
    return polled(request, dict(proposal) | {"in_transit": in_transit, "position": position})
