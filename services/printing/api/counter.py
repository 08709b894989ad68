"""At the counter: a card goes to its citizen, other documents are issued; and the cards that nobody came for."""

from datetime import timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from fastapi import Request
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from starlette.responses import Response

from services.printing import views
from services.printing.api.common import (
    READERS,
    WORKERS,
    BatchName,
    BlankSerial,
    Location,
    api,
    moment_of,
    ticks_of,
)
from services.printing.domain import Document, HandOver, IssueDocument, Reason, RecordPrinted
from shared.decider import AHEAD
from shared.http import (
    Body,
    Limit,
    OccurredAt,
    Reference,
    Start,
    after,
    allow,
    cursor,
    engine_of,
    entered,
    polled,
    principal,
    write,
)
from shared.http.documents import Written
from shared.moments import utcnow

AGES = (0, 7, 30, 90)
"""Cards that nobody came for are counted by how many days they have been waiting, and more."""


class HandedOver(Body):
    """A citizen has the card. `old_card_withdrawn`: the one it replaces was taken back."""

    location: Location
    old_card_withdrawn: bool
    occurred_at: OccurredAt


class PrintedOn(Body):
    """Where a KIA was printed and on which blank: as in the report of any other card."""

    workstation: Reference
    printer: Reference | None = None
    blank_serial: BlankSerial | None = None
    batch: BatchName | None = None
    reason: Reason = "FIRST"
    blank_in_hand: bool = False
    declared: bool = False


class Issued(Body):
    """So many documents of a kind were issued, on so many `sheets` of A4. `document` is an id that the caller made.

    A KIA is a card: one at a time, on no sheet, and `card` says where it was printed.
    """

    document: UUID
    kind: Document
    location: Location
    quantity: Annotated[int, Field(ge=1, le=1000)]
    sheets: Annotated[int, Field(ge=0, le=10_000)] = 0
    card: PrintedOn | None = None
    occurred_at: OccurredAt

    @model_validator(mode="after")
    def _is_a_card_or_paper(self) -> Self:
        if self.kind == "KIA" and (self.card is None or self.quantity != 1 or self.sheets):
            raise PydanticCustomError(
                "kia_is_a_card", "A KIA is one card, says where it was printed, and has no sheets"
            )
        if self.kind != "KIA" and self.card is not None:
            raise PydanticCustomError("not_a_card", "Only a KIA is printed on a card")
        return self


@api.post("/offices/{office}/jobs/{job}/hand-over", response_model=Written)
@allow(*WORKERS)
async def hand_over(request: Request, office: str, job: UUID, body: HandedOver) -> Response:
    """Gives the card to its citizen. Said again, it adds at most that the old card was withdrawn after all.

    409 `not_printed` asks to report the card first.
    """
    command = HandOver(
        **entered(request, office, body),
        job=str(job),
        location=body.location,
        handed_over_by=principal(request).subject,
        old_card_withdrawn=body.old_card_withdrawn,
    )
    return await write(request, body, command)


@api.get("/offices/{office}/uncollected")
@allow(*READERS)
async def list_uncollected(request: Request, office: str, start: Start = None, limit: Limit = 50) -> Response:
    """Cards that were printed and nobody came for, the longest waiting first, a page at a time.

    `ages` counts all of them by service point and item: `7` are those that have waited for more than seven days.
    """
    now = utcnow()
    last = after(start, int, str)
    # A printer's clock may be ahead of ours: what it has just made is waiting too.
    moments = [now + AHEAD if days == 0 else now - timedelta(days=days) for days in AGES]
    async with engine_of(request).connect() as connection:
        cards = await views.uncollected(
            connection, office, None if last is None else (moment_of(last[0]), last[1]), limit
        )
        counted = await views.uncollected_since(connection, office, moments)
    following = cursor(ticks_of(cards[-1]["printed_at"]), cards[-1]["job"]) if len(cards) == limit else None
    ages: list[dict[str, Any]] = [
        {"location": location, "item": item, "cards": dict(zip(map(str, AGES), counts, strict=True))}
        for location, item, counts in counted
    ]
    return polled(request, {"office": office, "ages": ages, "cards": [dict(card) for card in cards], "next": following})


@api.post("/offices/{office}/documents", response_model=Written)
@allow(*WORKERS)
async def issue_document(request: Request, office: str, body: Issued) -> Response:
    """Counts what else the counter issued. Paper is only counted; a KIA uses a blank, of which stock must hear.

    So a KIA becomes `CardPrinted` of the job with the document's id, which may have been queued before, and is
    answered as `…/printed` is: 409 `blank_not_confirmed` and `declare_card` ask to complete `card`.
    """
    who, told = principal(request).subject, entered(request, office, body)
    if body.card is not None:
        card = RecordPrinted(
            **told,
            job=str(body.document),
            location=body.location,
            workstation=body.card.workstation,
            printer=body.card.printer,
            operator=who,
            blank_serial=body.card.blank_serial,
            batch=body.card.batch,
            item="KIA",
            reason=body.card.reason,
            chip_serial=None,
            blank_in_hand=body.card.blank_in_hand,
            declared=body.card.declared,
            as_document=True,
        )
        return await write(request, body, card)
    command = IssueDocument(
        **told,
        document=str(body.document),
        kind=body.kind,
        location=body.location,
        quantity=body.quantity,
        sheets=body.sheets,
        issued_by=who,
    )
    return await write(request, body, command)
