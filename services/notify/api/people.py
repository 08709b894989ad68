"""Officials by reference: their names and how they are reached. An administrator keeps them."""

from base64 import b64decode
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import api
from services.notify.channels import ChannelSettings, may_be_kept
from services.notify.channels.settings import MAILBOX
from services.notify.domain import MINISTRY, Channel, ChannelKind, KeepContact, contact_of
from services.notify.views import Address
from shared.auth import Role
from shared.decider import Row
from shared.http import (
    Body,
    Limit,
    NotFound,
    Problem,
    Reference,
    SafeStr,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    offices_in_scope,
    once,
    polled,
    principal,
    write,
)
from shared.http.documents import Written
from shared.moments import utcnow

SECRET_BYTES = range(24, 65)
"""As many as the specification of signed webhooks asks for."""

ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,16}(-[a-z]{1,16})?(-[0-9]{1,2})?$")]
"""What facts and receipts call a channel: no address, and no number of a person, has room in it."""


_UNKNOWN = Address("", ChannelKind.EMAIL, "")


class Way(Body):
    """A mail address, a webhook's https address with its secret (`whsec_…`), or a gateway's apprise URL.

    What is left out stays as it is known under the same name and kind.
    """

    name: ChannelName
    kind: ChannelKind
    address: Annotated[str, StringConstraints(min_length=3, max_length=2_000)] | None = None
    secret: Annotated[str, StringConstraints(max_length=100)] | None = None


class Contact(Body):
    """Who somebody is, and how they are reached, best first."""

    name: Annotated[SafeStr, Field(max_length=120)]
    channels: Annotated[tuple[Way, ...], Field(max_length=6)]


class Removal(Body):
    """Names and addresses are forgotten; what was sent to this reference stays in the books."""


@api.post("/people/{person}", response_model=Written)
@allow(Role.ADMIN)
async def keep_person(request: Request, person: Reference, body: Contact) -> Response:
    """Enters somebody, or changes how they are reached. The fact names the channels, and neither name nor address.

    An administrator keeps those whose every seat is in their region, and whom they entered themselves while these
    have none; the nation's keeps everybody. 422 for an address that is not one of its kind.
    """
    async with engine_of(request).connect() as connection:
        await require_keeper(request, connection, person)
        row = await views.person(connection, person)
    known = () if row is None else views.addresses(row["channels"])
    kept = _kept(body.channels, known, _settings(request))
    now, by = utcnow(), principal(request).subject
    channels = tuple(Channel(each.name, each.kind) for each in kept)
    values = {"person": person, "name": body.name, "channels": kept, "changed_at": now, "changed_by": by}
    command = KeepContact(now=now, occurred_at=now, person=person, channels=channels, by=by)
    return await write(request, body, command, rows=[Row("people", (person,), values)])


@api.post("/people/{person}/removal", response_model=Written)
@allow(Role.ADMIN)
async def remove_person(request: Request, person: Reference, body: Removal) -> Response:
    """Forgets a name and all addresses. A desk keeps its appointments: end them first."""
    async with engine_of(request).connect() as connection:
        await require_keeper(request, connection, person)
    now, by = utcnow(), principal(request).subject
    command = KeepContact(now=now, occurred_at=now, person=person, channels=(), by=by, removed=True)
    return await write(request, body, command, rows=[Row("people", (person,), None)])


@api.get("/people")
@allow(Role.ADMIN)
async def list_people(request: Request, start: Start = None, limit: Limit = 50) -> Response:
    """Those whom the caller keeps, by reference."""
    last = after(start, str)
    regions = None if principal(request).region == MINISTRY else _regions(request)
    async with engine_of(request).connect() as connection:
        rows = await views.people(
            connection, regions, principal(request).subject, utcnow().date(), last[0] if last else "", limit
        )
    following = cursor(rows[-1]["person"]) if len(rows) == limit else None
    return polled(request, {"people": [_shown(row) for row in rows], "next": following})


