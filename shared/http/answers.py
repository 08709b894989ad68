"""How an endpoint answers: what was written, what is polled, one page of a list."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from itertools import count
from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import Query, Request
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response

from shared.auth import Principal
from shared.decider import Command, Decision, Fact, Row, States
from shared.http.bodies import Body, said
from shared.http.problems import fault_at
from shared.http.routes import Admission
from shared.ledger import Committed, Context

Start = Annotated[str | None, Query(alias="cursor")]
"""Where a page begins: the cursor that the one before gave, or nothing."""
Limit = Annotated[int, Query(ge=1, le=200)]
"""How many entries of a list are wanted at once."""

_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_encode = msgspec.json.Encoder().encode


class _Written(msgspec.Struct):
    position: int
    facts: list[Fact]


def principal(request: Request) -> Principal:
    """Who asks, on a route that `allow`s roles."""
    who = _admission(request).principal
    assert who is not None, "the route allows anyone"
    return who


def engine_of(request: Request) -> AsyncEngine:
    """The service's database, to ask it something."""
    engine: AsyncEngine = request.app.state.engine
    return engine


Made = TypeVar("Made")


def once(request: Request, name: str, make: Callable[[], Made]) -> Made:
    """What this process keeps under that name: made by the first request that asks for it."""
    state = request.app.state
    if not hasattr(state, name):
        setattr(state, name, make())
    kept: Made = getattr(state, name)
    return kept


Shown = Callable[[Decision, States], dict[str, Any]]
"""What a dry run tells besides its facts, from them and the states that they were decided on."""


async def write(
    request: Request, body: Body, command: Command, *, shown: Shown | None = None, rows: Sequence[Row] = ()
) -> Response:
    """Carries the command out, once for each Idempotency-Key, and answers 201 with its facts.

    The same request again gets the same answer, marked `Idempotency-Replayed: true`. What the ledger
    raises becomes a problem: a refusal 409, a key used for something else 422, busy or unknown 503.
    With `?dry_run=true` nothing is stored: a 200 tells what would come of it now, and what is `shown`.
    `rows` of tables that stand apart from the facts are stored with them.
    """
    if is_dry_run(request):
        return await _dry_run(request, command, shown)
    committed: Committed = await request.scope["app"].state.ledger.execute(command, context_of(request, body), rows)
    answer = _Written(committed.position, [recorded.fact for recorded in committed.facts])
    headers = {"Idempotency-Replayed": "true"} if committed.replayed else None
    return Response(_encode(answer), 201, headers, media_type="application/json")


def is_dry_run(request: Request) -> bool:
    """Whether the caller asks what would come of a request that writes."""
    query: bytes = request.scope["query_string"]
    return query == b"dry_run=true"


def context_of(request: Request, body: Body) -> Context:
    """Who asks the ledger by this request, under its Idempotency-Key.

    What a body must not be found out by, its model leaves out of what it says: `Field(exclude=True)`.
    """
    admission = _admission(request)
    scope = request.scope
    traceparent = admission.headers.get(b"traceparent")
    return Context(
        subject=principal(request).subject,
        route=scope["route"].path,
        key=admission.key,
        fingerprint=sha256(b"%b\n%b" % (scope["path"].encode(), said(body))).digest(),
        traceparent=traceparent.decode() if traceparent and _TRACEPARENT.fullmatch(traceparent) else None,
    )


def in_parts(context: Context) -> Iterator[Context]:
    """For a request that is carried out as several commands, one context after the other.

    Each part has a key of its own, which no client can send for the space in it: sent again after a crash, the
    parts that were stored are answered as they were, and the others carried out.
    """
    yield context
    for number in count(2):
        yield replace(context, key=f"{context.key} {number}")


async def _dry_run(request: Request, command: Command, shown: Shown | None) -> Response:
    decision, states = await request.scope["app"].state.ledger.preview(command)
    answer = {"dry_run": True, "position": None, "facts": [fact for _, fact in decision]}
    if shown is not None:
        answer |= shown(decision, states)
    return Response(_encode(answer), media_type="application/json")


def polled(request: Request, content: Any) -> Response:
    """Answers with the content as JSON, or 304 when the caller has it already (If-None-Match)."""
    body = _encode(content)
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = request.headers.get("if-none-match", "")
    if known == "*" or tag in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="application/json")


def harmless(text: str | None) -> str:
    """A cell of a CSV as text: a spreadsheet takes what begins like this for a formula."""
    return f"'{text}" if text and text[0] in "=+-@\t\r" else text or ""


def cursor(*key: str | int) -> str:
    """An opaque mark of the last entry of a page, by the key that the list is ordered by."""
    return urlsafe_b64encode(_encode(key)).rstrip(b"=").decode()


def after(cursor: str | None, *types: type[str] | type[int]) -> tuple[Any, ...] | None:
    """The key in a `cursor`, with values of these types; None at the beginning. Raises a 422 `Problem`."""
    if cursor is None:
        return None
    try:
        raw = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        key: tuple[Any, ...] = msgspec.json.decode(raw, type=tuple[types])  # type: ignore[valid-type]
        if any("\0" in part if isinstance(part, str) else abs(part) >= 2**63 for part in key):
            raise ValueError
    except (ValueError, msgspec.MsgspecError):
        raise fault_at("/query/cursor", "cursor", "Should be one that a page of this list gave") from None
    return key


def _admission(request: Request) -> Admission:
    admission: Admission = request.scope["admission"]
    return admission
