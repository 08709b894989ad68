"""The road of a shortage, over the running stack: from a receipt to the Dirjen's desk, and out of it."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest

from examples.demo import witness
from examples.demo.people import Refused
from tests.journeys.town import CARD, STORE, Town, names

pytestmark = pytest.mark.anyio


async def test_a_shortage_climbs_to_the_ministry_until_blanks_arrive(town: Callable[[str], Town]) -> None:
    here, centre = town("17.71"), town("00")
    await centre.opens(2_000_000, low=1_000, critical=100, recovery=2_000)
    await here.opens(5, low=20, critical=4, recovery=24)
    await here.is_told(here.head, "SHORTAGE")
    assert "StockRecovered" in await here.receives(30)
    await here.is_told(here.head, "SHORTAGE", "RESOLVED")

    await here.prints(15)
    await here.is_told(here.head, "SHORTAGE", "RESOLVED", "SHORTAGE")
    with pytest.raises(Refused, match="province_not_asked"):
        await here.province.say("notify", f"{here.path}/escalations/{CARD}/decline", reason="Tidak ada")
    await here.is_told(here.province, "CLIMBED")
    await here.province.say("notify", f"{here.path}/escalations/{CARD}/decline", reason="Buffer kosong")
    await here.is_told(here.national, "CLIMBED")
    assert [row["office"] for row in await here.national.ask_all("notify", "/escalations", "escalations")] == ["17.71"]

    soon = (date.today() + timedelta(days=2)).isoformat()
    promise = {"allocation": str(uuid4()), "quantity": 500, "promised_on": soon}
    await here.national.say("stock", f"{here.path}/allocations", item=CARD, reason="Pilkada", **promise)
    sent = {**STORE, "consignment": str(uuid4()), "to": here.office, **promise}
    await here.national.say("stock", f"{centre.path}/consignments", **sent)
    arrived = await here.receives(500, source="CENTRE", consignment=sent["consignment"])
    assert arrived == ["BlanksReceived", "ConsignmentReceived", "StockRecovered"]

    await here.is_told(here.national, "CLIMBED", "RESOLVED")
    assert await here.notices(here.province) == ["CLIMBED", "CLIMBED", "RESOLVED"]
    assert (await here.notices(here.head))[2:] == ["SHORTAGE", "CLIMBED", "CLIMBED", "RESOLVED"]
    escalation = await here.escalation()
    assert (escalation["open"], escalation["level"]) == (False, "NATIONAL")

    told = [name for name in names(await here.publishes("notify", 17)) if name != "NoticeSent"]
    first = ["EscalationOpened", "EscalationResolved"]
    climbing = ["EscalationClimbed", "EscalationDeclined", "EscalationClimbed"]
    assert told == [*first, first[0], *climbing, first[1]]
    stock = await here.events("stock")
    witness.check_sums(stock)
    assert (await here.balance())["on_hand"] == 5 + 30 - len(here.printed) - len(here.spoiled) + 500
