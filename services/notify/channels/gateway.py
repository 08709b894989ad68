"""Gateways to telephones and chats, by apprise URL: `tgram://…`, `whatsapp://…`, `twilio://…`."""

import asyncio
import logging
import re
import warnings
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any

from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise.manager_plugins import NotificationManager
from apprise.plugins import url_to_dict
from apprise.result import AppriseResultStatus, NotifyResult

from services.notify.channels.message import Message, Outcome, Result, answered
from services.notify.channels.settings import ChannelSettings

AT_ONCE = 8
_CONNECT_SECONDS = 5
_LOOK_SECONDS = 0.05
_SCHEME = re.compile(r"([a-z][a-z0-9]{1,19})://")
# What else apprise takes there would read files (template), fetch them (attach), turn off TLS's check (verify), follow
# redirects, try again by itself (retry), or call a failure a success (optional).
_PARAMETERS = frozenset(
    [
        *("auth", "format", "from", "lang", "language", "mode", "overflow", "preview", "priority", "sid"),
        *("silent", "source", "tags", "thread", "to", "token", "topic"),
    ]
)
_STATUS = re.compile(r"\berror=([1-5][0-9]{2})\b")
_NOT_CONNECTED = re.compile(
    "NewConnectionError|NameResolutionError|ConnectTimeoutError|CertificateError|SSLCertVerificationError"
)


class Gateway:
    """Sends subject and text, never files, to one recipient."""

    def __init__(self, settings: ChannelSettings) -> None:
        _load_services()
        self._schemes = settings.gateway_schemes
        self._seconds = settings.gateway_seconds
        # Its own threads: one that hangs keeps nothing else waiting, such as name resolution.
        self._threads = ThreadPoolExecutor(AT_ONCE, "gateway")
        self._free = BoundedSemaphore(AT_ONCE)
        self._asset = AppriseAsset(
            storage_mode="memory",
            allow_templates=False,
            image_path_mask=False,
            service_timeout=0,
            async_mode=False,
            http_redirects=False,
            interpret_emojis=False,
            pgp_autogen=False,
            pem_autogen=False,
        )

    def close(self) -> None:
        """Waits for nobody; what hangs ends with its own timeout."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, address: str, message: Message) -> Outcome:
        """One try. Apprise tells a success from a failure; what kind of failure follows from what it notes."""
        try:
            async with asyncio.timeout(self._seconds):
                while not self._free.acquire(blocking=False):  # noqa: ASYNC110 (threads set no event of a loop)
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            return Outcome(Result.FAILED, "busy")
        job = self._threads.submit(self._notify, address, message)
        # A thread that hangs is not free when nobody waits for it any more.
        job.add_done_callback(lambda _: self._free.release())
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(job)
        except TimeoutError:
            return Outcome(Result.UNKNOWN, "timeout")

    def _notify(self, address: str, message: Message) -> Outcome:
        parts = self._parts(address)
        service = Apprise.instantiate(parts, asset=self._asset) if parts is not None else None
        if service is None or len(service) > 1:
            return Outcome(Result.REFUSED, "address")
        apprise = Apprise(asset=self._asset)
        apprise.add(service)
        with apprise.notify(
            title=message.subject, body=message.text, body_format=NotifyFormat.TEXT, log_level=logging.DEBUG
        ) as sent:
            return _outcome(sent)

    def _parts(self, address: str) -> dict[str, Any] | None:
        scheme = _SCHEME.match(address)
        if scheme is None or scheme[1] not in self._schemes:
            return None
        parts: dict[str, Any] | None = url_to_dict(address)  # type: ignore[no-untyped-call]
        if parts is None or parts.get("schema") != scheme[1]:
            return None
        if not all(_harmless(name, scheme[1]) for name in parts.get("qsd", {})):
            return None
        # Its own four seconds would end many a send that went through, and be called a failure.
        return parts | {"rto": str(self._seconds), "cto": str(_CONNECT_SECONDS)}


def _harmless(parameter: str, scheme: str) -> bool:
    # A template of WhatsApp is a text that they approved, not a file, and its values are named `:1`, `:body`.
    return parameter in _PARAMETERS or (scheme == "whatsapp" and (parameter == "template" or parameter[:1] == ":"))


def _load_services() -> None:
    # Apprise imports its 170 services at the first use: half a second, which no send should wait for. One of them
    # imports `imghdr`, which is deprecated.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        NotificationManager().load_modules()  # type: ignore[no-untyped-call]


def _outcome(sent: Iterable[NotifyResult]) -> Outcome:
    for service in sent:
        match service.status:
            case AppriseResultStatus.SUCCESS:
                return Outcome(Result.DELIVERED, "gateway_taken")
            case AppriseResultStatus.TIMEOUT:
                return Outcome(Result.UNKNOWN, "timeout")
            case _:
                return _failure(service)
    return Outcome(Result.FAILED, "gateway")


def _failure(service: NotifyResult) -> Outcome:
    for note in service.logs():
        if note.message.startswith("Socket Exception"):
            if _NOT_CONNECTED.search(note.message):
                return Outcome(Result.FAILED, "connect")
            return Outcome(Result.UNKNOWN, "timeout" if "timed out" in note.message else "lost")
    statuses = [
        status for note in service.logs() if note.level == "WARNING" for status in _STATUS.findall(note.message)
    ]
    if statuses and int(statuses[-1]) >= 300:
        return answered(int(statuses[-1]))
    return Outcome(Result.FAILED, "gateway")
