"""What a running program says of itself: log lines, metrics, and whether it lives and is ready.

A log line holds plain values only, long digits masked: no bodies, no tokens, and of an exception its
type and where it happened, never its message, for that may quote a request or a row.
"""

import asyncio
import logging
import re
import sys
import traceback
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Histogram, generate_latest

REQUEST_SECONDS = Histogram(
    "blanko_http_request_seconds",
    "Time to answer, by route template",
    ["method", "route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

LONGEST = 500
"""Characters kept of a text in a log line."""
# Longer than any count of ours, as long as a person's number. Within an id of hexadecimal digits it is neither.
_MANY_DIGITS = re.compile(r"(?<![0-9a-f-])\d{9,}(?![0-9a-f-])")
_HEADERS_AT_MOST = 64


def configure_logging(service: str, level: str) -> None:
    """One JSON object a line on stdout, from structlog and from libraries alike."""

    def named(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        named,
        _without_message,
        _plain_values_only,
    ]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(serializer=_as_json),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # Its lines would hold paths as they came, with whatever a caller put into them.
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


@asynccontextmanager
async def serve_health(port: int, ready: Callable[[], bool], host: str = "127.0.0.1") -> AsyncIterator[int]:
    """Serves a worker's /health/live, /health/ready and /metrics while the block runs; gives the port it took.

    Raises OSError when the port is taken.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(5):
                path = (await reader.readline()).partition(b" ")[2].partition(b" ")[0]
                for _ in range(_HEADERS_AT_MOST):
                    if await reader.readline() in (b"\r\n", b""):
                        break
                writer.write(_health_answer(path, ready))
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, host, port, limit=8_192)
    async with server:
        yield server.sockets[0].getsockname()[1]


def metrics() -> bytes:
    """All metrics of this process as Prometheus reads them."""
    return generate_latest(REGISTRY)


def _health_answer(path: bytes, ready: Callable[[], bool]) -> bytes:
    status, kind, body = "404 Not Found", "text/plain", b"not found\n"
    if path == b"/metrics":
        status, kind, body = "200 OK", CONTENT_TYPE_LATEST, metrics()
    elif path == b"/health/live" or (path == b"/health/ready" and ready()):
        status, body = "200 OK", b"ok\n"
    elif path == b"/health/ready":
        status, body = "503 Service Unavailable", b"not ready\n"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def _without_message(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-12:]
        event["raised"] = type(error).__name__
        event["where"] = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return event


def _plain_values_only(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = _MANY_DIGITS.sub("…", value)[:LONGEST] if name != "where" else value
        elif not isinstance(value, int | float | None) and not name.startswith("_"):
            event[name] = type(value).__name__
    return event


def _as_json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event).decode()
