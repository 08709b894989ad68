"""HTTP: the paper book of an office, taken over as a whole."""

from collections.abc import Callable
from typing import Annotated, Any, Self

import msgspec
from fastapi import Request
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.stock.api.common import LateReason, api, entered
from services.stock.api.paper_book import lines_of
from services.stock.domain import ImportPaperBook, balances_changed, book_of, daily_use_default, evolve
from shared.auth import Role
from shared.decider import Decision, States, fold
from shared.http import Body, OccurredAt, Reference, SafeStr, allow, office_of, principal, write

CSV_AT_MOST = 65_536
BODY_AT_MOST = 4 * CSV_AT_MOST
"""JSON may spell a character of the CSV in more than one byte."""


class PaperBook(Body):
    """What two people, neither of whom keeps the store, found everywhere. `minutes` is the number of theirs."""

    csv: Annotated[str, Field(max_length=CSV_AT_MOST)]
    counters: tuple[Reference, Reference]
    minutes: SafeStr
    late_reason: LateReason = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        if self.counters[0] == self.counters[1]:
            raise PydanticCustomError("counters_are_one", "An opening count needs two different counters")
        return self


@api.post("/offices/{office}/opening-counts/imports", max_body_size=BODY_AT_MOST)
@allow(Role.STOREKEEPER, Role.HEAD)
async def import_paper_book(request: Request, office: str, body: PaperBook) -> Response:
    """Opens the books of every location and item in a CSV, or of none if one line does not fit.

    Columns: item, location, kind, quantity, and, if wanted, serial_first, serial_last, blank_version. A location
    that is not registered is opened with its kind. `?dry_run=true` shows every balance that would be.
    """
    lines = lines_of(body.csv)
    population = office_of(request, office).population
    command = ImportPaperBook(
        **entered(request, office, body),
        lines=lines,
        counters=body.counters,
        minutes=body.minutes,
        recorded_by=principal(request).subject,
        daily_use_defaults={line.item: daily_use_default(population, line.item) for line in lines},
    )
    return await write(request, body, command, shown=_opened(command))


def _opened(command: ImportPaperBook) -> Callable[[Decision, States], dict[str, Any]]:
    def shown(decision: Decision, states: States) -> dict[str, Any]:
        balances = []
        for item in command.items:
            stream = book_of(command.office, item)
            after = fold(evolve, states[stream], [fact for written_in, fact in decision if written_in == stream])
            changed = balances_changed(states[stream], after, (), command.occurred_at)
            balances += [{"item": item} | msgspec.structs.asdict(balance) for balance in changed]
        return {"balances": balances}

    return shown
