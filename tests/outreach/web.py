"""Requests about visits, as the front end of Kota Bengkulu makes them."""

from typing import Any
from uuid import uuid4

import httpx2

VISITS = "/offices/17.71/visits"


async def post(client: httpx2.AsyncClient, path: str, body: dict[str, Any], key: str = "") -> httpx2.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key or uuid4().hex})


def plan_of(**changes: Any) -> dict[str, Any]:
    """A new visit of team A to SMAN 5, which begins in a while."""
    return {
        "visit": str(uuid4()),
        "team": "A",
        "place": "SMAN 5",
        "place_kind": "SCHOOL",
        "starts_at": "2030-03-04T08:00:00+07:00",
        "ends_at": "2030-03-04T15:00:00+07:00",
        "expected": 100,
    } | changes


async def planned(client: httpx2.AsyncClient, **changes: Any) -> str:
    """The path of a new visit."""
    body = plan_of(**changes)
    answer = await post(client, VISITS, body)
    assert answer.status_code == 201, answer.text
    return f"{VISITS}/{body['visit']}"
