"""Whatever happens, in whichever order and however often it is told: a job is in one place, and every blank is told."""

import os
from collections import Counter
from datetime import date
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from services.printing.domain import (
    CardHandedOver,
    CardNotPrinted,
    CardPrinted,
    CardSpoiled,
    Job,
    JobCancelled,
    JobClaimed,
    JobQueued,
    OldCardWithdrawn,
    Queue,
    QuotaTaken,
    RequestCameLate,
    SubstituteLetterIssued,
)
from services.printing.service import PRINTING
from shared.decider import Fact, fold
from tests.printing.bengkulu import NATION
from tests.printing.happenings import OFFICES, WORKSTATIONS, Happenings
from tests.printing.naive import held_by_two

AnyFact = TypeVar("AnyFact", bound=Fact)

SAID = (CardPrinted, CardSpoiled, CardNotPrinted)
WAITING = ("QUEUED", "CLAIMED", "HELD")
COLUMNS = (
    *("office", "item", "location", "reason", "applicant", "queued_at", "print_ready_at", "printed_at"),
    *("priority", "put_off", "placed", "tries", "cards", "letter", "letter_until", "handed_over_at"),
)
PLACES = {"QUEUED", "CLAIMED", "HELD", "PRINTED", "HANDED_OVER", "CANCELLED"}
ENTRIES = {
    JobQueued: "IN",
    RequestCameLate: "IN",
    CardPrinted: "PRINTED",
    CardSpoiled: "SPOILED",
    CardHandedOver: "HANDED_OVER",
    OldCardWithdrawn: "OLD_CARD",
    JobCancelled: "CANCELLED",
    SubstituteLetterIssued: "LETTER",
}


