"""Routes that name who may call them, judged before a byte of the body is read.

A reading route (GET) is FastAPI's own behind that judgement. A writing route (POST) takes its path, one
`Body` and the request, so it needs none of FastAPI's dependency solving: it goes from the bytes to the
body's model to the endpoint. With its token, key and fingerprint it costs less than a bare FastAPI echo.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from inspect import isasyncgenfunction, iscoroutinefunction
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi._compat import ModelField
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from shared.auth import Principal, Role
from shared.http.bodies import Body, parse
from shared.http.documents import asked, documented, secured
from shared.http.problems import NotFound, Problem, invalid
from shared.moments import utcnow

BODY_AT_MOST = 65_536
"""Bytes of a body, unless the route says otherwise with `max_body_size`."""
BODY_WITHIN = 10.0
"""Seconds in which the whole body has to arrive; as many more as a route lets it be larger."""
READ_WITHIN = 3.0
"""Seconds in which a reading route has to begin its answer."""

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="blanko"'}

_KEY = re.compile(rb"[!-~]{1,128}")
_JSON = re.compile(rb"application/json\s*(;\s*charset=\"?utf-8\"?\s*)?", re.IGNORECASE)

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
_policies: dict[Callable[..., Any], frozenset[Role] | None] = {}


class NoPolicy(Exception):
    """A route that cannot be served: it does not say who may call it, or is not made as routes are."""


def allow(*roles: Role) -> Callable[[Endpoint], Endpoint]:
    """Lets these roles call a route: those whose scope holds the office in its path, if there is one."""
    if not roles:
        raise NoPolicy("allow() without a role lets nobody in")

    def mark(endpoint: Endpoint) -> Endpoint:
        _policies[endpoint] = frozenset(roles)
        return endpoint

    return mark


def allow_anyone(endpoint: Endpoint) -> Endpoint:
    """Lets anybody call a route, even without a token."""
    _policies[endpoint] = None
    return endpoint


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was let in (None: anybody may be), and the request's headers by lower-case name."""

    principal: Principal | None
    headers: dict[bytes, bytes]
    key: str | None = None


