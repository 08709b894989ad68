"""The day's report over HTTP, against a naive count over the facts of the log."""

import asyncio
import csv
import io
import random
import time
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from services.printing.api.reports import CAUSES, HEADER
from services.printing.domain import CARDS, REASONS, CancelJob, ChangeRibbon, IssueDocument, PrintingCommand
from shared.decider import Refused
from shared.ledger import Context
from tests.hosting import Caller
from tests.printing.bengkulu import (
    HERE,
    hand_over,
    issue_letter,
    letter_policy,
    printed,
    queue_job,
    queue_policy,
    spoiled,
    stock,
)
from tests.printing.test_api import JOBS, post
from tests.printing.test_api import card as request_for
from tests.printing.test_api import printed as report_of

pytestmark = pytest.mark.anyio

REPORT = "/offices/17.71/reports/daily"
WHO = Context(subject="p:system", route="test")
WIB = ZoneInfo("Asia/Jakarta")
A_STEP = timedelta(days=1) / 1_280
MIDNIGHT = datetime(2024, 11, 20, tzinfo=WIB)
PLACES = ("MPP", "Kampung Melayu", "=Gading Cempaka")
ONCE = {
    "CardHandedOver": "handed_over",
    "OldCardWithdrawn": "old_cards_withdrawn",
    "JobCancelled": "cancelled",
    "SubstituteLetterIssued": "letters",
}
Figures = Counter[tuple[str, ...]]


def at(moment: datetime, **but: Any) -> dict[str, Any]:
    return {"occurred_at": moment, "day": moment.astimezone(WIB).date()} | but


async def carried_out(app: FastAPI, commands: Iterable[PrintingCommand]) -> None:
    """All these commands, and what is refused is refused."""
    for command in commands:
        try:
            await app.state.ledger.execute(command, WHO)
        except Refused:
            continue


def a_command(random: random.Random, jobs: list[str]) -> PrintingCommand:
    """Anything that an office does around the days of 19 and 20 November."""
    moment = MIDNIGHT + timedelta(minutes=30 * random.randrange(-48, 66))
    place, item, reason = random.choice(PLACES), random.choice(CARDS), random.choice(REASONS)
    job, who = random.choice(jobs), "operator-17.71"
    further = {"item": item, "reason": reason, "printer": random.choice(("P-1", "P-2")), "location": place}
    match random.randrange(10):
        case 0 | 1:
            request = {"job": job, "item": item, "reason": reason, "location": place, "applicant": "A-1"}
            return queue_job(**request, now=moment, day=moment.date(), print_ready_at=moment)
        case 2 | 3:
            return printed(job=job, chip_serial=str(uuid4()), declared=True, **further, **at(moment))
        case 4:
            return spoiled(job=job, cause=random.choice(CAUSES), **further, **at(moment))
        case 5:
            return hand_over(job=job, location=place, old_card_withdrawn=random.random() < 0.5, **at(moment))
        case 6:
            return issue_letter(job=job, letter=str(uuid4()), **at(moment))
        case 7:
            return CancelJob(**HERE | at(moment), job=job, cancelled_by=who, note="batal")
        case 8:
            kind, quantity = random.choice(("KK", "BIRTH_CERTIFICATE")), random.randrange(1, 9)
            about = {"document": str(uuid4()), "kind": kind, "location": place, "quantity": quantity}
            return IssueDocument(**HERE | at(moment) | about, sheets=2 * quantity, issued_by=who)
        case _:
            supply: dict[str, Any] = {"item": random.choice(("RIBBON", "FILM")), "printer": "P-1", "location": place}
            cards = random.randrange(500)
            return ChangeRibbon(**HERE | at(moment) | supply, ribbon=str(uuid4()), cards=cards, changed_by=who)