@api.get("/people/{person}")
@allow(Role.ADMIN)
async def get_person(request: Request, person: Reference, start: Start = None, limit: Limit = 50) -> Response:
    """Somebody's name and channels, the desks they are appointed to, and every change, newest first.

    A secret is never shown, nor a gateway's address, which holds one: only its scheme.
    """
    before = after(start, int)
    async with engine_of(request).connect() as connection:
        await require_keeper(request, connection, person)
        row = await views.person(connection, person)
        if row is None:
            raise NotFound("person")
        seats = await views.seats(connection, person, utcnow().date())
        changes, more = await views.history(connection, contact_of(person), before[0] if before else None, limit)
    content = _shown(row) | {
        "desks": seats,
        "history": changes,
        "next": None if more is None else cursor(more),
    }
    return polled(request, content)


async def require_keeper(request: Request, connection: AsyncConnection, person: str) -> None:
    """Raises `NotFound` unless the caller, an administrator, may say how this person is reached, and where they sit."""
    who = principal(request)
    if who.region == MINISTRY:
        return
    seats = await views.seats(connection, person, utcnow().date())
    if seats:
        here = {desk.region for desk in seats} <= set(_regions(request))
    else:
        row = await views.person(connection, person)
        here = row is None or row["changed_by"] == who.subject
    if not here:
        raise NotFound("person")


def _regions(request: Request) -> list[str]:
    return [office.id for office in offices_in_scope(request)]


def _settings(request: Request) -> ChannelSettings:
    return once(request, "channel_settings", ChannelSettings)


def _kept(ways: Sequence[Way], known: Sequence[Address], settings: ChannelSettings) -> tuple[Address, ...]:
    """The channels with what is known of them already. Raises a 422 `Problem` that names each fault's place."""
    before = {(each.name, each.kind): each for each in known}
    kept, faults = [], []
    for n, way in enumerate(ways):
        old = before.get((way.name, way.kind), _UNKNOWN)
        address, secret = way.address or old.address, way.secret or old.secret
        faults += [
            {"at": f"/body/channels/{n}/{field}", "code": field, "detail": detail}
            for field, detail in _faults(way, address, secret, settings)
        ]
        if way.name in [each.name for each in ways[:n]]:
            faults.append({"at": f"/body/channels/{n}/name", "code": "name", "detail": "Should be each channel's own"})
        kept.append(Address(way.name, way.kind, address, secret))
    if faults:
        raise Problem(422, "invalid", "The request is not as it should be.", errors=faults)
    return tuple(kept)


def _faults(way: Way, address: str, secret: str | None, settings: ChannelSettings) -> Iterator[tuple[str, str]]:
    match way.kind:
        case ChannelKind.EMAIL:
            if not MAILBOX.fullmatch(address):
                yield "address", "Should be a plain mail address"
        case ChannelKind.WEBHOOK:
            if not (_in_one_piece(address) and may_be_kept(settings, address)):
                yield (
                    "address",
                    "Should be an https address that may be reached from here, without a name or a password",
                )
            if secret is None or not _is_secret(secret):
                yield "secret", "Should be 24 to 64 bytes in base64, after whsec_"
        case ChannelKind.GATEWAY:
            if not _is_gateway(address, settings):
                yield "address", "Should be the address of a gateway that is in use here"
    if way.kind is not ChannelKind.WEBHOOK and secret is not None:
        yield "secret", "Should be a webhook's"


def _is_gateway(address: str, settings: ChannelSettings) -> bool:
    scheme, _, rest = address.partition("://")
    return scheme in settings.gateway_schemes and bool(rest) and _in_one_piece(address)


def _in_one_piece(address: str) -> bool:
    return address.isascii() and address.isprintable() and " " not in address


def _is_secret(secret: str) -> bool:
    try:
        return len(b64decode(secret.removeprefix("whsec_"), validate=True)) in SECRET_BYTES
    except ValueError:
        return False


def _shown(row: Mapping[Any, Any]) -> dict[str, Any]:
    channels = [
        {
            "name": each.name,
            "kind": each.kind,
            "address": f"{each.address.partition('://')[0]}://…" if each.kind is ChannelKind.GATEWAY else each.address,
        }
        for each in views.addresses(row["channels"])
    ]
    return {**row, "channels": channels}
