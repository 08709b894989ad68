"""The queue, read class by class from its index, is dealt as if everything had been sorted at once."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import FastAPI

from services.printing import views
from services.printing.domain import JobRequest, PriorityClass
from shared.decider import Command
from shared.ledger import Context
from shared.offices import Office, offices
from tests.printing import bengkulu
from tests.printing.bengkulu import NOON, WEDNESDAY
from tests.printing.naive import Clerk

pytestmark = pytest.mark.anyio

QUEUES, JOBS = 40, 200
NAMES = ("FIRST", "DISASTER", "SUKET", "CHANGED", "REPLACEMENT")
BEHIND = 99
"""The rank of a class that the policy of the day does not have."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Morning:
    """What came to an office until noon, told to the ledger and to the naive clerk."""

    def __init__(self, app: FastAPI, office: Office, chance: random.Random) -> None:
        self._app = app
        self._chance = chance
        self._here: dict[str, Any] = {"office": office.id, "day": office.day_at(NOON)}
        self.clerk = Clerk()
        self.office = office.id
        self.asked: dict[str, JobRequest] = {}
        self.classes: tuple[PriorityClass, ...] = ()
        self.age_limit = timedelta(days=chance.randint(3, 30))

    async def passes(self) -> None:
        chance = self._chance
        await self._requests(chance.randint(0, JOBS // 2), NAMES)
        ranks = [chance.randint(1, 3) for _ in NAMES]
        self.classes = tuple(
            PriorityClass(name, rank, chance.randint(1, 3), reasons=("LOST",) if n == 0 else (), quotas=self._quotas())
            for n, (name, rank) in enumerate(zip(chance.sample(NAMES, 4), ranks, strict=False))
        )
        days = self.age_limit.days
        await self._tell(
            bengkulu.queue_policy(**self._here, starts_on=WEDNESDAY, classes=self.classes, age_limit_days=days)
        )
        for level in chance.choices(("OK", "LOW", "EMPTY"), k=chance.randint(0, 2)):
            await self._tell(bengkulu.stock(level, **self._here))
        await self._claims(NOON - 12 * HOUR)
        await self._requests(chance.randint(1, JOBS // 2), [each.name for each in self.classes])
        if chance.random() < 0.5:
            await self._tell(bengkulu.stock("LOW", **self._here))
        await self._claims(NOON)

    def sorted(self) -> list[str]:
        """Everything that waits, whoever waited too long first, then by rank, then by age; less what has no room."""
        clerk, ranks = self.clerk, {}
        level: Any = clerk.levels.get((self.office, "KTP_WNI"), "")
        for each in self.classes:
            ranks[each.name] = each.rank if level in ("", "OK") else each.shortage_rank
        room = {each.name: each.quotas[level] for each in self.classes if level in each.quotas}
        _, taken = clerk.quotas.get((self.office, "KTP_WNI"), (None, {}))
        room = {name: quota - taken.get(name, 0) for name, quota in room.items()}

        def place(job: str) -> tuple[Any, ...]:
            ready = self.asked[job].print_ready_at
            too_long = ready < NOON - self.age_limit
            return (not too_long, 0 if too_long else ranks.get(clerk.slips[job].waits_in, BEHIND), ready, job)

        dealt = []
        for job in sorted(clerk.slips, key=place):
            slip = clerk.slips[job]
            if slip.where != "WAITING" or slip.holder(NOON):
                continue
            young = self.asked[job].print_ready_at >= NOON - self.age_limit
            if not slip.placed and young and slip.waits_in in room:
                room[slip.waits_in] -= 1
                if room[slip.waits_in] < 0:
                    continue
            dealt.append(job)
        return dealt

    async def _requests(self, many: int, names: Any) -> None:
        chance, requests = self._chance, []
        for _ in range(many):
            # By the hour, so that some are of the same age.
            ready = NOON - chance.randint(0, 40 * 24) * HOUR
            job = str(UUID(int=chance.getrandbits(128)))
            said = {"job": job, "priority": chance.choice(names), "print_ready_at": ready}
            requests.append(bengkulu.asked(**said))
        self.asked |= {request.job: request for request in requests}
        await self._tell(bengkulu.queue_jobs(*requests, **self._here))

    async def _claims(self, now: datetime) -> None:
        some = self._chance.sample(sorted(self.asked), min(len(self.asked), 20))
        said: dict[str, Any] = {
            "claim": uuid4().hex,
            "workstation": f"WS-{now.hour}",
            "blanks_in_hand": True,
            "jobs": 10,
        }
        await self._tell(bengkulu.claim(*some, now=now, **said, **self._here))

    def _quotas(self) -> dict[Any, int]:
        return {} if self._chance.random() < 0.5 else {"LOW": self._chance.randint(0, 8)}

    async def _tell(self, command: Command) -> None:
        self.clerk.tell(command)
        await self._app.state.ledger.execute(command, Context(subject="t", route="t"))


async def test_the_next_jobs_are_the_first_of_all_that_wait(app: FastAPI) -> None:
    cities = [office for office in offices().all() if "." in office.id and office.timezone.key == "Asia/Jakarta"]
    for number in range(QUEUES):
        chance = random.Random(number)
        morning = Morning(app, cities[number], chance)
        await morning.passes()
        limit, expected = chance.choice((1, 5, 40, JOBS)), morning.sorted()
        async with app.state.engine.connect() as connection:
            rules = await views.rules_of(connection, morning.office, "KTP_WNI", WEDNESDAY)
            dealt = await views.next_jobs(connection, morning.office, "KTP_WNI", rules, NOON, limit, None)
        assert dealt == expected[:limit], f"queue {number}"


async def test_printing_until_nothing_waits_deals_every_job_once_and_lets_none_starve(
    app: FastAPI, caller: Callable[[str, str], httpx2.AsyncClient]
) -> None:
    operator, chance = caller("operator", "17.71"), random.Random(7)
    await app.state.ledger.execute(bengkulu.stock("LOW"), Context(subject="t", route="t"))
    now, ages = datetime.now(UTC), {}
    for reason in chance.sample(("FIRST", "LOST", "CHANGE", "DAMAGED", "MOVE") * 12, 60):
        job, age = str(uuid4()), chance.choice((1, 5, 13, 15, 20)) * DAY + chance.randint(0, 60) * timedelta(seconds=1)
        ages[job] = (reason, age)
        card = {"job": job, "item": "KTP_WNI", "location": "MPP", "reason": reason, "applicant": job}
        await say(operator, "jobs", card | {"print_ready_at": (now - age).isoformat()})

    dealt: list[str] = []
    while jobs := await say(
        operator, "workstations/WS-1/claims", {"claim": str(uuid4()), "item": "KTP_WNI", "jobs": chance.randint(1, 9)}
    ):
        for fact in jobs:
            chip = {"chip_serial": uuid4().hex, "workstation": "WS-1", "location": "MPP", "claim": fact["claim"]}
            await say(operator, f"jobs/{fact['job']}/printed", chip)
            dealt.append(fact["job"])
    assert sorted(dealt) == sorted(ages)
    first_new = next(n for n, job in enumerate(dealt) if ages[job][1] < 14 * DAY)
    assert all(ages[job][1] < 14 * DAY for job in dealt[first_new:]), "whoever waited too long comes first"
    assert {ages[job][0] for job in dealt[:first_new]} == {"FIRST", "LOST", "CHANGE", "DAMAGED", "MOVE"}
    assert [ages[job][1] for job in dealt[:first_new]] == sorted(
        (ages[job][1] for job in dealt[:first_new]), reverse=True
    )
    ranks = {"FIRST": 1, "CHANGE": 2, "MOVE": 2, "LOST": 3, "DAMAGED": 3}
    young = [(ranks[ages[job][0]], -ages[job][1]) for job in dealt[first_new:]]
    assert young == sorted(young)


async def say(client: httpx2.AsyncClient, what: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """The facts that followed."""
    answer = await client.post(f"/offices/17.71/{what}", json=body, headers={"Idempotency-Key": uuid4().hex})
    assert answer.status_code == 201, answer.text
    return list(answer.json()["facts"])
