"""The inbox as it fills: a stream of events, which goes on after the last one that the client has seen."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
import structlog
from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.notify import views
from services.notify.api.common import WITH_A_DESK, api, own_desk
from services.notify.api.doorbell import Doorbell, Watched
from services.notify.api.inbox import readable
from services.notify.domain import Desk
from services.notify.views.helping import helped_at
from shared.database import OF_THE_DATABASE
from shared.http import allow, engine_of, once
from shared.moments import utcnow

PING_EVERY = 15.0
LIFE = 900.0
"""Seconds after which a stream ends, so that its token is judged again: the client comes back by itself."""
STALLED_AFTER = 60.0
"""Seconds beyond that until a client is given up that does not take what it was sent."""
AT_ONCE = 100
COME_BACK_AFTER = 2_000
"""Milliseconds."""

_NUMBER = re.compile(r"[0-9]{1,9}")

log = structlog.get_logger()


@api.get("/inbox/stream", responses={200: {"content": {"text/event-stream": {}}}})
@allow(*WITH_A_DESK)
async def stream_inbox(request: Request) -> Response:
    """The notices and alarms of the caller's desk as they come (`text/event-stream`), each as in `/inbox`.

    An event's id is its number in the desk's post, in which there are no gaps. With `Last-Event-ID` all that came
    after it comes first; without, or with what is no number of this post, it begins now. It ends after 15 minutes, or
    when the server does: whoever comes back with the last id misses nothing. 503 `too_many_streams`.
    """
    desk = own_desk(request)
    async with engine_of(request).connect() as connection:
        last = await views.last_posted(connection, desk)
    seen = request.headers.get("last-event-id", "")
    begin = min(int(seen), last) if _NUMBER.fullmatch(seen) else last
    return _Stream(request, desk, begin)


class _Stream(EventSourceResponse):
    """Holds its place among the streams from its first byte to its last, however it ends."""

    def __init__(self, request: Request, desk: Desk, begin: int) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__((), headers=headers)
        self._request, self._desk, self._begin = request, desk, begin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with _doorbell(self._request).watching(self._desk) as watched:
            self.body_iterator = _events(self._request, self._desk, self._begin, watched)
            with suppress(TimeoutError):
                async with asyncio.timeout(LIFE + STALLED_AFTER):
                    await super().__call__(scope, receive, send)


async def _events(request: Request, desk: Desk, last: int, watched: Watched) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    until = loop.time() + LIFE
    stopping: asyncio.Event = request.app.state.stopping
    yield format_sse_event(retry=COME_BACK_AFTER)
    while not stopping.is_set() and loop.time() < until:
        try:
            async with engine_of(request).connect() as connection:
                lying = await views.posted_after(connection, desk, last, AT_ONCE)
                helped = await helped_at(connection, [told for *_, told in lying], utcnow())
        except OF_THE_DATABASE as error:
            # The client comes back, and is told what is the matter.
            log.warning("stream_interrupted", error=type(error).__name__)
            return
        for (last, id, _), told in zip(lying, helped, strict=True):
            data = msgspec.json.encode(readable(request, id, last, told)).decode()
            yield format_sse_event(data_str=data, id=str(last))
        while len(lying) < AT_ONCE and not await _more(watched, last, stopping):
            if stopping.is_set() or loop.time() >= until:
                return
            yield KEEPALIVE_COMMENT


async def _more(watched: Watched, last: int, stopping: asyncio.Event) -> bool:
    """Waits for more than that in the post, but not for long, nor once the server stops."""
    if watched.number > last:
        return True
    waits = [asyncio.create_task(watched.beyond(last)), asyncio.create_task(stopping.wait())]
    try:
        await asyncio.wait(waits, timeout=PING_EVERY, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return watched.number > last


def _doorbell(request: Request) -> Doorbell:
    return once(request, "doorbell", lambda: Doorbell(engine_of(request)))
