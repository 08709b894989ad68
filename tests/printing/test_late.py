"""What is told late, or by somebody else than one would think, leaves nobody's claim and nobody's quota behind."""

from datetime import timedelta
from typing import Any

from services.printing.domain import PriorityClass, Queue
from tests.printing.bengkulu import (
    ANOTHER_CLAIM,
    CLAIM,
    NOON,
    QUEUE,
    STREAM,
    WEDNESDAY,
    asked,
    at_work,
    claim,
    not_printed,
    printed,
    printing,
    queue_jobs,
    queue_policy,
    spoiled,
    stock,
)

OVER = NOON + timedelta(hours=3)
TUESDAY, THURSDAY = WEDNESDAY - timedelta(days=1), WEDNESDAY + timedelta(days=1)


def lapsed(scenario: Any) -> list[str]:
    """Of the job, the claims of which nobody has said what became of the card."""
    return [each.claim for each in scenario.state(STREAM).lapsed]


def test_whoever_has_a_job_that_anothers_spoiled_blank_stops_still_has_to_speak() -> None:
    colleague = {"workstation": "WS-3"}
    held = at_work.after(spoiled(**colleague), spoiled(**colleague), spoiled(**colleague))
    assert (held.state(STREAM).place, lapsed(held)) == ("HELD", [CLAIM])
    assert lapsed(held.after(not_printed())) == []


def test_a_late_report_that_names_no_claim_is_of_the_one_its_workstation_lost() -> None:
    lost = at_work.after(claim(claim=ANOTHER_CLAIM, workstation="WS-3", now=OVER))
    late = {"now": OVER, "occurred_at": OVER}
    assert lapsed(lost) == [CLAIM]
    assert lapsed(lost.after(spoiled(**late))) == []
    assert lapsed(lost.after(printed(**late, declared=True))) == [ANOTHER_CLAIM]


def test_a_request_of_yesterday_that_comes_in_today_counts_today() -> None:
    two = (PriorityClass("ALL", 1, 1, quotas={"LOW": 2}),)
    rationed = printing.after(queue_policy(classes=two, starts_on=TUESDAY, day=TUESDAY), stock("LOW"))
    queue: Queue = rationed.after(
        queue_jobs(asked(job="a")), queue_jobs(asked(job="b"), day=TUESDAY), queue_jobs(asked(job="c"))
    ).state(QUEUE)
    assert (queue.quota_day, queue.taken) == (WEDNESDAY, {"ALL": 2})
    assert queue.taken_on(THURSDAY, "ALL") == 0
