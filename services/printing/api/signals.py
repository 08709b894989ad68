"""Signals: where too many blanks are spoiled, batches in quarantine, blanks that should not have been printed on."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Self

from fastapi import Query, Request
from pydantic import model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import RowMapping
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import READERS, BatchName, BlankSerial, api, moment_of, ticks_of
from services.printing.api.jobs import Decided
from services.printing.domain import QuarantineBatch, ReleaseBatch
from services.printing.views import Blanks
from shared.auth import Role
from shared.http import (
    Limit,
    NotFound,
    SomeDay,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    entered,
    fault_at,
    office_of,
    offices_in_scope,
    polled,
    principal,
    write,
)
from shared.http.documents import Written
from shared.moments import utcnow

USUAL_DAYS, DAYS_AT_MOST = 31, 92
OVERSIGHT = (Role.PROVINCE, Role.NATIONAL, Role.AUDITOR)


class Release(Decided):
    """The batch of this name is good after all, and why. Its name is not in the path, for it may hold a slash."""

    batch: BatchName


class Quarantine(Decided):
    """Nothing should be printed on the batch of this name, and why; its numbers, if they are known, first and last."""

    batch: BatchName
    first_serial: BlankSerial | None = None
    last_serial: BlankSerial | None = None

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        first, last = self.first_serial, self.last_serial
        if first is None and last is None:
            return self
        # Of one form: then numbers are ordered as text is.
        if first is None or last is None or _form(first) != _form(last) or first > last:
            raise PydanticCustomError("no_serial_range", "Serials should be two of one form, the first before the last")
        return self


@api.get("/offices/{office}/signals")
@allow(*READERS)
async def get_signals(
    request: Request,
    office: str,
    since: Annotated[SomeDay | None, Query(alias="from")] = None,
    to: SomeDay | None = None,
) -> Response:
    """What was printed and spoiled from one day through another, altogether, by printer, batch, operator and cause.

    At most 92 days of the office's calendar; the last 31 unless it says. The worst come first; what was not
    told is null. `flagged` is what is significantly worse than the `expected_share`: at least 3 spoiled, and
    as many or more would be spoiled by chance less than once in 1,000 times (one-sided exact binomial test).
    """
    here = office_of(request, office)
    through = to or here.day_at(utcnow())
    first = since or through - timedelta(days=USUAL_DAYS - 1)
    if not first <= through < first + timedelta(days=DAYS_AT_MOST):
        raise fault_at("/query/from", "window", "Should not be after `to`, nor 92 days before it")
    async with engine_of(request).connect() as connection:
        found = await views.spoilage(connection, office, here.begin_of(first), here.end_of(through))
    used = found.all.printed + found.all.spoiled
    causes = {cause: Blanks(used - spoiled, spoiled) for cause, spoiled in found.causes.items()}
    content = {
        "office": office,
        "from": first,
        "to": through,
        "expected_share": views.EXPECTED,
        **_figures(found.all),
        "printers": _worst_first("printer", found.printers),
        "batches": _worst_first("batch", found.batches),
        "operators": _worst_first("operator", found.operators),
        "causes": [
            {name: cause[name] for name in ("cause", "spoiled", "share", "flagged")}
            for cause in _worst_first("cause", causes)
        ],
    }
    return polled(request, content)


@api.post("/offices/{office}/batches/quarantine", response_model=Written)
@allow(Role.HEAD)
async def quarantine_batch(request: Request, office: str, body: Quarantine) -> Response:
    """Tells every workstation to print on none of these blanks. Whoever does all the same raises an alarm."""
    command = QuarantineBatch(
        **entered(request, office, body),
        batch=body.batch,
        note=body.note,
        decided_by=principal(request).subject,
        first_serial=body.first_serial,
        last_serial=body.last_serial,
    )
    return await write(request, body, command)


@api.post("/offices/{office}/batches/release", response_model=Written)
@allow(Role.HEAD)
async def release_batch(request: Request, office: str, body: Release) -> Response:
    """The batch may be printed on again. 409 `not_quarantined`."""
    who = principal(request).subject
    command = ReleaseBatch(**entered(request, office, body), batch=body.batch, note=body.note, decided_by=who)
    return await write(request, body, command)


@api.get("/offices/{office}/batches")
@allow(*READERS)
async def list_batches(request: Request, office: str) -> Response:
    """The batches in quarantine, by name: since when, why, and which numbers, as far as it was told."""
    async with engine_of(request).connect() as connection:
        batches = await views.quarantined(connection, office)
    return polled(request, {"office": office, "batches": [dict(batch) for batch in batches]})


@api.get("/offices/{office}/alarms")
@allow(*READERS)
async def list_alarms(request: Request, office: str, start: Start = None, limit: Limit = 50) -> Response:
    """Blanks that should not have been printed on, the newest first, a page at a time.

    Stock tells of numbers that another office holds (`NUMBER_ELSEWHERE`; `holders` are those) or that
    were lost (`LOST_NUMBER_USED`); `QUARANTINED_BATCH` is found here.
    """
    return await _alarms(request, [office], start, limit)


@api.get("/alarms")
@allow(*OVERSIGHT)
async def list_alarms_of_all(
    request: Request, province: str | None = None, start: Start = None, limit: Limit = 50
) -> Response:
    """The alarms of every office in the caller's scope, or of those in one province, the newest first."""
    now = utcnow()
    offices = [each.id for each in offices_in_scope(request) if province in (None, each.province(now))]
    if not offices:
        raise NotFound("province")
    return await _alarms(request, offices, start, limit)


async def _alarms(request: Request, offices: list[str], start: str | None, limit: int) -> Response:
    last = after(start, int, str, str, int)
    if last is not None:
        last = (moment_of(last[0]), *last[1:])
    async with engine_of(request).connect() as connection:
        alarms = await views.alarms_of(connection, offices, last, limit)
    return polled(request, {"alarms": [dict(alarm) for alarm in alarms], "next": _following(alarms, limit)})


def _following(alarms: Sequence[RowMapping], limit: int) -> str | None:
    if len(alarms) < limit:
        return None
    last = alarms[-1]
    return cursor(ticks_of(last["at"]), last["office"], last["kind"], last["number"])


def _worst_first(what: str, named: Mapping[Any, Blanks]) -> list[dict[str, Any]]:
    shown = [{what: name, **_figures(blanks)} for name, blanks in named.items()]
    return sorted(shown, key=lambda each: (not each["flagged"], -each["share"], -each["spoiled"], each[what] or ""))


def _figures(blanks: Blanks) -> dict[str, Any]:
    return {
        "printed": blanks.printed,
        "spoiled": blanks.spoiled,
        "share": blanks.share,
        "flagged": blanks.flagged,
    }


def _form(serial: str) -> tuple[str, int]:
    return serial.rstrip("0123456789"), len(serial)
