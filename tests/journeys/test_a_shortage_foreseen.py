"""A shortage is foreseen before the shelf is low: from days of use to the head's inbox, through Kafka alone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from examples.demo.people import until
from services.outreach.rounds.nightly import BEGINS
from tests.journeys.town import CARD, Town

pytestmark = pytest.mark.anyio

A_DAY = 100
"""Cards on each working day of the past."""


async def test_an_office_that_will_run_out_before_help_can_come_is_low_while_its_shelf_is_not(
    town: Callable[[str], Town],
) -> None:
    here = town("17.07")
    days = "\n".join(["day;used", *past(180)])
    await here.head.say("outreach", f"{here.path}/demand-history", item=CARD, csv=days)

    async def foreseen() -> bool:
        forecasts = (await here.head.ask("outreach", "/forecasts", item=CARD))["of_offices"]
        return [each["method"] for each in forecasts] not in ([], ["POPULATION"])

    await until("a forecast from its own days", foreseen)
    forecast = await here.head.ask("outreach", f"{here.path}/forecasts/{CARD}")
    needed = forecast["days"][7]["together_at_most"]
    assert 4 * A_DAY < needed < 12 * A_DAY, "a week and a day, of five or six working days"

    # Well above its own thresholds, and below what a week and a day may need.
    await here.opens(needed - 50, low=20, critical=4, recovery=24)

    async def low() -> bool:
        return bool((await here.balance())["level"] == "LOW")

    await until("stock is low by the forecast", low)
    balance = await here.balance()
    assert (balance["foreseen"], balance["cover_from"]) == (True, "FORECAST")
    assert balance["forecast"]["reorder_point"] == needed and balance["forecast"]["lead_days"] == 7
    [told] = [event.body for event in await here.publishes("stock", 1) if event.type == "StockLow"]
    assert (told["level"], told["foreseen"], told["reorder_point"]) == ("LOW", True, needed)

    await here.is_told(here.head, "SHORTAGE")
    escalation = await here.escalation()
    assert escalation["level"] == "CITY" and escalation["figures"]["foreseen"]
    [notice] = [
        each for each in await here.head.ask_all("notify", "/inbox", "notices") if each["office"] == here.office
    ]
    assert "diperkirakan" in notice["text"].lower()

    # Enough for the time until help can come, and a fifth more: it is over.
    await here.receives(needed, source="GRANT")

    async def recovered() -> bool:
        return bool((await here.balance())["level"] == "OK")

    await until("stock has recovered", recovered)


def past(count: int) -> list[str]:
    """So many days until yesterday, as lines."""
    today = (datetime.now(UTC) + timedelta(hours=7) - BEGINS).date()
    found = [today - timedelta(days=n) for n in range(count, 0, -1)]
    return [f"{day};{A_DAY if day.weekday() < 5 else 0}" for day in found]
