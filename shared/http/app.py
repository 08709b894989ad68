"""A service's web process, put together: database, ledger, offices, keys, routes, health, docs."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from types import FrameType
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route as PlainRoute
from starlette.types import ASGIApp

from shared import moments
from shared.auth import Authenticator, Keys
from shared.database import check, open_engine
from shared.decider import Domain
from shared.flow import outbox
from shared.garbage import look_seldom
from shared.http.documents import complete, pages
from shared.http.edge import Edge
from shared.http.routes import Api, NoPolicy, Route
from shared.ledger import Ledger
from shared.offices import offices
from shared.settings import Settings
from shared.telemetry import configure_logging, metrics

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

log = structlog.get_logger()


class Service(FastAPI):
    """FastAPI behind one middleware of ours, which does what five of its own would."""

    def build_middleware_stack(self) -> ASGIApp:
        return Edge(self.router)

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = complete(super().openapi())
        return self.openapi_schema


def create_app(
    domain: Domain, *routers: Api, settings: Settings, lifespan: Lifespan | None = None, misses: str = "shortages"
) -> FastAPI:
    """The service's application. `lifespan` is entered once `app.state` is complete.

    `misses` is the word of /health/flow for what people wait for in vain while this service's facts do not leave.

    `app.state` has `engine`, `ledger`, `offices`, `keys`, `authenticator` and `stopping`, an event that
    generators wait on beside their queue, for the server does not stop while a stream is open. Raises
    `NoPolicy`; at its start `WrongSchema`, or the database's error.
    """
    routes = [route for router in routers for route in router.routes]
    if strangers := [str(route) for route in routes if not isinstance(route, Route)]:
        raise NoPolicy(f"these routes are not an Api's: {', '.join(strangers)}")
    configure_logging(domain.service, settings.log_level)
    moments.begin(settings.auth_issuer)

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.stopping = asyncio.Event()
        state.engine = open_engine(settings, f"blanko {domain.service} web")

        def topic_of(office: str, moment: datetime) -> str:
            return offices().topic(domain.service, office, moment)

        try:
            await check(state.engine, domain.service)
            state.ledger = Ledger(domain, state.engine, topic_of)
            async with state.keys.kept_fresh(), state.ledger, (lifespan or _nothing_more)(app):
                with _chained(state.stopping):
                    look_seldom()
                    yield
        finally:
            await state.engine.dispose()

    app = Service(
        title=f"Blanko: {domain.service}",
        lifespan=running,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Its log of validation failures would hold what was sent; asking for providers costs 5 µs a request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.offices, app.state.misses = offices(), misses
    app.state.keys = Keys(settings.auth_jwks)
    app.state.authenticator = Authenticator(app.state.keys, settings.auth_issuer, settings.auth_audience)
    # As they are and in front, not by include_router: it would match each request twice.
    app.router.routes[:0] = routes
    app.router.routes += [
        PlainRoute("/health/live", _live),
        PlainRoute("/health/ready", _ready),
        PlainRoute("/health/flow", _flow),
        PlainRoute("/metrics", _metrics),
        *pages(app.title),
    ]
    return app


async def _live(_: Request) -> Response:
    """The loop turns. Never asks the database or Kafka: restarting us would not bring them back."""
    return PlainTextResponse("ok\n")


async def _ready(request: Request) -> Response:
    state = request.app.state
    if state.stopping.is_set() or not state.keys.known:
        return PlainTextResponse("stopping, or without the issuer's keys\n", 503)
    try:
        async with asyncio.timeout(2), state.engine.connect() as connection:
            await connection.execute(text("select 1"))
    except Exception:
        return PlainTextResponse("the database does not answer\n", 503)
    return PlainTextResponse("ok\n")


async def _flow(request: Request) -> Response:
    """What is promised leaves. No probe's business: neither a restart nor less traffic would make it leave."""
    state = request.app.state
    answer: dict[str, Any] = {"flowing": None, "detail": "the database does not answer"}
    try:
        async with asyncio.timeout(2), state.engine.connect() as connection:
            answer = (await outbox(connection)).told(state.misses)
    except Exception as error:
        log.warning("flow_not_measured", error=type(error).__name__)
    status, headers = 200 if answer["flowing"] else 503, {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(answer), status, headers, media_type="application/json")


async def _metrics(_: Request) -> Response:
    return Response(metrics(), media_type=CONTENT_TYPE_LATEST)


@asynccontextmanager
async def _nothing_more(_: FastAPI) -> AsyncIterator[None]:
    yield


@contextmanager
def _chained(stopping: asyncio.Event) -> Iterator[None]:
    """Sets the event when the process is told to stop, and then does what the server does on that signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    servers: dict[signal.Signals, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stopping.set)
        server = servers[signal.Signals(number)]
        if callable(server):
            server(number, frame)

    for sent in (signal.SIGTERM, signal.SIGINT):
        servers[sent] = signal.signal(sent, stop)
    try:
        yield
    finally:
        for sent, server in servers.items():
            signal.signal(sent, server)
