"""What is not enough for all is divided: simulated, then promised by somebody else if the stock is still the same.

A simulation is a fact with all that it was made from, so that nobody can approve other shares than were simulated,
or say that another made them, and each office can be told years later why it got what it got.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from services.stock.domain.commands import StockCommand, book_of
from services.stock.domain.decisions.allocating import promise
from services.stock.domain.facts import ShareLine, SharesApproved, SharesSimulated
from services.stock.domain.fair_share import Need, Share, divide
from services.stock.domain.open_book import OpenBook
from services.stock.domain.state import Allocation, Book, Simulation
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulateShares(StockCommand):
    """A request: how `office` would divide so much among `offices`.

    `in_transit` are pieces on their way to an office, or promised to it, where there are any: the system's figures.
    """

    simulation: str
    quantity: int
    offices: tuple[str, ...]
    in_transit: Mapping[str, int] = field(default_factory=dict)
    simulated_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        books = (book_of(office, self.item) for office in (self.office, *self.offices))
        return (simulation_stream(self.simulation), *books)


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveShares(StockCommand):
    """A request: what was `simulated` for this office's blanks is promised, under ids made of that of the batch.

    `in_transit` is as in `SimulateShares`, of today.
    """

    simulated: SharesSimulated
    batch: str
    promised_on: date
    reason: str
    in_transit: Mapping[str, int] = field(default_factory=dict)
    approved_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        lines = self.simulated.lines
        return (
            simulation_stream(self.simulated.simulation),
            *(book_of(office, self.item) for office in (self.office, *(line.office for line in lines))),
            *(f"allocation/{self.allocation(line.office)}" for line in lines if line.quantity),
        )

    def allocation(self, office: str) -> str:
        """The id of what this office is promised."""
        return str(uuid5(UUID(self.batch), office))


def simulation_stream(simulation: str) -> str:
    return f"simulation/{simulation}"


def simulate_shares(command: SimulateShares, states: States) -> Decision:
    stream = simulation_stream(command.simulation)
    known: Simulation = states[stream]
    if known.office is not None:
        raise Refused("simulation_exists", "A simulation of this name was made before.", quantity=known.quantity)
    books = {office: states[book_of(office, command.item)] for office in command.offices}
    needs = [need(office, book, command.in_transit.get(office, 0)) for office, book in books.items()]
    giver: Book = states[book_of(command.office, command.item)]
    of_office = {each.office: each for each in needs}
    simulated = SharesSimulated(
        office=command.office,
        item=command.item,
        simulation=command.simulation,
        quantity=command.quantity,
        last_move=giver.last_move,
        available=giver.available,
        set_aside=giver.set_aside,
        lines=tuple(
            line(share, of_office[share.office], books[share.office]) for share in divide(command.quantity, needs)
        ),
        simulated_by=command.simulated_by,
    )
    return [(stream, simulated)]


def approve_shares(command: ApproveShares, states: States) -> Decision:
    simulated = command.simulated
    stream = simulation_stream(simulated.simulation)
    known: Simulation = states[stream]
    if known.batch is not None:
        if known.batch == command.batch:
            return []
        raise Refused("already_approved", "These shares were approved before, as another batch.", batch=known.batch)
    if command.approved_by == simulated.simulated_by:
        raise Refused("requester_approves", "Whoever simulated the shares does not approve them.")
    giver = OpenBook(command.office, command.item, command.day, states)
    refuse_changed(command, giver.book, states)
    free = giver.book.available - giver.book.set_aside
    if free < simulated.quantity:
        raise Refused(
            "not_enough",
            "There is less than that to give.",
            asked=simulated.quantity,
            available=giver.book.available,
            set_aside=giver.book.set_aside,
            entry=giver.book.entry,
        )
    given = [line for line in simulated.lines if line.quantity]
    promised: Decision = []
    for line in given:
        allocation = command.allocation(line.office)
        taken: Allocation = states[f"allocation/{allocation}"]
        if taken.office is not None:
            raise Refused("allocation_exists", "This batch was approved before, with other contents.")
        promised += promise(giver, line.office, allocation, line.quantity, command.promised_on, command.reason)
    approved = SharesApproved(
        office=command.office,
        item=command.item,
        simulation=simulated.simulation,
        batch=command.batch,
        quantity=simulated.quantity,
        allocations=len(given),
        promised_on=command.promised_on,
        reason=command.reason,
        approved_by=command.approved_by,
    )
    return [*promised, *giver.close(), (stream, approved)]


def refuse_changed(command: ApproveShares, giver: Book, states: States) -> None:
    """Raises `Refused` if the stock is another than what the shares were simulated on.

    It is another when, at the giver or at any office, blanks arrived, left, moved, were counted, set
    aside or promised, or when an office owes more cards. Cards printed meanwhile are not enough: in 514
    offices somebody always prints, and a division of the nation's blanks could never be approved. They
    are let pass as long as they explain the difference: each blank used (and each card no longer owed
    because it was printed) takes at most one piece to another office, so no more pieces may change
    places between the simulated shares and those that would be simulated now. By this measure new
    reservations, thresholds and estimates count too.
    """
    simulated = command.simulated
    changed: list[dict[str, Any]] = []
    if giver.last_move != simulated.last_move:
        changed.append(moved(command.office, simulated.last_move, giver.last_move))
    printed, needs = 0, []
    for then in simulated.lines:
        book: Book = states[book_of(then.office, command.item)]
        now = need(then.office, book, command.in_transit.get(then.office, 0))
        used, paid = then.on_hand - book.on_hand, then.backlog - now.backlog
        if book.last_move != then.last_move:
            changed.append(moved(then.office, then.last_move, book.last_move))
        elif now.in_transit != then.in_transit:
            changed.append(difference(then.office, "in_transit", then.in_transit, now.in_transit))
        elif not 0 <= paid <= max(used, 0):
            changed.append(difference(then.office, "print_debt", then.backlog, now.backlog))
        printed += used + paid
        needs.append(now)
    shares = {line.office: line.quantity for line in simulated.lines}
    again = divide(simulated.quantity, needs)
    elsewhere = sum(max(share.quantity - shares[share.office], 0) for share in again)
    if not changed and elsewhere > printed:
        changed = [
            difference(share.office, "share", shares[share.office], share.quantity)
            for share in again
            if share.quantity != shares[share.office]
        ]
    if changed:
        raise Refused(
            "stock_changed",
            "The stock changed since the shares were simulated: simulate them again.",
            changed=changed,
            used_since=printed,
            pieces_elsewhere=elsewhere,
        )


def moved(office: str, then: int, now: int) -> dict[str, Any]:
    """Something else than printing was booked at this office: the entry that was its last such one, and the one now."""
    return difference(office, "last_move", then, now)


def difference(office: str, what: str, then: int, now: int) -> dict[str, Any]:
    return {"office": office, "what": what, "simulated": then, "now": now}


def need(office: str, book: Book, in_transit: int) -> Need:
    """What an office lacks, as its book stands."""
    return Need(
        office=office,
        available=book.available,
        daily_use=book.daily_use or 0,
        backlog=book.print_debt,
        in_transit=in_transit,
        floor=book.thresholds.critical,
    )


def line(share: Share, need: Need, book: Book) -> ShareLine:
    return ShareLine(
        office=share.office,
        onboard=book.onboard,
        last_move=book.last_move,
        on_hand=book.on_hand,
        available=book.available,
        in_transit=need.in_transit,
        backlog=need.backlog,
        daily_use=need.daily_use,
        floor=need.floor,
        quantity=share.quantity,
        for_floor=share.floor,
        for_backlog=share.backlog,
        for_cover=share.levelling,
        cover_before=share.cover_before,
        cover_after=share.cover_after,
    )
