"""The forecast of every office and item, made once a day, and the backtest that chooses its method, once a week.

An office is forecast from the day on which anything is heard of it. Before, nobody knows its shelf either.
The statistics run in processes of their own: the loop goes on answering. What was published before a crash is published
once; the rest follows at the next look.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from time import monotonic
from typing import Any, NamedTuple

import structlog
from prometheus_client import Gauge
from sqlalchemy.ext.asyncio import AsyncEngine

from services.outreach import views
from services.outreach.domain import ITEMS, NATION, Item, JudgeForecast, Method, PublishForecast, Score
from services.outreach.forecasting import HORIZON, SHORT, Ahead, Judgement, Series, Surge, Task, judge_all, project_all
from services.outreach.forecasting import Score as Scored
from services.outreach.rounds.birthdays import birthdays_due
from services.outreach.sealing import Keyring
from shared.ledger import INTERRUPTIONS, Context, Entry, Ledger
from shared.moments import utcnow
from shared.offices import Office, offices
from shared.steadily import steadily
from shared.workdays import holidays_of
from shared.worker import Part

LOOK_EVERY = 10.0
"""Seconds between looks whether a day has begun that has no forecast yet, or somebody brought a past along."""
BEGINS = timedelta(hours=2)
"""A day's forecast is made from two o'clock at the centre on: by then stock has closed the day before everywhere."""
HISTORY = timedelta(days=3 * 365)
JUDGED_EVERY = timedelta(days=7)
IN_ONE_APPEND = 50
WHO = Context(subject="outreach-forecast", route="nightly")

PRINTS_A_DAY = 102_000
"""The nation's cards a working day (DOMAIN): what an office is thought to need until it has a history."""
PIECES_PER_PRINT: dict[Item, float] = {"KTP_WNI": 1.0, "KTP_WNA": 0.001, "KIA": 0.25}
"""Foreign residents' and children's cards to citizens' cards: assumptions, soon outweighed by an office's own days."""

MISSING = Gauge("blanko_forecasts_missing", "Offices' items without a forecast of today, as of the last look")
SECONDS = Gauge("blanko_forecast_seconds", "How long the last round of forecasts took")

log = structlog.get_logger()


class Wanted(NamedTuple):
    """An office's item that is to be forecast."""

    office: Office
    item: Item


def nightly(keyring: Keyring, now: Callable[[], Any] = utcnow) -> Part:
    """The worker's part that forecasts."""

    async def go_round(ledger: Ledger, engine: AsyncEngine) -> None:
        await steadily("forecasts", LOOK_EVERY, Nightly(ledger, engine, keyring, now).look)

    return go_round


