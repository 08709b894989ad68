"""The rows that facts leave in the read tables, and the deadlines."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from services.printing.domain import (
    Alarms,
    Batches,
    BatchQuarantined,
    BatchReleased,
    CardHandedOver,
    CardPrinted,
    CardSpoiled,
    DocumentIssued,
    IssuedDocument,
    Job,
    JobCancelled,
    JobQueued,
    LetterPolicySet,
    NumberAlarmRaised,
    OldCardWithdrawn,
    Policies,
    Printer,
    PrintingFact,
    QuarantinedBatchUsed,
    Queue,
    QueuePolicySet,
    RequestCameLate,
    RibbonChanged,
    SubstituteLetterIssued,
)
from shared.clock import Deadline
from shared.decider import Row, State
from shared.offices import offices

Rows = Iterator[Row]


def project(stream: str, fact: PrintingFact, state: Any) -> Iterable[Row]:
    """The rows that a fact changes, given the state of its stream after it."""
    return ROWS[type(state)](stream, fact, state)


def _job(stream: str, fact: Any, job: Job) -> Rows:
    id = stream.removeprefix("job/")
    yield _job_row(id, job)
    for lapsed in job.lapsed:
        values = {
            "job": id,
            "claim": lapsed.claim,
            "office": job.office,
            "workstation": lapsed.workstation,
            "until": lapsed.until,
        }
        yield Row("lapsed_claims", (id, lapsed.claim), values)
    declared = getattr(fact, "claim", None)
    if declared is not None and not any(lapsed.claim == declared for lapsed in job.lapsed):
        yield Row("lapsed_claims", (id, declared), None)
    yield from _entries(id, fact, job)
    if isinstance(fact, SubstituteLetterIssued):
        key, due = f"{stream}/letter/{fact.letter}", offices().known(fact.office).end_of(fact.valid_through)
        yield Deadline(key, stream, fact.office, due, "letter", fact.letter).row


def _job_row(id: str, job: Job) -> Row:
    claim = job.claim
    values = {
        "job": id,
        "office": job.office,
        "item": job.item,
        "location": job.location,
        "reason": job.reason,
        "applicant": job.applicant,
        "state": job.place,
        "queued_at": job.queued_at,
        "printed_at": job.printed_at,
        "tries": job.tries,
        "cards": job.cards,
        "priority": job.priority,
        "placed": job.placed,
        "put_off": job.put_off,
        "claim": None if claim is None else claim.claim,
        "workstation": None if claim is None else claim.workstation,
        "letter": job.letter,
        "print_ready_at": job.print_ready_at,
        "claimed_until": None if claim is None else claim.until,
        "handed_over_at": job.handed_over_at,
        "letter_until": job.letter_until,
    }
    return Row("jobs", (id,), values)


def _entries(id: str, fact: Any, job: Job) -> Rows:
    """A job's lines in the day book."""
    about: dict[str, Any] = {"office": job.office, "item": job.item, "reason": job.reason}
    match fact:
        case JobQueued():
            yield entry(id, "IN", 1, **about, location=fact.location, at=fact.queued_at)
        case RequestCameLate():
            yield entry(id, "IN", 1, **about, location=job.location, at=fact.requested_at)
        case CardPrinted():
            yield entry(
                id,
                "PRINTED",
                job.cards,
                **about,
                **_at_printer(fact, fact.printed_at),
                operator=fact.printed_by,
                print_ready_at=job.print_ready_at,
            )
        case CardSpoiled():
            yield entry(
                id,
                "SPOILED",
                job.tries,
                **about,
                **_at_printer(fact, fact.spoiled_at),
                operator=fact.spoiled_by,
                cause=fact.cause,
            )
        case CardHandedOver():
            yield entry(id, "HANDED_OVER", 1, **about, location=fact.location, at=fact.handed_over_at)
        case OldCardWithdrawn():
            yield entry(id, "OLD_CARD", 1, **about, location=fact.location, at=fact.withdrawn_at)
        case JobCancelled():
            yield entry(id, "CANCELLED", 1, **about, location=job.location, at=fact.cancelled_at)
        case SubstituteLetterIssued():
            yield entry(f"{id}/{fact.letter}", "LETTER", 1, **about, location=job.location, at=fact.issued_at)


def _at_printer(fact: CardPrinted | CardSpoiled, at: datetime) -> dict[str, Any]:
    return {
        "location": fact.location,
        "at": at,
        "workstation": fact.workstation,
        "printer": fact.printer or fact.workstation,
        "batch": fact.batch,
        "blank_serial": fact.blank_serial,
    }


