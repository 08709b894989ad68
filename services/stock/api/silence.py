"""Which offices are on board and silent: nobody knows what they hold, whatever their books say."""

import time
from collections.abc import Collection, Iterable

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncConnection

from services.stock import views
from shared.http import once
from shared.moments import utcnow
from shared.offices import Office, Offices
from shared.workdays import silent_since

SILENT_DAYS = 2
"""Working days without a word, after which an office is unknown."""
REMEMBERED = 60.0
"""Seconds for which the answer for all offices is kept: it rests on days, and is asked with every balance."""
A_FEW = 200


class Silence:
    """The silent offices of the nation, as of a minute ago at most."""

    def __init__(self) -> None:
        self._offices: frozenset[str] = frozenset()
        self._until = 0.0

    async def among(self, connection: AsyncConnection, everywhere: Offices, asked: Iterable[str]) -> frozenset[str]:
        """The silent ones among these. An office that has just spoken is not taken for silent, if few are asked for."""
        if time.monotonic() >= self._until:
            # Before it is asked, so that not everybody asks at once.
            self._until = time.monotonic() + REMEMBERED
            self._offices = await _silent(connection, everywhere.all())
        supposed = self._offices.intersection(asked)
        if not supposed or len(supposed) > A_FEW:
            return supposed
        return await _silent(connection, [office for office in everywhere.all() if office.id in supposed])


async def silent(request: Request, connection: AsyncConnection, asked: Iterable[str]) -> frozenset[str]:
    """The silent ones among these offices."""
    return await once(request, "silence", Silence).among(connection, request.app.state.offices, asked)


async def _silent(connection: AsyncConnection, offices: Collection[Office]) -> frozenset[str]:
    now = utcnow()
    since = {zone: silent_since(now, zone, SILENT_DAYS) for zone in {office.timezone for office in offices}}
    return await views.silent_offices(connection, {office.id: since[office.timezone] for office in offices})
