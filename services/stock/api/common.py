"""What all of stock's routes share: the router, the words of their bodies, and who enters what, where, when."""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.stock.domain import CENTRE, Book, Item, SerialRange, StockCommand, balances_changed, book_of, evolve
from shared.auth import Role
from shared.decider import Decision, States, fold
from shared.http import Api, Body, Entered, Problem, SafeStr, fault_at, offices_in_scope, principal
from shared.http import entered as in_office
from shared.moments import utcnow
from shared.offices import Office, Offices

api = Api(tags=["stock"])

READERS = tuple(role for role in Role if role is not Role.OPS)
HEADS = (Role.HEAD, Role.PROVINCE, Role.NATIONAL)
"""Who answers for an office: its head, and for a buffer or the centre the desk itself."""
A_YEAR = timedelta(days=366)


def _about_now(day: date) -> date:
    if abs(day - utcnow().date()) > A_YEAR:
        raise PydanticCustomError("too_far_away", "A day should be at most a year away")
    return day


Pieces = Annotated[int, Field(ge=0, le=100_000_000)]
"""A number that may be none, or all that the centre holds."""
Location = Annotated[SafeStr, Field(max_length=64)]
"""A place of the office, by the name it always has: part of the state of each command, hence short."""
PromisedOn = Annotated[date, AfterValidator(_about_now)]
Serial = Annotated[str, StringConstraints(pattern=r"^[A-Z]{0,8}[0-9]{1,12}$")]
BlankVersion = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z.-]{0,11}$")]
"""The kind of chip and print, as on the box: `4.8`, `5`. Too short for a person's number."""
LateReason = SafeStr | None
"""Why it is entered so late: the head's, beyond the days in which everybody may."""


class Serials(Body):
    """The numbers on a box, both ends included: the same letters before as many digits."""

    first: Serial
    last: Serial

    @property
    def range(self) -> SerialRange:
        return SerialRange(self.first, self.last)

    def __len__(self) -> int:
        first, last = self.range, SerialRange(self.last, self.last)
        return len(first) if (first.letters, first.digits) == (last.letters, last.digits) else 0


def fits(quantity: int, *serials: Serials | None) -> None:
    """Raises a fault of the body unless these ranges, if any, hold as many numbers as there are pieces, each once."""
    known = [each for each in serials if each is not None]
    if known and sum(map(len, known)) != quantity:
        raise PydanticCustomError("serials_do_not_fit", "A serial range should be as long as the quantity")
    ranges = sorted((each.range for each in known), key=lambda each: (each.letters, each.digits, each.numbers))
    for one, next_one in pairwise(ranges):
        alike = (one.letters, one.digits) == (next_one.letters, next_one.digits)
        if alike and next_one.numbers[0] <= one.numbers[1]:
            raise PydanticCustomError("serials_overlap", "Serial ranges should hold each number once")


def range_of(serials: Serials | None) -> SerialRange | None:
    return None if serials is None else serials.range


def entered(request: Request, office: str, body: Entered | None = None) -> dict[str, Any]:
    """What every command has: who enters it where, and when it happened (now, unless the body says)."""
    return in_office(request, office, body) | {
        "by_head": principal(request).role in HEADS,
        "late_reason": getattr(body, "late_reason", None),
    }


def told(request: Request, office: str, item: Item, body: Entered | None = None) -> dict[str, Any]:
    """What every command about an item has."""
    return entered(request, office, body) | {"item": item}


def require_desk(request: Request, office: str) -> None:
    """Raises a 403 `Problem` for a province or the nation that would answer for another office than its own."""
    who = principal(request)
    if who.role in (Role.PROVINCE, Role.NATIONAL) and office != who.region:
        raise Problem(403, "not_allowed", "A province answers for its own buffer only, the national desk for its own.")


def affected(command: StockCommand) -> Callable[[Decision, States], dict[str, Any]]:
    """What a dry run shows: each location's balance before and after, and, of a backdated one, each later balance."""

    def shown(decision: Decision, states: States) -> dict[str, Any]:
        stream = book_of(command.office, command.item)
        before: Book = states[stream]
        facts = [fact for written_in, fact in decision if written_in == stream]
        after: Book = fold(evolve, before, facts)
        later = states[command.since_then] if command.since_then in command.recalls else ()
        return {"balances": list(balances_changed(before, after, later, command.occurred_at))}

    return shown


def known_office(request: Request, id: str, at: str) -> Office:
    """An office that a body names. Raises a 422 `Problem` at `at` if there is none."""
    office: Office | None = request.app.state.offices.get(id)
    if office is None:
        raise fault_at(at, "unknown_office", "Should be the id of an office")
    return office


def name_of(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def ids_in_scope(request: Request) -> list[str] | None:
    """The same by id, or None where that is every one: a query then need not name them."""
    return None if principal(request).region == CENTRE else [office.id for office in offices_in_scope(request)]


def in_scope(request: Request, *offices: str | None) -> bool:
    """Whether the caller may see one of these offices today."""
    everywhere: Offices = request.app.state.offices
    region, now = principal(request).region, utcnow()
    return any(everywhere.within(region, office, now) for office in offices if office is not None)
