"""Whoever works with the services: each request goes out under a key of its own until it is answered."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Any, Self

import httpx2

PATIENCE = 60.0
"""Seconds for which a service may be away."""
AGAIN_AFTER = 0.1

Facts = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request was answered with no."""

    code: str
    figures: Mapping[str, Any]


class Unexpected(Exception):
    """An answer that nobody who plays by the rules should get."""


class Desks:
    """All desks of the nation, on the connections of one program. `mint(role, region)` makes their tokens."""

    def __init__(self, addresses: Mapping[str, str], mint: Callable[[str, str], str], connections: int = 32) -> None:
        self._addresses, self._turn = addresses, asyncio.Semaphore(connections)
        limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._http = httpx2.AsyncClient(limits=limits, timeout=httpx2.Timeout(30.0))
        self._token = cache(mint)
        self.answered = 0
        self.refused: Callable[[str, str], None] = lambda where, code: None
        """Told of each request that was answered with no."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def say(self, who: tuple[str, str], service: str, path: str, key: str, **body: Any) -> Any:
        """The answer's document, or a `Refusal`. `who` is a role and its region. Raises `Unexpected`, TimeoutError."""
        response = await self._insist("POST", who, service, path, json=body, headers={"Idempotency-Key": key})
        document = response.json()
        if response.status_code == 409:
            self.refused(path, document["code"])
            return Refusal(document["code"], document.get("figures", {}))
        return document

    async def ask(self, who: tuple[str, str], service: str, path: str, **query: str) -> Any:
        """What a GET is answered with. Raises `Unexpected`, TimeoutError."""
        response = await self._insist("GET", who, service, path, params=query)
        return response.json()

    async def _insist(
        self, method: str, who: tuple[str, str], service: str, path: str, **request: Any
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self._token(*who)}", **request.pop("headers", {})}
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(httpx2.TransportError):
                async with self._turn:
                    address = self._addresses[service] + path
                    response = await self._http.request(method, address, headers=headers, **request)
                if response.status_code not in (502, 503, 504):
                    break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service} was away for {PATIENCE:.0f} s")
            await asyncio.sleep(AGAIN_AFTER)
        self.answered += 1
        if response.is_error and response.status_code != 409:
            raise Unexpected(f"{method} {path}: {response.status_code} {response.text[:500]}")
        return response
