"""What stock keeps for a visit is let go exactly once, however the visit ends and however often that is said."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from examples.demo.people import until
from tests.journeys.town import CARD, Town

pytestmark = pytest.mark.anyio

HELD, CALLED_OFF, NOBODY, REFUSED = "A", "B", "C", "D"


async def test_reservations_are_conserved_however_visits_end(town: Callable[[str], Town]) -> None:
    here = town("17.08")
    await here.opens(500, low=20, critical=4, recovery=24)
    visits = {team: await _confirmed(here, team) for team in (HELD, CALLED_OFF, NOBODY, REFUSED)}
    for team, blanks in {HELD: 110, CALLED_OFF: 60, NOBODY: 50, REFUSED: 400}.items():
        wish = [{"item": CARD, "quantity": blanks}]
        await here.operator.say("outreach", f"{visits[team]}/equipment", blanks=wish)
    for team in (HELD, CALLED_OFF, NOBODY):
        await _answered(here, visits[team], "RESERVED")
    await _answered(here, visits[REFUSED], "REFUSED")
    assert (await here.balance())["available"] == 500 - 110 - 60 - 50

    # Recordings and tallies come twice, as a weak network has it.
    await here.operator.say("outreach", f"{visits[HELD]}/start")
    person = {"recording": str(uuid4()), "applicant": "A-1", "item": CARD, "location": "Gudang", "turns_17": None}
    tally = {"recorded": 1, "turned_away": 0, "blanks": [_blanks(110, 0)]}
    for _ in range(2):
        await here.operator.say("outreach", f"{visits[HELD]}/recordings", lines=[person], tally=tally)
    await here.head.say("outreach", f"{visits[HELD]}/reconciliation")
    for _ in range(2):
        await here.operator.say("outreach", f"{visits[HELD]}/closure")
        await here.operator.say("outreach", f"{visits[CALLED_OFF]}/cancellation", reason="exams")
        await here.operator.say("outreach", f"{visits[NOBODY]}/no-show", reason="the road was flooded")

    async def free() -> bool:
        return bool((await here.balance())["available"] == 500)

    await until("all blanks are free again", free)
    for team, stage in {HELD: "CLOSED", CALLED_OFF: "CANCELLED", NOBODY: "NO_SHOW", REFUSED: "CONFIRMED"}.items():
        assert (await here.operator.ask("outreach", visits[team]))["stage"] == stage
    told = Counter[tuple[str, str]]()
    for event in await here.events("stock"):
        if event.office == here.office and "visit" in event.body:
            told[event.type, event.body["visit"]] += 1
    ids = {team: path.rpartition("/")[2] for team, path in visits.items()}
    kept = {(kind, ids[t]): 1 for t in (HELD, CALLED_OFF, NOBODY) for kind in ("BlanksReserved", "ReservationReleased")}
    assert told == Counter(kept | {("ReservationRefused", ids[REFUSED]): 1})
    [ready] = [event for event in await here.events("outreach") if event.type == "RecordingPrintReady"]
    assert ready.body["recording"] == person["recording"]


async def _confirmed(here: Town, team: str) -> str:
    """The path of a new visit by that team, which begins today and is confirmed."""
    visit, now = str(uuid4()), datetime.now(UTC)
    plan: dict[str, Any] = {
        "visit": visit,
        "team": team,
        "place": f"SMAN {team}",
        "place_kind": "SCHOOL",
        "starts_at": (now - timedelta(hours=1)).isoformat(),
        "ends_at": (now + timedelta(hours=7)).isoformat(),
        "expected": 100,
    }
    await here.operator.say("outreach", f"{here.path}/visits", **plan)
    path = f"{here.path}/visits/{visit}"
    await here.operator.say("outreach", f"{path}/confirmation", reference=f"421.3/{team}")
    return path


async def _answered(here: Town, visit: str, answer: str) -> None:
    """Waits until stock has answered the visit's wish."""

    async def said() -> bool:
        return bool((await here.operator.ask("outreach", visit))["equipment"][CARD]["answer"] == answer)

    await until(f"stock says {answer}", said)


def _blanks(taken: int, printed: int) -> dict[str, Any]:
    return {"item": CARD, "taken": taken, "printed": printed, "spoiled": 0, "returned": taken - printed}
