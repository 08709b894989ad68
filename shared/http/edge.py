"""Around every request: a number to find it by, its metrics, its line in the log, and what errors become."""

import os
from itertools import count
from time import perf_counter
from typing import Any

import structlog
from prometheus_client import Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.http.problems import problem_of
from shared.telemetry import REQUEST_SECONDS

SLOW = 1.0
"""Seconds after which a request that succeeded is worth a line in the log; the metrics tell of the rest."""
GONE = 499
"""The status, in log and metrics, of a request whose client left before its body had come."""

log = structlog.get_logger()


class Edge:
    """The only middleware. An error never leaves it: the server would print a traceback with what was sent in it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._prefix = os.urandom(5).hex()
        self._numbers = count(1)
        self._seconds: dict[tuple[str, str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        request_id = f"{self._prefix}-{next(self._numbers)}"
        own_headers = [(b"x-request-id", request_id.encode()), (b"x-content-type-options", b"nosniff")]
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *own_headers]
            await send(message)

        told: dict[str, Any] = {}
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            status = GONE
        except Exception as error:
            problem = problem_of(error)
            told = {"code": problem.code}
            if problem.reason is not None:
                told["reason"] = problem.reason
            if problem.status >= 500:
                told["exc_info"] = error
            if status == 0:
                await problem.response(request_id)(scope, receive, answer)
        seconds = perf_counter() - started
        method, route = scope["method"], getattr(scope.get("route"), "path", "unknown")
        self._observe(method, route, status, seconds)
        if status >= 400 or seconds > SLOW or told:
            tell = log.error if "exc_info" in told else log.info
            tell(
                "request",
                request=request_id,
                method=method,
                route=route,
                status=status,
                seconds=round(seconds, 4),
                **told,
            )

    def _observe(self, method: str, route: str, status: int, seconds: float) -> None:
        histogram = self._seconds.get((method, route, status))
        if histogram is None:
            # A method is the caller's to invent; the label may not be.
            known = method if method in ("GET", "POST") else "other"
            histogram = self._seconds[method, route, status] = REQUEST_SECONDS.labels(known, route, str(status))
        histogram.observe(seconds)
