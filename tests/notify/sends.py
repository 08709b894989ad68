"""A notice as it is sent, and one send over each channel with the settings of a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from services.notify.channels import Attachment, Channels, ChannelSettings, Destination, Kind, Message, Outcome
from tests.notify.receivers import HOST, Mailbox, Receiver

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
HEAD = Destination(Kind.EMAIL, "kepala@bengkulu.test")
SUBJECT = "Stok blanko KTP-el kritis di Kota Bengkulu – mohon dijawab hari ini; tembusan: Dinas Dukcapil – “segera”"
PDF = Attachment("surat 27-11-2024.pdf", "application/pdf", b"%PDF-1.7\n.\n..\r\n.\r\n" + bytes(range(256)) * 400)
NOTICE = Message(
    id="e-17-71-3_s2_r1",
    subject=SUBJECT,
    text="Tersedia 120 keping.\n.\nMohon dijawab – paling lambat 27-11-2024 pukul 14.30 WIB.",
    html="<p>Tersedia <b>120</b> keping – segera.</p>",
    attachments=(PDF,),
    data={"type": "shortage.climbed", "data": {"office": "17.71", "on_hand": 120, "hal": "–"}},
    at=datetime(2024, 11, 27, 7, 30, tzinfo=UTC),
)


@asynccontextmanager
async def channels(mailbox: Mailbox | None = None, **settings: Any) -> AsyncIterator[Channels]:
    usual: dict[str, Any] = {"webhook_loopback": True, "gateway_schemes": "json,ntfy,tgram,slack"}
    if mailbox is not None:
        usual |= {"smtp_host": HOST, "smtp_port": mailbox.port, "smtp_security": "none", "smtp_from": "n@blanko.test"}
    async with Channels(ChannelSettings(**usual | settings)) as channels:
        yield channels


async def mailed(mailbox: Mailbox, to: str = HEAD.address, message: Message = NOTICE, **settings: Any) -> Outcome:
    async with channels(mailbox, **settings) as ways:
        return await ways.send(Destination(Kind.EMAIL, to), message)


async def posted(to: Receiver | str, secret: str | None = SECRET, **settings: Any) -> Outcome:
    async with channels(**settings) as ways:
        address = to if isinstance(to, str) else to.address
        return await ways.send(Destination(Kind.WEBHOOK, address, secret), NOTICE)


async def handed_on(address: str, **settings: Any) -> Outcome:
    async with channels(**settings) as ways:
        return await ways.send(Destination(Kind.GATEWAY, address), NOTICE)
