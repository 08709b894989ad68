"""At the counter: a card goes to its citizen, the old one comes back; a letter stands in for one that is owed."""

from dataclasses import dataclass
from datetime import timedelta

from services.printing.domain.commands import JobCommand, job_of, policies_of, queue_of, queues_of
from services.printing.domain.decisions.claiming import job_elsewhere
from services.printing.domain.facts import (
    CardHandedOver,
    JobCancelled,
    JobResumed,
    OldCardWithdrawn,
    SubstituteLetterExpired,
    SubstituteLetterIssued,
)
from services.printing.domain.policy import NATION, QueuePolicy, letters_in_force
from services.printing.domain.state import Job, Queue
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOver(JobCommand):
    """A fact: the citizen has the card, and the old one was withdrawn, or there was none to withdraw."""

    location: str
    handed_over_by: str
    old_card_withdrawn: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CancelJob(JobCommand):
    """A request: no card is owed any more."""

    cancelled_by: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ResumeJob(JobCommand):
    """A person's decision on a job that spoiled too many blanks: try again."""

    decided_by: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueLetter(JobCommand):
    """A request: a substitute letter, until there is a card. `letter` is its number."""

    letter: str
    issued_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_of(self.job), *queues_of(self.office), *self.policies)


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpireLetter(JobCommand):
    """The last day of this letter is over."""

    letter: str


def hand_over(command: HandOver, states: States) -> Decision:
    job = known(command, states)
    if job.place not in ("PRINTED", "HANDED_OVER"):
        raise Refused("not_printed", "No card of this job was reported printed: report it first.", place=job.place)
    stream = job_of(command.job)
    decision: Decision = []
    if job.place == "PRINTED":
        handed = CardHandedOver(
            office=command.office,
            job=command.job,
            item=job.item,
            location=command.location,
            reason=job.reason,
            handed_over_at=command.occurred_at,
            handed_over_by=command.handed_over_by,
        )
        decision.append((stream, handed))
    if command.old_card_withdrawn and not job.old_card_withdrawn:
        withdrawn = OldCardWithdrawn(
            office=command.office,
            job=command.job,
            item=job.item,
            location=command.location,
            withdrawn_at=command.occurred_at,
        )
        decision.append((stream, withdrawn))
    return decision


def cancel(command: CancelJob, states: States) -> Decision:
    job = known(command, states)
    if job.place == "CANCELLED":
        return []
    if job.cards:
        raise Refused("already_printed", "Its card was printed.", place=job.place, printed_at=job.printed_at)
    if job.claim is not None and job.claimed(command.now):
        raise Refused(
            "job_claimed",
            "A workstation has it: it is printed, or given back, first.",
            workstation=job.claim.workstation,
            claimed_until=job.claim.until,
        )
    cancelled = JobCancelled(
        office=command.office,
        job=command.job,
        cancelled_at=command.occurred_at,
        cancelled_by=command.cancelled_by,
        note=command.note,
    )
    return [(job_of(command.job), cancelled)]


def resume(command: ResumeJob, states: States) -> Decision:
    job = known(command, states)
    if job.place != "HELD":
        raise Refused("not_held", "This job does not wait for a decision.", place=job.place)
    resumed = JobResumed(office=command.office, job=command.job, decided_by=command.decided_by, note=command.note)
    return [(job_of(command.job), resumed)]


def issue_letter(command: IssueLetter, states: States) -> Decision:
    job = known(command, states)
    if not job.waits:
        raise Refused("no_card_owed", "No card is owed, so that no letter stands in for one.", place=job.place)
    if job.letter == command.letter:
        return []
    if job.letter is not None and job.letter_until is not None and command.day <= job.letter_until:
        raise Refused("letter_valid", "The applicant has a letter that is still valid.", valid_through=job.letter_until)
    queue: Queue = states[queue_of(command.office, job.item)]
    letters = letters_in_force(states[policies_of(NATION)].letters, command.day)
    if queue.level is None or queue.level not in letters.policy.levels:
        raise Refused(
            "letter_forbidden",
            "The policy of the day allows no substitute letter at this level of stock.",
            level=queue.level,
            allowed_at=letters.policy.levels,
            policy=letters.name,
        )
    issued = SubstituteLetterIssued(
        office=command.office,
        job=command.job,
        letter=command.letter,
        valid_through=command.day + timedelta(days=letters.policy.valid_days),
        policy=letters.name,
        level=queue.level,
        priority=_class_of_holder(job, command.policy(states).policy),
        issued_at=command.occurred_at,
        issued_by=command.issued_by,
    )
    return [(job_of(command.job), issued)]


def expire_letter(command: ExpireLetter, states: States) -> Decision:
    job: Job = states[job_of(command.job)]
    if job.letter != command.letter or not job.waits:
        return []
    expired = SubstituteLetterExpired(office=job.office, job=command.job, letter=command.letter)
    return [(job_of(command.job), expired)]


def known(command: JobCommand, states: States) -> Job:
    """The command's job. Raises `Refused` if it was never heard of, or is another office's."""
    job: Job = states[job_of(command.job)]
    if job.place == "NOWHERE":
        raise Refused("job_unknown", "The job is not known here: report its card, with item and reason.")
    if job.office != command.office:
        raise job_elsewhere()
    return job


def _class_of_holder(job: Job, policy: QueuePolicy) -> str:
    """Who holds a letter waits with the others who do, unless their own class comes before."""
    own, holders = policy.named(job.priority), next((each for each in policy.classes if each.letter_holders), None)
    if holders is None or (own is not None and own.shortage_rank <= holders.shortage_rank):
        return job.priority
    return holders.name
