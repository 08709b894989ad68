"""What may happen in an office and its neighbour, in any order; each command is told to the naive clerk as well."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from msgspec.structs import replace as replace_in

from services.printing.domain import (
    CancelJob,
    ClaimJobs,
    PrintingCommand,
    PriorityClass,
    RecordPrinted,
    ResumeJob,
    SetLetterPolicy,
    SetQueuePolicy,
    Undeclared,
)
from services.printing.domain.policy import DEFAULT
from services.printing.reactions import due
from services.printing.service import PRINTING
from shared.clock import Deadline
from shared.decider import Fact, Refused
from shared.offices import offices
from shared.testing import Scenario
from tests.printing import bengkulu
from tests.printing.bengkulu import BENGKULU, NATION, NOON
from tests.printing.naive import Clerk, Hold, No

OFFICES, ITEMS, WORKSTATIONS = (BENGKULU, "17.01"), ("KTP_WNI", "KTP_WNI", "KIA"), ("WS-1", "WS-2", "WS-3")
JOBS = tuple(f"job-{n}" for n in range(1, 9))
TO_COMPLETE = ("declare_card", "blank_not_confirmed", "job_unknown")
"""What a report of a card is asked for before it is recorded."""
QUOTAS = tuple(
    tuple(replace_in(each, quotas={"LOW": low, "EMPTY": none}) for each in DEFAULT.classes)
    for low, none in ((0, 0), (1, 0), (2, 1), (3, 3))
)
FEWER = (
    PriorityClass("ALL", 1, 1, reasons=("FIRST", "LOST", "CHANGE"), quotas={"LOW": 2}),
    PriorityClass("FIRST", 2, 2),
)
NONE: tuple[PriorityClass, ...] = ()
"""The office goes by the nation's policy again."""

# The neighbour says one thing in five, mostly about jobs that are not its own.
somewhere = st.sampled_from((BENGKULU, BENGKULU, BENGKULU, BENGKULU, "17.01"))
a_job, an_item, a_workstation = st.sampled_from(JOBS), st.sampled_from(ITEMS), st.sampled_from(WORKSTATIONS)
a_reason = st.sampled_from(("FIRST", "LOST", "CHANGE"))
seldom = st.integers(0, 4).map(lambda n: n == 0)
ages = st.one_of(st.just(timedelta(0)), st.timedeltas(timedelta(minutes=1), timedelta(days=20)))
late = st.one_of(st.just(timedelta(0)), st.timedeltas(timedelta(minutes=1), timedelta(days=2)))


