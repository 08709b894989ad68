"""Quotas of a day in shortage: what is over them is owed, and printed when a day has room again."""

from datetime import date, timedelta
from typing import Any

from services.printing.domain import JobClaimed, JobQueued, PriorityClass, QuotaTaken
from shared.decider import Decision
from tests.printing.bengkulu import (
    NOON,
    QUEUE,
    WEDNESDAY,
    asked,
    claim,
    not_printed,
    printing,
    queue_job,
    queue_jobs,
    queue_policy,
    stock,
)

THURSDAY, TOMORROW = date(2024, 11, 21), NOON + timedelta(days=1)

FIRST_TWO_A_DAY = (
    PriorityClass("FIRST", 1, 1, reasons=("FIRST",)),
    PriorityClass("OTHERS", 2, 2, reasons=("LOST", "DAMAGED", "CHANGE", "MOVE"), quotas={"LOW": 2, "CRITICAL": 0}),
)
rationed = printing.after(queue_policy(classes=FIRST_TWO_A_DAY), stock("LOW"))


def fates(decision: Decision) -> list[tuple[str, str | None]]:
    """Each job that was queued, and why it was put off."""
    return [(fact.job, fact.put_off) for _, fact in decision if isinstance(fact, JobQueued)]


def taken(decision: Decision) -> list[tuple[date, dict[str, int]]]:
    return [(fact.day, fact.taken) for _, fact in decision if isinstance(fact, QuotaTaken)]


def claimed(decision: Decision) -> list[str]:
    return [fact.job for _, fact in decision if isinstance(fact, JobClaimed)]


def test_what_is_over_the_quota_of_the_day_is_queued_and_owed() -> None:
    decision = rationed.when(queue_jobs(*(asked(job=name) for name in "abc")))
    assert fates(decision) == [("a", None), ("b", None), ("c", "QUOTA")]
    assert taken(decision) == [(WEDNESDAY, {"OTHERS": 2})]
    assert [fact.policy for _, fact in decision if isinstance(fact, JobQueued) and fact.put_off] == ["17.71/1"]


def test_one_by_one_the_quota_is_used_up_as_in_bulk() -> None:
    twice = rationed.after(queue_job(job="a"), queue_job(job="b"))
    assert fates(twice.when(queue_job(job="c"))) == [("c", "QUOTA")]
    assert twice.state(QUEUE).taken == {"OTHERS": 2}


def test_a_class_without_a_quota_takes_as_many_as_come() -> None:
    many = [asked(job=f"f{n}", reason="FIRST") for n in range(20)]
    assert {put_off for _, put_off in fates(rationed.when(queue_jobs(*many)))} == {None}


def test_a_level_that_the_policy_does_not_name_has_no_quota() -> None:
    enough = rationed.after(stock("OK"))
    decision = enough.when(queue_jobs(*(asked(job=name) for name in "abc")))
    assert ([put_off for _, put_off in fates(decision)], taken(decision)) == ([None] * 3, [])


def test_a_quota_of_none_puts_everybody_off() -> None:
    critical = rationed.after(stock("CRITICAL"))
    assert fates(critical.when(queue_job(job="a"))) == [("a", "QUOTA")]


def test_the_next_day_has_a_quota_of_its_own() -> None:
    used_up = rationed.after(queue_jobs(*(asked(job=name) for name in "ab")))
    decision = used_up.when(queue_job(job="c", now=TOMORROW, day=THURSDAY))
    assert (fates(decision), taken(decision)) == ([("c", None)], [(THURSDAY, {"OTHERS": 1})])


def test_quotas_of_children_cards_are_counted_apart() -> None:
    used_up = rationed.after(queue_jobs(*(asked(job=name) for name in "ab")), stock("LOW", item="KIA"))
    assert fates(used_up.when(queue_job(job="k", item="KIA"))) == [("k", None)]


def test_at_empty_without_a_quota_a_request_is_owed_and_is_dealt_to_whoever_has_a_blank() -> None:
    empty = printing.after(stock("EMPTY"))
    assert fates(empty.when(queue_job(job="a"))) == [("a", "EMPTY")]
    owed = empty.after(queue_job(job="a"))
    assert owed.refused(claim("a")).code == "blank_not_confirmed"
    assert claimed(owed.when(claim("a", blanks_in_hand=True))) == ["a"]


def test_debt_is_dealt_when_a_day_has_room_and_takes_its_place_in_that_day() -> None:
    owing = rationed.after(queue_jobs(*(asked(job=name) for name in "abcde")))
    assert claimed(owing.when(claim("c", "d", "e", jobs=3))) == []
    next_day = owing.when(claim("c", "d", "e", jobs=3, now=TOMORROW, day=THURSDAY))
    assert (claimed(next_day), taken(next_day)) == (["c", "d"], [(THURSDAY, {"OTHERS": 2})])


def test_debt_is_dealt_without_a_quota_once_blanks_have_come() -> None:
    owing = rationed.after(queue_jobs(*(asked(job=name) for name in "abcde")), stock("OK"))
    decision = owing.when(claim("c", "d", "e", jobs=3))
    assert (claimed(decision), taken(decision)) == (["c", "d", "e"], [])


def test_a_job_that_has_its_place_in_a_quota_takes_no_other_when_it_is_claimed_again() -> None:
    owing = rationed.after(queue_jobs(*(asked(job=name) for name in "abc")))
    over: dict[str, Any] = {"now": TOMORROW, "day": THURSDAY}
    once = owing.after(claim("c", **over)).after(not_printed(job="c", **over))
    assert taken(once.when(claim("c", claim="claim-2", **over))) == []


def test_whoever_had_a_place_before_a_shortage_got_worse_is_not_put_off() -> None:
    placed = rationed.after(queue_job(job="a"), stock("CRITICAL"))
    assert claimed(placed.when(claim("a"))) == ["a"]


def test_an_office_without_a_policy_of_its_own_goes_by_the_nations_quotas() -> None:
    nations = printing.after(queue_policy(office="00", classes=FIRST_TWO_A_DAY), stock("LOW"))
    decision = nations.when(queue_jobs(*(asked(job=name) for name in "abc")))
    assert fates(decision)[-1] == ("c", "QUOTA")
    withdrawn = nations.after(queue_policy(office="00", classes=()))
    assert fates(withdrawn.when(queue_jobs(*(asked(job=name) for name in "abc"))))[-1] == ("c", None)


def test_who_waited_longer_than_the_age_limit_waits_for_no_quota() -> None:
    critical = rationed.after(stock("CRITICAL"))
    young, old = asked(job="young"), asked(job="old", print_ready_at=NOON - timedelta(days=15))
    assert claimed(critical.after(queue_jobs(young, old)).when(claim("young", "old", jobs=2))) == ["old"]
