"""A promise that is taken back: what has not left under it is free for others again."""

from dataclasses import dataclass

from services.stock.domain.commands import CENTRE, StockCommand, book_of
from services.stock.domain.facts import AllocationReleased, BlanksSetAside
from services.stock.domain.open_book import OpenBook
from services.stock.domain.state import Allocation
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseAllocation(StockCommand):
    """A request: `from_office` takes back what has not left of its promise to `office`."""

    allocation: str
    reason: str
    released_by: str
    from_office: str = CENTRE

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.from_office, self.item), f"allocation/{self.allocation}")


def release_allocation(command: ReleaseAllocation, states: States) -> Decision:
    stream = f"allocation/{command.allocation}"
    given: Allocation = states[stream]
    if (given.from_office, given.office, given.item) != (command.from_office, command.office, command.item):
        raise Refused("allocation_unknown", "No allocation of this name from this office to that one, for this item.")
    left = given.quantity - given.dispatched
    if not left:
        raise Refused("nothing_left", "All of it has left, or was taken back before.", dispatched=given.dispatched)
    giver = OpenBook(command.from_office, command.item, command.day, states)
    giver.write(BlanksSetAside(office=giver.office, item=command.item, allocation=command.allocation, quantity=-left))
    released = AllocationReleased(
        office=command.office,
        item=command.item,
        allocation=command.allocation,
        quantity=left,
        reason=command.reason,
        released_by=command.released_by,
    )
    return [(stream, released), *giver.close()]
