"""All ways out of Blanko to a person or a system, behind one `send`."""

import logging
from types import TracebackType
from typing import Self, assert_never

import structlog

from services.notify.channels.email import Mailer
from services.notify.channels.gateway import Gateway
from services.notify.channels.message import Destination, Kind, Message, Outcome, Result
from services.notify.channels.settings import ChannelSettings
from services.notify.channels.webhook import Webhooks

log = structlog.get_logger()


class Channels:
    """Sends. Knows nothing of who is told what, or of tries before: pure I/O. An async context manager."""

    def __init__(self, settings: ChannelSettings) -> None:
        _keep_addresses_out_of_logs()
        self._mailer = Mailer(settings)
        self._webhooks = Webhooks(settings)
        self._gateway = Gateway(settings)

    async def __aenter__(self) -> Self:
        await self._webhooks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        self._gateway.close()
        await self._webhooks.__aexit__(kind, e, t)

    async def send(self, destination: Destination, message: Message) -> Outcome:
        """One try, within the seconds of the settings. Raises nothing, whatever the other side does."""
        try:
            match destination.kind:
                case Kind.EMAIL:
                    return await self._mailer.send(destination.address, message)
                case Kind.WEBHOOK:
                    return await self._webhooks.send(destination, message)
                case Kind.GATEWAY:
                    return await self._gateway.send(destination.address, message)
            assert_never(destination.kind)
        except Exception as error:
            # Nobody thought of it, so nobody knows whether it was sent; the next notice must go out all the same.
            log.error("send_broke", kind=destination.kind.value, error=type(error).__name__)
            return Outcome(Result.UNKNOWN, "error")


def _keep_addresses_out_of_logs() -> None:
    for name in ("httpcore2", "httpx2", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # It is read by the gateway, from the result of a send, and by nobody else.
    apprise = logging.getLogger("apprise")
    apprise.setLevel(logging.DEBUG)
    apprise.propagate = False
    if not apprise.handlers:
        apprise.addHandler(logging.NullHandler())