async def naive(app: FastAPI, since: datetime, until: datetime) -> dict[str, Figures]:
    """By place what the facts say was done in this time, counted one after the other, and what waits now."""
    async with app.state.engine.connect() as connection:
        log = await connection.exec_driver_sql("select type, data, occurred_at from events order by position")
        facts = log.all()
    counted: dict[str, Figures] = {}
    jobs: dict[str, dict[str, Any]] = {}
    for type, fact, occurred_at in facts:
        if type in ("JobQueued", "CardPrinted", "CardSpoiled"):
            jobs.setdefault(fact["job"], {"waits": True} | fact)
        if type in ("CardPrinted", "JobCancelled"):
            jobs[fact["job"]]["waits"] = False
        if not since <= occurred_at < until:
            continue
        known = jobs.get(fact.get("job", ""), {})
        place = fact.get("location", known.get("location"))
        if place is None:
            continue
        here = counted.setdefault(place, Counter())
        match type:
            case "JobQueued" | "RequestCameLate":
                here["cards", known["item"], "in", known["reason"]] += 1
            case "CardPrinted":
                here["cards", known["item"], "printed", known["reason"]] += 1
            case "CardSpoiled":
                here["cards", known["item"], "spoiled", fact["cause"]] += 1
            case "DocumentIssued":
                here["documents", fact["kind"], "issued"] += fact["quantity"]
                here["documents", fact["kind"], "sheets"] += fact["sheets"]
            case "RibbonChanged":
                here["supplies", fact["item"], "changed"] += 1
                here["supplies", fact["item"], "cards"] += fact["cards"]
            case _ if type in ONCE:
                here["cards", known["item"], ONCE[type]] += 1
    for job in jobs.values():
        if job["waits"]:
            counted.setdefault(job["location"], Counter())["cards", job["item"], "waiting"] += 1
    return {place: +figures for place, figures in counted.items() if +figures}


def flat(shown: dict[str, Any], *path: str) -> Figures:
    """A report's figures by their path, those of nothing left out."""
    found: Figures = Counter()
    for name, value in shown.items():
        if isinstance(value, dict):
            found.update(flat(value, *path, name))
        elif value and name != "owed":
            found[*path, name] = value
    return found


def of_place(shown: dict[str, Any]) -> Figures:
    return flat({name: shown[name] for name in ("cards", "documents", "supplies")})


async def happened(app: FastAPI, seed: int, times: int = 400) -> None:
    """So many things, while letters are allowed, stock is low, and a spoiled blank asks for a decision."""
    chance = random.Random(seed)
    jobs = [str(uuid4()) for _ in range(120)]
    begun: list[PrintingCommand] = [letter_policy("LOW"), queue_policy(tries=1)]
    for item in CARDS:
        begun += [stock("LOW", item=item)]
    await carried_out(app, begun)
    await carried_out(app, (a_command(chance, jobs) for _ in range(times)))


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_day_is_what_a_naive_count_of_the_facts_says(app: FastAPI, caller: Caller, seed: int) -> None:
    await happened(app, seed)
    for days in (-1, 0, 1, 2):
        since = MIDNIGHT + timedelta(days=days)
        expected = await naive(app, since, since + timedelta(days=1))
        shown = (await caller("auditor", "17").get(REPORT, params={"day": f"{since:%Y-%m-%d}"})).json()
        found = {point["location"]: of_place(point) for point in shown["service_points"]}
        assert found == expected, since
        sums: Figures = Counter()
        for figures in expected.values():
            sums.update(figures)
        assert of_place(shown) == sums


