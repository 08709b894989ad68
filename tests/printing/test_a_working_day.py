"""`docs/printing-a-working-day.md`, request by request: each is answered as that page says."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import time_machine
from fastapi import FastAPI

from deploy.local.paths import ROOT
from shared.ledger import Context
from tests.printing.bengkulu import stock
from tests.shared.issuer import Issuer

PAGE = ROOT / "docs" / "printing-a-working-day.md"
BLOCK = re.compile(r"```http\n(\d\d):(\d\d) ([A-Z]+) (\S+).*?\n(.*?)```", re.DOTALL)


def conversation() -> Iterator[tuple[datetime, str, str, Any, int, Any]]:
    """When, what is asked with which body, and with which status and content it is answered."""
    for hour, minute, method, path, rest in BLOCK.findall(PAGE.read_text()):
        at = datetime(2024, 11, 20, int(hour) - 7, int(minute), tzinfo=UTC)
        body, _, answer = rest.partition("\n\n") if method == "POST" else ("", "", rest.strip())
        status, _, content = answer.partition("\n")
        yield at, method, path, json.loads(body or "null"), int(status or 0), json.loads(content or "null")


def part_of(said: Any, answer: Any) -> bool:
    """Whether the answer holds what the page says of it; of a list the page may leave out the end."""
    if isinstance(said, dict):
        return isinstance(answer, dict) and all(
            name in answer and part_of(value, answer[name]) for name, value in said.items()
        )
    if isinstance(said, list) and said:
        return len(said) <= len(answer) and all(map(part_of, said, answer))
    return bool(said == answer)


@pytest.mark.anyio
async def test_the_day_goes_as_its_page_says(app: FastAPI, issuer: Issuer) -> None:
    heard = 0
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://printing") as client:
        for at, method, path, body, status, content in conversation():
            with time_machine.travel(at, tick=False):
                if method == "HEARD":
                    empty = stock("EMPTY", now=at, occurred_at=at, as_of=at)
                    await app.state.ledger.execute(empty, Context(subject="reader", route="stock"))
                    continue
                token = issuer.token(sub="p:1771-09", role="operator", region="17.71")
                headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex}
                response = await client.request(method, path, json=body, headers=headers)
            assert response.status_code == status, f"{at:%H:%M} {response.text}"
            assert part_of(content, response.json()), f"{at:%H:%M} {response.text}"
            heard += 1
    assert heard > 20
