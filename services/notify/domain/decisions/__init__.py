"""What follows from each command. Start reading in `climbing`: how a shortage is raised, climbs, and ends."""

from collections.abc import Callable
from typing import Any, get_args

from services.notify.domain.commands import OfficeCommand, heard_of
from services.notify.domain.decisions.answering import (
    Acknowledge,
    Close,
    Comment,
    Decline,
    Forward,
    HandBack,
    acknowledge,
    close,
    comment,
    decline,
    forward,
    hand_back,
)
from services.notify.domain.decisions.climbing import (
    DeadlinePassed,
    RaiseShortage,
    ReportNobody,
    ReportUnreached,
    ShortageOver,
    deadline_passed,
    raise_shortage,
    report_nobody,
    report_unreached,
    shortage_over,
)
from services.notify.domain.decisions.people import KeepContact, keep_contact
from services.notify.domain.decisions.relieving import (
    NoteDeclined,
    NoteForwarded,
    NoteProposal,
    NoteRelief,
    NoteTakenBack,
    note_declined,
    note_forwarded,
    note_proposal,
    note_relief,
    note_taken_back,
)
from services.notify.domain.decisions.rules import (
    DeclareDay,
    LiftSilence,
    SetPolicy,
    SetSilence,
    declare_day,
    lift_silence,
    set_policy,
    set_silence,
)
from services.notify.domain.decisions.sending import (
    BeginTry,
    CloseBundle,
    EndTry,
    IssueLetter,
    MarkReported,
    begin_try,
    close_bundle,
    end_try,
    issue_letter,
    mark_reported,
)
from services.notify.domain.decisions.watching import (
    BeginListening,
    CatchUp,
    HearCanary,
    HearOffice,
    MissCanary,
    RaiseAlarm,
    ReportSilent,
    ReportStandstill,
    begin_listening,
    catch_up,
    hear_canary,
    hear_office,
    miss_canary,
    raise_alarm,
    report_silent,
    report_standstill,
)
from services.notify.domain.directory import DirectoryCommand, decide_directory
from services.notify.domain.facts import OfficeHeard
from services.notify.domain.state import Heard
from shared.decider import Command, Decision, States

DECISIONS: dict[type[Any], Callable[[Any, States], Decision]] = {
    RaiseShortage: raise_shortage,
    ShortageOver: shortage_over,
    DeadlinePassed: deadline_passed,
    ReportNobody: report_nobody,
    ReportUnreached: report_unreached,
    Acknowledge: acknowledge,
    Decline: decline,
    Forward: forward,
    HandBack: hand_back,
    Close: close,
    Comment: comment,
    NoteRelief: note_relief,
    NoteTakenBack: note_taken_back,
    NoteProposal: note_proposal,
    NoteForwarded: note_forwarded,
    NoteDeclined: note_declined,
    CloseBundle: close_bundle,
    IssueLetter: issue_letter,
    BeginTry: begin_try,
    EndTry: end_try,
    MarkReported: mark_reported,
    KeepContact: keep_contact,
    SetPolicy: set_policy,
    DeclareDay: declare_day,
    SetSilence: set_silence,
    LiftSilence: lift_silence,
    BeginListening: begin_listening,
    CatchUp: catch_up,
    HearOffice: hear_office,
    RaiseAlarm: raise_alarm,
    HearCanary: hear_canary,
    MissCanary: miss_canary,
    ReportSilent: report_silent,
    ReportStandstill: report_standstill,
    **dict.fromkeys(get_args(DirectoryCommand), decide_directory),
}


def decide(command: Command, states: States) -> Decision:
    """The facts a command leads to. Raises `Refused` for what people ask; what stock and the clock say never is."""
    decision = DECISIONS[type(command)](command, states)
    return [*_heard(command, states), *decision]


def _heard(command: Command, states: States) -> Decision:
    if not isinstance(command, OfficeCommand) or command.heard_on is None:
        return []
    stream = heard_of(command.office)
    heard: Heard = states[stream]
    if heard.day is not None and command.heard_on <= heard.day:
        return []
    return [(stream, OfficeHeard(office=command.office, day=command.heard_on, at=command.occurred_at))]
