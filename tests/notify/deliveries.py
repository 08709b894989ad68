"""A post office under a virtual clock: real PostgreSQL, real mail and web servers, and time that is told to pass."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.channels import Channels, RateLimit
from services.notify.delivery.bundles import close_due
from services.notify.delivery.sending import LIMIT, Sender
from services.notify.delivery.writing import Letters
from services.notify.domain import (
    Appoint,
    BeginListening,
    Capacity,
    Channel,
    ChannelKind,
    Desk,
    KeepContact,
    RaiseShortage,
    ShortageOver,
    StockLevel,
)
from services.notify.reactions import place_of
from shared.decider import Command, Row
from shared.ledger import Context, Ledger
from shared.offices import offices
from tests.notify.receivers import Mailbox, Receiver
from tests.notify.sends import SECRET, channels
from tests.notify.situations import BENGKULU, NOON, figures

WHO = Context(subject="u", route="test")
MINUTE = timedelta(minutes=1)
CITIES = [office.id for office in offices().all() if office.type in ("kabupaten", "kota")]
Way = tuple[str, ChannelKind, str]


async def carry_out(ledger: Ledger, *commands: Command) -> None:
    for command in commands:
        await ledger.execute(command, WHO)


async def caught_up(ledger: Ledger) -> None:
    """This log tells people from now on."""
    await carry_out(ledger, BeginListening(now=NOON, occurred_at=NOON, heads={}))


def mail(address: str) -> Way:
    return "surat", ChannelKind.EMAIL, address


def hook(receiver: Receiver) -> Way:
    return "sistem", ChannelKind.WEBHOOK, receiver.address


async def on_duty(ledger: Ledger, desk: Desk, person: str, *ways: Way) -> None:
    """This person sits at the desk, and is reached by these ways."""
    listed = tuple(Channel(name, kind) for name, kind, _ in ways)
    contact = [{"name": name, "kind": kind, "address": to, "secret": SECRET} for name, kind, to in ways]
    row = {"person": person, "name": "Pejabat", "channels": contact, "changed_at": NOON, "changed_by": "u-1"}
    keep = KeepContact(now=NOON, occurred_at=NOON, person=person, channels=listed, by="u-1")
    await ledger.execute(keep, WHO, rows=[Row("people", (person,), row)])
    appoint = Appoint(
        now=NOON,
        occurred_at=NOON,
        role=desk.role,
        region=desk.region,
        person=person,
        capacity=Capacity.DEFINITIVE,
        since=date(2024, 1, 1),
        until=None,
        by="u-1",
    )
    await carry_out(ledger, appoint)


def short(
    office: str = BENGKULU,
    level: StockLevel = StockLevel.LOW,
    episode: int = 1,
    now: datetime = NOON,
    item: str = "KTP_WNI",
) -> RaiseShortage:
    """Stock says that this office is short."""
    return RaiseShortage(
        now=now,
        occurred_at=now,
        office=office,
        item=item,
        place=place_of(office, now),
        episode=episode,
        stock_level=level,
        figures=figures(0 if level is StockLevel.EMPTY else 1_200),
    )


def recovered(office: str = BENGKULU, episode: int = 1, now: datetime = NOON) -> ShortageOver:
    return ShortageOver(
        now=now,
        occurred_at=now,
        office=office,
        item="KTP_WNI",
        place=place_of(office, now),
        episode=episode,
        figures=figures(9_000, None),
    )


@dataclass
class LargeMailbox(Mailbox):
    """For large mails: they are parsed once somebody asks, and not whenever aiosmtpd looks at its handler."""

    asked: bool = False

    @property
    def mails(self) -> list[EmailMessage]:
        return super().mails if self.asked else []


class PostOffice:
    """What the worker does, one step after the other, at the moments that a test says."""

    def __init__(self, ledger: Ledger, engine: AsyncEngine, ways: Channels, limit: RateLimit) -> None:
        self.now = NOON
        self.ledger = ledger
        self.engine = engine
        self.letters = Letters(ledger, engine)
        self.sender = Sender(ledger, engine, ways, self.letters, lambda: self.now, limit)

    async def at(self, now: datetime) -> None:
        """All that is due at this moment is done."""
        self.now = now
        while await close_due(self.ledger, self.engine, now):
            pass
        await self.letters.write_due(now)
        while await self.sender.look():
            await self.sender.finish()
        await self.sender.report_unreached()

    async def rows(self, query: str) -> Sequence[Any]:
        """What the read tables say."""
        async with self.engine.connect() as connection:
            return (await connection.execute(text(query))).all()


@asynccontextmanager
async def post_office(
    ledger: Ledger, engine: AsyncEngine, mailbox: Mailbox | None = None, limit: RateLimit = LIMIT, **settings: Any
) -> AsyncIterator[PostOffice]:
    async with channels(mailbox, **settings) as ways:
        office = PostOffice(ledger, engine, ways, limit)
        try:
            yield office
        finally:
            await office.sender.stop()


def files_of(message: EmailMessage) -> dict[str, bytes]:
    """A mail's attachments, by name."""
    return {str(part.get_filename()): part.get_payload(decode=True) for part in message.iter_attachments()}  # type: ignore[misc]
