"""Under any order and duplication one recording makes one card, and never before its birthday."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain import (
    EraseMonths,
    Line,
    MarkPrintReady,
    OutreachCommand,
    PersonRecorded,
    RecordingPrintReady,
    RecordPersons,
    printable_from,
)
from services.outreach.sealing import MonthKey
from services.outreach.service import OUTREACH
from shared.decider import Fact
from shared.testing import Scenario
from tests.outreach.bengkulu import plan

OFFICE, WITA = "64.72", "Asia/Makassar"
START = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)
BIRTHDAYS = {"r-1": None, "r-2": "2024-10", "r-3": "2024-11", "r-4": "2024-12", "r-5": "2025-06"}
KEY = MonthKey("v", bytes(32))

moments = st.integers(0, 300).map(lambda days: START + timedelta(days=days))
lines = st.sampled_from(
    [
        Line(
            recording=r,
            applicant=r,
            item="KTP_WNI",
            location="MPP",
            turns_17=m,
            sealed=None if m is None else KEY.seal(r, m),
        )
        for r, m in BIRTHDAYS.items()
    ]
)
syncs = st.lists(lines, max_size=8).map(tuple)
rounds = st.just("a round")
erasures = st.just("an erasure")


def at(now: datetime) -> dict[str, Any]:
    return {"now": now, "occurred_at": now, "office": OFFICE, "day": now.date()}


class Log:
    """The facts of all streams, and who waits by the rows that follow from them."""

    def __init__(self) -> None:
        self.scenario = Scenario(OUTREACH)
        self.facts: list[tuple[Fact, datetime]] = []
        self.waiting: dict[str, str] = {}
        self.has_key = True

    def execute(self, command: OutreachCommand) -> None:
        for stream, fact in self.scenario.when(command):
            self.facts.append((fact, command.now))
            self.scenario = self.scenario.given([(stream, fact)])
            for row in OUTREACH.project(stream, fact, self.scenario.state(stream)):
                assert row.table != "deadlines" or row.values is None
                if row.table == "month_keys":
                    self.has_key = False
                if row.table == "recordings" and row.values is not None:
                    self.waiting.pop(row.key[0], None)
                    if row.values["state"] == "WAITING":
                        self.waiting[row.key[0]] = row.values["sealed"]

    def go_round(self, now: datetime) -> None:
        """What the worker does whenever a month begins: it unseals and tells the domain, whatever the date is."""
        if self.has_key:
            for recording, sealed in list(self.waiting.items()):
                month = KEY.unseal(recording, sealed)
                self.execute(MarkPrintReady(**at(now), recording=recording, turns_17=month))


@given(st.lists(st.tuples(moments, syncs | rounds | erasures), max_size=20))
def test_one_recording_makes_exactly_one_card_and_not_before_its_birthday(
    happenings: list[tuple[datetime, tuple[Line, ...] | str]],
) -> None:
    log, told, erased_on = Log(), set(), None
    day = date(2024, 11, 1)
    log.execute(plan("v", now=START, office=OFFICE, days=(day,), starts_at=START, ends_at=START + timedelta(hours=5)))
    for now, what in sorted(happenings, key=lambda happening: happening[0]):
        if what == "a round":
            log.go_round(now)
        elif isinstance(what, str):
            erased_on = erased_on or now
            log.execute(EraseMonths(**at(now), visit="v", because="REQUESTED"))
        else:
            told |= {line.recording for line in what}
            log.execute(RecordPersons(**at(now), visit="v", timezone=WITA, lines=what))
    log.go_round(START + timedelta(days=400))

    recorded = Counter(fact.recording for fact, _ in log.facts if isinstance(fact, PersonRecorded))
    ready = Counter(fact.recording for fact, _ in log.facts if isinstance(fact, RecordingPrintReady))
    assert recorded == Counter(told)
    assert ready <= Counter(told)
    assert erased_on is not None or ready == Counter(told)
    for fact, now in log.facts:
        if isinstance(fact, RecordingPrintReady) and (birthday := BIRTHDAYS[fact.recording]) is not None:
            assert now >= printable_from(birthday, WITA)
            assert (
                erased_on is None
                or now <= erased_on
                or any(
                    isinstance(first, PersonRecorded) and first.recording == fact.recording and then == now
                    for first, then in log.facts
                )
            )
