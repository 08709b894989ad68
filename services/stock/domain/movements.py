"""What each movement means for the columns of the books: said here once, for balances, cards and every `as_of`.

    on hand = received + moved_in − moved_out − dispatched − used − spoiled + variance

A `Change` is signed as it changes what is on hand: a card used is −1 in the column `used`.
"""

from typing import Any

from services.stock.domain.facts import (
    BlanksDispatched,
    BlanksMoved,
    BlankSpoiled,
    BlanksReceived,
    BlanksReportedLost,
    BlankUsed,
    Change,
    MovementReversed,
    VarianceRecorded,
)

COLUMNS = ("received", "moved_in", "moved_out", "dispatched", "used", "spoiled", "variance")


def changes(fact: Any) -> tuple[Change, ...]:
    """What this fact changes on hand, by location; nothing if it moves nothing."""
    match fact:
        case BlankUsed(location=location, quantity=quantity):
            return (Change(location, "used", -quantity),)
        case BlanksReceived(location=location, quantity=quantity):
            return (Change(location, "received", quantity),)
        case BlanksDispatched(location=location, quantity=quantity):
            return (Change(location, "dispatched", -quantity),)
        case BlanksMoved(location=location, quantity=quantity, to=to):
            return (Change(location, "moved_out", -quantity), Change(to, "moved_in", quantity))
        case BlankSpoiled(location=location, quantity=quantity):
            return (Change(location, "spoiled", -quantity),)
        case BlanksReportedLost(location=location, quantity=quantity):
            return (Change(location, "variance", -quantity),)
        case VarianceRecorded(location=str(location), quantity=quantity):
            return (Change(location, "variance", quantity),)
        case MovementReversed(changes=undone):
            return undone
    return ()


def change_at(fact: Any, location: str) -> int:
    """How much more, or less, is on hand at this location by this fact."""
    return sum(change.quantity for change in changes(fact) if change.location == location)
