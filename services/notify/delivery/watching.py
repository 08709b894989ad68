"""Watching the watchman: what is open and stands still, and offices of which nothing is heard."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.delivery.bundles import WHO
from services.notify.domain import MINISTRY, Level, ReportNobody, ReportSilent, ReportStandstill, desk
from services.notify.reactions import place_of
from services.notify.views import outbox, watching
from services.notify.views.questions import calendar_of
from shared.ledger import Ledger
from shared.moments import utcnow
from shared.offices import Office, offices
from shared.workdays import silent_since

LOOK_EVERY = 300.0
LATE = timedelta(minutes=30)
"""How long after its moment a deadline stands still: the clock waits ten minutes for news."""
SILENT_DAYS = 2
ASKED_AFTER = time(8)
STILL_AT_MOST = 1_000

STANDING_STILL = Gauge("blanko_escalations_standing_still", "Open escalations without a next moment, or long past it")

log = structlog.get_logger()


class Watchman:
    """Looks every few minutes; asks for silent offices once on each working day of a province."""

    def __init__(self, ledger: Ledger, engine: AsyncEngine, now: Callable[[], datetime] = utcnow) -> None:
        self._ledger = ledger
        self._engine = engine
        self._now = now
        self._asked: dict[str, date] = {}

    async def look(self) -> None:
        """Reports what stands still and who is silent, once this log has caught up. Raises the database's error."""
        now = self._now()
        async with self._engine.connect() as connection:
            listening = await watching.listening(connection)
        if listening is None or not listening.caught_up:
            return
        await self._report_standstill(now)
        await self._report_nobody(now)
        await self._report_silent(now)

    async def _report_standstill(self, now: datetime) -> None:
        async with self._engine.connect() as connection:
            still = await watching.standing_still(connection, now - LATE, STILL_AT_MOST)
        STANDING_STILL.set(len(still))
        if still:
            log.critical("escalations_stand_still", count=len(still), first=still[0])
            today = offices().known(MINISTRY).day_at(now)
            await self._ledger.execute(ReportStandstill(now=now, occurred_at=now, shortages=still, today=today), WHO)

    async def _report_nobody(self, now: datetime) -> None:
        """Who sat at a desk may have left, or be on leave, while an answer of that desk is awaited."""
        async with self._engine.connect() as connection:
            rows = await watching.awaited(connection)
            places = {row["office"]: place_of(row["office"], now) for row in rows}
            desks = {desk(Level(row["awaited"]), row["office"], places[row["office"]].province) for row in rows}
            holders = await outbox.holders_of(connection, list(desks))
        for row in rows:
            place = places[row["office"]]
            held = holders.get(desk(Level(row["awaited"]), row["office"], place.province))
            if held is None or not held.kept or held.on_duty(place.day_at(now)):
                continue
            about = {"office": row["office"], "item": row["item"], "episode": row["episode"], "place": place}
            await self._ledger.execute(ReportNobody(now=now, occurred_at=now, **about), WHO)

    async def _report_silent(self, now: datetime) -> None:
        """Of an office that was never heard of it is known that it is not on board, and not that it is silent."""
        waiting = [province for province in _provinces() if self._is_to_be_asked(province, now)]
        if not waiting:
            return
        async with self._engine.connect() as connection:
            works = await calendar_of(connection)
            heard = await watching.last_heard(connection)
        asking = [province for province in waiting if works(province.day_at(now))]
        silent: dict[str, list[str]] = {province.id: [] for province in asking}
        for city in offices().all():
            among = silent.get(city.province(now)) if city.serves else None
            last = heard.get(city.id)
            if among is None or last is None:
                continue
            if last < silent_since(now, city.timezone, SILENT_DAYS, works).date():
                among.append(city.id)
        for province in asking:
            today = province.day_at(now)
            found = tuple(silent[province.id])
            command = ReportSilent(now=now, occurred_at=now, province=province.id, offices=found, today=today)
            await self._ledger.execute(command, WHO)
            self._asked[province.id] = today

    def _is_to_be_asked(self, province: Office, now: datetime) -> bool:
        here = now.astimezone(province.timezone)
        asked = self._asked.get(province.id) == here.date()
        return not asked and here.time() >= ASKED_AFTER


def _provinces() -> list[Office]:
    return [office for office in offices().all() if office.type == "province"]
