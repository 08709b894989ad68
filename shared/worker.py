"""A service's worker process, put together: relay, reader, clock and their turn, health and metrics.

Any number may run; one works, the others stand by. What cannot be mended without a person ends the
process with a sentence in its log, so that it is seen.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any

import asyncpg
import structlog
import uvloop
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shared import moments
from shared.clock import Clock, Due
from shared.database import check, open_engine
from shared.decider import Domain
from shared.garbage import look_seldom
from shared.leader import Turn, TurnLost, turn
from shared.ledger import Ledger
from shared.news import News
from shared.offices import offices
from shared.reader import EpochDiffers, React, Reader, TooManyParked
from shared.reconcile import reconcile_nightly
from shared.relay import Diverged, Relay, measure_outbox
from shared.settings import Settings
from shared.telemetry import configure_logging, serve_health

WRITE_NEWS_EVERY = 2.0
FORGET_KEYS_EVERY = 3600.0
TRY_AGAIN_AFTER = 1.0

_NEWS = text(
    "insert into news select topic, at::timestamptz from jsonb_each_text(cast(:news as jsonb)) n(topic, at)"
    " on conflict (topic) do update set at = excluded.at"
)
_FORGET = text(
    "delete from idempotency_keys where ctid in"
    " (select ctid from idempotency_keys where recorded_at < now() - interval '400 days' limit 10000)"
)

Part = Callable[[Ledger, AsyncEngine], Coroutine[Any, Any, None]]
"""Something else that a service does in the background while it is its turn: runs until cancelled."""

log = structlog.get_logger()


def run(
    domain: Domain,
    settings: Settings,
    *,
    reads: Sequence[str] = (),
    react: React = lambda message, now: None,
    due: Due | None = None,
    parts: Sequence[Part] = (),
) -> None:
    """Works until SIGTERM. `reads` names the services whose topics are read, `due` makes commands of deadlines.

    `parts` are what this service does besides. Each survives what the database does to it, as the clock does.
    """
    configure_logging(domain.service, settings.log_level)
    moments.begin(settings.auth_issuer)
    uvloop.run(_Worker(domain, settings, reads, react, due, parts).run())


class _Worker:
    def __init__(
        self,
        domain: Domain,
        settings: Settings,
        reads: Sequence[str],
        react: React,
        due: Due | None,
        parts: Sequence[Part] = (),
    ) -> None:
        self._domain = domain
        self._settings = settings
        self._reads = reads
        self._react = react
        self._due = due
        self._parts = parts
        self._relay: Relay | None = None
        self._reader: Reader | None = None

    async def run(self) -> None:
        """Ends cleanly on SIGTERM or SIGINT; raises SystemExit(1) when a person is needed."""
        working = asyncio.ensure_future(self._run())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, working.cancel)
        try:
            await working
        except asyncio.CancelledError:
            log.info("stopped")

    def _ready(self) -> bool:
        """Standing by, or at work with the broker's connections up."""
        return all(part is None or part.connected for part in (self._relay, self._reader))

    async def _run(self) -> None:
        engine = open_engine(self._settings, f"blanko {self._domain.service} worker")
        service = self._domain.service

        def topic_of(office: str, moment: datetime) -> str:
            return offices().topic(service, office, moment)

        try:
            look_seldom()
            await check(engine, service)
            async with (
                Ledger(self._domain, engine, topic_of) as ledger,
                serve_health(self._settings.worker_port, self._ready, self._settings.worker_host),
            ):
                while True:
                    try:
                        async with turn(engine) as held:
                            await self._work(engine, ledger, held)
                    except* (TurnLost, SQLAlchemyError, asyncpg.PostgresError, OSError) as lost:
                        log.warning("turn_lost", errors=[type(error).__name__ for error in lost.exceptions])
                    except* (Diverged, TooManyParked, EpochDiffers) as stuck:
                        log.critical("a_person_is_needed", reason="; ".join(map(str, stuck.exceptions)))
                        raise SystemExit(1) from None
                    self._relay = self._reader = None
                    await asyncio.sleep(TRY_AGAIN_AFTER)
        finally:
            await engine.dispose()

    async def _work(self, engine: AsyncEngine, ledger: Ledger, held: Turn) -> None:
        """Everything a service does in the background, until one part gives up."""
        service, bootstrap, news = self._domain.service, self._settings.kafka_bootstrap_servers, News()
        self._relay = Relay(service, engine, bootstrap, offices().topics(service), held)
        async with asyncio.TaskGroup() as parts:
            for part in self._parts:
                parts.create_task(part(ledger, engine))
            parts.create_task(held.watch())
            parts.create_task(self._relay.run())
            parts.create_task(measure_outbox(engine))
            parts.create_task(_forget_keys(engine))
            parts.create_task(reconcile_nightly(self._domain, engine, bootstrap))
            if self._reads:
                topics = [topic for read in self._reads for topic in offices().topics(read)]
                self._reader = Reader(service, ledger, engine, bootstrap, topics, self._react, news)
                parts.create_task(self._reader.run())
                parts.create_task(_keep_news(engine, news))
            if self._due is not None:
                clock = Clock(service, ledger, engine, self._due, news, self._topics_of)
                parts.create_task(clock.run())

    def _topics_of(self, office: str, moment: datetime) -> list[str]:
        return [offices().topic(read, office, moment) for read in self._reads]


async def _keep_news(engine: AsyncEngine, news: News) -> None:
    """Lets the web processes say how old their knowledge of other services is."""
    while True:
        await asyncio.sleep(WRITE_NEWS_EVERY)
        await _quietly(engine, _NEWS, news=news.as_json())


async def _forget_keys(engine: AsyncEngine) -> None:
    """Forgets idempotency keys after 400 days."""
    while True:
        await _quietly(engine, _FORGET)
        await asyncio.sleep(FORGET_KEYS_EVERY)


async def _quietly(engine: AsyncEngine, statement: object, **values: object) -> None:
    try:
        async with engine.connect() as connection:
            await connection.execute(statement, values)  # type: ignore[call-overload]
    except (SQLAlchemyError, OSError) as error:
        log.warning("housekeeping_interrupted", error=type(error).__name__)