class Happenings(RuleBasedStateMachine):
    """Every step is a command, carried out by the domain and told to the clerk, who says what should follow."""

    def __init__(self) -> None:
        super().__init__()
        self.printing: Scenario = Scenario(PRINTING)
        self.clerk = Clerk()
        self.now: datetime = NOON
        self.log: list[tuple[datetime, Fact]] = []
        self.rows: dict[str, dict[tuple[Any, ...], Any]] = {}
        self.commands: list[PrintingCommand] = []
        self.drawer: list[RecordPrinted] = []
        """Cards that somebody was asked about, and which are still in their hand."""
        self.chips: set[str] = set()
        self.spoiled = 0
        self.numbers = 0

    @initialize(level=st.sampled_from(("LOW", "LOW", "EMPTY", "OK")), quotas=st.sampled_from((NONE, *QUOTAS)))
    def a_day_begins(self, level: str, quotas: tuple[PriorityClass, ...]) -> None:
        self.letters_are_allowed_or_forbidden(("LOW", "EMPTY"), 1)
        self.the_order_is_set(BENGKULU, quotas, 2, False)
        self.stock_tells(BENGKULU, "KTP_WNI", level)
        requests = [
            bengkulu.asked(job=job, item=item, applicant="A-1") for job, item in zip(JOBS[:6], ITEMS * 2, strict=True)
        ]
        self.tell(bengkulu.queue_jobs(*requests, **self.at(BENGKULU)))

    @rule(minutes=st.one_of(st.integers(1, 90), st.integers(90, 2_000)))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    # Cards are asked for.

    @rule(data=st.data(), office=somewhere, behind=seldom)
    def a_card_is_asked_for(self, data: st.DataObject, office: str, behind: bool) -> None:
        # One of two processes may have read its clock before midnight, and decide after the other.
        day = self.at(office)["day"] - timedelta(days=int(behind))
        self.tell(replace(bengkulu.queue_job(**self.request(data)), **self.at(office) | {"day": day}))

    @rule(data=st.data(), office=somewhere, many=st.integers(1, 6))
    def requests_were_taken_offline(self, data: st.DataObject, office: str, many: int) -> None:
        requests = [bengkulu.asked(**self.request(data)) for _ in range(many)]
        self.tell(bengkulu.queue_jobs(*requests, **self.at(office)))

    def request(self, data: st.DataObject) -> dict[str, Any]:
        job = data.draw(a_job)
        # Mostly what is said of a job is the same whenever it is said.
        but: dict[str, Any] = {"item": ITEMS[JOBS.index(job) % 3], "reason": "LOST", "applicant": "A-1"}
        if data.draw(seldom):
            but |= {"item": data.draw(an_item), "reason": data.draw(a_reason), "applicant": "A-2"}
        priority = data.draw(st.sampled_from((None, None, None, "DISASTER", "ALL", "VIP")))
        return {"job": job, "priority": priority, "print_ready_at": self.now - data.draw(ages), **but}

    @precondition(lambda self: self.commands)
    @rule(data=st.data())
    def something_is_said_again(self, data: st.DataObject) -> None:
        cards = [said for said in self.commands if isinstance(said, RecordPrinted)]
        again = data.draw(
            st.sampled_from(self.commands) if not cards else st.sampled_from(self.commands) | st.sampled_from(cards)
        )
        if isinstance(again, ClaimJobs):
            again = replace(
                again, claim=self.name("claim"), undeclared=self.undeclared(again.office, again.workstation)
            )
        self.tell(replace(again, now=self.now))

    # At the printer.

    @rule(
        data=st.data(), office=somewhere, item=an_item, workstation=a_workstation, jobs=st.integers(1, 4), asks=seldom
    )
    def a_workstation_claims(
        self, data: st.DataObject, office: str, item: str, workstation: str, jobs: int, asks: bool
    ) -> None:
        """Of candidates as they were a moment ago: some of them are not free any more, or never were of this queue."""
        candidates = data.draw(st.permutations(JOBS))
        said: dict[str, Any] = {"claim": self.name("claim"), "workstation": workstation, "item": item}
        said |= {"blanks_in_hand": not asks, "undeclared": self.undeclared(office, workstation)}
        self.tell(bengkulu.claim(*candidates, jobs=jobs, **said | self.at(office)))

    @rule(data=st.data(), office=somewhere, ago=late)
    def a_card_comes_out(self, data: st.DataObject, office: str, ago: timedelta) -> None:
        said = self.report(data) | self.at(office, ago)
        chip = None if data.draw(seldom) else self.name("chip")
        declared, in_hand = data.draw(st.booleans()), data.draw(seldom)
        self.tell(bengkulu.printed(**said, chip_serial=chip, declared=declared, blank_in_hand=in_hand))

    @rule(data=st.data(), office=somewhere, ago=late, blanks=st.integers(1, 2))
    def blanks_are_spoiled(self, data: st.DataObject, office: str, ago: timedelta, blanks: int) -> None:
        said = self.report(data) | self.at(office, ago)
        for _ in range(blanks):
            self.tell(bengkulu.spoiled(**said))

    @rule(data=st.data(), office=somewhere)
    def a_job_is_given_back(self, data: st.DataObject, office: str) -> None:
        said = self.report(data)
        said = {name: said[name] for name in ("job", "workstation")} | {"claim": said["claim"] or "claim-0"}
        self.tell(bengkulu.not_printed(**said | self.at(office)))

    def report(self, data: st.DataObject) -> dict[str, Any]:
        """Of a hold that somebody has or lost, or of any job by anybody; with its claim or without."""
        holds = self.holds()
        places = data.draw(st.sampled_from((("QUEUED", "CLAIMED"), ("HELD", "PRINTED"), ("HANDED_OVER", "CANCELLED"))))
        job, workstation, claim = self.one_of(data, *places), data.draw(a_workstation), None
        if holds and not data.draw(seldom):
            job, hold = data.draw(st.sampled_from(holds))
            workstation, claim = hold.workstation, hold.claim
            if data.draw(seldom):
                workstation, claim = data.draw(a_workstation), None
        known = {"item": data.draw(an_item), "reason": data.draw(a_reason)} if data.draw(seldom) else {}
        return {"job": job, "workstation": workstation, "claim": claim, **known}

    def holds(self) -> list[tuple[str, Hold]]:
        return [
            (job, hold)
            for job, slip in sorted(self.clerk.slips.items())
            for hold in (*slip.lost, *([slip.hold] if slip.hold else []))
        ]

    @precondition(lambda self: self.drawer)
    @rule(data=st.data())
    def somebody_looks_into_the_drawer(self, data: st.DataObject) -> None:
        self.complete(data.draw(st.integers(0, len(self.drawer) - 1)))

    def complete(self, number: int) -> None:
        """The card is reported again, with all that could be asked for."""
        card = self.drawer.pop(number)
        what: dict[str, Any] = {"item": card.item or "KTP_WNI", "reason": card.reason or "LOST"}
        self.tell(replace(card, now=self.now, declared=True, blank_in_hand=True, **what))

    # At the head's desk and at the counter.

    @rule(data=st.data(), office=somewhere)
    def a_request_is_withdrawn(self, data: st.DataObject, office: str) -> None:
        job = self.one_of(data, "HELD", "CLAIMED")
        self.tell(CancelJob(**self.at(office), job=job, cancelled_by="operator", note="moved away"))

    @precondition(lambda self: any(slip.where == "HELD" for slip in self.clerk.slips.values()))
    @rule(data=st.data(), office=somewhere)
    def the_head_lets_it_be_tried_again(self, data: st.DataObject, office: str) -> None:
        self.tell(ResumeJob(**self.at(office), job=self.one_of(data, "HELD"), decided_by="head", note="new printer"))

    @rule(data=st.data(), office=somewhere, old=st.booleans())
    def a_card_is_handed_over(self, data: st.DataObject, office: str, old: bool) -> None:
        job = self.one_of(data, "PRINTED", "HANDED_OVER")
        self.tell(bengkulu.hand_over(**self.at(office), job=job, old_card_withdrawn=old))

    @rule(data=st.data(), office=somewhere)
    def a_letter_is_issued(self, data: st.DataObject, office: str) -> None:
        job = self.one_of(data, "QUEUED", "CLAIMED", "HELD")
        self.tell(bengkulu.issue_letter(**self.at(office), job=job, letter=self.name("letter")))

    def one_of(self, data: st.DataObject, *places: str) -> str:
        """A job that is in one of these places, mostly; seldom, or if there is none, any."""
        there = [job for job, slip in sorted(self.clerk.slips.items()) if slip.place in places]
        return str(data.draw(a_job if not there or data.draw(seldom) else st.sampled_from(there)))

    @precondition(lambda self: self.rows.get("deadlines"))
    @rule(data=st.data())
    def a_letter_is_over(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.rows["deadlines"])))
        deadline = Deadline(**self.rows["deadlines"][key])
        self.now = max(self.now, deadline.due)
        self.tell(due(deadline, self.now, False))

    # What others say.

    @rule(office=somewhere, item=an_item, level=st.sampled_from(("OK", "LOW", "LOW", "EMPTY", "EMPTY", None)))
    def stock_tells(self, office: str, item: str, level: str | None) -> None:
        self.numbers += 1
        self.tell(bengkulu.stock(level, **self.at(office), item=item, on_hand=self.numbers))

    @precondition(lambda self: self.now > NOON)
    @rule(
        whose=st.sampled_from((*OFFICES[:1], NATION)),
        classes=st.sampled_from((DEFAULT.classes, *QUOTAS, FEWER, NONE)),
        tries=st.integers(1, 3),
        tomorrow=st.booleans(),
    )
    def the_order_is_set(self, whose: str, classes: tuple[PriorityClass, ...], tries: int, tomorrow: bool) -> None:
        at = self.at(whose)
        waiting = sum(rules.starts_on > at["day"] for rules in self.clerk.rules.get(whose, []))
        starts_on = at["day"] + timedelta(days=int(tomorrow and waiting < 2))
        self.tell(bengkulu.queue_policy(**at, starts_on=starts_on, classes=classes, tries=tries))

    @precondition(lambda self: self.now > NOON)
    @rule(levels=st.sampled_from((("LOW", "EMPTY"), ("EMPTY",), ())), days=st.integers(1, 3))
    def letters_are_allowed_or_forbidden(self, levels: tuple[str, ...], days: int) -> None:
        at = self.at(NATION)
        self.tell(bengkulu.letter_policy(*levels, **at, starts_on=at["day"], valid_days=days))

    # How it is told.

    def at(self, office: str, ago: timedelta = timedelta(0)) -> dict[str, Any]:
        happened, here = self.now - ago, offices().get(office)
        assert here is not None
        return {"now": self.now, "occurred_at": happened, "office": office, "day": here.day_at(happened)}

    def name(self, kind: str) -> str:
        self.numbers += 1
        return f"{kind}-{self.numbers}"

    def undeclared(self, office: str, workstation: str) -> tuple[Undeclared, ...]:
        """As the read tables have it: `views.undeclared` in Python."""
        jobs, lapsed = self.rows.get("jobs", {}).values(), self.rows.get("lapsed_claims", {}).values()
        own = [(row["job"], row["claim"], row["claimed_until"], row) for row in jobs if row["state"] == "CLAIMED"]
        own += [(row["job"], row["claim"], row["until"], row) for row in lapsed]
        return tuple(
            Undeclared(job=job, claim=claim)
            for job, claim, until, row in own
            if (row["office"], row["workstation"]) == (office, workstation) and until <= self.now
        )

    def tell(self, command: PrintingCommand) -> None:
        expected: Any
        try:
            expected = self.clerk.tell(command)
        except No as no:
            expected = no.code
        refusal = None
        try:
            decision = self.printing.when(command)
        except Refused as no:
            refusal = no
        if refusal is not None:
            assert refusal.code == expected, (command, refusal, expected)
            self.refused(command, refusal.code)
            return
        assert [(type(fact).__name__, getattr(fact, "job", None)) for _, fact in decision] == expected, command
        if not isinstance(command, SetQueuePolicy | SetLetterPolicy):
            self.commands.append(command)
        if isinstance(command, RecordPrinted) and command.chip_serial is not None:
            self.chips.add(command.chip_serial)
        self.spoiled += any(type(fact).__name__ == "CardSpoiled" for _, fact in decision)
        for stream, fact in decision:
            self.printing = self.printing.given([(stream, fact)], self.now)
            self.log.append((self.now, fact))
            for row in PRINTING.project(stream, fact, self.printing.state(stream)):
                table = self.rows.setdefault(row.table, {})
                if row.values is None:
                    table.pop(row.key, None)
                else:
                    table[row.key] = row.values

    def refused(self, command: PrintingCommand, code: str) -> None:
        """A report may be asked to be complete. One of another office's job comes under an id of its own."""
        if not isinstance(command, RecordPrinted):
            return
        assert code in (*TO_COMPLETE, "job_elsewhere"), "a card that came out is a fact"
        if code == "job_elsewhere":
            self.drawer.append(replace(command, job=self.name("card"), claim=None))
        elif command.chip_serial is not None:
            self.drawer.append(command)
