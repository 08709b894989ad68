"""A count of one location, from its blind beginning to the head's approval; and the book of withdrawn cards."""

from datetime import date, datetime
from typing import assert_never

from msgspec.structs import replace

from services.stock.domain.facts import (
    CountApproved,
    CountDiscarded,
    CountFact,
    CountRepeated,
    CountStarted,
    CountSubmitted,
    Item,
    OldCardBooked,
    OldCardsDestroyed,
    OldCardsFact,
)
from shared.decider import State


class Count(State, frozen=True):
    """`entry` is where the book stood when the count began, `through_entry` what its result rests on.

    `status` goes STARTED, SUBMITTED (waits for a second counter), REPEATED (waits for the head), and
    ends APPROVED or DISCARDED. `counted` is of `started_at`, `repeated` of `repeated_at`.
    """

    office: str | None = None
    item: Item | None = None
    location: str = ""
    status: str = "NONE"
    entry: int = 0
    through_entry: int = 0
    started_at: datetime | None = None
    counters: tuple[str, ...] = ()
    counted: int = 0
    expected: int = 0
    tolerance: int = 0
    repeated: int | None = None
    repeated_at: datetime | None = None
    repeated_by: str | None = None
    submitted_by: str | None = None


class OldCards(State, frozen=True):
    """Withdrawn cards of an office and item that wait for their destruction."""

    awaiting: int = 0
    destroyed: int = 0
    since: date | None = None


def evolve_count(count: Count, fact: CountFact) -> Count:
    """The count after this fact."""
    match fact:
        case CountStarted():
            return Count(
                office=fact.office,
                item=fact.item,
                location=fact.location,
                status="STARTED",
                entry=fact.entry,
                started_at=fact.started_at,
                counters=(fact.counter,),
            )
        case CountSubmitted():
            return replace(
                count,
                status="SUBMITTED",
                counted=fact.counted,
                expected=fact.expected,
                tolerance=fact.tolerance,
                through_entry=fact.through_entry,
                submitted_by=fact.submitted_by,
            )
        case CountRepeated():
            return replace(
                count,
                status="REPEATED",
                repeated=fact.counted,
                repeated_at=fact.repeated_at,
                repeated_by=fact.entered_by,
                counters=(*count.counters, fact.counter),
            )
        case CountApproved():
            return replace(count, status="APPROVED")
        case CountDiscarded():
            return replace(count, status="DISCARDED")
    assert_never(fact)


def evolve_old_cards(cards: OldCards, fact: OldCardsFact) -> OldCards:
    """The withdrawn cards after this fact."""
    match fact:
        case OldCardBooked(withdrawn_on=day):
            return replace(cards, awaiting=cards.awaiting + 1, since=cards.since or day)
        case OldCardsDestroyed(quantity=quantity, destroyed_on=day):
            left = cards.awaiting - quantity
            return OldCards(left, cards.destroyed + quantity, day if left else None)
    assert_never(fact)
