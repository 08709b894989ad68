"""People at their keyboards: what an office's front end does, over HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

import httpx2

PATIENCE = 30.0
"""Seconds for which a request is repeated, under the same key, while its service is away."""


Found = TypeVar("Found")


class Refused(Exception):
    """The service said no: its problem document."""


@dataclass
class Front:
    """The connections of everybody in this program, and each promised or kept fact that was answered."""

    addresses: Mapping[str, str]
    connections: int = 32
    answered: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def __aenter__(self) -> "Front":
        limits = httpx2.Limits(max_connections=self.connections, max_keepalive_connections=self.connections)
        self.http = httpx2.AsyncClient(limits=limits, timeout=httpx2.Timeout(30.0))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()


class Person:
    """Somebody with a token."""

    def __init__(self, front: Front, token: str) -> None:
        self._front = front
        self._authorization = {"Authorization": f"Bearer {token}"}

    async def say(self, service: str, path: str, **body: Any) -> dict[str, Any]:
        """Posts the body, once, however often it has to be repeated. Raises `Refused`, TimeoutError."""
        headers = {**self._authorization, "Idempotency-Key": uuid4().hex}
        answer = await self._answer("POST", service, path, headers=headers, json=body)
        self._front.answered += [(service, fact) for fact in answer.get("facts", ())]
        return answer

    async def ask(self, service: str, path: str, **query: str) -> dict[str, Any]:
        """What the service answers to a GET. Raises `Refused`, TimeoutError."""
        return await self._answer("GET", service, path, headers=self._authorization, params=query)

    async def ask_all(self, service: str, path: str, name: str, **query: str) -> list[dict[str, Any]]:
        """Every entry of a list, page by page."""
        page = await self.ask(service, path, limit="200", **query)
        entries: list[dict[str, Any]] = page[name]
        while page["next"]:
            page = await self.ask(service, path, limit="200", cursor=page["next"], **query)
            entries += page[name]
        return entries

    async def _answer(self, method: str, service: str, path: str, **request: Any) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(httpx2.TransportError):
                response = await self._front.http.request(method, self._front.addresses[service] + path, **request)
                if response.status_code != 503:
                    break
            if time.monotonic() > deadline:
                raise TimeoutError(f"{service} was away for {PATIENCE:.0f} s")
            await asyncio.sleep(0.2)
        if response.is_error:
            raise Refused(f"{method} {path}: {response.status_code} {response.text}")
        answer: dict[str, Any] = response.json()
        return answer


async def until(what: str, condition: Callable[[], Awaitable[Found | None]], within: float = 60.0) -> Found:
    """What the condition answers, as soon as it is something. Raises TimeoutError, which names what was awaited."""
    deadline = time.monotonic() + within
    while True:
        found = await condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"Not within {within:.0f} s: {what}")
        await asyncio.sleep(0.1)
