"""A workstation takes jobs from the queue, for a while: nobody else has them meanwhile."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.printing.domain.commands import JobCommand, PrintingCommand, job_of, queue_of
from services.printing.domain.decisions.queueing import quota_taken, room_in_quota
from services.printing.domain.facts import CardNotPrinted, JobClaimed
from services.printing.domain.policy import InForce
from services.printing.domain.state import Job, Queue
from shared.decider import Decision, Refused, States

JOBS_AT_ONCE = 20
"""More than a printer makes in two hours."""
SET_UP = timedelta(minutes=20)
A_CARD = timedelta(minutes=20)
"""A card takes five to ten minutes (`DOMAIN.md`), a spoiled one as long again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Undeclared:
    """A job of which this workstation has not said whether it made a card, though its time is over."""

    job: str
    claim: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimJobs(PrintingCommand):
    """A request for at most `jobs` of these candidates, first come first.

    The candidates are more than asked for and in the queue's order, as it was a moment ago: those that somebody else
    has taken since are passed over. `undeclared` is what the workstation has to say first.
    """

    item: str
    workstation: str
    claim: str
    jobs: int
    candidates: tuple[str, ...]
    blanks_in_hand: bool
    undeclared: tuple[Undeclared, ...] = ()

    @property
    def streams(self) -> tuple[str, ...]:
        return (*map(job_of, self.candidates), queue_of(self.office, self.item), *self.policies)

    @property
    def until(self) -> datetime:
        """When the claim is over: so long as so many cards take, with time to set up."""
        return self.now + SET_UP + self.jobs * A_CARD


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclareNotPrinted(JobCommand):
    """A fact: the workstation made no card of this claim. The job is free again, if it was still under it."""

    claim: str
    workstation: str


def claim_jobs(command: ClaimJobs, states: States) -> Decision:
    if command.undeclared:
        raise Refused(
            "cards_undeclared",
            "Say first what became of these jobs, whose time is over: printed, spoiled or not printed.",
            jobs=[{"job": each.job, "claim": each.claim} for each in command.undeclared],
        )
    queue: Queue = states[queue_of(command.office, command.item)]
    if queue.level == "EMPTY" and not command.blanks_in_hand:
        raise blank_not_confirmed(command.item, queue)
    in_force = command.policy(states)
    claimed: Decision = []
    taken: dict[str, int] = {}
    for candidate in command.candidates:
        if len(claimed) == command.jobs:
            break
        job: Job = states[job_of(candidate)]
        if not _free(job, command):
            continue
        placed = job.placed or _too_old(job, command, in_force)
        room = None if placed else room_in_quota(queue, in_force, command, job.priority, taken.get(job.priority, 0))
        if room is not None:
            if room < 1:
                continue
            taken[job.priority] = taken.get(job.priority, 0) + 1
            placed = True
        claimed.append((job_of(candidate), _claimed(command, candidate, job, placed=placed)))
    return [*claimed, *quota_taken(command, states, {command.item: taken}, in_force)]


def declare_not_printed(command: DeclareNotPrinted, states: States) -> Decision:
    job: Job = states[job_of(command.job)]
    if job.place == "NOWHERE":
        raise Refused("job_unknown", "No job of this id was ever queued here.")
    if job.office != command.office:
        raise job_elsewhere()
    claim = next((each for each in job.claims if each.claim == command.claim), None)
    if claim is None:
        return []
    if claim.workstation != command.workstation:
        raise Refused("claim_elsewhere", "The claim is another workstation's, which says what became of its cards.")
    declared = CardNotPrinted(
        office=command.office, job=command.job, claim=command.claim, workstation=command.workstation
    )
    return [(job_of(command.job), declared)]


def blank_not_confirmed(item: str, queue: Queue) -> Refused:
    """The book is empty, as stock told at `as_of`: that warns, and stops nobody who has a blank."""
    return Refused(
        "blank_not_confirmed",
        "Stock's book says that there are no blanks: confirm that the blank is in your hand.",
        item=item,
        level=queue.level,
        as_of=queue.as_of,
    )


def job_elsewhere() -> Refused:
    return Refused("job_elsewhere", "The job is not one of this office: report the card under an id of its own.")


def _free(job: Job, command: ClaimJobs) -> bool:
    of_this_queue = (job.office, job.item) == (command.office, command.item)
    return of_this_queue and job.place in ("QUEUED", "CLAIMED") and not job.claimed(command.now)


def _too_old(job: Job, command: ClaimJobs, in_force: InForce) -> bool:
    """Who has waited longer than the age limit waits for no quota either."""
    return job.print_ready_at is not None and job.print_ready_at < in_force.policy.aged(command.now)


def _claimed(command: ClaimJobs, candidate: str, job: Job, *, placed: bool) -> JobClaimed:
    return JobClaimed(
        office=command.office,
        job=candidate,
        claim=command.claim,
        workstation=command.workstation,
        until=command.until,
        item=job.item,
        location=job.location,
        reason=job.reason,
        priority=job.priority,
        applicant=job.applicant,
        blanks_in_hand=command.blanks_in_hand,
        tries=job.tries,
        placed=placed,
    )
