"""An office's request for more: asked, approved and received are three figures, all kept."""

from datetime import date
from typing import assert_never

from msgspec.structs import replace

from services.stock.domain.facts import (
    AllocationDeclined,
    Item,
    PickUpLetterIssued,
    ReplenishmentApproved,
    ReplenishmentClosed,
    ReplenishmentFilled,
    ReplenishmentForwarded,
    ReplenishmentRequested,
    ReplenishmentVerified,
    RequestFact,
    Situation,
)
from shared.decider import State


class Request(State, frozen=True):
    """`filled` is what the province promised, `approved` what the centre did; what came of it is in its consignments.

    `status` goes REQUESTED, VERIFIED, then FILLED or FORWARDED, then APPROVED or DECLINED, and CLOSED.
    `answers` names the allocations and loans under which it was promised.
    """

    office: str | None = None
    item: Item | None = None
    status: str = "NONE"
    asked: int = 0
    filled: int = 0
    forwarded: int = 0
    approved: int = 0
    requested_by: str | None = None
    letter: str | None = None
    lettered: int = 0
    allocation: str | None = None
    reason: str | None = None
    requested_on: date | None = None
    situation: Situation | None = None
    forwarded_by: str | None = None
    answers: tuple[str, ...] = ()

    @property
    def promised(self) -> int:
        """By the province and the centre together."""
        return self.filled + self.approved


def evolve_request(request: Request, fact: RequestFact) -> Request:
    """The request after this fact."""
    match fact:
        case ReplenishmentRequested():
            return Request(
                office=fact.office,
                item=fact.item,
                status="REQUESTED",
                asked=fact.asked,
                requested_by=fact.requested_by,
                reason=fact.reason,
                requested_on=fact.requested_on,
                situation=fact.situation,
            )
        case ReplenishmentVerified():
            return replace(request, status="VERIFIED")
        case ReplenishmentFilled(quantity=quantity, reference=reference):
            return replace(
                request,
                status="FILLED",
                filled=request.filled + quantity,
                answers=(*request.answers, reference),
            )
        case ReplenishmentForwarded(forwarded=forwarded, forwarded_by=forwarded_by):
            return replace(request, status="FORWARDED", forwarded=forwarded, forwarded_by=forwarded_by)
        case ReplenishmentApproved(approved=approved, allocation=allocation):
            return replace(
                request,
                status="APPROVED",
                approved=request.approved + approved,
                allocation=allocation,
                answers=(*request.answers, allocation),
            )
        case AllocationDeclined():
            return replace(request, status="DECLINED")
        case PickUpLetterIssued(letter=letter):
            return replace(request, letter=letter, lettered=request.promised)
        case ReplenishmentClosed():
            return replace(request, status="CLOSED")
    assert_never(fact)
