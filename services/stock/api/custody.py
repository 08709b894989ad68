"""HTTP: who held a numbered blank. Every such question is kept."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, Serial, api, in_scope
from services.stock.domain import CENTRE, Item, first_gap
from shared.auth import Role
from shared.http import Limit, NotFound, after, allow, engine_of, polled, principal
from shared.http import cursor as mark

ASKED = ("at", "subject", "role", "region", "item", "serial", "found")


@api.get("/serials/{item}/{serial}")
@allow(*READERS)
async def get_custody(request: Request, item: Item, serial: Serial) -> Response:
    """The chain of a number's holders, its last custodian, and where the chain is first broken.

    For those who may see one of its holders; to all others, and for a number that was never heard of,
    there is no such serial. The question is kept either way.
    """
    who = principal(request)
    async with engine_of(request).connect() as connection:
        chain = await views.custody_of(connection, item, serial)
        found = in_scope(request, *(link.fact.office for link in chain))
        await views.log_custody_read(
            connection,
            subject=who.subject,
            role=who.role,
            region=who.region,
            item=item,
            serial=serial,
            found=found,
        )
    if not found:
        raise NotFound("serial")
    gap = first_gap([link.fact for link in chain])
    links = [_shown(link) for link in chain]
    content = {
        "item": item,
        "serial": serial,
        "chain": links,
        "custodian": links[-1],
        "gap": None if gap is None else {"link": gap[0], "why": gap[1]},
    }
    return polled(request, content)


@api.get("/custody-reads")
@allow(Role.AUDITOR)
async def list_custody_reads(request: Request, cursor: str | None = None, limit: Limit = 50) -> Response:
    """Who asked for the custody of which number, latest first: those whose scope lies within the auditor's."""
    region, last = principal(request).region, after(cursor, int)
    async with engine_of(request).connect() as connection:
        rows = await views.custody_reads_within(
            connection, None if region == CENTRE else region, None if last is None else last[0], limit
        )
    page = [{name: row[name] for name in ASKED} for row in rows]
    return polled(request, {"reads": page, "next": mark(rows[-1]["id"]) if len(rows) == limit else None})


def _shown(link: views.Link) -> dict[str, Any]:
    fact = link.fact
    return {
        "position": link.position,
        "occurred_at": link.occurred_at,
        "recorded_at": link.recorded_at,
        "condition": fact.condition,
        "office": fact.office,
        "place": fact.place,
        "because": fact.because,
        "reference": fact.reference,
        "rivals": fact.rivals,
    }
