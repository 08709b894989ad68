"""What OpenAPI and the page at /docs say. Neither takes anything from the internet."""

from collections.abc import Iterable
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.routing import Route as PlainRoute
from starlette.staticfiles import StaticFiles

from shared.auth import Role

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457. `code` is for programs, `figures` stand behind a refusal, `request` finds it in our log.",
    "required": ["type", "title", "status", "code", "detail", "request"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request": {"type": "string"},
        "figures": {"type": "object"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("at", "code", "detail")},
            },
        },
    },
}
DRY_RUN = {
    "type": "object",
    "title": "DryRun",
    "description": "The facts that this request would lead to now. Some routes tell more, under further names.",
    "required": ["dry_run", "position", "facts"],
    "properties": {
        "dry_run": {"const": True},
        "position": {"type": "null", "description": "Nothing was stored."},
        "facts": {"type": "array", "items": {"type": "object"}},
    },
}
_OF_EVERY_ROUTE = (422, 500, 503)
_OF_A_READING_ROUTE = (404,)
_OF_A_WRITING_ROUTE = (400, 404, 408, 409, 413, 415)
_OF_A_ROUTE_WITH_A_POLICY = (401, 403)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Repeat a request with the same key and it is done once. A key is kept for 400 days.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
}
_DRY_RUN = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": "`?dry_run=true` stores nothing, uses up no key, and tells what would come of the request now.",
    "schema": {"type": "string", "enum": ["true"]},
}
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title>
<link rel="icon" href="docs/assets/favicon.png"><link rel="stylesheet" href="docs/assets/swagger-ui.css"></head>
<body><div id="page"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
"""
_START = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#page", deepLinking: true, persistAuthorization: false});\n'
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class Written(BaseModel):
    """What a write led to. The facts are those that this request made, each tagged with its `type`."""

    position: int
    facts: list[dict[str, Any]]


def documented(roles: frozenset[Role] | None, *, writes: bool) -> dict[int | str, dict[str, Any]]:
    """What a route may answer with besides what it is for: problems, a dry run, nothing new."""
    statuses = [*_OF_EVERY_ROUTE, *(_OF_A_WRITING_ROUTE if writes else _OF_A_READING_ROUTE)]
    if roles is not None:
        statuses += _OF_A_ROUTE_WITH_A_POLICY
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": HTTPStatus(status).phrase, "content": problem} for status in sorted(statuses)
    }
    if writes:
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/DryRun"}}}
        responses[200] = {"description": "OK: this was a dry run", "content": content}
    else:
        responses[304] = {"description": "Not Modified: If-None-Match names what would have been the answer"}
    return responses


def secured(roles: frozenset[Role] | None) -> dict[str, Any]:
    """Who may call a route, for OpenAPI."""
    if roles is None:
        return {}
    return {"security": [{"token": []}], "x-roles": sorted(roles)}


def asked() -> dict[str, Any]:
    """What every route that writes is told beside its path and its body, for OpenAPI."""
    return {"parameters": [_KEY, _DRY_RUN]}


def complete(schema: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document with what it cannot know."""
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {}).update(Problem=PROBLEM, DryRun=DRY_RUN)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT (ES256)"}}
    return schema


def pages(title: str) -> Iterable[BaseRoute]:
    """/docs and what it is made of."""

    async def page(_: Request) -> Response:
        headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
        return Response(_PAGE.format(title=title), headers=headers, media_type="text/html")

    async def start(_: Request) -> Response:
        return Response(_START, media_type="text/javascript")

    assets = StaticFiles(directory=str(files("fastapi_offline") / "static"))
    return PlainRoute("/docs", page), PlainRoute("/docs/start.js", start), Mount("/docs/assets", assets)
