"""HTTP: why a balance is what it is, why a level changed, and what a refusal was based on."""

from typing import Annotated, Any

import msgspec
from fastapi import Query, Request
from starlette.responses import Response

from services.stock import views
from services.stock.api.common import READERS, Location, api
from services.stock.domain import Item, Outlook, Thresholds, reference_of
from shared.http import NotFound, allow, engine_of, fault_at, polled

AnEntry = Annotated[int | None, Query(ge=1, le=2_147_483_647)]


@api.get("/offices/{office}/explain")
@allow(*READERS)
async def explain(
    request: Request,
    office: str,
    item: Item,
    location: Location | None = None,
    episode: AnEntry = None,
    entry: AnEntry = None,
) -> Response:
    """Explains the balances of an item, of one `location` or of all; or, with `episode`, each change of its level in
    that shortage; or, with `entry` (every refusal names one), the book as it stood then.
    """
    if sum(each is not None for each in (location, episode, entry)) > 1:
        raise fault_at("/query", "one_question", "Should name a location, an episode or an entry")
    content: dict[str, Any] = {"office": office, "item": item}
    async with engine_of(request).connect() as connection:
        content["position"] = await views.position(connection)
        if entry is not None:
            at = await views.explain_entry(connection, office, item, entry)
            if at is None:
                raise NotFound("entry")
            content |= _entry(at)
        elif episode is not None:
            crossings = await views.explain_crossings(connection, office, item, episode)
            if not crossings:
                raise NotFound("episode")
            content["crossings"] = [_crossing(crossing) for crossing in crossings]
        else:
            balances = await views.explain_balance(connection, office, item, location)
            if location is not None and not balances:
                raise NotFound("location")
            content["locations"] = [_balance(balance) for balance in balances]
    return polled(request, content)


def _told(entry: views.Entry) -> dict[str, Any]:
    return {
        "entry": entry.version,
        "position": entry.position,
        "occurred_at": entry.occurred_at,
        "recorded_at": entry.recorded_at,
        "reference": reference_of(entry.fact),
        "fact": entry.fact,
    }


def _believed(thresholds: Thresholds, version: int, daily_use: int | None, outlook: Outlook | None) -> dict[str, Any]:
    low, critical, recovery = msgspec.structs.astuple(thresholds)
    return {
        "thresholds": {"low": low, "critical": critical, "recovery": recovery, "version": version},
        "daily_use": None if daily_use is None else daily_use / 1000,
        "forecast": outlook and {"made_on": outlook.made_on, "reorder_point": outlook.reorder_point},
    }


def _balance(balance: views.BalanceExplained) -> dict[str, Any]:
    return {
        "location": balance.location,
        "on_hand": balance.on_hand,
        "held": balance.held,
        "from_entry": balance.from_entry,
        "counted": None if balance.counted is None else _told(balance.counted),
        "since": balance.since,
        "movements": balance.movements,
        "deciding": [_told(entry) for entry in balance.deciding],
    }


def _crossing(explained: views.CrossingExplained) -> dict[str, Any]:
    return {
        "crossing": _told(explained.crossing),
        "because": [_told(entry) for entry in explained.because],
        **_believed(explained.thresholds, explained.thresholds_version, explained.daily_use, explained.outlook),
    }


def _entry(at: views.EntryExplained) -> dict[str, Any]:
    stood = at.stood
    return {
        "entry": at.entry.version,
        "recorded_at": at.entry.recorded_at,
        "deciding": _told(at.entry),
        "on_hand": stood.on_hand,
        "reserved": stood.reserved,
        "available": stood.available,
        "set_aside": stood.set_aside,
        "level": at.level,
        "locations": [
            {"location": name, "on_hand": on_hand, "quarantined": quarantined}
            for name, (on_hand, quarantined) in sorted(stood.locations.items())
        ],
        **_believed(at.thresholds, at.thresholds_version, at.daily_use, at.outlook),
    }
