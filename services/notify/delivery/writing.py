"""The letters of bundles: written, typeset, issued with their hashes, and attached to what is sent."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import msgspec
import structlog
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.channels import Attachment
from services.notify.delivery.bundles import WHO, kept_of, wants_letter
from services.notify.domain import (
    LADDER,
    LETTER_ROLES,
    LEVEL_OF,
    MINISTRY,
    SEVERITY,
    Desk,
    IssueLetter,
    LetterContent,
    Level,
    NoticeSent,
    Shortfall,
    StockLevel,
    Urgency,
    desk,
)
from services.notify.letters import html, pdf
from services.notify.views import outbox
from services.notify.views.helping import Shelf, helpers, short_at, still
from services.notify.views.outbox import BundleKey, ShortageNow
from shared.ledger import INTERRUPTIONS, Entry, Ledger
from shared.offices import offices

SHORTFALLS_AT_MOST = 600
BYTES_AT_MOST = 240_000
"""Of a letter's content: a fact may be a little larger."""
COPIES_AT_MOST = 40
KEPT = 64
"""So many letters are kept as they were typeset, for the sends that follow on each other."""
AGAIN_AFTER = timedelta(minutes=1)
URGENCIES = {
    StockLevel.LOW: Urgency.BIASA,
    StockLevel.CRITICAL: Urgency.SEGERA,
    StockLevel.EMPTY: Urgency.SANGAT_SEGERA,
}
TYPESETTER = f"typst {version('typst')}"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Typeset:
    """A letter in both its forms."""

    page: bytes
    pdf: bytes

    @property
    def hashes(self) -> tuple[str, str]:
        """SHA-256 in hex: of the page, of the PDF."""
        return sha256(self.page).hexdigest(), sha256(self.pdf).hexdigest()


def typeset(content: LetterContent) -> Typeset:
    """Both forms; takes seconds for a letter about the nation. Raises `KeyError` for an unknown office."""
    return Typeset(html(content).encode(), pdf(content))


class Letters:
    """Writes the letters that have a number, and gives them to whoever sends them."""

    def __init__(self, ledger: Ledger, engine: AsyncEngine) -> None:
        self._ledger = ledger
        self._engine = engine
        self._typeset: dict[tuple[Desk, str], Typeset] = {}
        self._not_before: dict[tuple[str, str, str], datetime] = {}
        # One after the other: a large one takes hundreds of megabytes while it is laid out.
        self._one_at_a_time = asyncio.Lock()

    async def write_due(self, now: datetime) -> int:
        """Issues what was not issued; returns how many. One that cannot be written is tried again a minute later."""
        async with self._engine.connect() as connection:
            rows = await outbox.unwritten_letters(connection, LETTER_ROLES)
        written = 0
        for row in rows:
            key = (row.role, row.region, row.letter)
            if self._not_before.get(key, now) > now:
                continue
            try:
                await self._write(row, now)
                self._not_before.pop(key, None)
                written += 1
            except INTERRUPTIONS:
                raise
            except Exception as error:
                log.error("letter_not_written", role=row.role, region=row.region, error=type(error).__name__)
                self._not_before[key] = now + AGAIN_AFTER
        return written

    async def attached(self, to: Desk, number: str) -> tuple[Attachment, ...]:
        """The letter as it was issued, as files; none if it was not, or cannot be made the same any more."""
        async with self._engine.connect() as connection:
            row = await outbox.written_letter(connection, to, number)
        if row is None:
            return ()
        made = self._typeset.get((to, number))
        if made is None:
            made = await self._make(to, msgspec.json.decode(row.content, type=LetterContent))
        name = f"surat-{number.replace('/', '-')}"
        forms = (
            (Attachment(f"{name}.html", "text/html", made.page), made.hashes[0] == row.html_sha256),
            (Attachment(f"{name}.pdf", "application/pdf", made.pdf), made.hashes[1] == row.pdf_sha256),
        )
        if not all(same for _, same in forms):
            log.error("letter_differs", role=to.role, region=to.region)
        return tuple(attachment for attachment, same in forms if same)

    async def _write(self, row: Any, now: datetime) -> None:
        to, bundle = Desk(row.role, row.region), (row.role, row.region, row.bundle)
        content = await self._content(to, bundle, row.letter, now)
        page_hash, pdf_hash = (await self._make(to, content)).hashes
        command = IssueLetter(
            now=now,
            occurred_at=now,
            desk=to,
            bundle=row.bundle,
            content=content,
            html_sha256=page_hash,
            pdf_sha256=pdf_hash,
            typesetter=TYPESETTER,
        )
        [outcome] = await self._ledger.execute_all([Entry(command, WHO)])
        if isinstance(outcome, Exception):
            raise outcome

    async def _content(self, to: Desk, bundle: BundleKey, number: str, now: datetime) -> LetterContent:
        async with self._engine.connect() as connection:
            lying = (await outbox.lying_in(connection, [bundle]))[bundle]
            about = [each.lying.told for each in kept_of(lying) if wants_letter(to.role, each.lying)]
            notices = [told for told in about if isinstance(told, NoticeSent)]
            present = await outbox.shortages_now(connection, [(each.office, each.item) for each in notices])
            proposed = [(each.item, each.proposal) for each in notices]
            proposed += [(each.item, each.proposal) for each in present.values()]
            short = await short_at(connection, helpers(proposed), now)
        return written_of(to, number, notices, present, now, short)

    async def _make(self, to: Desk, content: LetterContent) -> Typeset:
        async with self._one_at_a_time:
            made = await asyncio.to_thread(typeset, content)
        self._typeset[to, content.number] = made
        while len(self._typeset) > KEPT:
            del self._typeset[next(iter(self._typeset))]
        return made