class Route(APIRoute):
    """A route of a service. Raises `NoPolicy` when it is not made as routes are."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if endpoint not in _policies:
            raise NoPolicy(f"{path} does not say who may call it: @allow(...) goes below the route's decorator")
        methods = options.get("methods") or ["GET"]
        if methods not in (["GET"], ["POST"]):
            raise NoPolicy(f"{path}: GET reads, POST writes, there is no {methods}")
        if not (iscoroutinefunction(endpoint) or isasyncgenfunction(endpoint)):
            raise NoPolicy(f"{path}: an endpoint is async, a thread for each request costs more than its work")
        self._roles = _policies[endpoint]
        self._writes = methods == ["POST"]
        options["responses"] = {**documented(self._roles, writes=self._writes), **(options.get("responses") or {})}
        extra = options.get("openapi_extra") or {}
        options["openapi_extra"] = extra | secured(self._roles) | (asked() if self._writes else {})
        if self._writes:
            options["status_code"] = options.get("status_code") or 201
        super().__init__(path, endpoint, **options)
        self._about_office = "office" in self.param_convertors
        self._slashes, self._tail = path.count("/"), _literal_tail(path)
        if self.dependant.dependencies:
            raise NoPolicy(f"{path}: a route has no Depends")
        if self._writes:
            self.app = self._write
        else:
            self.app = AsyncExitStackMiddleware(self.app)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # A service has many routes, and most differ in their length or their last word already.
        path = scope["path"]
        if not scope["root_path"] and (path.count("/") != self._slashes or not path.endswith(self._tail)):
            return Match.NONE, {}
        return super().matches(scope)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        if self._writes:
            self._prepare_to_write()
            return self._written
        read = super().get_route_handler()

        async def handle(request: Request) -> Response:
            scope = request.scope
            scope["admission"] = await self._admit(scope)
            async with asyncio.timeout(READ_WITHIN):
                return await read(request)

        return handle

    def _prepare_to_write(self) -> None:
        dependant = self.dependant
        model = dependant.body_params[0].field_info.annotation if len(dependant.body_params) == 1 else None
        if not (isinstance(model, type) and issubclass(model, Body)) or self._embed_body_fields:
            raise NoPolicy(f"{self.path}: what writes takes exactly one Body")
        if dependant.query_params or dependant.header_params or dependant.cookie_params:
            raise NoPolicy(f"{self.path}: what writes takes its path, a Body and the request, nothing else")
        self._model = model
        self._body_name = dependant.body_params[0].name
        self._request_name = dependant.request_param_name
        # A bare `str` takes whatever the path has there; an office's id has been judged already.
        self._path_fields = [
            f for f in dependant.path_params if f.field_info.annotation is not str or f.field_info.metadata
        ]
        self._body_at_most = BODY_AT_MOST if self.max_body_size is None else self.max_body_size
        self._call: Callable[..., Awaitable[Response]] = self.endpoint

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._written(Request(scope, receive, send))
        await response(scope, receive, send)

    async def _written(self, request: Request) -> Response:
        scope = request.scope
        admission = await self._admit(scope)
        if scope["query_string"] not in (b"", b"dry_run=true"):
            # A dry run that was mistyped must not become a real one.
            raise Problem(422, "unknown_query", "A request that writes takes no query but dry_run=true.")
        headers = admission.headers
        kind = headers.get(b"content-type", b"")
        if kind != b"application/json" and not _JSON.fullmatch(kind):
            raise Problem(415, "not_json", "A body is application/json, in UTF-8.")
        key = headers.get(b"idempotency-key")
        if key is None or not _KEY.fullmatch(key):
            detail = "A request that writes has an Idempotency-Key: 1 to 128 printable ASCII characters without spaces."
            raise Problem(400, "no_idempotency_key", detail)
        scope["admission"] = Admission(admission.principal, headers, key.decode())
        arguments = self._arguments(scope["path_params"])
        raw = await _read(request.receive, headers, self._body_at_most)
        arguments[self._body_name] = parse(self._model, raw)
        if self._request_name is not None:
            arguments[self._request_name] = request
        return await self._call(**arguments)

    async def _admit(self, scope: Scope) -> Admission:
        headers = dict(scope["headers"])
        state = scope["app"].state
        principal = None
        if self._roles is not None:
            token = headers.get(b"authorization")
            if token is None:
                raise Problem(401, "no_token", "A token is needed.", headers=CHALLENGE)
            authenticator = state.authenticator
            principal = authenticator.remembered(token) or await authenticator.verify(token)
            if principal.role not in self._roles:
                raise Problem(403, "not_allowed", "The role of this token may not do this.")
        if self._about_office:
            region = "00" if principal is None else principal.region
            if not state.offices.within(region, scope["path_params"]["office"], utcnow()):
                raise NotFound("office")
        return Admission(principal, headers)

    def _arguments(self, path: dict[str, Any]) -> dict[str, Any]:
        arguments = dict(path)
        for field in self._path_fields:
            arguments[field.name] = _path_value(field, path[field.name])
        return arguments


def _literal_tail(path: str) -> str:
    """What every path of this route ends with: its last word, or nothing."""
    last = path.rpartition("/")[2]
    return "" if "{" in last else f"/{last}"


class Api(APIRouter):
    """A service's routes. Each carries `@allow(...)` or `@allow_anyone`, below the route's decorator."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=Route, redirect_slashes=False, **options)


def _path_value(field: ModelField, text: str) -> Any:
    value, errors = field.validate(text, {}, loc=("path", field.name))
    if errors:
        raise invalid(errors)
    return value


async def _read(receive: Receive, headers: dict[bytes, bytes], at_most: int) -> bytes:
    if int(headers.get(b"content-length", b"0")) > at_most:
        raise _too_large(at_most)
    within = BODY_WITHIN * max(1.0, at_most / BODY_AT_MOST)
    try:
        async with asyncio.timeout(within):
            body, more = b"", True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnect
                body += message.get("body", b"")
                if len(body) > at_most:
                    raise _too_large(at_most)
                more = message.get("more_body", False)
    except TimeoutError:
        raise Problem(408, "too_slow", f"A body arrives within {within:.0f} seconds.") from None
    return body


def _too_large(at_most: int) -> Problem:
    return Problem(413, "too_large", f"A body has at most {at_most} bytes here.", figures={"at_most": at_most})
