"""One running stack for all journeys: real processes, a real PostgreSQL and a real Kafka."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from deploy.local.stack import SERVICES, Ports, Stack
from examples.demo.people import Front
from tests.journeys.town import PATIENCE, Town

SETTINGS = {
    "NOTIFY_ANSWER_SECONDS_CITY": str(PATIENCE),
    "NOTIFY_ANSWER_SECONDS_PROVINCE": "3600",
    "NOTIFY_REPEAT_SECONDS_NATIONAL": "3600",
}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), Ports.free(), environment=SETTINGS) as running:
        yield running


@pytest.fixture
async def town(stack: Stack) -> AsyncIterator[Callable[[str], Town]]:
    """Makes the people of an office; no two journeys use the same one."""
    async with Front({service: stack.address(service) for service in SERVICES}) as front:
        yield lambda office: Town(stack, front, office)
