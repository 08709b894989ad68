"""What came out of a printer: facts, which are never refused, but must be complete.

A report whose job is another's by now, or done with, is answered with what became of it: whoever
sends it looks at what is in their hand, and declares it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.printing.domain.commands import JobCommand, batches_of, job_of, queue_of, queues_of
from services.printing.domain.decisions.claiming import blank_not_confirmed, job_elsewhere
from services.printing.domain.facts import (
    CardPrinted,
    CardSpoiled,
    DecisionAwaited,
    QuarantinedBatchUsed,
    SecondCardPrinted,
)
from services.printing.domain.state import Batches, Job, Queue
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintersReport(JobCommand):
    """What happened at a printer. `item` and `reason` count only if the job is not known here."""

    location: str
    workstation: str
    printer: str | None = None
    operator: str | None = None
    blank_serial: str | None = None
    batch: str | None = None
    claim: str | None = None
    item: str | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordPrinted(PrintersReport):
    """A card came out. `declared` says that it is there, whatever became of its job meanwhile.

    `as_document`: the counter issued it under this id, which no job for another item may have.
    """

    chip_serial: str | None
    blank_in_hand: bool
    declared: bool = False
    as_document: bool = False

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_of(self.job), *queues_of(self.office), batches_of(self.office))


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordSpoiled(PrintersReport):
    """A blank was spoiled on the way to a card."""

    cause: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_of(self.job), batches_of(self.office), *self.policies)


def printed(command: RecordPrinted, states: States) -> Decision:
    job: Job = states[job_of(command.job)]
    if command.as_document and job.place != "NOWHERE" and job.item != command.item:
        raise Refused("document_id_taken", "A job with this id is for another card.", item=job.item)
    item, reason = what_it_is_for(command, job)
    claim = claim_of(command, job)
    if job.cards and told_before(command, job, claim):
        return []
    became = what_became_of(job, claim, command.now)
    if became is not None and not command.declared:
        raise Refused(
            "declare_card",
            "The job is no longer yours: say whether the card is there (declared), spoiled, or was not printed.",
            **became,
        )
    confirmed = command.blank_in_hand or command.declared or (job.blanks_in_hand and job.is_under(claim))
    queue: Queue = states[queue_of(command.office, item)]
    if queue.level == "EMPTY" and not confirmed:
        raise blank_not_confirmed(item, queue)
    stream = job_of(command.job)
    card = CardPrinted(
        office=command.office,
        job=command.job,
        item=item,
        location=command.location,
        reason=reason,
        workstation=command.workstation,
        chip_serial=command.chip_serial,
        blank_in_hand=confirmed,
        printed_at=command.occurred_at,
        blank_serial=command.blank_serial,
        printer=command.printer,
        batch=command.batch,
        printed_by=command.operator,
        claim=claim,
    )
    decision: Decision = [(stream, card)]
    if job.cards:
        second = SecondCardPrinted(
            office=command.office, job=command.job, chip_serial=command.chip_serial, earlier=job.chips
        )
        decision.append((stream, second))
    return [*decision, *used_in_quarantine(command, item, states)]


def spoiled(command: RecordSpoiled, states: States) -> Decision:
    job: Job = states[job_of(command.job)]
    item, reason = what_it_is_for(command, job)
    claim = claim_of(command, job)
    stream = job_of(command.job)
    blank = CardSpoiled(
        office=command.office,
        job=command.job,
        item=item,
        location=command.location,
        reason=reason,
        cause=command.cause,
        workstation=command.workstation,
        spoiled_at=command.occurred_at,
        blank_serial=command.blank_serial,
        printer=command.printer,
        batch=command.batch,
        spoiled_by=command.operator,
        claim=claim,
    )
    decision: Decision = [(stream, blank)]
    tries = job.tries + 1
    at_work = job.place in ("NOWHERE", "QUEUED", "CLAIMED")
    if at_work and tries - job.tries_allowed_from >= command.policy(states).policy.tries:
        awaited = DecisionAwaited(office=command.office, job=command.job, tries=tries, claim=claim)
        decision.append((stream, awaited))
    return [*decision, *used_in_quarantine(command, item, states)]


def told_before(command: RecordPrinted, job: Job, claim: str | None) -> bool:
    """Whether this is a report of a card that was told of, once more: by its chip, else by its blank.

    Without either nothing says that it is another card, unless its claim has not reported yet, or, without a claim,
    it is declared.
    """
    if command.chip_serial is not None:
        return command.chip_serial in job.chips
    if command.blank_serial is not None:
        return command.blank_serial in job.blanks
    return not command.declared if claim is None else not job.may_report(claim)


def what_it_is_for(command: PrintersReport, job: Job) -> tuple[str, str]:
    """Item and reason of a reported card. A card is real even if its job is not known: then the report tells them."""
    if job.place != "NOWHERE":
        if job.office != command.office:
            raise job_elsewhere()
        return job.item, job.reason
    if command.item is None or command.reason is None:
        raise Refused("job_unknown", "The job is not known here: report the card again with its item and reason.")
    return command.item, command.reason


def claim_of(command: PrintersReport, job: Job) -> str | None:
    """The claim that a report is of: the one it names, or else the last that its workstation has or is silent about."""
    if command.claim is not None:
        return command.claim
    own = [each.claim for each in job.claims if each.workstation == command.workstation]
    return own[-1] if own else None


def what_became_of(job: Job, claim: str | None, now: datetime) -> dict[str, Any] | None:
    """What a workstation should know before it says that it printed this job; None: the job waits, or is its own."""
    another = job.claim if job.claimed(now) and not job.is_under(claim) else None
    if another is None and job.place in ("NOWHERE", "QUEUED", "CLAIMED", "HELD"):
        return None
    return {
        "place": job.place,
        "workstation": None if another is None else another.workstation,
        "claimed_until": None if another is None else another.until,
        "printed_at": job.printed_at,
        "chip_serials": job.chips,
    }


def used_in_quarantine(command: PrintersReport, item: str, states: States) -> Decision:
    """The alarm when a blank was of a batch that nothing should be printed on."""
    stream = batches_of(command.office)
    batches: Batches = states[stream]
    batch = batches.quarantine_of(command.batch, command.blank_serial)
    if batch is None:
        return []
    used = QuarantinedBatchUsed(
        office=command.office,
        batch=batch,
        job=command.job,
        item=item,
        location=command.location,
        workstation=command.workstation,
        blank_serial=command.blank_serial,
        used_at=command.occurred_at,
    )
    return [(stream, used)]
