"""What follows from a command. Facts reported are never refused; a request may be, with the figures behind it."""

from typing import assert_never

from services.stock.domain.books import Allocation, Book, Consignment, evolve_consignment
from services.stock.domain.commands import (
    CENTRE,
    AnyCommand,
    ApproveAllocation,
    DispatchBlanks,
    ReceiveBlanks,
    RecordOpeningCount,
    SetThresholds,
    SpoilBlank,
    StockCommand,
    UseBlank,
)
from services.stock.domain.facts import (
    AllocationApproved,
    AllocationDispatched,
    BlanksDispatched,
    BlankSpoiled,
    BlanksReceived,
    BlanksSetAside,
    BlankUsed,
    ConsignmentAnnounced,
    ConsignmentReceived,
    ThresholdsSet,
)
from services.stock.domain.levels import Thresholds, next_estimate, with_margin
from services.stock.domain.open_book import OpenBook
from shared.decider import Decision, Refused, States


def decide(command: AnyCommand, states: States) -> Decision:
    """The facts this command leads to, in the order in which they became true. Raises `Refused`."""
    match command:
        case RecordOpeningCount():
            return open_books(command, states)
        case ReceiveBlanks():
            return receive(command, states)
        case UseBlank():
            return use(command, states)
        case SpoilBlank():
            return spoil(command, states)
        case SetThresholds():
            return set_thresholds(command, states)
        case ApproveAllocation():
            return approve_allocation(command, states)
        case DispatchBlanks():
            return dispatch(command, states)
    assert_never(command)


def open_the_book(command: StockCommand, states: States) -> OpenBook:
    return OpenBook(command.office, command.item, command.day, states)


def open_books(command: RecordOpeningCount, states: States) -> Decision:
    first, second = command.counters
    if first == second:
        raise Refused("counters_are_one", "An opening count needs two different counters.")
    if command.recorded_by in command.counters:
        raise Refused("counter_is_storekeeper", "Whoever keeps the store does not count it.")
    entry = open_the_book(command, states)
    shelf = entry.book.shelf(command.location)
    if shelf.counted:
        raise Refused("already_on_board", "The books of this location are open.", location_on_hand=shelf.on_hand)
    if entry.book.daily_use is None:
        entry.estimate(command.daily_use_default)
    # What was booked before the count was on the shelf when it was counted, or had left it.
    found = max(command.counted - shelf.on_hand, 0)
    entry.write(
        BlanksReceived(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=found,
            source="OPENING",
            bast=command.minutes,
            counters=command.counters,
            location_on_hand=shelf.on_hand + found,
            on_hand=entry.book.on_hand + found,
            available=entry.book.available + found,
        )
    )
    if command.counted < shelf.on_hand:
        entry.vary(command.counted - shelf.on_hand, "OPENING_COUNT", location=command.location)
    return entry.close()


def receive(command: ReceiveBlanks, states: States) -> Decision:
    entry = open_the_book(command, states)
    if command.quantity:
        entry.write(
            BlanksReceived(
                office=command.office,
                item=command.item,
                location=command.location,
                quantity=command.quantity,
                source=command.source,
                bast=command.bast,
                serials=command.serials,
                consignment=command.consignment,
                location_on_hand=entry.book.shelf(command.location).on_hand + command.quantity,
                on_hand=entry.book.on_hand + command.quantity,
                available=entry.book.available + command.quantity,
            )
        )
    if command.consignment is not None:
        unpack(command, command.consignment, entry, states)
    return entry.close()


