"""What a visit carries: asked of stock, and there only when stock keeps it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.outreach.domain.commands import VisitCommand, visit_of
from services.outreach.domain.decisions.planning import planned_here
from services.outreach.domain.facts import EquipmentAnswered, VisitEquipmentRequested
from services.outreach.domain.state import Equipment, Visit
from services.outreach.domain.words import Answer, Item
from shared.decider import Decision, Refused, States

KEPT_FOR = timedelta(days=1)
"""How long after its end a visit's blanks are kept for it at the latest: time to come home and to sync."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestEquipment(VisitCommand):
    """The visit needs so many blanks of each item. What stock refused or let go may be asked for again."""

    lines: tuple[tuple[Item, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class HearEquipment(VisitCommand):
    """A fact: stock keeps, refused, or let go of blanks for this visit."""

    item: Item
    answer: Answer
    quantity: int
    reason: str | None = None


def request_equipment(command: RequestEquipment, states: States) -> Decision:
    visit = planned_here(command, states)
    new = [(item, quantity) for item, quantity in command.lines if not already(visit, item, quantity)]
    if not new:
        return []
    if visit.stage not in ("CONFIRMED", "EQUIPPED"):
        raise Refused(
            "visit_not_confirmed", "Only a confirmed visit is equipped, and before it runs.", stage=visit.stage
        )
    until = kept_until(visit)
    if until is None or until <= command.now:
        raise Refused("visit_over", "The visit's time is over.", until=until)
    return [
        (
            visit_of(command.visit),
            VisitEquipmentRequested(
                office=command.office, visit=command.visit, item=item, quantity=quantity, until=until
            ),
        )
        for item, quantity in new
    ]


def already(visit: Visit, item: Item, quantity: int) -> bool:
    """Whether just that was asked for, and stock has not said no. Raises `Refused` if another quantity was."""
    asked = visit.equipment.get(item)
    if asked is None or asked.answer in ("REFUSED", "RELEASED"):
        return False
    if asked.quantity != quantity:
        raise Refused(
            "equipment_asked",
            "Another quantity was asked for. Cancel the visit to let it go.",
            item=item,
            quantity=asked.quantity,
            answer=asked.answer,
        )
    return True


def kept_until(visit: Visit) -> datetime | None:
    """Until when stock is asked to keep blanks for this visit; None for a plan from before visits had hours."""
    return None if visit.ends_at is None else visit.ends_at + KEPT_FOR


def hear_equipment(command: HearEquipment, states: States) -> Decision:
    visit: Visit = states[visit_of(command.visit)]
    heard = Equipment(command.quantity, command.answer, command.reason)
    # A visit of which this log knows nothing is another's, or was lost with a restore.
    if visit.office != command.office or visit.equipment.get(command.item) == heard:
        return []
    answered = EquipmentAnswered(
        office=command.office,
        visit=command.visit,
        item=command.item,
        answer=command.answer,
        quantity=command.quantity,
        reason=command.reason,
    )
    return [(visit_of(command.visit), answered)]
