"""A movement that never was: undone once, as of its own moment, and only while no count has seen it."""

from dataclasses import dataclass
from typing import Any

from services.stock.domain.commands import StockCommand, book_of, premises_of
from services.stock.domain.facts import (
    BlanksDispatched,
    BlanksMoved,
    BlankSpoiled,
    BlanksReceived,
    BlanksReportedLost,
    Change,
    ConsignmentCorrected,
    MovementReversed,
)
from services.stock.domain.history import first_shortfall
from services.stock.domain.movements import changes
from services.stock.domain.open_book import OpenBook, check_date, last_count, later_balance_below_zero
from services.stock.domain.state import Consignment, Premises
from shared.decider import Decision, Recall, Recalled, Refused, States

REVERSIBLE = (BlanksReceived, BlanksDispatched, BlanksMoved, BlankSpoiled, BlanksReportedLost)
"""What people enter by mistake. Cards are printing's to say, counts and variances are the books' own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReverseMovement(StockCommand):
    """A request: entry `reverses` of this book was a mistake. `occurred_at` is that entry's own moment.

    `consignment` is the one that the entry names, if any.
    """

    reverses: int
    reason: str
    reversed_by: str
    consignment: str | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        here = (book_of(self.office, self.item), premises_of(self.office))
        return here if self.consignment is None else (*here, f"consignment/{self.consignment}")

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return (self.since_then,)


def reverse(command: ReverseMovement, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    past: tuple[Recalled, ...] = states[command.since_then]
    fact = reversible(command, past)
    check_date(command, entry.book)
    if isinstance(fact, BlankSpoiled):
        refuse_if_destroyed(fact, entry)
    undone = tuple(Change(c.location, c.column, -c.quantity) for c in changes(fact))
    for change in undone:
        refuse_if_counted(command, entry, change.location, states)
        if change.quantity < 0:
            refuse_if_short(command, entry, change, past)
        else:
            refuse_if_closed(command, change.location, states)
    total = sum(change.quantity for change in undone)
    entry.write(
        MovementReversed(
            office=command.office,
            item=command.item,
            reverses=command.reverses,
            kind=type(fact).__name__,
            changes=undone,
            reason=command.reason,
            reversed_by=command.reversed_by,
            consignment=command.consignment,
            cause=fact.cause if isinstance(fact, BlankSpoiled) else None,
            blank_version=getattr(fact, "blank_version", None),
            on_hand=entry.book.on_hand + total,
            available=entry.book.available + total,
        )
    )
    if command.consignment is not None:
        entry.facts += correct(command, command.consignment, fact, states)
    return entry.close()


def reversible(command: ReverseMovement, past: tuple[Recalled, ...]) -> Any:
    """The fact of this entry. Raises `Refused` unless it may be reversed, and was not yet."""
    for r in past:
        if isinstance(r.fact, MovementReversed) and r.fact.reverses == command.reverses:
            raise Refused("already_reversed", "This entry was reversed before.", entry=r.version)
    fact = next((r.fact for r in past if r.version == command.reverses), None)
    if not isinstance(fact, REVERSIBLE) or (isinstance(fact, BlanksReceived) and fact.source == "OPENING"):
        raise Refused(
            "not_reversible",
            "Only a receipt, dispatch, move, spoiled or lost blank is reversed; a count corrects the rest.",
            fact=None if fact is None else type(fact).__name__,
        )
    if isinstance(fact, BlankSpoiled) and fact.job is not None:
        raise Refused("not_reversible", "What printing reported is printing's to correct.", fact="BlankSpoiled")
    if (fact.serial if isinstance(fact, BlankSpoiled) else fact.serials) is not None:
        raise Refused("numbers_moved", "Numbered blanks are moved, not unsaid: enter where they are now.")
    if getattr(fact, "allocation", None) or getattr(fact, "loan", None):
        raise Refused("not_reversible", "What left under an allocation or a loan comes back as a consignment.")
    return fact


def refuse_if_destroyed(fact: BlankSpoiled, entry: OpenBook) -> None:
    """Raises `Refused` if fewer than were spoiled with this entry still wait for their destruction there."""
    awaiting = min(entry.book.awaiting.get(fact.cause, 0), entry.book.shelf(fact.location).spoiled)
    if fact.quantity > awaiting:
        raise Refused(
            "already_destroyed",
            "They were destroyed since then, before witnesses.",
            quantity=fact.quantity,
            awaiting=awaiting,
        )


def refuse_if_counted(command: ReverseMovement, entry: OpenBook, location: str, states: States) -> None:
    """Raises `Refused` if a count has seen this location since, naming it."""
    counted = last_count(states, command, location)
    if counted and (counted["entry"] > command.reverses or entry.book.counted_since(location, command.occurred_at)):
        raise Refused("counted_since", "The location was counted since then.", **counted)


def refuse_if_closed(command: ReverseMovement, location: str, states: States) -> None:
    """Raises `Refused` if the location was closed since: nothing can be there again."""
    premises: Premises = states[premises_of(command.office)]
    place = premises.locations.get(location)
    if place is not None and place.closed_on is not None:
        raise Refused("location_closed", "The location was closed since then.", closed_on=place.closed_on)


def refuse_if_short(command: ReverseMovement, entry: OpenBook, change: Change, past: tuple[Recalled, ...]) -> None:
    """Raises `Refused` if a later balance would be below zero without the movement, naming the first such fact."""
    without = tuple(r for r in past if r.version != command.reverses)
    short = first_shortfall(entry.book, without, command.occurred_at, change.location, -change.quantity)
    if short is not None:
        detail = "The location would not have had so many."
        raise later_balance_below_zero(detail, command, -change.quantity, *short)


def correct(command: ReverseMovement, name: str, fact: Any, states: States) -> Decision:
    """The consignment has arrived, or was sent, by so much less. Raises `Refused` for one that somebody received."""
    sent: Consignment = states[f"consignment/{name}"]
    if sent.item != command.item:
        # What came instead of its item was never counted as arrived of it.
        return []
    if isinstance(fact, BlanksDispatched):
        if sent.arrived or sent.turned_away or sent.not_found:
            raise Refused("already_received", "Somebody has booked this consignment.", arrived=sent.arrived)
        corrected = ConsignmentCorrected(office=fact.to, item=command.item, consignment=name, sent=-fact.quantity)
    else:
        if sent.turned_away or sent.not_found or sent.loan:
            raise Refused(
                "consignment_settled", "More than an arrival was booked with it: enter what is different as it is."
            )
        corrected = ConsignmentCorrected(
            office=command.office, item=command.item, consignment=name, arrived=-fact.quantity
        )
    return [(f"consignment/{name}", corrected)]
