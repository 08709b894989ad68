"""An office's request for more, from asking to closing. Who answers it, and with what, is in `answering`.

Each step needs the one before it, and nobody who asked takes a step that decides on it.
"""

from dataclasses import dataclass
from datetime import timedelta

from services.stock.domain.commands import StockCommand, book_of
from services.stock.domain.facts import (
    PickUpLetterIssued,
    ReplenishmentClosed,
    ReplenishmentForwarded,
    ReplenishmentRequested,
    ReplenishmentVerified,
    Situation,
)
from services.stock.domain.foresight import cover_of
from services.stock.domain.state import Book, Request
from shared.decider import Decision, Refused, States

DAYS = timedelta(days=30)
"""So long ago begins the use that a request tells."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestCommand(StockCommand):
    """Something about the request of `office` with this id."""

    request: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (request_stream(self.request),)


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestReplenishment(RequestCommand):
    """A request: the office needs `asked` more.

    `in_transit` and `used_before`, the pieces used on closed days of the last 30, are the system's figures.
    """

    asked: int
    reason: str
    in_transit: int
    used_before: int
    requested_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (request_stream(self.request), book_of(self.office, self.item))


@dataclass(frozen=True, kw_only=True, slots=True)
class VerifyReplenishment(RequestCommand):
    """A request: the province has looked into it and stands by its figures."""

    note: str
    verified_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForwardReplenishment(RequestCommand):
    """A request: the province cannot give all of it, and asks the centre for the rest."""

    reason: str
    forwarded_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuePickUpLetter(RequestCommand):
    """A request: with letter `letter` the office may fetch, at `collect_at`, what was promised since the one before."""

    letter: str
    collect_at: str
    issued_by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseReplenishment(RequestCommand):
    """A request: nothing more will come of it.

    `received` and `in_transit` are the system's figures of its consignments.
    """

    received: int
    in_transit: int
    closed_by: str


def request_stream(request: str) -> str:
    return f"request/{request}"


def request_replenishment(command: RequestReplenishment, states: States) -> Decision:
    stream = request_stream(command.request)
    known: Request = states[stream]
    if known.office is not None:
        if (known.office, known.item, known.asked) == (command.office, command.item, command.asked):
            return []
        raise Refused("request_exists", "This request was made before, with other contents.", asked=known.asked)
    book: Book = states[book_of(command.office, command.item)]
    cover = cover_of(book.available, book.daily_use, book.outlook_on(command.day), command.day)
    under_way = not book.day_closed and book.day_of_use is not None and command.day - book.day_of_use < DAYS
    requested = ReplenishmentRequested(
        office=command.office,
        item=command.item,
        request=command.request,
        asked=command.asked,
        reason=command.reason,
        situation=Situation(
            on_hand=book.on_hand,
            available=book.available,
            in_transit=command.in_transit,
            print_debt=book.print_debt,
            use_30_days=command.used_before + (book.used_that_day if under_way else 0),
            days_left=cover.days,
            cover_from=cover.source,
        ),
        requested_by=command.requested_by,
        requested_on=command.day,
    )
    return [(stream, requested)]


def verify_replenishment(command: VerifyReplenishment, states: States) -> Decision:
    known = request_of(command, states)
    if known.status != "REQUESTED":
        raise out_of_order("already_verified", "The province has verified it already.", known)
    refuse_requester(known, command.verified_by)
    verified = ReplenishmentVerified(
        office=command.office,
        item=command.item,
        request=command.request,
        verified_by=command.verified_by,
        note=command.note,
    )
    return [(request_stream(command.request), verified)]


def forward_replenishment(command: ForwardReplenishment, states: States) -> Decision:
    known = at_the_province(command, states)
    refuse_requester(known, command.forwarded_by)
    if known.filled >= known.asked:
        raise Refused("nothing_left", "The province has promised all of it.", asked=known.asked, filled=known.filled)
    forwarded = ReplenishmentForwarded(
        office=command.office,
        item=command.item,
        request=command.request,
        asked=known.asked,
        filled=known.filled,
        forwarded=known.asked - known.filled,
        reason=command.reason,
        forwarded_by=command.forwarded_by,
    )
    return [(request_stream(command.request), forwarded)]


def issue_pick_up_letter(command: IssuePickUpLetter, states: States) -> Decision:
    known = request_of(command, states)
    refuse_requester(known, command.issued_by)
    if not known.promised:
        raise out_of_order("nothing_promised", "There is nothing to fetch: nothing was promised.", known)
    if known.letter == command.letter:
        return []
    if known.lettered >= known.promised:
        raise Refused("letter_issued", "A letter was issued for all of it already.", letter=known.letter)
    issued = PickUpLetterIssued(
        office=command.office,
        item=command.item,
        request=command.request,
        letter=command.letter,
        collect_at=command.collect_at,
        issued_by=command.issued_by,
    )
    return [(request_stream(command.request), issued)]


def close_replenishment(command: CloseReplenishment, states: States) -> Decision:
    known = request_of(command, states)
    if known.status not in ("FILLED", "APPROVED", "DECLINED"):
        raise out_of_order("not_answered", "It waits for an answer.", known)
    if command.in_transit:
        raise Refused("still_in_transit", "Some of it is still on its way.", in_transit=command.in_transit)
    closed = ReplenishmentClosed(
        office=command.office,
        item=command.item,
        request=command.request,
        asked=known.asked,
        approved=known.promised,
        received=command.received,
        closed_by=command.closed_by,
    )
    return [(request_stream(command.request), closed)]


def request_of(command: RequestCommand, states: States) -> Request:
    """The request, which is this office's and still open. Raises `Refused`."""
    known: Request = states[request_stream(command.request)]
    if (known.office, known.item) != (command.office, command.item):
        raise Refused("request_unknown", "This office made no such request for this item.")
    if known.status == "CLOSED":
        raise Refused("request_closed", "The request is closed.", asked=known.asked, promised=known.promised)
    return known


def at_the_province(command: RequestCommand, states: States) -> Request:
    """The request, which the province has verified and not forwarded. Raises `Refused`."""
    known = request_of(command, states)
    if known.status == "REQUESTED":
        raise out_of_order("not_verified", "The province verifies it first.", known)
    if known.status not in ("VERIFIED", "FILLED"):
        raise out_of_order("already_forwarded", "It is with the centre.", known)
    return known


def at_the_centre(command: RequestCommand, states: States) -> Request:
    """The request, which the province forwarded and the centre has not answered. Raises `Refused`."""
    known = request_of(command, states)
    if known.status in ("APPROVED", "DECLINED"):
        raise out_of_order("already_answered", "The centre has answered it.", known)
    if known.status != "FORWARDED":
        raise out_of_order("not_forwarded", "The province forwards it first.", known)
    return known


def refuse_requester(known: Request, who: str) -> None:
    """Raises `Refused` if it is their own request."""
    if who == known.requested_by:
        raise Refused("requester_approves", "Whoever asked for it does not decide on it.")


def out_of_order(code: str, detail: str, known: Request) -> Refused:
    return Refused(code, detail, request_status=known.status, asked=known.asked, promised=known.promised)
