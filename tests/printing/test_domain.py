"""A job's story, told as what was known, what came, and what followed."""

from datetime import timedelta
from typing import Any

import pytest

from services.printing.domain import CardNotPrinted, CardPrinted, Job, Undeclared
from services.printing.service import PRINTING
from shared.decider import Decision, Fact
from tests.printing.bengkulu import (
    ANOTHER_CLAIM,
    CLAIM,
    JOB,
    LATER,
    NOON,
    STREAM,
    asked,
    at_work,
    claim,
    done,
    hand_over,
    not_printed,
    printed,
    printing,
    queue_job,
    queue_jobs,
    spoiled,
    stock,
    waiting,
)

OVER = NOON + timedelta(hours=3)
"""When every claim of one job has ended."""


def names(decision: Decision) -> list[str]:
    return [type(fact).__name__ for _, fact in decision]


def only(decision: Decision, kind: type[Fact]) -> Any:
    [fact] = [fact for _, fact in decision if isinstance(fact, kind)]
    return fact


def job(scenario: Any) -> Job:
    state: Job = scenario.state(STREAM)
    return state


def test_a_request_puts_a_job_into_the_queue() -> None:
    assert names(printing.when(queue_job())) == ["JobQueued"]
    assert (job(waiting).place, job(waiting).priority) == ("QUEUED", "REPLACEMENT")


def test_the_same_request_twice_is_one_job() -> None:
    assert waiting.when(queue_job()) == []


@pytest.mark.parametrize("change", [{"applicant": "A-18"}, {"item": "KIA"}, {"reason": "FIRST"}, {"office": "17.01"}])
def test_an_id_that_means_another_job_already_is_refused(change: dict[str, Any]) -> None:
    assert waiting.refused(queue_job(**change)).code == "job_id_taken"


def test_a_request_sent_again_after_its_card_was_printed_is_still_the_same() -> None:
    assert done.when(queue_job()) == []


def test_a_class_that_the_policy_does_not_have_is_refused_with_those_it_has() -> None:
    refusal = printing.refused(queue_job(priority="VIP"))
    assert (refusal.code, refusal.figures["policy"]) == ("class_unknown", "default")
    assert refusal.figures["classes"] == ["FIRST", "DISASTER", "SUKET", "CHANGED", "REPLACEMENT"]


def test_of_many_requests_each_is_taken_on_its_own() -> None:
    decision = printing.when(
        queue_jobs(
            asked(job="a"), asked(job="b", priority="VIP"), asked(job="c"), asked(job="a"), asked(job="a", item="KIA")
        )
    )
    assert [stream for stream, _ in decision] == ["job/a", "job/c"]


def test_a_claimed_job_is_nobody_elses() -> None:
    assert names(waiting.when(claim())) == ["JobClaimed"]
    assert at_work.when(claim(claim=ANOTHER_CLAIM, workstation="WS-3")) == []


def test_a_claim_that_is_over_leaves_its_job_to_others() -> None:
    assert names(at_work.when(claim(claim=ANOTHER_CLAIM, workstation="WS-3", now=OVER))) == ["JobClaimed"]


def test_who_has_not_said_what_became_of_a_job_gets_no_other() -> None:
    open_still = (Undeclared(job=JOB, claim=CLAIM),)
    refusal = waiting.refused(claim(undeclared=open_still))
    assert (refusal.code, refusal.figures["jobs"]) == ("cards_undeclared", [{"job": JOB, "claim": CLAIM}])


def test_a_printed_card_is_recorded_with_what_the_job_says_of_it() -> None:
    card = only(at_work.when(printed(claim=CLAIM, item="KIA", reason="MOVE")), CardPrinted)
    assert (card.item, card.reason, card.claim) == ("KTP_WNI", "LOST", CLAIM)


def test_a_report_that_names_no_claim_is_of_the_one_its_workstation_has() -> None:
    assert only(at_work.when(printed()), CardPrinted).claim == CLAIM
    assert job(at_work.after(printed())).lapsed == ()


def test_a_late_card_of_a_job_that_still_waits_is_simply_recorded() -> None:
    assert names(at_work.when(printed(claim=CLAIM, now=OVER, occurred_at=OVER))) == ["CardPrinted"]