def unpack(command: ReceiveBlanks, name: str, entry: OpenBook, states: States) -> None:
    """Books what was found in a consignment against what is still in transit of it."""
    stream = f"consignment/{name}"
    before: Consignment = states[stream]
    if before.item not in (None, command.item):
        entry.question(command.location, "WRONG_ITEM", name, accepted=command.quantity)
        return
    received = ConsignmentReceived(
        office=command.office,
        item=command.item,
        consignment=name,
        location=command.location,
        accepted=command.quantity,
        rejected=command.rejected,
        missing=command.missing,
        reason=command.reason,
    )
    entry.facts.append((stream, received))
    after = evolve_consignment(before, received)
    if before.receiver not in (None, command.office):
        entry.question(command.location, "WRONG_OFFICE", name, accepted=command.quantity)
    settle(entry, name, before, after)
    if after.announced and command.missing > max(after.missing - before.missing, 0):
        entry.question(
            command.location, "MISSING_OVERSTATED", name, missing=command.missing, in_transit=before.in_transit
        )


def settle(entry: OpenBook, name: str, before: Consignment, after: Consignment) -> None:
    """Keeps the receiver's variance equal to what is missing of a consignment, and asks about what was never sent."""
    found = before.missing - after.missing
    if found:
        entry.vary(found, "ARRIVED_AFTER_ALL" if found > 0 else after.reason or "MISSING", consignment=name)
    known = before.surplus if before.announced else 0
    if after.announced and after.surplus > known:
        entry.question(after.location or "", "SURPLUS", name, sent=after.sent, surplus=after.surplus)


def use(command: UseBlank, states: States) -> Decision:
    entry = open_the_book(command, states)
    book = entry.book
    if book.day_of_use is not None and command.day > book.day_of_use:
        believed = command.daily_use_default if book.daily_use is None else book.daily_use
        entry.estimate(next_estimate(believed, book.used_that_day), book.day_of_use, book.used_that_day)
    entry.write(
        BlankUsed(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=1,
            job=command.job,
            used_on=command.day,
            location_on_hand=book.shelf(command.location).on_hand - 1,
            on_hand=book.on_hand - 1,
            available=book.available - 1,
        )
    )
    entry.question_below_zero(command.location)
    return entry.close()


def spoil(command: SpoilBlank, states: States) -> Decision:
    entry = open_the_book(command, states)
    book = entry.book
    entry.write(
        BlankSpoiled(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=1,
            job=command.job,
            cause=command.cause,
            location_on_hand=book.shelf(command.location).on_hand - 1,
            on_hand=book.on_hand - 1,
            available=book.available - 1,
        )
    )
    entry.question_below_zero(command.location)
    return entry.close()


def set_thresholds(command: SetThresholds, states: States) -> Decision:
    entry = open_the_book(command, states)
    own: Thresholds | None = None
    if command.low is not None and command.critical is not None:
        recovery = with_margin(command.low) if command.recovery is None else command.recovery
        own = Thresholds(command.low, command.critical, recovery)
        if not 0 <= own.critical <= own.low <= own.recovery:
            raise Refused(
                "thresholds_out_of_order",
                "Critical is at most low, and low at most recovery.",
                low=own.low,
                critical=own.critical,
                recovery=own.recovery,
            )
    if own != entry.book.own_thresholds:
        entry.write(
            ThresholdsSet(
                office=command.office,
                item=command.item,
                version=entry.book.thresholds_version + 1,
                low=None if own is None else own.low,
                critical=None if own is None else own.critical,
                recovery=None if own is None else own.recovery,
            )
        )
    return entry.close()


def approve_allocation(command: ApproveAllocation, states: States) -> Decision:
    stream = f"allocation/{command.allocation}"
    given: Allocation = states[stream]
    if given.office is not None:
        if (given.office, given.item, given.quantity) == (command.office, command.item, command.quantity):
            return []
        raise Refused(
            "allocation_exists", "This allocation was approved before, with other contents.", quantity=given.quantity
        )
    if command.office == CENTRE:
        raise Refused("same_office", "The centre does not allocate to itself.")
    centre = OpenBook(CENTRE, command.item, command.day, states)
    free = centre.book.available - centre.book.set_aside
    if free < command.quantity:
        raise Refused(
            "not_enough",
            "The centre has less than that to give.",
            asked=command.quantity,
            available=centre.book.available,
            set_aside=centre.book.set_aside,
        )
    approved = AllocationApproved(
        office=command.office,
        item=command.item,
        allocation=command.allocation,
        quantity=command.quantity,
        from_office=CENTRE,
        promised_on=command.promised_on,
        reason=command.reason,
    )
    centre.write(
        BlanksSetAside(office=CENTRE, item=command.item, allocation=command.allocation, quantity=command.quantity)
    )
    return [(stream, approved), *centre.close()]