class Nightly:
    """Looks whether today has its forecasts, and makes those that are missing."""

    def __init__(self, ledger: Ledger, engine: AsyncEngine, keyring: Keyring, now: Callable[[], Any] = utcnow) -> None:
        self._ledger = ledger
        self._engine = engine
        self._keyring = keyring
        self._now = now

    async def look(self) -> int:
        """Makes the forecasts of today that are missing and returns how many. Raises one of `INTERRUPTIONS`."""
        today = offices().known(NATION).day_at(self._now() - BEGINS)
        async with self._engine.connect() as connection:
            heard_of = await views.heard_of(connection)
            made = await views.made_on(connection, SHORT)
        missing = [
            Wanted(office, item)
            for office in offices().all()
            if office.serves and office.id in heard_of
            for item in ITEMS
            if made.get((office.id, item), date.min) < today
        ]
        MISSING.set(len(missing))
        if missing:
            began = monotonic()
            try:
                await self._forecast(missing, today)
            except INTERRUPTIONS:
                raise
            except Exception:
                # Whatever goes wrong with the figures: who is print ready, and what stock said, must go on.
                log.exception("forecast_failed", series=len(missing))
                return 0
            SECONDS.set(monotonic() - began)
            MISSING.set(0)
            log.info("forecast", series=len(missing), seconds=round(monotonic() - began, 1))
        return len(missing)

    async def _forecast(self, wanted: Sequence[Wanted], today: date) -> None:
        series = await self._series(wanted, today)
        off = _days_off(today - HISTORY, today + timedelta(days=HORIZON))
        async with self._engine.connect() as connection:
            everywhere = await views.surges_in_force(connection, today - HISTORY, today + timedelta(days=HORIZON))
            visits = await views.visits_ahead(connection, today, today + timedelta(days=HORIZON - 1))
            known = await views.known_now(connection, [office.id for office, _ in wanted])
            judged = await views.judged(connection)
        surges = [_surges(each, everywhere, today) for each in wanted]
        birthdays = await birthdays_due(self._engine, self._keyring)
        methods = {key: method for key, (_, method) in judged.items()}
        due = [n for n, each in enumerate(wanted) if _is_to_be_judged(judged.get((each.office.id, each.item)), today)]
        found = await asyncio.to_thread(judge_all, [(series[n], surges[n]) for n in due], off)
        await self._publish(
            _judge(wanted[n], judgement, self._now(), today) for n, judgement in zip(due, found, strict=True)
        )
        methods |= {(wanted[n].office.id, wanted[n].item): j.chosen for n, j in zip(due, found, strict=True)}
        tasks = []
        for n, (office, item) in enumerate(wanted):
            here = known.get((office.id, item))
            ahead = Ahead(
                visits=visits.get(office.id, {}) if item == "KTP_WNI" else {},
                birthdays=birthdays.get((office.id, item), {}),
                owed=0 if here is None else here["owed"],
            )
            tasks.append(Task(series[n], surges[n], ahead, methods[office.id, item]))
        projections = await asyncio.to_thread(project_all, tasks, off)
        await self._publish(
            PublishForecast(
                **_told(each, self._now(), today),
                first_day=today,
                method=found.method,
                history_days=found.history_days,
                median=found.median,
                low=found.low,
                high=found.high,
                cumulative_median=found.cumulative_median,
                cumulative_high=found.cumulative_high,
                inputs=dict(found.inputs),
            )
            for each, found in zip(wanted, projections, strict=True)
        )

    async def _series(self, wanted: Sequence[Wanted], today: date) -> list[Series]:
        """Read province by province: the rows of a nation's three years need not be in memory together."""
        used: dict[tuple[str, str], views.Used] = {}
        provinces: dict[str, list[str]] = {}
        for office in dict.fromkeys(each.office for each in wanted):
            provinces.setdefault(office.province(today), []).append(office.id)
        for ids in provinces.values():
            async with self._engine.connect() as connection:
                used |= await views.used_by(connection, ids, today - HISTORY, today)
        nothing = views.Used(today, ())
        return [
            Series(
                office.id,
                item,
                (days := used.get((office.id, item), nothing)).first,
                days.pieces,
                office.population / offices().known(NATION).population * PRINTS_A_DAY * PIECES_PER_PRINT[item],
            )
            for office, item in wanted
        ]

    async def _publish(self, commands: Iterator[Any]) -> None:
        entries = [Entry(command, WHO) for command in commands]
        for start in range(0, len(entries), IN_ONE_APPEND):
            await self._ledger.execute_all(entries[start : start + IN_ONE_APPEND])


def _surges(wanted: Wanted, everywhere: Sequence[views.KnownSurge], today: date) -> list[Surge]:
    """What the item's need was, and will be, multiplied by. Those of the past too: what they did is learned from."""
    regions = (wanted.office.id, wanted.office.province(today), NATION)
    return [
        Surge(each.kind, each.first_day, each.last_day, each.factor / 1000, each.declared_on)
        for each in views.felt_in(everywhere, regions)
        if each.item in (None, wanted.item)
    ]


def _is_to_be_judged(last: tuple[date, Method] | None, today: date) -> bool:
    """Once a week, and whenever there was nothing to judge by so far: that costs nothing while it stays so."""
    return last is None or last[1] == "POPULATION" or last[0] <= today - JUDGED_EVERY


def _judge(wanted: Wanted, judgement: Judgement, now: Any, today: date) -> JudgeForecast:
    return JudgeForecast(
        **_told(wanted, now, today),
        chosen=judgement.chosen,
        chosen_by={method: _score(score) for method, score in judgement.chosen_on.items()},
        judged_by={method: _score(score) for method, score in judgement.judged_on.items()},
    )


def _score(score: Scored) -> Score:
    return Score(round(score.mase * 1000), round(score.coverage * 1000), round(score.mae * 1000), score.days)


def _told(wanted: Wanted, now: Any, today: date) -> dict[str, Any]:
    return {"now": now, "occurred_at": now, "office": wanted.office.id, "day": today, "item": wanted.item}


def _days_off(first: date, last: date) -> frozenset[date]:
    return frozenset(day for year in range(first.year, last.year + 1) for day in holidays_of(year))