def test_a_late_card_of_a_job_that_is_anothers_by_now_must_be_declared() -> None:
    taken_over = at_work.after(claim(claim=ANOTHER_CLAIM, workstation="WS-3", now=OVER))
    late = {"claim": CLAIM, "now": OVER, "occurred_at": OVER}
    refusal = taken_over.refused(printed(**late))
    assert (refusal.code, refusal.figures["place"], refusal.figures["workstation"]) == (
        "declare_card",
        "CLAIMED",
        "WS-3",
    )
    assert names(taken_over.when(printed(**late, declared=True))) == ["CardPrinted"]
    gone = taken_over.after(printed(**late, declared=True))
    assert job(gone).place == "PRINTED"
    # The other workstation may have made one as well: it is asked the same.
    assert [each.workstation for each in job(gone).lapsed] == ["WS-3"]
    other = {"claim": ANOTHER_CLAIM, "workstation": "WS-3", "chip_serial": "04B2", "now": OVER, "occurred_at": OVER}
    assert gone.refused(printed(**other)).figures["chip_serials"] == ("04A1",)
    assert names(gone.when(printed(**other, declared=True))) == ["CardPrinted", "SecondCardPrinted"]
    assert names(gone.when(not_printed(claim=ANOTHER_CLAIM, workstation="WS-3"))) == ["CardNotPrinted"]


def test_a_card_that_was_not_made_gives_its_job_back() -> None:
    assert only(at_work.when(not_printed()), CardNotPrinted).claim == CLAIM
    free = at_work.after(not_printed())
    assert (job(free).place, job(free).claim) == ("QUEUED", None)
    assert free.when(not_printed()) == []


def test_only_the_workstation_of_a_claim_says_that_nothing_came_of_it() -> None:
    assert at_work.refused(not_printed(workstation="WS-9")).code == "claim_elsewhere"
    assert job(at_work).place == "CLAIMED"


def test_a_late_claim_that_was_lost_is_remembered_until_it_is_declared() -> None:
    taken_over = at_work.after(claim(claim=ANOTHER_CLAIM, workstation="WS-3", now=OVER))
    assert [each.claim for each in job(taken_over).lapsed] == [CLAIM]
    declared = taken_over.after(not_printed(claim=CLAIM))
    assert (job(declared).lapsed, job(declared).place) == ((), "CLAIMED")
    assert job(taken_over.after(spoiled(claim=CLAIM))).lapsed == ()


def test_the_same_card_reported_twice_is_one_card() -> None:
    assert done.when(printed(claim=CLAIM)) == []
    assert done.when(printed()) == []
    assert done.when(printed(chip_serial=None)) == []
    assert done.when(printed(claim=CLAIM, chip_serial=None, declared=True)) == []


def test_a_second_card_of_one_job_is_asked_for_and_then_recorded_and_wants_to_be_explained() -> None:
    assert done.refused(printed(chip_serial="04B2")).code == "declare_card"
    assert names(done.when(printed(chip_serial="04B2", declared=True))) == ["CardPrinted", "SecondCardPrinted"]


def test_without_a_chip_serial_another_blank_is_another_card() -> None:
    first = at_work.after(printed(claim=CLAIM, chip_serial=None, blank_serial="KT0000070001"))
    same, other = ({"claim": CLAIM, "chip_serial": None, "blank_serial": f"KT000007000{n}"} for n in (1, 2))
    assert first.when(printed(**same)) == []
    assert first.when(printed(**same, declared=True)) == []
    assert first.refused(printed(**other)).code == "declare_card"
    second = first.when(printed(**other, declared=True))
    assert names(second) == ["CardPrinted", "SecondCardPrinted"]
    assert first.given(second).when(printed(**other, declared=True)) == []


def test_a_second_card_is_known_again_when_it_is_reported_again() -> None:
    both = done.after(printed(chip_serial="04B2", declared=True))
    assert both.when(printed(chip_serial="04B2")) == []
    assert both.when(printed(chip_serial="04A1")) == []


def test_an_empty_book_asks_whether_the_blank_is_in_hand() -> None:
    assert waiting.after(stock("EMPTY")).refused(printed()).code == "blank_not_confirmed"
    assert waiting.after(stock("EMPTY")).refused(claim()).code == "blank_not_confirmed"


def test_an_empty_book_does_not_stop_a_card_whose_blank_is_in_hand() -> None:
    empty = waiting.after(stock("EMPTY"))
    assert only(empty.when(printed(blank_in_hand=True)), CardPrinted).blank_in_hand


def test_blanks_confirmed_with_the_claim_are_not_asked_for_again() -> None:
    confirmed = waiting.after(stock("EMPTY"), claim(blanks_in_hand=True))
    assert only(confirmed.when(printed(claim=CLAIM)), CardPrinted).blank_in_hand


