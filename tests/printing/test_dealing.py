"""The order in which jobs are dealt, on the real database: class, then age, and whoever waited too long first."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from services.printing import views
from services.printing.domain import PriorityClass
from shared.decider import Command
from shared.ledger import Context
from tests.printing.bengkulu import (
    BENGKULU,
    NOON,
    WEDNESDAY,
    cancel,
    claim,
    not_printed,
    printed,
    queue_job,
    queue_policy,
    spoiled,
    stock,
)

pytestmark = pytest.mark.anyio

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
WHO = Context(subject="u", route="test")

RATIONED = (
    PriorityClass("FIRST", 1, 1, reasons=("FIRST",)),
    PriorityClass("OTHERS", 2, 2, reasons=("LOST", "DAMAGED", "CHANGE", "MOVE"), quotas={"LOW": 2}),
)


async def after(app: FastAPI, *commands: Command) -> None:
    for command in commands:
        await app.state.ledger.execute(command, WHO)


def asked(job: str, age: timedelta, **but: Any) -> Command:
    """A request for a card that somebody has waited for so long at noon."""
    return queue_job(job=job, print_ready_at=NOON - age, **but)


async def dealt(
    app: FastAPI, now: datetime = NOON, day: date = WEDNESDAY, limit: int = 20, location: str | None = None
) -> str:
    """The jobs to be printed next, in order."""
    async with app.state.engine.connect() as connection:
        rules = await views.rules_of(connection, BENGKULU, "KTP_WNI", day)
        jobs = await views.next_jobs(connection, BENGKULU, "KTP_WNI", rules, now, limit, location)
    return " ".join(jobs)


async def of_every_class(app: FastAPI) -> None:
    """A job of each of the default's classes, in the reverse order of shortage: each older than the one before."""
    reasons = {"lost": "LOST", "changed": "CHANGE", "first": "FIRST"}
    await after(app, asked("damaged", HOUR, reason="DAMAGED"))
    await after(app, *(asked(name, n * HOUR, reason=reason) for n, (name, reason) in enumerate(reasons.items(), 2)))
    await after(app, asked("suket", 5 * HOUR, priority="SUKET"), asked("disaster", 6 * HOUR, priority="DISASTER"))


async def test_without_shortage_the_default_goes_by_age_alone(app: FastAPI) -> None:
    await of_every_class(app)
    assert await dealt(app) == "disaster suket first changed lost damaged"
    assert await dealt(app, limit=2) == "disaster suket"


@pytest.mark.parametrize("level", ["LOW", "CRITICAL", "EMPTY"])
async def test_in_shortage_first_timers_come_first_then_disaster_victims_and_lost_cards_last(
    app: FastAPI, level: str
) -> None:
    await of_every_class(app)
    await after(app, stock(level))
    assert await dealt(app) == "first disaster suket changed lost damaged"


async def test_within_a_class_the_oldest_comes_first(app: FastAPI) -> None:
    await after(app, *(asked(name, hours * HOUR) for name, hours in (("young", 1), ("old", 9), ("middle", 5))))
    assert await dealt(app) == "old middle young"


async def test_whoever_waited_longer_than_the_age_limit_comes_first_of_all(app: FastAPI) -> None:
    await after(app, stock("CRITICAL"), asked("first", 13 * DAY, reason="FIRST"))
    await after(app, asked("lost", 14 * DAY), asked("older", 15 * DAY), asked("oldest", 16 * DAY, reason="CHANGE"))
    assert await dealt(app) == "oldest older first lost"
    # A second later the third has waited longer than 14 days as well.
    assert await dealt(app, now=NOON + timedelta(seconds=1)) == "oldest older lost first"