class Offices(Happenings):
    """What holds at every instant."""

    @invariant()
    def every_job_is_where_the_clerk_has_it(self) -> None:
        jobs = self.jobs()
        assert jobs.keys() == self.clerk.slips.keys()
        for id, job in jobs.items():
            slip, names = self.clerk.slips[id], ("office", "item", "reason", "applicant", "placed", "letter")
            assert job.place == slip.place and job.place in PLACES
            assert {name: getattr(job, name) for name in names} == {name: getattr(slip, name) for name in names}, id
            assert (job.priority, job.put_off, job.tries, job.cards) == (
                slip.waits_in,
                slip.owed,
                slip.spoiled,
                len(slip.cards),
            ), id
            assert job.chips == tuple(chip for chip in slip.cards if chip is not None)
            assert job.old_card_withdrawn == slip.old_card
            assert (job.claim is None) == (slip.hold is None)

    @invariant()
    def nobody_holds_what_another_holds(self) -> None:
        assert held_by_two(self.log) == []
        for id, job in self.jobs().items():
            holder = self.clerk.slips[id].holder(self.now)
            assert job.claimed(self.now) == (holder is not None)
            assert holder is None or (job.claim is not None and job.claim.claim == holder.claim)

    @invariant()
    def who_lost_a_job_has_said_what_became_of_it_or_is_asked(self) -> None:
        lost = {
            (id, hold.claim): (slip.office, hold.workstation, hold.until)
            for id, slip in self.clerk.slips.items()
            for hold in slip.lost
        }
        rows = self.rows.get("lapsed_claims", {})
        assert {key: (row["office"], row["workstation"], row["until"]) for key, row in rows.items()} == lost
        for office in OFFICES:
            for workstation in WORKSTATIONS:
                asked = {(each.job, each.claim) for each in self.undeclared(office, workstation)}
                assert asked == self.clerk.unsaid(office, workstation, self.now)
        said = {(fact.job, getattr(fact, "claim", None)) for _, fact in self.log if isinstance(fact, SAID)}
        held = {(id, job.claim.claim) for id, job in self.jobs().items() if job.claim is not None}
        for _, fact in self.log:
            if isinstance(fact, JobClaimed):
                assert (fact.job, fact.claim) in said | held | lost.keys(), "a claim is forgotten"

    @invariant()
    def every_card_and_every_spoiled_blank_is_told_once(self) -> None:
        chips = Counter(fact.chip_serial for fact in self.told(CardPrinted) if fact.chip_serial is not None)
        assert set(chips) == self.chips and set(chips.values()) <= {1}
        assert len(self.told(CardSpoiled)) == self.spoiled

    @invariant()
    def no_class_has_more_places_than_its_quota(self) -> None:
        taken: Counter[tuple[str, str, date, str]] = Counter()
        for fact in self.told(QuotaTaken):
            for name, places in fact.taken.items():
                taken[fact.office, fact.item, fact.day, name] += places
        for (office, _, day, name), places in taken.items():
            # One policy follows another within a day, one level the other: no more than the most generous gave.
            rules = [each for whose, each in self.clerk.ever_set if whose in (office, NATION)]
            most = max(n for each in rules if each.starts_on <= day for (of, _), n in each.quotas.items() if of == name)
            assert places <= most, (name, day)

    @invariant()
    def owed_is_what_was_put_off_and_is_not_printed(self) -> None:
        owed = {id for id, row in self.rows.get("jobs", {}).items() if row["put_off"] and row["state"] in WAITING}
        put_off = {fact.job for fact in self.told(JobQueued) if fact.put_off is not None}
        done = {fact.job for _, fact in self.log if isinstance(fact, CardPrinted | JobCancelled)}
        assert {id for (id,) in owed} == put_off - done

    @invariant()
    def the_rows_are_as_the_states(self) -> None:
        rows = self.rows.get("jobs", {})
        jobs = self.jobs()
        assert {id for (id,) in rows} == jobs.keys()
        for id, job in jobs.items():
            row, claim = rows[id,], job.claim
            assert {name: row[name] for name in COLUMNS} == {name: getattr(job, name) for name in COLUMNS}
            assert row["state"] == job.place
            held = (row["claim"], row["workstation"], row["claimed_until"])
            assert held == ((None, None, None) if claim is None else (claim.claim, claim.workstation, claim.until))
        kinds = Counter(kind for _, kind, _ in self.rows.get("day_book", {}))
        entries = [fact for _, fact in self.log if type(fact) in ENTRIES]
        # A letter that is issued again, under its number, after its time is one letter.
        letters = {(fact.job, fact.letter) for fact in entries if isinstance(fact, SubstituteLetterIssued)}
        expected = Counter(ENTRIES[type(fact)] for fact in entries)
        expected["LETTER"] = len(letters)
        assert kinds == +expected, (kinds, expected)
        for stream, state in self.printing.states.items():
            if isinstance(state, Queue):
                _, office, item = stream.split("/")
                row = self.rows["queues"][office, item]
                assert row["level"] == self.clerk.levels.get((office, item))
                assert (row["quota_day"], row["taken"]) == (self.clerk.quotas.get((office, item)) or (None, {}))

    def teardown(self) -> None:
        while self.drawer:
            self.complete(0)
        self.every_card_and_every_spoiled_blank_is_told_once()
        for stream, state in self.printing.states.items():
            facts = [recalled.fact for recalled in self.printing.past[stream]]
            assert fold(PRINTING.evolve, PRINTING.start(stream), facts) == state, "a replay gives the same jobs"

    def jobs(self) -> dict[str, Job]:
        return {s.removeprefix("job/"): job for s, job in self.printing.states.items() if isinstance(job, Job)}

    def told(self, kind: type[AnyFact]) -> list[AnyFact]:
        return [fact for _, fact in self.log if isinstance(fact, kind)]


LONG = "BLANKO_LONG" in os.environ
TestOffices = Offices.TestCase
TestOffices.settings = settings(
    max_examples=2_000 if LONG else 120,
    stateful_step_count=60,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
)