def test_a_card_reported_before_the_book_was_empty_is_known_without_asking() -> None:
    assert done.after(stock("EMPTY")).when(printed()) == []


@pytest.mark.parametrize("name", ["OK", "LOW", "CRITICAL"])
def test_a_book_that_still_has_blanks_asks_nothing(name: str) -> None:
    assert names(waiting.after(stock(name)).when(printed())) == ["CardPrinted"]


def test_an_empty_book_of_children_cards_stops_no_other_card() -> None:
    assert names(waiting.after(stock("EMPTY", item="KIA")).when(printed())) == ["CardPrinted"]


def test_a_card_of_an_unknown_job_is_a_job_that_begins_with_its_print() -> None:
    begun = printing.after(printed(item="KTP_WNI", reason="LOST"))
    assert (job(begun).place, job(begun).print_ready_at) == ("PRINTED", LATER)


def test_a_card_of_an_unknown_job_must_say_what_it_is() -> None:
    assert printing.refused(printed()).code == "job_unknown"
    assert printing.refused(spoiled()).code == "job_unknown"


def test_a_request_that_arrives_after_its_card_names_the_applicant_and_does_not_queue_again() -> None:
    unasked = printing.after(printed(item="KTP_WNI", reason="LOST"))
    assert names(unasked.when(queue_job())) == ["RequestCameLate"]
    named = unasked.after(queue_job())
    assert (job(named).place, job(named).applicant) == ("PRINTED", "A-17")
    assert named.when(queue_job()) == []


@pytest.mark.parametrize("command", [printed(office="17.01"), spoiled(office="17.01"), not_printed(office="17.01")])
def test_another_office_cannot_touch_the_job(command: Any) -> None:
    assert at_work.refused(command).code == "job_elsewhere"


def test_a_spoiled_blank_leaves_the_job_where_it_is() -> None:
    assert names(at_work.when(spoiled())) == ["CardSpoiled"]
    again = at_work.after(spoiled())
    assert (job(again).place, job(again).tries) == ("CLAIMED", 1)
    assert job(waiting.after(spoiled())).place == "QUEUED"


def test_after_too_many_spoiled_blanks_a_person_decides() -> None:
    twice = at_work.after(spoiled(), spoiled())
    assert names(twice.when(spoiled())) == ["CardSpoiled", "DecisionAwaited"]
    held = twice.after(spoiled())
    assert (job(held).place, job(held).claim, job(held).lapsed) == ("HELD", None, ())
    assert held.when(claim(claim=ANOTHER_CLAIM)) == []
    # A card that comes out all the same is a fact.
    assert job(held.after(printed())).place == "PRINTED"


def test_a_card_goes_to_its_citizen_once() -> None:
    assert names(done.when(hand_over())) == ["CardHandedOver"]
    assert done.after(hand_over()).when(hand_over()) == []
    assert waiting.refused(hand_over()).code == "not_printed"


def test_the_old_card_comes_back_once_with_the_new_one_or_later() -> None:
    assert names(done.when(hand_over(old_card_withdrawn=True))) == ["CardHandedOver", "OldCardWithdrawn"]
    assert names(done.after(hand_over()).when(hand_over(old_card_withdrawn=True))) == ["OldCardWithdrawn"]
    both = done.after(hand_over(old_card_withdrawn=True))
    assert both.when(hand_over(old_card_withdrawn=True)) == []


def test_the_applicant_of_a_card_stays_in_printing() -> None:
    promised = set().union(*(fact.__struct_fields__ for fact in PRINTING.promised))
    assert "applicant" not in promised


def test_a_late_card_without_a_serial_is_asked_for_though_another_was_printed_and_counts_once_declared() -> None:
    late = {"claim": CLAIM, "chip_serial": None, "now": OVER, "occurred_at": OVER}
    other = {"claim": ANOTHER_CLAIM, "workstation": "WS-3", "now": OVER, "occurred_at": OVER}
    theirs = at_work.after(claim(claim=ANOTHER_CLAIM, workstation="WS-3", now=OVER), printed(**other, chip_serial=None))
    assert theirs.refused(printed(**late)).code == "declare_card"
    assert names(theirs.when(printed(**late, declared=True))) == ["CardPrinted", "SecondCardPrinted"]
    assert theirs.after(printed(**late, declared=True)).when(printed(**late, declared=True)) == []
