"""The plain ledger command: the same receipt in a process where nothing but edge, ledger and book stand behind it.

It takes the same body and leaves one fact of the same kind in the same book, with the book's row. What it leaves out is
what a rule costs: numbers, consignment, premises, dates, levels.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from starlette.responses import Response

from services.stock.api.receiving import Receipt
from services.stock.domain import BlanksReceived, Book, Item, book_of, evolve
from services.stock.views.balances import balance_rows
from shared.auth import Role
from shared.decider import Command, Decision, Domain, States
from shared.http import Api, allow, create_app, write
from shared.settings import Settings

api = Api(tags=["plain"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Receive(Command):
    office: str
    item: Item
    location: str
    said: Receipt

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.office, self.item),)


def decide(command: Receive, states: States) -> Decision:
    (stream,) = command.streams
    book, said = states[stream], command.said
    received = BlanksReceived(
        office=command.office,
        item=command.item,
        location=command.location,
        quantity=said.quantity,
        source=said.source,
        bast=said.bast,
        serials=None if said.serials is None else said.serials.range,
        consignment=str(said.consignment),
        counters=said.counters,
        blank_version=said.blank_version,
        location_on_hand=book.shelf(command.location).on_hand + said.quantity,
        on_hand=book.on_hand + said.quantity,
        available=book.available + said.quantity,
    )
    return [(stream, received)]


PLAIN = Domain(
    service="stock",
    facts=(BlanksReceived,),
    states={"office": Book()},
    decide=decide,
    evolve=evolve,
    project=balance_rows,
    promised={BlanksReceived: 1},
    schemas={"office": 1},
)


@api.post("/offices/{office}/receipts")
@allow(Role.STOREKEEPER, Role.HEAD)
async def receive(request: Request, office: str, body: Receipt) -> Response:
    now = datetime.now(UTC)
    command: Any = Receive(
        now=now, occurred_at=body.occurred_at, office=office, item=body.item, location=body.location, said=body
    )
    return await write(request, body, command)


app = create_app(PLAIN, api, settings=Settings())