def written_of(
    to: Desk,
    number: str,
    notices: Sequence[NoticeSent],
    present: Mapping[tuple[str, str], ShortageNow],
    now: datetime,
    short: Collection[Shelf] = (),
) -> LetterContent:
    """The letter about these notices, with the figures and answers of now; the worst first, as many as fit.

    Those who are `short` themselves are not proposed.
    """
    shortfalls = [_shortfall(notice, present.get((notice.office, notice.item))) for notice in notices]
    shortfalls = [replace(each, proposal=still(each.proposal, each.item, short)) for each in shortfalls]
    shortfalls.sort(key=_worst_first)
    awaited = [each.answer_by for each in notices if each.answer_by is not None and not each.copy]
    if any(each <= now for each in awaited):
        # Nobody is asked to answer by a moment that is over: then it is as soon as possible.
        awaited = []
    content = LetterContent(
        number=number,
        day=offices().known(MINISTRY).day_at(now),
        urgency=URGENCIES[max((each.stock_level for each in shortfalls), key=SEVERITY.index)],
        to=to,
        copies=_copies(to, notices, now),
        shortfalls=tuple(shortfalls),
        answer_by=min(awaited, default=None),
    )
    return _fitting(content)


def _shortfall(notice: NoticeSent, present: ShortageNow | None) -> Shortfall:
    """What is known now of the notice's shortage; once the next episode has begun, what the notice says."""
    told = Shortfall(
        office=notice.office,
        item=notice.item,
        episode=notice.episode,
        stock_level=notice.stock_level,
        figures=notice.figures,
        since=notice.at,
        received=notice.received,
        cause=notice.cause,
        answer=notice.answer,
        declined=notice.declined,
        forwarded=notice.forwarded,
        refused=notice.refused,
        relief=notice.relief,
        proposal=notice.proposal,
        forwarded_at=notice.forwarded_at,
    )
    if present is None or present.episode != notice.episode:
        return told
    return replace(
        told,
        stock_level=present.stock_level,
        figures=present.figures,
        since=present.opened_at,
        received=present.received,
        answer=present.answer,
        declined=present.declined,
        forwarded=present.forwarded,
        refused=present.refused,
        relief=present.relief,
        proposal=present.proposal,
        # Of what was forwarded since, the rows do not say by whom.
        forwarded_at=notice.forwarded_at if present.forwarded == notice.forwarded else None,
    )


def _worst_first(shortfall: Shortfall) -> tuple[int, float, str, str]:
    cover = shortfall.figures.days_of_cover
    worst = -SEVERITY.index(shortfall.stock_level)
    return worst, cover if cover is not None else float("inf"), shortfall.office, shortfall.item


def _copies(to: Desk, notices: Iterable[NoticeSent], now: datetime) -> tuple[Desk, ...]:
    """Who was told as well, the ministry and provinces first: of a letter about many offices no more than these."""
    found: dict[Level, set[Desk]] = {level: set() for level in LADDER}
    for notice in notices:
        province = offices().province_of(notice.office, now)
        for level in LADDER[: LADDER.index(notice.level) + 1]:
            found[level].add(desk(level, notice.office, province))
    ordered = [each for level in reversed(LADDER) for each in sorted(found[level], key=lambda known: known.region)]
    return tuple(each for each in ordered if each != to and each.role in LEVEL_OF)[:COPIES_AT_MOST]


def _fitting(content: LetterContent) -> LetterContent:
    """The letter within what a fact may be: who could help is left out before any office is."""
    content = _first(content, SHORTFALLS_AT_MOST)
    if _size(content) > BYTES_AT_MOST:
        without = tuple(replace(each, proposal=None) for each in content.shortfalls)
        content = replace(content, shortfalls=without)
    while _size(content) > BYTES_AT_MOST and len(content.shortfalls) > 1:
        content = _first(content, len(content.shortfalls) * 9 // 10)
    return content


def _first(content: LetterContent, count: int) -> LetterContent:
    kept = content.shortfalls[:count]
    return replace(content, shortfalls=kept, further=content.further + len(content.shortfalls) - len(kept))


def _size(content: LetterContent) -> int:
    return len(msgspec.json.encode(content))