def entry(subject: str, kind: str, number: int, *, office: str, location: str, at: datetime, **further: Any) -> Row:
    """A line of the day book; `further` are its columns that say something."""
    silent = dict.fromkeys(
        (*("item", "reason", "cause", "workstation", "printer", "operator"), "batch", "blank_serial", "print_ready_at")
    )
    values = silent | {"quantity": 1, "sheets": 0} | further
    values |= {"subject": subject, "kind": kind, "number": number, "office": office, "location": location, "at": at}
    return Row("day_book", (subject, kind, number), values)


def _queue(stream: str, fact: Any, queue: Queue) -> Rows:
    _, office, item = stream.split("/")
    values = {
        "office": office,
        "item": item,
        "level": queue.level,
        "episode": queue.episode,
        "since": queue.since,
        "as_of": queue.as_of,
        "on_hand": queue.on_hand,
        "available": queue.available,
        "quota_day": queue.quota_day,
        "taken": queue.taken,
        "owed": queue.debt.owed,
        "put_off": queue.debt.put_off,
        "by_reason": queue.debt.by_reason,
        "oldest_since": queue.debt.oldest_since,
    }
    yield Row("queues", (office, item), values)
    if queue.empty is not None:
        spell = {"office": office, "item": item, "began": queue.empty.began, "ended": queue.empty.ended}
        yield Row("empty_spells", (office, item, queue.empty.began), spell)


def _policy(stream: str, fact: QueuePolicySet | LetterPolicySet, policies: Policies) -> Rows:
    kind, policy = (
        ("LETTER", policies.letters[-1]) if isinstance(fact, LetterPolicySet) else ("QUEUE", policies.queue[-1])
    )
    values = {
        "office": fact.office,
        "version": fact.version,
        "kind": kind,
        "starts_on": fact.starts_on,
        "policy": msgspec.to_builtins(policy),
        "set_by": fact.set_by,
    }
    yield Row("policies", (fact.office, fact.version), values)


def _printer(stream: str, fact: RibbonChanged, printer: Printer) -> Rows:
    yield entry(
        # An id is known again at its own printer only.
        f"{stream}/{fact.ribbon}",
        "RIBBON",
        1,
        office=fact.office,
        location=fact.location,
        at=fact.changed_at,
        item=fact.item,
        printer=fact.printer,
        operator=fact.changed_by,
        quantity=fact.cards,
    )


def _batches(stream: str, fact: Any, batches: Batches) -> Rows:
    match fact:
        case BatchQuarantined():
            yield Row("quarantine", (fact.office, fact.batch), _named(fact))
        case BatchReleased():
            yield Row("quarantine", (fact.office, fact.batch), None)
        case QuarantinedBatchUsed():
            about = {"job": fact.job, "workstation": fact.workstation, "batch": fact.batch}
            serials = {"first_serial": fact.blank_serial, "last_serial": fact.blank_serial}
            yield _alarm(fact, "QUARANTINED_BATCH", batches.used, fact.used_at, **about, **serials)


def _named(fact: BatchQuarantined) -> dict[str, Any]:
    columns = ("office", "batch", "first_serial", "last_serial", "note", "quarantined_at", "quarantined_by")
    return {name: getattr(fact, name) for name in columns}


def _alarms(stream: str, fact: NumberAlarmRaised, alarms: Alarms) -> Rows:
    serials = {"first_serial": fact.first_serial, "last_serial": fact.last_serial, "holders": fact.holders}
    yield _alarm(fact, fact.kind, alarms.raised, fact.found_at, **serials)


def _alarm(fact: Any, kind: str, number: int, at: datetime, **further: Any) -> Row:
    silent = dict.fromkeys(("job", "workstation", "batch", "first_serial", "last_serial"))
    values = silent | {"holders": ()} | further
    values |= {"office": fact.office, "kind": kind, "number": number, "at": at}
    values |= {"item": fact.item, "location": fact.location}
    return Row("alarms", (fact.office, kind, number), values)


def _document(stream: str, fact: DocumentIssued, document: IssuedDocument) -> Rows:
    yield entry(
        fact.document,
        "DOCUMENT",
        1,
        office=fact.office,
        location=fact.location,
        at=fact.issued_at,
        item=fact.kind,
        operator=fact.issued_by,
        quantity=fact.quantity,
        sheets=fact.sheets,
    )


ROWS: dict[type[State], Callable[[str, Any, Any], Rows]] = {
    Job: _job,
    Queue: _queue,
    Policies: _policy,
    Printer: _printer,
    Batches: _batches,
    Alarms: _alarms,
    IssuedDocument: _document,
}
