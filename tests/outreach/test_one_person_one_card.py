"""Under any order and duplication one recording makes one card, and never before its birthday."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.outreach.domain import (
    Line,
    MarkPrintReady,
    PersonRecorded,
    PlanVisit,
    RecordingPrintReady,
    RecordPersons,
    printable_from,
)
from services.outreach.reactions import due
from services.outreach.service import OUTREACH
from shared.clock import Deadline
from shared.decider import Fact
from shared.testing import Scenario

OFFICE, WITA = "64.72", "Asia/Makassar"
START = datetime(2024, 11, 1, 3, 0, tzinfo=UTC)
BIRTHDAYS = {"r-1": None, "r-2": "2024-10", "r-3": "2024-11", "r-4": "2024-12", "r-5": "2025-06"}

moments = st.integers(0, 300).map(lambda days: START + timedelta(days=days))
lines = st.sampled_from(
    [Line(recording=r, applicant=r, item="KTP_WNI", location="MPP", turns_17=m) for r, m in BIRTHDAYS.items()]
)
syncs = st.lists(lines, max_size=8).map(tuple)
rings = st.sampled_from(list(BIRTHDAYS))


class Log:
    """The facts of all streams, and the deadlines that follow from them."""

    def __init__(self) -> None:
        self.scenario = Scenario(OUTREACH)
        self.facts: list[tuple[Fact, datetime]] = []
        self.deadlines: dict[str, Deadline] = {}

    def execute(self, command: PlanVisit | RecordPersons | MarkPrintReady) -> None:
        for stream, fact in self.scenario.when(command):
            self.facts.append((fact, command.now))
            self.scenario = self.scenario.given([(stream, fact)])
            for row in OUTREACH.project(stream, fact, self.scenario.state(stream)):
                if row.table == "deadlines" and row.values is not None:
                    self.deadlines[row.key[0]] = Deadline(**row.values)
                elif row.table == "deadlines":
                    self.deadlines.pop(row.key[0], None)


@given(st.lists(st.tuples(moments, syncs | rings), max_size=20))
def test_one_recording_makes_exactly_one_card_and_not_before_its_birthday(
    happenings: list[tuple[datetime, tuple[Line, ...] | str]],
) -> None:
    log = Log()
    log.execute(
        PlanVisit(
            now=START,
            occurred_at=START,
            office=OFFICE,
            visit="v",
            place="SMAN 1",
            held_on=date(2024, 11, 1),
            expected=5,
        )
    )
    for now, what in sorted(happenings, key=lambda happening: happening[0]):
        if isinstance(what, str):
            log.execute(MarkPrintReady(now=now, occurred_at=now, recording=what))
        else:
            log.execute(RecordPersons(now=now, occurred_at=now, office=OFFICE, visit="v", timezone=WITA, lines=what))
    told = {line.recording for _, what in happenings if not isinstance(what, str) for line in what}
    for deadline in list(log.deadlines.values()):
        log.execute(due(deadline, deadline.due, stale=True))

    recorded = Counter(fact.recording for fact, _ in log.facts if isinstance(fact, PersonRecorded))
    ready = Counter(fact.recording for fact, _ in log.facts if isinstance(fact, RecordingPrintReady))
    assert recorded == ready == Counter(told)
    assert log.deadlines == {}
    for fact, now in log.facts:
        if isinstance(fact, RecordingPrintReady) and (birthday := BIRTHDAYS[fact.recording]) is not None:
            assert now >= printable_from(birthday, WITA)
