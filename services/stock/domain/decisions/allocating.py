"""Blanks that the centre or a province promises to an office, set aside until they leave."""

from dataclasses import dataclass
from datetime import date

from services.stock.domain.commands import CENTRE, StockCommand, book_of
from services.stock.domain.facts import AllocationApproved, AllocationDispatched, BlanksSetAside
from services.stock.domain.open_book import OpenBook
from services.stock.domain.state import Allocation
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveAllocation(StockCommand):
    """A request: `from_office`, the centre or a province, promises blanks to `office`."""

    allocation: str
    quantity: int
    promised_on: date
    reason: str
    from_office: str = CENTRE

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.from_office, self.item), f"allocation/{self.allocation}")


def approve_allocation(command: ApproveAllocation, states: States) -> Decision:
    given: Allocation = states[f"allocation/{command.allocation}"]
    if given.office is not None:
        if (given.office, given.item, given.quantity) == (command.office, command.item, command.quantity):
            return []
        raise Refused(
            "allocation_exists", "This allocation was approved before, with other contents.", quantity=given.quantity
        )
    giver = OpenBook(command.from_office, command.item, command.day, states)
    promised = promise(giver, command.office, command.allocation, command.quantity, command.promised_on, command.reason)
    return [*promised, *giver.close()]


def promise(
    giver: OpenBook,
    office: str,
    allocation: str,
    quantity: int,
    promised_on: date,
    reason: str,
    request: str | None = None,
    asked: int | None = None,
) -> Decision:
    """Sets the blanks aside in the giver's book. Raises `Refused` beyond what it has left to promise."""
    if office == giver.office:
        raise Refused("same_office", "Nobody allocates to itself.")
    free = giver.book.available - giver.book.set_aside
    if free < quantity:
        raise Refused(
            "not_enough",
            "There is less than that to give.",
            asked=quantity,
            available=giver.book.available,
            set_aside=giver.book.set_aside,
            entry=giver.book.entry,
        )
    giver.write(BlanksSetAside(office=giver.office, item=giver.item, allocation=allocation, quantity=quantity))
    approved = AllocationApproved(
        office=office,
        item=giver.item,
        allocation=allocation,
        quantity=quantity,
        from_office=giver.office,
        promised_on=promised_on,
        reason=reason,
        request=request,
        asked=asked,
    )
    return [(f"allocation/{allocation}", approved)]


def take_from_allocation(
    name: str, office: str, to: str, item: str, consignment: str, quantity: int, states: States
) -> Decision:
    """Counts a dispatch against the allocation it names. Raises `Refused`."""
    stream = f"allocation/{name}"
    given: Allocation = states[stream]
    if (given.from_office, given.office, given.item) != (office, to, item):
        raise Refused("allocation_unknown", "No allocation of this name from this office to that one, for this item.")
    if quantity > given.quantity - given.dispatched:
        raise Refused(
            "allocation_exceeded",
            "The allocation has less than that left.",
            asked=quantity,
            allocated=given.quantity,
            dispatched=given.dispatched,
        )
    return [(stream, AllocationDispatched(office=to, allocation=name, consignment=consignment, quantity=quantity))]
