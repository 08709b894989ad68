"""When stock wants to be woken: what each fact leaves to be looked at later. `reactions.due` says what is done then.

A row of `deadlines` for each wait; whether it still matters is the state's to say.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.stock.domain import (
    DESTROY_WITHIN,
    SINGS_AFTER,
    BlanksDestroyed,
    BlankSpoiled,
    BlanksReserved,
    BlankUsed,
    CanarySung,
    ConsignmentAnnounced,
    ConsignmentCorrected,
    ConsignmentReceived,
    LoanGranted,
    LoanLent,
    StockFact,
    StockLow,
)
from shared.clock import Deadline
from shared.decider import Row
from shared.offices import offices

AT_ONCE = datetime(2000, 1, 1, tzinfo=UTC)
"""A moment that has come whenever it is looked for."""


def deadline_rows(stream: str, fact: StockFact, state: Any) -> Iterator[Row]:
    """The deadlines of a fact, given the state of its stream after it."""
    match fact:
        case BlankUsed(office=office, used_on=day):
            if state.used_that_day == fact.quantity:
                yield wait(stream, office, "day", end_of(day, office), day.isoformat())
        case BlankSpoiled(office=office, spoiled_on=date() as day) if state.spoiled == fact.quantity:
            yield wait(stream, office, "destruction", end_of(day + DESTROY_WITHIN, office), day.isoformat())
        case BlanksDestroyed(office=office, destroyed_on=day) if state.spoiled > 0:
            yield wait(stream, office, "destruction", end_of(day + DESTROY_WITHIN, office), day.isoformat())
        case BlanksReserved(office=office, until=until, visit=visit):
            yield wait(stream, office, "reservation", until, visit)
        case ConsignmentAnnounced() | ConsignmentReceived() | ConsignmentCorrected():
            # What a receipt rejects, or a reversal takes back, is waited for again, though the day may be over.
            day, waiting = state.promised_on, state.in_transit + state.rejected > 0
            if day is not None and not state.overdue_told and (waiting or isinstance(fact, ConsignmentAnnounced)):
                yield wait(stream, state.receiver, "consignment", end_of(day, state.receiver), state.item)
        case LoanGranted() | LoanLent():
            # What is lent after its day of return is late at once.
            if state.return_by is not None and not state.overdue_told:
                yield wait(stream, state.borrower, "loan", end_of(state.return_by, state.borrower), state.item)
        case StockLow(office=office, episode=episode, level=level) if is_of_a_city(office):
            yield wait(stream, office, "relief", AT_ONCE, f"{episode}/{level}")
        case CanarySung(office=office, night=night):
            tomorrow = night + timedelta(days=1)
            yield wait(stream, office, "canary", end_of(night, office) + SINGS_AFTER, tomorrow.isoformat())


def wait(stream: str, office: str, kind: str, due: datetime, data: str) -> Row:
    """One wait of a stream for each kind and `data`: told again before it is over, it is the same wait."""
    return Deadline(f"{stream}/{kind}/{data}", stream, office, due, kind, data).row


def end_of(day: date, office: str) -> datetime:
    """The moment at which this day is over at the office."""
    return offices().known(office).end_of(day)


def is_of_a_city(office: str) -> bool:
    """One whose province and neighbours may help it; a province's buffer is filled by the centre."""
    return offices().known(office).serves
