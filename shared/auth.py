"""Who asks: tokens of the ministry's issuer (JWT, ES256 only), and the keys that prove them.

A token names its subject, one role and one region. Verifying a signature costs as much as the rest
of a request, so a verified token is remembered until it expires or the keys change.
"""

import asyncio
import ipaddress
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

LEEWAY = 30
"""Seconds by which the issuer's clock and ours may differ."""
REFRESH = 600.0
"""Seconds between two readings of the key set."""
REFETCH = 30.0
"""Seconds between two readings that unknown key ids or a failed reading may cause."""
KEY_SET_AT_MOST = 262_144
TOKEN_AT_MOST = 8_192
REMEMBERED_AT_MOST = 10_000

_REQUIRED = ["exp", "nbf", "iat", "sub", "iss", "aud"]
_TYPES = ("JWT", "at+jwt", "application/at+jwt", None)
_SUBJECT = re.compile(r"[!-~]{1,255}")
_REGION = re.compile(r"[0-9]{2}(\.[0-9]{2})?")

log = structlog.get_logger()


class Role(StrEnum):
    """What somebody may do; where, their region says."""

    OPERATOR = "operator"
    STOREKEEPER = "storekeeper"
    HEAD = "head"
    PROVINCE = "province"
    NATIONAL = "national"
    AUDITOR = "auditor"
    ADMIN = "admin"
    OPS = "ops"
    SERVICE = "service"


_ROLES = frozenset[str](Role)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `region` is the code of the office, the province or, "00", the nation in their scope."""

    subject: str
    role: Role
    region: str


class NotAuthentic(Exception):
    """The token is not to be believed. `reason` is for the log; the caller learns no more than 401."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NoKeys(Exception):
    """The issuer's keys could not be read since this process began: no token can be judged."""


class Keys:
    """The issuer's public keys by id, from a file or an address (https, or http on loopback).

    Read when `kept_fresh` begins and every ten minutes; keys that are known stay when a reading fails.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._url = _checked_url(source)
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._tried = -REFETCH
        self._reading = asyncio.Lock()
        self.edition = 0
        """Grows whenever the key set changes."""

    @property
    def known(self) -> bool:
        """Whether any key has been read."""
        return bool(self._keys)

    async def find(self, kid: str) -> EllipticCurvePublicKey | None:
        """The key with this id. One that is unknown makes the set be read again, at most twice a minute."""
        key = self._keys.get(kid)
        if key is None:
            async with self._reading:
                if kid not in self._keys and time.monotonic() - self._tried >= REFETCH:
                    await self._read()
            key = self._keys.get(kid)
        return key

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """Reads the keys, and again in the background while the block runs."""
        async with self._reading:
            await self._read()
        task = asyncio.create_task(self._keep_fresh(), name="issuer's keys")
        try:
            yield
        finally:
            task.cancel()

    async def _keep_fresh(self) -> None:
        fresh = self.known
        while True:
            await asyncio.sleep(REFRESH if fresh else REFETCH)
            async with self._reading:
                fresh = await self._read()

    async def _read(self) -> bool:
        self._tried = time.monotonic()
        try:
            keys = _usable(await self._document())
        except (OSError, httpx2.HTTPError, ValueError, msgspec.MsgspecError, TimeoutError) as error:
            log.warning("keys_not_read", error=type(error).__name__)
            return False
        if keys != self._keys:
            self._keys = keys
            self.edition += 1
            log.info("keys_read", keys=len(keys))
        return True

    async def _document(self) -> bytes:
        if self._url is None:
            return await asyncio.to_thread(Path(self._source).read_bytes)
        async with asyncio.timeout(5), httpx2.AsyncClient() as client, client.stream("GET", self._url) as response:
            response.raise_for_status()
            document = bytearray()
            async for part in response.aiter_bytes():
                document += part
                if len(document) > KEY_SET_AT_MOST:
                    raise ValueError("the key set is too large")
            return bytes(document)


class Authenticator:
    """Judges the Authorization header of requests."""

    def __init__(self, keys: Keys, issuer: str, audience: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._remembered: dict[bytes, tuple[Principal, float]] = {}
        self._edition = keys.edition

    def remembered(self, header: bytes) -> Principal | None:
        """Whom this very header was from, if it was verified before and still holds."""
        if self._edition != self._keys.edition:
            self._remembered.clear()
            self._edition = self._keys.edition
        found = self._remembered.get(header)
        if found is None or found[1] < time.time():
            return None
        return found[0]

    async def verify(self, header: bytes) -> Principal:
        """Whom this header is from. Raises `NotAuthentic` or `NoKeys`."""
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or not token or len(token) > TOKEN_AT_MOST:
            raise NotAuthentic("no bearer token")
        try:
            head = jwt.get_unverified_header(token)
            # `jku`, `x5u` and `jwk` say where the sender would like us to take the key from: never looked at.
            kid = head.get("kid")
            if head.get("alg") != "ES256" or head.get("typ") not in _TYPES or not isinstance(kid, str):
                raise NotAuthentic("algorithm, type or key id")
            key = await self._keys.find(kid)
            if key is None:
                if not self._keys.known:
                    raise NoKeys
                raise NotAuthentic("unknown key")
            claims = jwt.decode(
                token,
                key,
                algorithms=["ES256"],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY,
                options={"require": _REQUIRED},
            )
            until = float(claims["exp"])
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError, OverflowError) as error:
            raise NotAuthentic(type(error).__name__) from None
        principal = _principal(claims)
        self._remember(header, principal, until)
        return principal

    def _remember(self, header: bytes, principal: Principal, until: float) -> None:
        while len(self._remembered) >= REMEMBERED_AT_MOST:
            del self._remembered[next(iter(self._remembered))]
        self._remembered[header] = (principal, until)


def _principal(claims: dict[str, Any]) -> Principal:
    subject, role, region = claims["sub"], claims.get("role"), claims.get("region")
    if not (isinstance(subject, str) and _SUBJECT.fullmatch(subject)):
        raise NotAuthentic("subject")
    if not (isinstance(region, str) and _REGION.fullmatch(region)):
        raise NotAuthentic("region")
    if not (isinstance(role, str) and role in _ROLES):
        raise NotAuthentic("role")
    return Principal(subject, Role(role), region)


def _checked_url(source: str) -> str | None:
    parts = urlsplit(source)
    if parts.scheme not in ("http", "https"):
        return None
    if parts.scheme == "http" and not _loopback(parts.hostname or ""):
        raise ValueError("keys come over https, or over http from this machine")
    return source


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _usable(document: bytes) -> dict[str, EllipticCurvePublicKey]:
    """The public P-256 keys of a key set that have an id; those of other kinds are not for us."""
    keys = {}
    for entry in msgspec.json.decode(document, type=dict[str, Any]).get("keys", []):
        if not isinstance(entry, dict) or not isinstance(entry.get("kid"), str):
            continue
        if (entry.get("kty"), entry.get("crv")) != ("EC", "P-256") or entry.get("alg", "ES256") != "ES256":
            continue
        public = {name: entry.get(name) for name in ("kty", "crv", "x", "y")}
        try:
            keys[entry["kid"]] = jwt.PyJWK(public, "ES256").key
        except jwt.PyJWTError:
            continue
    if not keys:
        raise ValueError("the key set holds no key that we can use")
    return keys
