"""How the tests of notify call it, and let things happen that lead to what is asked."""

from typing import Any
from uuid import uuid4

import httpx2
from fastapi import FastAPI

from services.notify.domain import BeginListening, SetPolicy
from shared.decider import Command
from shared.ledger import Context
from tests.notify.situations import NOON, POLICY

LISTEN = BeginListening(now=NOON, occurred_at=NOON, heads={})
RULES = SetPolicy(now=NOON, occurred_at=NOON, region="00", policy=POLICY, by="u-1", today=POLICY.starts_on)
"""The nation's policy in these tests: absolute time, a day for the city, two for the province."""


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})


async def done(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The facts that this led to."""
    answer = await post(client, path, body)
    assert answer.status_code == 201, answer.text
    facts: list[dict[str, Any]] = answer.json()["facts"]
    return facts


async def refused(client: httpx2.AsyncClient, path: str, body: dict[str, Any]) -> str:
    """The code with which this is refused."""
    answer = await post(client, path, body)
    assert answer.status_code == 409, answer.text
    return str(answer.json()["code"])


async def told(client: httpx2.AsyncClient, path: str, **asked: Any) -> dict[str, Any]:
    """What is answered to a question."""
    answer = await client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def happened(app: FastAPI, *commands: Command, rules: bool = True) -> None:
    """Notify listens, the nation has its policy (else goes by the default), and then this."""
    for command in (LISTEN, *([RULES] if rules else []), *commands):
        await app.state.ledger.execute(command, Context(subject="u", route="test"))