async def test_the_sheet_says_what_the_report_says(app: FastAPI, caller: Caller) -> None:
    await happened(app, 3, 200)
    client = caller("head", "17.71")
    answer = await client.get(REPORT, params={"day": "2024-11-20"}, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'filename="laporan-harian-17.71-2024-11-20.csv"' in answer.headers["content-disposition"]
    assert (await client.get(REPORT, params={"day": "2024-11-20", "format": "csv"})).text == answer.text
    header, *lines = list(csv.reader(io.StringIO(answer.text)))
    assert tuple(header) == HEADER
    shown = (await client.get(REPORT, params={"day": "2024-11-20", "format": "json"})).json()
    places = {"": shown} | {point["location"]: point for point in shown["service_points"]}
    expected = []
    for place, figures in places.items():
        level, name = ("Titik layanan", place.replace("=", "'=")) if place else ("Kantor", "")
        about = ["2024-11-20", level, "17.71", "Kota Bengkulu", name]
        for item, of in figures["cards"].items():
            groups = [list(of[group].values()) for group in ("in", "printed", "spoiled")]
            once = [
                of[key] for key in ("handed_over", "old_cards_withdrawn", "cancelled", "letters", "waiting", "owed")
            ]
            numbers = [n for group in groups for n in (*group, sum(group))]
            expected.append([*about, item, *numbers, *once, 0, 0, 0, 0])
        for kind, of in figures["documents"].items():
            expected.append([*about, kind, *[0] * 23, of["issued"], of["sheets"], 0, 0])
        for item, of in figures["supplies"].items():
            expected.append([*about, item, *[0] * 25, of["changed"], of["cards"]])
    assert lines == [[str(cell) for cell in line] for line in expected]


async def test_the_debt_is_beside_the_day(app: FastAPI, caller: Caller) -> None:
    operator = caller("operator", "17.71")
    for days, place in ((20, "MPP"), (20, "MPP"), (0, "MPP"), (20, "Kampung Melayu")):
        moment = datetime.now(WIB) - timedelta(days=days)
        assert (
            await post(operator, JOBS, request_for(location=place, occurred_at=moment.isoformat()))
        ).status_code == 201
    shown = (await operator.get(REPORT)).json()
    debts = {point["location"]: point["cards"]["KTP_WNI"] for point in shown["service_points"]}
    assert {place: (of["in"]["LOST"], of["waiting"], of["owed"]) for place, of in debts.items()} == {
        "MPP": (1, 3, 2),
        "Kampung Melayu": (0, 1, 1),
    }
    assert (shown["cards"]["KTP_WNI"]["waiting"], shown["cards"]["KTP_WNI"]["owed"]) == (4, 3)


async def test_a_day_begins_when_it_begins_at_the_office(app: FastAPI, caller: Caller) -> None:
    merauke = caller("operator", "94.01")
    for moment in ("2024-11-19T14:59:59Z", "2024-11-19T15:00:00Z", "2024-11-20T14:59:59Z", "2024-11-20T15:00:00Z"):
        report = report_of(item="KTP_WNI", reason="FIRST", occurred_at=moment)
        assert (await post(merauke, f"/offices/94.01/jobs/{uuid4()}/printed", report)).status_code == 201
    shown = (await merauke.get("/offices/94.01/reports/daily", params={"day": "2024-11-20"})).json()
    assert shown["cards"]["KTP_WNI"]["printed"]["FIRST"] == 2


async def test_a_day_without_work_has_one_line_that_says_so(caller: Caller) -> None:
    client = caller("head", "17.71")
    answer = await client.get(REPORT, params={"day": "2024-11-20", "format": "csv"})
    _, line = list(csv.reader(io.StringIO(answer.text)))
    assert line == ["2024-11-20", "Kantor", "17.71", "Kota Bengkulu", "", "", *["0"] * 27]
    for wrong in ("2024-11-31", "1999-12-31", "20-11-2024", "2100-01-01"):
        assert (await client.get(REPORT, params={"day": wrong})).status_code == 422


async def test_a_report_is_read_by_those_who_may_see_the_office(caller: Caller) -> None:
    assert (await caller("head", "17.01").get(REPORT)).status_code == 404
    assert (await caller("ops", "00").get(REPORT)).status_code == 403
    assert (await caller("storekeeper", "17.71").get(REPORT)).status_code == 200


async def test_a_busy_day_among_others_is_added_up_in_no_time(app: FastAPI, caller: Caller) -> None:
    """1,280 cards a day on five days: the report costs its day, in well under a second."""
    cards = [
        printed(job=str(uuid4()), item="KTP_WNI", reason="FIRST", location=PLACES[n % 3], **at(MIDNIGHT + n * A_STEP))
        for n in range(5 * 1_280)
    ]
    for begin in range(0, len(cards), 320):
        await asyncio.gather(*(app.state.ledger.execute(each, WHO) for each in cards[begin : begin + 320]))
    client = caller("head", "17.71")
    took = []
    for _ in range(3):
        started = time.perf_counter()
        shown = (await client.get(REPORT, params={"day": "2024-11-22"})).json()
        took.append(time.perf_counter() - started)
    assert shown["cards"]["KTP_WNI"]["printed"]["FIRST"] == 1_280
    print(f"daily report of 1,280 cards: {min(took) * 1000:.1f} ms")
    assert min(took) < 0.5
