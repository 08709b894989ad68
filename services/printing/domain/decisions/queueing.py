"""A card is asked for: it gets its class, and its place in the quota of the day, or is owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.printing.domain.commands import PrintingCommand, job_of, queue_of, queues_of
from services.printing.domain.facts import JobQueued, QuotaTaken, RequestCameLate
from services.printing.domain.policy import InForce
from services.printing.domain.state import Job, Queue
from services.printing.domain.words import PutOff
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRequest:
    """One card for this applicant, an opaque reference. `priority` names its class; None: the one of its reason."""

    job: str
    item: str
    location: str
    reason: str
    applicant: str
    print_ready_at: datetime
    priority: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueJob(PrintingCommand):
    """A request: print this card."""

    request: JobRequest

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_of(self.request.job), queue_of(self.office, self.request.item), *self.policies)


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueJobs(PrintingCommand):
    """Requests that an office took while it was offline. One that cannot be taken holds up no other."""

    requests: tuple[JobRequest, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        jobs = dict.fromkeys(job_of(request.job) for request in self.requests)
        return (*jobs, *queues_of(self.office), *self.policies)


class Intake:
    """A decision that takes requests one after the other, each on the quota that the ones before it left."""

    def __init__(self, command: PrintingCommand, states: States) -> None:
        self._command = command
        self._states = states
        self._in_force = command.policy(states)
        self._taken: dict[str, dict[str, int]] = {}
        self._queued: dict[str, JobRequest] = {}
        self.facts: Decision = []

    def take(self, request: JobRequest) -> None:
        """Raises `Refused` and leaves everything as it was."""
        again = self._queued.get(request.job)
        if again is not None:
            if again != request:
                raise _id_taken()
            return
        job: Job = self._states[job_of(request.job)]
        if job.place != "NOWHERE":
            self._same_again(request, job)
            return
        priority = class_of(request, self._in_force)
        put_off, quota = self._put_off(request.item, priority)
        queued = JobQueued(
            office=self._command.office,
            job=request.job,
            item=request.item,
            location=request.location,
            reason=request.reason,
            applicant=request.applicant,
            queued_at=self._command.occurred_at,
            print_ready_at=request.print_ready_at,
            priority=priority,
            put_off=put_off,
            policy=self._in_force.name if quota else None,
        )
        self._queued[request.job] = request
        self.facts.append((job_of(request.job), queued))

    def close(self) -> Decision:
        """All facts, with what was taken of the day's quotas."""
        return [*self.facts, *quota_taken(self._command, self._states, self._taken, self._in_force)]

    def _same_again(self, request: JobRequest, job: Job) -> None:
        command = self._command
        if (job.office, job.item, job.reason) != (command.office, request.item, request.reason):
            raise _id_taken()
        if job.applicant is None:
            late = RequestCameLate(
                office=job.office, job=request.job, applicant=request.applicant, requested_at=command.occurred_at
            )
            self._queued[request.job] = request
            self.facts.append((job_of(request.job), late))
        elif job.applicant != request.applicant:
            raise _id_taken()

    def _put_off(self, item: str, priority: str) -> tuple[PutOff | None, bool]:
        """Whether the card is owed, and whether a quota said so."""
        queue: Queue = self._states[queue_of(self._command.office, item)]
        taken = self._taken.setdefault(item, {})
        room = room_in_quota(queue, self._in_force, self._command, priority, taken.get(priority, 0))
        if room is None:
            return "EMPTY" if queue.level == "EMPTY" else None, False
        if room < 1:
            return "QUOTA", True
        taken[priority] = taken.get(priority, 0) + 1
        return None, True


def queue_job(command: QueueJob, states: States) -> Decision:
    intake = Intake(command, states)
    intake.take(command.request)
    return intake.close()


def queue_jobs(command: QueueJobs, states: States) -> Decision:
    intake = Intake(command, states)
    for request in command.requests:
        try:
            intake.take(request)
        except Refused:
            continue
    return intake.close()


def class_of(request: JobRequest, in_force: InForce) -> str:
    """The class a request waits in. Raises `Refused` for one that the policy of the day does not have."""
    if request.priority is None:
        return in_force.policy.class_for(request.reason)
    if in_force.policy.named(request.priority) is None:
        known = [each.name for each in in_force.policy.classes]
        raise Refused(
            "class_unknown", "The policy of the day has no such priority class.", classes=known, policy=in_force.name
        )
    return request.priority


def room_in_quota(
    queue: Queue, in_force: InForce, command: PrintingCommand, priority: str, taken: int = 0
) -> int | None:
    """Cards of this class that the quota of the day still has room for, `taken` being under way; None: no quota."""
    quota = in_force.policy.quota(priority, queue.level)
    return None if quota is None else quota - queue.taken_on(command.day, priority) - taken


def quota_taken(
    command: PrintingCommand, states: States, taken: Mapping[str, Mapping[str, int]], in_force: InForce
) -> Decision:
    """What a decision took of the day's quotas, by item and class."""
    decision: Decision = []
    for item, of_item in taken.items():
        if of_item:
            stream = queue_of(command.office, item)
            queue: Queue = states[stream]
            day = queue.counted_on(command.day)
            places = QuotaTaken(office=command.office, item=item, day=day, taken=dict(of_item), policy=in_force.name)
            decision.append((stream, places))
    return decision


def _id_taken() -> Refused:
    return Refused("job_id_taken", "A job with this id was queued before with another content.")
