"""A deadline waits for news that is under way: nobody is woken for a shortage that is over."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from deploy.local.stack import Stack
from examples.demo.people import until
from tests.journeys.town import Town, names

pytestmark = pytest.mark.anyio


async def test_a_deadline_due_while_kafka_was_away_and_the_shortage_solved_meanwhile_wakes_nobody(
    stack: Stack, town: Callable[[str], Town]
) -> None:
    here, kafka = town("17.03"), stack.kafka
    assert kafka is not None
    await here.opens(10, low=20, critical=4, recovery=24)
    await here.is_told(here.head, "SHORTAGE")
    kafka.kill()
    try:
        due = datetime.fromisoformat((await here.escalation())["due"])
        assert datetime.now(UTC) < due, "the broker was killed too late to show anything"
        assert "StockRecovered" in await here.receives(100)
        await asyncio.sleep((due - datetime.now(UTC)).total_seconds() + 3)
        escalation = await here.escalation()
        assert (escalation["open"], escalation["level"]) == (True, "CITY")
    finally:
        await asyncio.to_thread(kafka.start)

    async def over() -> bool:
        return not (await here.escalation())["open"]

    await until("the end of the escalation once Kafka is back", over)
    assert (await here.escalation())["level"] == "CITY"
    await here.is_told(here.head, "SHORTAGE", "RESOLVED")
    assert await here.notices(here.province) == []
    told = names(await here.publishes("notify", 4))
    assert told == ["EscalationOpened", "NoticeSent", "EscalationResolved", "NoticeSent"]
