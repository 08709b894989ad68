"""What can happen to an office's request for more: asked, verified, forwarded, answered, fetched, closed."""

from datetime import date

import msgspec

from services.stock.domain.facts.words import CoverFrom, Item
from shared.decider import Fact


class Situation(msgspec.Struct, frozen=True):
    """The figures behind a request, filled in by the system, never by who asks. `cover_from` tells of `days_left`."""

    on_hand: int
    available: int
    in_transit: int
    print_debt: int
    use_30_days: int
    days_left: float | None
    cover_from: CoverFrom = "USE"


class ReplenishmentRequested(Fact, frozen=True, kw_only=True):
    """The office asks for more."""

    office: str
    item: Item
    request: str
    asked: int
    reason: str
    situation: Situation
    requested_by: str
    requested_on: date | None = None


class ReplenishmentVerified(Fact, frozen=True, kw_only=True):
    """The province has looked into it."""

    office: str
    item: Item
    request: str
    verified_by: str
    note: str


class ReplenishmentForwarded(Fact, frozen=True, kw_only=True):
    """The province cannot help enough, and asks the centre for the rest."""

    office: str
    item: Item
    request: str
    asked: int
    filled: int
    forwarded: int
    reason: str
    forwarded_by: str


class ReplenishmentFilled(Fact, frozen=True, kw_only=True):
    """The province answers from its buffer or with a loan: so much is promised under that name."""

    office: str
    item: Item
    request: str
    quantity: int
    how: str
    reference: str
    from_office: str
    promised_on: date
    filled_by: str


class ReplenishmentApproved(Fact, frozen=True, kw_only=True):
    """The centre gives all of it or a part, under an allocation."""

    office: str
    item: Item
    request: str
    allocation: str
    approved: int
    reason: str
    approved_by: str


class AllocationDeclined(Fact, frozen=True, kw_only=True):
    """The answer is no, and why."""

    office: str
    item: Item
    request: str
    asked: int
    reason: str
    declined_by: str


class PickUpLetterIssued(Fact, frozen=True, kw_only=True):
    """The letter with which the office may fetch the blanks."""

    office: str
    item: Item
    request: str
    letter: str
    collect_at: str
    issued_by: str


class ReplenishmentClosed(Fact, frozen=True, kw_only=True):
    """Nothing more will come of this request."""

    office: str
    item: Item
    request: str
    asked: int
    approved: int
    received: int
    closed_by: str


RequestFact = (
    ReplenishmentRequested
    | ReplenishmentVerified
    | ReplenishmentForwarded
    | ReplenishmentFilled
    | ReplenishmentApproved
    | AllocationDeclined
    | PickUpLetterIssued
    | ReplenishmentClosed
)
