"""Webhooks, signed as standardwebhooks.com says: one POST to an address that was looked at first."""

import asyncio
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import TracebackType
from typing import Any, Self

import httpx2
import msgspec
from standardwebhooks import Webhook

from services.notify.channels.message import Destination, Message, Outcome, Result, answered
from services.notify.channels.settings import ChannelSettings

WAIT_AT_MOST = timedelta(hours=1)
ADDRESS_AT_MOST = 2_000
_CONNECT_SECONDS = 5
_TRIED_AT_MOST = 3
_LAST_PORT = 65_535
# 24 to 64 bytes, as the specification asks. The library would skip what is no base64, and sign with what is left.
_SECRET = re.compile(r"(whsec_)?[A-Za-z0-9+/]{32,86}={0,2}")
_SECONDS = re.compile(r"[0-9]{1,9}")

_PRIVATE = [ip_network(network) for network in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
# Written out, since what Python calls private or global differs between its versions. Behind some of these a
# machine's own cloud tells its secrets: 169.254.169.254, 100.100.100.200, 192.0.0.192, fd00:ec2::254.
_NEVER = [
    ip_network(network)
    for network in (
        *("0.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"),
        *("fd00:ec2::/32", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]


class Webhooks:
    """Posts `message.data` as JSON. An async context manager."""

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        # A proxy would connect to whatever it resolves itself. A connection that was kept would be taken for
        # another host at the same address, whose certificate nobody looked at.
        self._client = httpx2.AsyncClient(
            verify=httpx2.create_ssl_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx2.Timeout(settings.webhook_seconds, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_keepalive_connections=0),
            headers={"User-Agent": "blanko-notify", "Content-Type": "application/json"},
        )

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, e: BaseException | None, t: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, e, t)

    async def send(self, destination: Destination, message: Message) -> Outcome:
        """One try. What happens once the body is on its way is UNKNOWN unless it is answered; the body of the answer
        is never read."""
        url = _parsed(destination.address)
        if url is None:
            return Outcome(Result.REFUSED, "address")
        if destination.secret is None or not _SECRET.fullmatch(destination.secret):
            return Outcome(Result.REFUSED, "secret")
        body = msgspec.json.encode(dict(message.data))
        try:
            signed = _signed(destination.secret, message.id, body)
        except ValueError:
            return Outcome(Result.REFUSED, "secret")
        posting = _Posting(url, signed, body)
        try:
            async with asyncio.timeout(self._settings.webhook_seconds):
                addresses = await self._allowed(url)
                if not addresses:
                    return Outcome(Result.REFUSED, "forbidden_address")
                return await self._post(posting, addresses)
        except TimeoutError:
            code = "timeout"
        except socket.gaierror:
            code = "dns"
        except UnicodeError:
            return Outcome(Result.REFUSED, "address")
        except httpx2.TimeoutException:
            code = "timeout"
        except httpx2.TransportError:
            code = "lost" if posting.handed_over else "connect"
        return Outcome(Result.UNKNOWN if posting.handed_over else Result.FAILED, code)

    async def _allowed(self, url: httpx2.URL) -> list[IPv4Address | IPv6Address]:
        port = url.port or (443 if url.scheme == "https" else 80)
        found = await asyncio.get_running_loop().getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        addresses = dict.fromkeys(_address(entry) for entry in found)
        return [address for address in addresses if may_reach(self._settings, url.scheme, address)]

    async def _post(self, posting: "_Posting", addresses: list[IPv4Address | IPv6Address]) -> Outcome:
        *others, last = addresses[:_TRIED_AT_MOST]
        for address in others:
            with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                return await self._post_to(address, posting)
        return await self._post_to(last, posting)

    async def _post_to(self, address: IPv4Address | IPv6Address, posting: "_Posting") -> Outcome:
        request = self._client.build_request(
            "POST",
            posting.url.copy_with(host=str(address)),
            content=posting.body,
            headers={"Host": posting.url.netloc.decode(), **posting.signed},
            # The certificate is that of the name, though the address is connected to.
            extensions={"sni_hostname": posting.url.raw_host.decode(), "trace": posting.trace},
        )
        response = await self._client.send(request, stream=True)
        with suppress(httpx2.TransportError):
            await response.aclose()
        return answered(response.status_code, _retry_after(response.headers.get("retry-after"), datetime.now(UTC)))


@dataclass
class _Posting:
    """A request, and how far it came."""

    url: httpx2.URL
    signed: dict[str, str]
    body: bytes
    handed_over: bool = False

    async def trace(self, event: str, _: dict[str, Any]) -> None:
        if event == "http11.send_request_body.started":
            self.handed_over = True


def may_reach(settings: ChannelSettings, scheme: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether a webhook may go to this address: the wide world by https, and what the settings allow."""
    if address.is_loopback:
        return settings.webhook_loopback
    if scheme != "https" or any(address in network for network in _NEVER):
        return False
    return settings.webhook_private or not any(address in network for network in _PRIVATE)


def may_be_kept(settings: ChannelSettings, address: str) -> bool:
    """Whether this may be a webhook's address, as far as it can be judged without looking a name up."""
    url = _parsed(address)
    if url is None or (url.port is not None and not 0 < url.port <= _LAST_PORT):
        return False
    if url.scheme == "http" and not settings.webhook_loopback:
        return False
    host = url.host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return settings.webhook_loopback
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except (socket.gaierror, UnicodeError):
        return True
    return all(may_reach(settings, url.scheme, _address(entry)) for entry in found)


def _parsed(address: str) -> httpx2.URL | None:
    if len(address) > ADDRESS_AT_MOST:
        return None
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        return None
    return url if url.scheme in ("https", "http") and url.host and not url.userinfo else None


def _address(found: tuple[Any, ...]) -> IPv4Address | IPv6Address:
    address = ip_address(found[4][0])
    # In IPv6 clothes, or not: 127.0.0.1 is 127.0.0.1.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _signed(secret: str, id: str, body: bytes) -> dict[str, str]:
    # The moment of this try: receivers refuse what is five minutes old.
    now = datetime.now(UTC)
    signature = Webhook(secret).sign(id, now, body.decode())
    return {"webhook-id": id, "webhook-timestamp": str(int(now.timestamp())), "webhook-signature": signature}


def _retry_after(value: str | None, now: datetime) -> timedelta | None:
    if value is None:
        return None
    if _SECONDS.fullmatch(value):
        wait = timedelta(seconds=int(value))
    else:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        wait = (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta()), WAIT_AT_MOST)
