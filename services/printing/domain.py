"""Cards that are owed and cards that were printed.

A job waits in its office's queue until a card is printed for it; a spoiled blank leaves it waiting.
Printing never stops: a card in the operator's hand has used its blank, whatever the books say, so
reports of what happened are recorded. The operator is only asked to complete a report that would
leave the books guessing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, assert_never

from msgspec.structs import replace

from shared.decider import Command, Decision, Fact, Refused, State, States

CARDS = ("KTP_WNI", "KTP_WNA", "KIA")
"""The items a card is printed on."""

Place = Literal["NOWHERE", "QUEUED", "PRINTED"]
"""Where a job is: in exactly one place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueJob(Command):
    """Print a card for this applicant, an opaque reference."""

    office: str
    job: str
    item: str
    location: str
    reason: str
    applicant: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_stream(self.job),)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordPrinted(Command):
    """A card came out of the printer. `item` and `reason` count only if the job is not known here."""

    office: str
    job: str
    location: str
    workstation: str
    chip_serial: str | None
    blank_in_hand: bool
    item: str | None = None
    reason: str | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_stream(self.job), *(queue_stream(self.office, item) for item in CARDS))


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordSpoiled(Command):
    """A blank was spoiled on the way to a card. `item` and `reason` count only if the job is not known here."""

    office: str
    job: str
    location: str
    workstation: str
    cause: str
    item: str | None = None
    reason: str | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_stream(self.job),)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteStockLevel(Command):
    """What stock's book says of an office's blanks; `as_of` is when stock knew it."""

    office: str
    item: str
    level: str
    episode: int
    as_of: datetime

    @property
    def streams(self) -> tuple[str, ...]:
        return (queue_stream(self.office, self.item),)


PrintingCommand = QueueJob | RecordPrinted | RecordSpoiled | NoteStockLevel


class JobQueued(Fact, frozen=True):
    office: str
    job: str
    item: str
    location: str
    reason: str
    applicant: str
    queued_at: datetime


class RequestCameLate(Fact, frozen=True):
    """The request for a job that had begun with a report from the printer."""

    office: str
    job: str
    applicant: str
    requested_at: datetime


class CardPrinted(Fact, frozen=True):
    office: str
    job: str
    item: str
    location: str
    reason: str
    workstation: str
    chip_serial: str | None
    blank_in_hand: bool
    printed_at: datetime


class SecondCardPrinted(Fact, frozen=True):
    """One job, two cards: the second used a blank as well, and somebody has to explain it."""

    office: str
    job: str
    chip_serial: str
    earlier: tuple[str, ...]


class CardSpoiled(Fact, frozen=True):
    office: str
    job: str
    item: str
    location: str
    reason: str
    cause: str
    workstation: str
    spoiled_at: datetime


class StockLevelNoted(Fact, frozen=True):
    """`since` is when the level was reached, `as_of` when stock's book recorded it."""

    office: str
    item: str
    level: str
    episode: int
    since: datetime
    as_of: datetime


JobFact = JobQueued | RequestCameLate | CardPrinted | SecondCardPrinted | CardSpoiled
PrintingFact = JobFact | StockLevelNoted


class Job(State, frozen=True):
    """One card that is owed. `tries` counts the blanks spoiled for it, `cards` what was printed for it."""

    place: Place = "NOWHERE"
    office: str = ""
    item: str = ""
    location: str = ""
    reason: str = ""
    applicant: str | None = None
    queued_at: datetime | None = None
    printed_at: datetime | None = None
    tries: int = 0
    cards: int = 0
    chips: tuple[str, ...] = ()


class Queue(State, frozen=True):
    """An office's queue for one item: the level of blanks behind it, as stock last told. No level: never told."""

    level: str | None = None
    episode: int = 0
    since: datetime | None = None
    as_of: datetime | None = None


def job_stream(job: str) -> str:
    """The stream of one job."""
    return f"job/{job}"


def queue_stream(office: str, item: str) -> str:
    """The stream of an office's queue for one item."""
    return f"queue/{office}/{item}"


def decide(command: PrintingCommand, states: States) -> Decision:
    """What follows from a command. Raises `Refused`."""
    match command:
        case QueueJob():
            return _queue(command, states[job_stream(command.job)])
        case RecordPrinted():
            return _printed(command, states[job_stream(command.job)], states)
        case RecordSpoiled():
            return _spoiled(command, states[job_stream(command.job)])
        case NoteStockLevel():
            return _note_level(command, states[queue_stream(command.office, command.item)])
    assert_never(command)


