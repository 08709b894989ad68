"""The rules of outreach, a module for each thing that is done. From `planning` to `visiting`, as a visit goes."""

from collections.abc import Callable
from typing import Any

from services.outreach.domain.commands import OutreachCommand
from services.outreach.domain.decisions.calendar import (
    CountYouths,
    DeclareSurge,
    RegisterSchools,
    WithdrawSurge,
    count_youths,
    declare_surge,
    register_schools,
    withdraw_surge,
)
from services.outreach.domain.decisions.equipping import (
    HearEquipment,
    RequestEquipment,
    hear_equipment,
    request_equipment,
)
from services.outreach.domain.decisions.need import (
    ImportDays,
    JudgeForecast,
    NoteDay,
    NoteDebt,
    NoteStock,
    PublishForecast,
    import_days,
    judge_forecast,
    note_day,
    note_debt,
    note_stock,
    publish_forecast,
)
from services.outreach.domain.decisions.planning import ConfirmVisit, PlanVisit, confirm, plan
from services.outreach.domain.decisions.recording import (
    EraseMonths,
    MarkPrintReady,
    RecordPersons,
    erase_months,
    mark_ready,
    record,
)
from services.outreach.domain.decisions.visiting import (
    CloseVisit,
    CompleteSync,
    ReconcileVisit,
    StartVisit,
    close,
    complete_sync,
    reconcile,
    start,
)
from shared.decider import Decision, States

DECISIONS: dict[type[OutreachCommand], Callable[[Any, States], Decision]] = {
    PlanVisit: plan,
    ConfirmVisit: confirm,
    RequestEquipment: request_equipment,
    HearEquipment: hear_equipment,
    StartVisit: start,
    RecordPersons: record,
    CompleteSync: complete_sync,
    ReconcileVisit: reconcile,
    CloseVisit: close,
    MarkPrintReady: mark_ready,
    EraseMonths: erase_months,
    NoteStock: note_stock,
    NoteDay: note_day,
    NoteDebt: note_debt,
    ImportDays: import_days,
    PublishForecast: publish_forecast,
    JudgeForecast: judge_forecast,
    DeclareSurge: declare_surge,
    WithdrawSurge: withdraw_surge,
    CountYouths: count_youths,
    RegisterSchools: register_schools,
}


def decide(command: OutreachCommand, states: States) -> Decision:
    """The facts this command leads to, in the order in which they became true. Raises `Refused`."""
    return DECISIONS[type(command)](command, states)
