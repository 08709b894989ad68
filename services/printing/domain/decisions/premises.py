"""What happens around the cards: a ribbon is changed, a batch is quarantined, another document is issued."""

from dataclasses import dataclass

from services.printing.domain.commands import PrintingCommand, batches_of, document_of, job_of, printer_of
from services.printing.domain.facts import BatchQuarantined, BatchReleased, DocumentIssued, RibbonChanged
from services.printing.domain.state import Batches, IssuedDocument, Job, Printer
from services.printing.domain.words import Document, Supply
from shared.decider import Decision, Refused, States

BATCHES = 20
"""So many batches find room in an office's quarantine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeRibbon(PrintingCommand):
    """A fact: a printer got a new ribbon or film. `cards` were made with the one before, as far as was reported."""

    ribbon: str
    item: Supply
    location: str
    printer: str
    cards: int
    changed_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (printer_of(self.office, self.printer),)


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchCommand(PrintingCommand):
    """A request about a batch of blanks, by the name on its box."""

    batch: str
    note: str
    decided_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (batches_of(self.office),)


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineBatch(BatchCommand):
    """A request: print on none of these blanks, of which the numbers may be known."""

    first_serial: str | None
    last_serial: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseBatch(BatchCommand):
    """A request: the batch is good after all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueDocument(PrintingCommand):
    """A fact: the counter issued so many documents of a kind, on so many sheets of A4."""

    document: str
    kind: Document
    location: str
    quantity: int
    sheets: int
    issued_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (document_of(self.document), job_of(self.document))


def change_ribbon(command: ChangeRibbon, states: States) -> Decision:
    stream = printer_of(command.office, command.printer)
    printer: Printer = states[stream]
    known = printer.changes.get(command.ribbon)
    if known is not None and known != command.item:
        raise Refused("ribbon_id_taken", "Another supply was put in under this id.", item=known)
    if known is not None:
        return []
    changed = RibbonChanged(
        office=command.office,
        ribbon=command.ribbon,
        item=command.item,
        location=command.location,
        printer=command.printer,
        cards=command.cards,
        changed_at=command.occurred_at,
        changed_by=command.changed_by,
    )
    return [(stream, changed)]


def quarantine_batch(command: QuarantineBatch, states: States) -> Decision:
    stream = batches_of(command.office)
    batches: Batches = states[stream]
    if command.batch in batches.quarantined:
        return []
    if len(batches.quarantined) >= BATCHES:
        raise Refused("quarantine_full", "So many batches are in quarantine already.", quarantined=BATCHES)
    quarantined = BatchQuarantined(
        office=command.office,
        batch=command.batch,
        first_serial=command.first_serial,
        last_serial=command.last_serial,
        note=command.note,
        quarantined_at=command.occurred_at,
        quarantined_by=command.decided_by,
    )
    return [(stream, quarantined)]


def release_batch(command: ReleaseBatch, states: States) -> Decision:
    stream = batches_of(command.office)
    batches: Batches = states[stream]
    if command.batch not in batches.quarantined:
        raise Refused("not_quarantined", "No batch of this name is in quarantine.")
    released = BatchReleased(
        office=command.office, batch=command.batch, note=command.note, released_by=command.decided_by
    )
    return [(stream, released)]


def issue_document(command: IssueDocument, states: States) -> Decision:
    stream = document_of(command.document)
    document: IssuedDocument = states[stream]
    job: Job = states[job_of(command.document)]
    if job.place != "NOWHERE":
        raise Refused("document_id_taken", "A job with this id is for a card.", item=job.item)
    if document.kind is not None:
        if (document.office, document.kind, document.quantity) != (command.office, command.kind, command.quantity):
            raise Refused("document_id_taken", "A document with this id was counted before with another content.")
        return []
    issued = DocumentIssued(
        office=command.office,
        document=command.document,
        kind=command.kind,
        location=command.location,
        quantity=command.quantity,
        sheets=command.sheets,
        issued_at=command.occurred_at,
        issued_by=command.issued_by,
    )
    return [(stream, issued)]