async def test_nobody_starves_however_many_come_that_rank_before(app: FastAPI) -> None:
    await after(app, stock("CRITICAL"), asked("lost", timedelta()))
    day, now = WEDNESDAY, NOON
    for n in range(15):
        await after(app, *(queue_job(job=f"{n}-{i}", reason="FIRST", print_ready_at=now) for i in range(3)))
        two = (await dealt(app, now, day, limit=2)).split()
        assert "lost" not in two
        await after(app, *(printed(job=job, chip_serial=job) for job in two))
        day, now = day + DAY, now + DAY
    # Fourteen days are over; of those that came meanwhile fifteen still wait.
    assert "lost" in (await dealt(app, now, day, limit=2)).split()


async def test_what_is_over_quota_is_dealt_when_a_day_has_room_and_for_as_many_as_it_has(app: FastAPI) -> None:
    await after(app, queue_policy(classes=RATIONED), stock("LOW"))
    await after(app, *(asked(name, n * HOUR) for name, n in zip("abcde", (5, 4, 3, 2, 1), strict=True)))
    assert await dealt(app) == "a b"
    assert await dealt(app, now=NOON + DAY, day=WEDNESDAY + DAY) == "a b c d"
    await after(app, stock("OK"))
    assert await dealt(app) == "a b c d e"


async def test_debt_drains_by_priority_when_blanks_come(app: FastAPI) -> None:
    await after(app, stock("EMPTY"))
    await of_every_class(app)
    await after(app, stock("LOW"))
    assert await dealt(app) == "first disaster suket changed lost damaged"


async def test_a_claimed_job_is_dealt_again_when_its_claim_is_over_or_given_back(app: FastAPI) -> None:
    await after(app, asked("a", 2 * HOUR), asked("b", HOUR), claim("a"))
    assert await dealt(app) == "b"
    over = claim("a").until
    assert await dealt(app, now=over - timedelta(seconds=1)) == "b"
    assert await dealt(app, now=over) == "a b"
    await after(app, not_printed(job="a"))
    assert await dealt(app) == "a b"


async def test_a_service_point_may_ask_for_its_own(app: FastAPI) -> None:
    await after(app, asked("a", 3 * HOUR), asked("b", 2 * HOUR, location="Kecamatan Selebar"), asked("c", HOUR))
    assert await dealt(app, location="MPP") == "a c"
    assert await dealt(app, location="Kecamatan Selebar") == "b"
    assert await dealt(app) == "a b c"


async def test_classes_of_an_earlier_policy_come_last_and_are_dealt_all_the_same(app: FastAPI) -> None:
    earlier = (PriorityClass("VISIT", 1, 1), PriorityClass("REST", 2, 2, reasons=("LOST",)))
    await after(app, queue_policy(classes=earlier), asked("visit", 9 * HOUR, priority="VISIT"), asked("rest", HOUR))
    assert await dealt(app) == "visit rest"
    await after(app, queue_policy(classes=RATIONED), asked("others", HOUR))
    assert await dealt(app) == "others visit rest"
    await after(app, queue_policy(classes=()))
    await after(app, asked("replacement", HOUR))
    assert await dealt(app) == "replacement visit others rest"


async def test_an_offices_own_policy_goes_before_the_nations_and_only_from_its_day_on(app: FastAPI) -> None:
    lost_first = (PriorityClass("LOST", 1, 1, reasons=("LOST",)), PriorityClass("REST", 2, 2))
    first_first = (PriorityClass("NEW", 1, 1, reasons=("FIRST",)), PriorityClass("LOST", 2, 2, reasons=("LOST",)))
    await after(
        app, queue_policy(office="00", classes=first_first), asked("lost", HOUR), asked("new", 0 * HOUR, reason="FIRST")
    )
    assert await dealt(app) == "new lost"
    await after(app, queue_policy(classes=lost_first, starts_on=WEDNESDAY + DAY))
    assert await dealt(app) == "new lost"
    assert await dealt(app, day=WEDNESDAY + DAY) == "lost new"


async def test_jobs_printed_cancelled_or_held_are_not_dealt(app: FastAPI) -> None:
    await after(app, *(asked(name, n * HOUR) for n, name in enumerate("abcd")))
    await after(app, printed(job="a"), cancel(job="b"), *[spoiled(job="c")] * 3)
    assert await dealt(app) == "d"
