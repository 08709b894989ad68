"""A web process of the same make whose business is as small as can be: a command is one fact of one stream.

What it leaves out is what a rule, a serial number, a consignment and a read table cost; edge, token, body, key, ledger
and log are those of stock, and so is its database.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import Request
from starlette.responses import Response

from shared.auth import Role
from shared.decider import Command, Decision, Domain, Fact, Row, State, States
from shared.http import Api, Body, Quantity, SafeStr, allow, create_app, write
from shared.settings import Settings

api = Api(tags=["plain"])


class Noted(Fact, frozen=True, kw_only=True):
    office: str
    quantity: int
    note: str
    total: int


class Total(State, frozen=True):
    total: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Note(Command):
    office: str
    quantity: int
    note: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"total/{self.office}",)


def decide(command: Note, states: States) -> Decision:
    (stream,) = command.streams
    total = states[stream].total + command.quantity
    return [(stream, Noted(office=command.office, quantity=command.quantity, note=command.note, total=total))]


def evolve(_: Total, fact: Noted) -> Total:
    return Total(fact.total)


def project(stream: str, fact: Any, state: Any) -> Iterable[Row]:
    return ()


PLAIN = Domain(
    service="stock",
    facts=(Noted,),
    states={"total": Total()},
    decide=decide,
    evolve=evolve,
    project=project,
    promised={Noted: 1},
    schemas={"total": 1},
)


class Entry(Body):
    quantity: Quantity
    note: SafeStr


@api.post("/offices/{office}/notes")
@allow(Role.STOREKEEPER, Role.HEAD)
async def note(request: Request, office: str, body: Entry) -> Response:
    now = datetime.now(UTC)
    command = Note(now=now, occurred_at=now, office=office, quantity=body.quantity, note=body.note)
    return await write(request, body, command)


app = create_app(PLAIN, api, settings=Settings())
