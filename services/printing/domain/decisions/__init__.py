"""The rules of printing, a module for each thing that is done. From `queueing` to `handing_over`, as a job goes."""

from collections.abc import Callable
from typing import Any

from services.printing.domain.commands import PrintingCommand
from services.printing.domain.decisions.claiming import (
    ClaimJobs,
    DeclareNotPrinted,
    claim_jobs,
    declare_not_printed,
)
from services.printing.domain.decisions.handing_over import (
    CancelJob,
    ExpireLetter,
    HandOver,
    IssueLetter,
    ResumeJob,
    cancel,
    expire_letter,
    hand_over,
    issue_letter,
    resume,
)
from services.printing.domain.decisions.policies import (
    SetLetterPolicy,
    SetQueuePolicy,
    set_letter_policy,
    set_queue_policy,
)
from services.printing.domain.decisions.premises import (
    ChangeRibbon,
    IssueDocument,
    QuarantineBatch,
    ReleaseBatch,
    change_ribbon,
    issue_document,
    quarantine_batch,
    release_batch,
)
from services.printing.domain.decisions.queueing import QueueJob, QueueJobs, queue_job, queue_jobs
from services.printing.domain.decisions.reporting import RecordPrinted, RecordSpoiled, printed, spoiled
from services.printing.domain.decisions.stock import (
    NoteStock,
    RaiseNumberAlarm,
    TellDebt,
    note_stock,
    raise_number_alarm,
    tell_debt,
)
from shared.decider import Decision, States

DECISIONS: dict[type[PrintingCommand], Callable[[Any, States], Decision]] = {
    QueueJob: queue_job,
    QueueJobs: queue_jobs,
    ClaimJobs: claim_jobs,
    DeclareNotPrinted: declare_not_printed,
    RecordPrinted: printed,
    RecordSpoiled: spoiled,
    CancelJob: cancel,
    ResumeJob: resume,
    HandOver: hand_over,
    IssueLetter: issue_letter,
    ExpireLetter: expire_letter,
    SetQueuePolicy: set_queue_policy,
    SetLetterPolicy: set_letter_policy,
    NoteStock: note_stock,
    TellDebt: tell_debt,
    RaiseNumberAlarm: raise_number_alarm,
    ChangeRibbon: change_ribbon,
    QuarantineBatch: quarantine_batch,
    ReleaseBatch: release_batch,
    IssueDocument: issue_document,
}


def decide(command: PrintingCommand, states: States) -> Decision:
    """The facts this command leads to, in the order in which they became true. Raises `Refused`."""
    return DECISIONS[type(command)](command, states)
