"""Whatever comes, in whatever order and however often: a job is in one place, and every blank is told."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.printing.domain import (
    CARDS,
    CardPrinted,
    CardSpoiled,
    NoteStockLevel,
    PrintingCommand,
    QueueJob,
    RecordPrinted,
    RecordSpoiled,
)
from services.printing.service import PRINTING
from shared.decider import Fact, Refused
from shared.testing import Scenario

NOON = datetime(2024, 11, 20, 5, 0, tzinfo=UTC)
OFFICE = "17.71"

jobs = st.sampled_from(["job-1", "job-2", "job-3"])
serials = st.sampled_from(["04A1", "04B2", "04C3"])
items = st.sampled_from(CARDS)
reasons = st.sampled_from(["FIRST", "LOST"])
requests = st.builds(
    QueueJob,
    now=st.just(NOON),
    occurred_at=st.just(NOON),
    office=st.just(OFFICE),
    job=jobs,
    item=items,
    location=st.just("MPP"),
    reason=reasons,
    applicant=st.sampled_from(["A-1", "A-2"]),
)
prints = st.builds(
    RecordPrinted,
    now=st.just(NOON),
    occurred_at=st.just(NOON),
    office=st.just(OFFICE),
    job=jobs,
    location=st.just("MPP"),
    workstation=st.just("WS-1"),
    chip_serial=serials,
    blank_in_hand=st.booleans(),
    item=items,
    reason=reasons,
)
spoils = st.builds(
    RecordSpoiled,
    now=st.just(NOON),
    occurred_at=st.just(NOON),
    office=st.just(OFFICE),
    job=jobs,
    location=st.just("MPP"),
    workstation=st.just("WS-1"),
    cause=st.just("MISPRINT"),
    item=items,
    reason=reasons,
)
news = st.builds(
    NoteStockLevel,
    now=st.just(NOON),
    occurred_at=st.just(NOON),
    office=st.just(OFFICE),
    item=items,
    level=st.sampled_from(["OK", "LOW", "EMPTY"]),
    episode=st.integers(1, 3),
    as_of=st.just(NOON),
)


@given(st.lists(requests | prints | spoils | news, max_size=25))
def test_every_job_is_in_one_place_and_every_blank_is_told(commands: list[PrintingCommand]) -> None:
    scenario = Scenario(PRINTING)
    facts: list[Fact] = []
    accepted: list[PrintingCommand] = []
    refused: list[tuple[PrintingCommand, str]] = []
    rows: dict[str, Mapping[str, Any]] = {}
    for command in commands:
        try:
            decision = scenario.when(command)
        except Refused as refusal:
            refused.append((command, refusal.code))
            continue
        accepted.append(command)
        for stream, fact in decision:
            scenario = scenario.given([(stream, fact)])
            facts.append(fact)
            for row in PRINTING.project(stream, fact, scenario.state(stream)):
                if row.table == "jobs" and row.values is not None:
                    rows[row.key[0]] = row.values

    for command, code in refused:
        match command:
            case QueueJob():
                assert code == "job_id_taken"
            case RecordPrinted():
                assert code == "blank_not_confirmed"
                assert not command.blank_in_hand
            case _:
                raise AssertionError(f"a fact was refused: {command}")

    cards = Counter((fact.job, fact.chip_serial) for fact in facts if isinstance(fact, CardPrinted))
    reported = {(c.job, c.chip_serial) for c in accepted if isinstance(c, RecordPrinted)}
    assert set(cards) == reported and set(cards.values()) <= {1}
    spoiled = Counter(fact.job for fact in facts if isinstance(fact, CardSpoiled))
    assert spoiled == Counter(c.job for c in accepted if isinstance(c, RecordSpoiled))

    known = {c.job for c in accepted if not isinstance(c, NoteStockLevel)}
    printed = {job for job, _ in reported}
    assert {job: row["state"] for job, row in rows.items()} == {
        job: "PRINTED" if job in printed else "QUEUED" for job in known
    }
    assert all(row["tries"] == spoiled[job] for job, row in rows.items())
    assert all(row["cards"] == sum(of == job for of, _ in cards) for job, row in rows.items())