def _queue(command: QueueJob, job: Job) -> Decision:
    stream = job_stream(command.job)
    if job.place == "NOWHERE":
        queued = JobQueued(
            office=command.office,
            job=command.job,
            item=command.item,
            location=command.location,
            reason=command.reason,
            applicant=command.applicant,
            queued_at=command.occurred_at,
        )
        return [(stream, queued)]
    if (job.office, job.item, job.reason) != (command.office, command.item, command.reason):
        raise _id_taken()
    if job.applicant is None:
        late = RequestCameLate(
            office=job.office, job=command.job, applicant=command.applicant, requested_at=command.occurred_at
        )
        return [(stream, late)]
    if job.applicant != command.applicant:
        raise _id_taken()
    return []


def _printed(command: RecordPrinted, job: Job, states: States) -> Decision:
    item, reason = _what_it_is_for(command, job)
    # Without a serial nothing says that this is another card, so it is the same report once more.
    if job.place == "PRINTED" and (command.chip_serial is None or command.chip_serial in job.chips):
        return []
    if states[queue_stream(command.office, item)].level == "EMPTY" and not command.blank_in_hand:
        raise Refused(
            "blank_not_confirmed",
            "stock's book says that there are no blanks: confirm that the blank is in your hand",
            item=item,
            level="EMPTY",
        )
    stream = job_stream(command.job)
    printed = CardPrinted(
        office=command.office,
        job=command.job,
        item=item,
        location=command.location,
        reason=reason,
        workstation=command.workstation,
        chip_serial=command.chip_serial,
        blank_in_hand=command.blank_in_hand,
        printed_at=command.occurred_at,
    )
    if job.place != "PRINTED" or command.chip_serial is None:
        return [(stream, printed)]
    second = SecondCardPrinted(
        office=command.office, job=command.job, chip_serial=command.chip_serial, earlier=job.chips
    )
    return [(stream, printed), (stream, second)]


def _spoiled(command: RecordSpoiled, job: Job) -> Decision:
    item, reason = _what_it_is_for(command, job)
    spoiled = CardSpoiled(
        office=command.office,
        job=command.job,
        item=item,
        location=command.location,
        reason=reason,
        cause=command.cause,
        workstation=command.workstation,
        spoiled_at=command.occurred_at,
    )
    return [(job_stream(command.job), spoiled)]


def _note_level(command: NoteStockLevel, queue: Queue) -> Decision:
    if (command.level, command.episode) == (queue.level, queue.episode):
        return []
    noted = StockLevelNoted(
        office=command.office,
        item=command.item,
        level=command.level,
        episode=command.episode,
        since=command.occurred_at,
        as_of=command.as_of,
    )
    return [(queue_stream(command.office, command.item), noted)]


def _what_it_is_for(command: RecordPrinted | RecordSpoiled, job: Job) -> tuple[str, str]:
    """Item and reason of a reported card. A card is real even if its job is not known: then the report tells them."""
    if job.place != "NOWHERE":
        if job.office != command.office:
            raise Refused("job_elsewhere", "the job is not one of this office: report the card under an id of its own")
        return job.item, job.reason
    if command.item is None or command.reason is None:
        raise Refused("job_unknown", "the job is not known here: report the card again with its item and reason")
    return command.item, command.reason


def _id_taken() -> Refused:
    return Refused("job_id_taken", "a job with this id was queued before with another content")


def evolve(state: Any, fact: PrintingFact) -> Job | Queue:
    """The state after a fact."""
    if isinstance(fact, StockLevelNoted):
        return Queue(level=fact.level, episode=fact.episode, since=fact.since, as_of=fact.as_of)
    return _evolve_job(state, fact)


def _evolve_job(job: Job, fact: JobFact) -> Job:
    match fact:
        case JobQueued():
            return Job(
                place="QUEUED",
                office=fact.office,
                item=fact.item,
                location=fact.location,
                reason=fact.reason,
                applicant=fact.applicant,
                queued_at=fact.queued_at,
            )
        case RequestCameLate():
            return replace(job, applicant=fact.applicant)
        case CardPrinted():
            return replace(
                _begun(job, fact, fact.printed_at),
                place="PRINTED",
                printed_at=job.printed_at or fact.printed_at,
                cards=job.cards + 1,
                chips=job.chips if fact.chip_serial is None else (*job.chips, fact.chip_serial),
            )
        case SecondCardPrinted():
            return job
        case CardSpoiled():
            return replace(_begun(job, fact, fact.spoiled_at), tries=job.tries + 1)
    assert_never(fact)


def _begun(job: Job, fact: CardPrinted | CardSpoiled, at: datetime) -> Job:
    """The job, or, when it was not known, the job that begins with this report."""
    if job.place != "NOWHERE":
        return job
    return Job(
        place="QUEUED", office=fact.office, item=fact.item, location=fact.location, reason=fact.reason, queued_at=at
    )
