"""One running stack for all journeys: real processes, a real PostgreSQL and a real Kafka."""

from collections.abc import AsyncIterator, Callable, Iterator

import httpx2
import pytest

from deploy.local.stack import SERVICES, Ports, Stack
from examples.demo.people import Front
from examples.demo.rules import PATH, hasty
from tests.journeys.town import PATIENCE, Town


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), Ports.free()) as running:
        headers = {"Authorization": f"Bearer {running.token('admin', '00')}", "Idempotency-Key": "hasty"}
        httpx2.post(running.address("notify") + PATH, json=hasty(PATIENCE), headers=headers).raise_for_status()
        yield running


@pytest.fixture
async def town(stack: Stack) -> AsyncIterator[Callable[[str], Town]]:
    """Makes the people of an office; no two journeys use the same one."""
    async with Front({service: stack.address(service) for service in SERVICES}) as front:
        yield lambda office: Town(stack, front, office)
