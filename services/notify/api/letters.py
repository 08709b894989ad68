"""The formal letters: what was written to a desk, and the same letter rendered again."""

import asyncio
import threading
from hashlib import sha256
from typing import Annotated, Literal

import msgspec
from fastapi import Path, Request
from starlette.responses import Response

from services.notify import views
from services.notify.api.common import api, desk_in_scope
from services.notify.domain import MINISTRY, Desk, LetterContent
from services.notify.letters import html, pdf
from shared.auth import Role
from shared.http import Limit, NotFound, Start, after, allow, cursor, engine_of, polled, principal

WRITTEN_TO = (Role.PROVINCE, Role.NATIONAL, Role.AUDITOR)

LetterRole = Literal["province", "national"]
BundleNumber = Annotated[int, Path(ge=1, lt=2**31)]

_drawing = threading.Lock()

AS_PAGE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "private, no-cache",
}


@api.get("/letters")
@allow(*WRITTEN_TO)
async def list_letters(request: Request, start: Start = None, limit: Limit = 50) -> Response:
    """The letters to the desk of the caller's region, the latest first: the province's, or in 00 the ministry's."""
    region = principal(request).region
    return await _listed(request, "national" if region == MINISTRY else "province", region, start, limit)


@api.get("/letters/{role}/{region}")
@allow(*WRITTEN_TO)
async def list_letters_to(
    request: Request, role: LetterRole, region: str, start: Start = None, limit: Limit = 50
) -> Response:
    """The letters to any desk in the caller's scope, the latest first."""
    return await _listed(request, role, region, start, limit)


@api.get("/letters/{role}/{region}/{bundle}")
@allow(*WRITTEN_TO)
async def get_letter(
    request: Request,
    role: LetterRole,
    region: str,
    bundle: BundleNumber,
    format: Literal["json", "html", "pdf"] = "json",
) -> Response:
    """A letter by the number of the bundle it went with: its content and hashes, or rendered again.

    `Letter-As-Recorded: true` says that what was rendered has the very hash that was recorded as it was issued; it may
    be false once the template, the names of offices or the typesetter are others.
    """
    desk_in_scope(request, role, region)
    async with engine_of(request).connect() as connection:
        row = await views.letter(connection, Desk(role, region), bundle)
    if row is None:
        raise NotFound("letter")
    if format == "json":
        return polled(request, dict(row))
    content = msgspec.convert(row["content"], LetterContent)
    if format == "html":
        media_type, recorded, drawn = "text/html; charset=utf-8", row["html_sha256"], html(content).encode()
    else:
        media_type, recorded, drawn = "application/pdf", row["pdf_sha256"], await asyncio.to_thread(_drawn, content)
    same = sha256(drawn).hexdigest() == recorded
    name = f'inline; filename="surat-{role}-{region}-{bundle}.{format}"'
    headers = AS_PAGE | {"Content-Disposition": name, "Letter-As-Recorded": "true" if same else "false"}
    return Response(drawn, headers=headers, media_type=media_type)


async def _listed(request: Request, role: LetterRole, region: str, start: str | None, limit: int) -> Response:
    desk_in_scope(request, role, region)
    before = after(start, int)
    async with engine_of(request).connect() as connection:
        rows = await views.letters_to(connection, Desk(role, region), before[0] if before else None, limit)
    following = cursor(rows[-1]["bundle"]) if len(rows) == limit else None
    return polled(request, {"role": role, "region": region, "letters": [dict(row) for row in rows], "next": following})


def _drawn(content: LetterContent) -> bytes:
    # A letter about the whole nation takes more than a second, in which others are served, and 115 MB.
    with _drawing:
        return pdf(content)