def dispatch(command: DispatchBlanks, states: States) -> Decision:
    stream = f"consignment/{command.consignment}"
    before: Consignment = states[stream]
    if before.announced and is_repeated(command, before):
        return []
    entry = open_the_book(command, states)
    refuse_dispatch(command, entry.book, before)
    left = entry.book.shelf(command.location).on_hand - command.quantity
    entry.write(
        BlanksDispatched(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            consignment=command.consignment,
            to=command.to,
            promised_on=command.promised_on,
            allocation=command.allocation,
            serials=command.serials,
            location_on_hand=left,
            on_hand=entry.book.on_hand - command.quantity,
            available=entry.book.available - command.quantity,
        )
    )
    announced = ConsignmentAnnounced(
        office=command.to,
        item=command.item,
        quantity=command.quantity,
        consignment=command.consignment,
        sender=command.office,
        promised_on=command.promised_on,
        allocation=command.allocation,
    )
    # The receiver may have been first to book it; only now it shows what is missing of it or too much.
    receiver = OpenBook(command.to, command.item, command.day, states)
    settle(receiver, command.consignment, before, evolve_consignment(before, announced))
    taken = take_from_allocation(command, states)
    return [*entry.close(), (stream, announced), *taken, *receiver.close()]


def is_repeated(command: DispatchBlanks, sent: Consignment) -> bool:
    return (command.office, command.to, command.item, command.quantity) == (
        sent.sender,
        sent.receiver,
        sent.item,
        sent.sent,
    )


def refuse_dispatch(command: DispatchBlanks, book: Book, consignment: Consignment) -> None:
    """Raises `Refused` unless the blanks are there to be sent under this consignment's name."""
    if command.to == command.office:
        raise Refused("same_office", "A consignment goes to another office.")
    if consignment.announced:
        raise Refused(
            "consignment_exists", "This consignment was dispatched before, with other contents.", sent=consignment.sent
        )
    if consignment.receiver is not None and (consignment.receiver, consignment.item) != (command.to, command.item):
        raise Refused("consignment_elsewhere", "Another office, or another item, was received under this consignment.")
    there = book.shelf(command.location).on_hand
    free = book.available - (0 if command.allocation else book.set_aside)
    if command.quantity > min(there, free):
        raise Refused(
            "not_enough",
            "There is less than that to send.",
            asked=command.quantity,
            location_on_hand=there,
            available=book.available,
            set_aside=book.set_aside,
        )


def take_from_allocation(command: DispatchBlanks, states: States) -> Decision:
    """Counts a dispatch against the allocation it names, if any. Raises `Refused`."""
    if command.allocation is None:
        return []
    stream = f"allocation/{command.allocation}"
    given: Allocation = states[stream]
    if (given.from_office, given.office, given.item) != (command.office, command.to, command.item):
        raise Refused("allocation_unknown", "No allocation of this name from this office to that one, for this item.")
    if command.quantity > given.quantity - given.dispatched:
        raise Refused(
            "allocation_exceeded",
            "The allocation has less than that left.",
            asked=command.quantity,
            allocated=given.quantity,
            dispatched=given.dispatched,
        )
    taken = AllocationDispatched(
        office=command.to, allocation=command.allocation, consignment=command.consignment, quantity=command.quantity
    )
    return [(stream, taken)]
