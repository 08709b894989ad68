"""Real mail and web servers of this process, well-behaved or not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

HOST = "127.0.0.1"


@dataclass
class Post:
    """What somebody posts and how."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Mailbox:
    """A mail server's handler: it answers each message with the next of `replies`, or takes it.

    "HANG" is no answer at all, "DROP" an end of the connection; `refused` is what it says to a recipient.
    """

    replies: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refused:
            return self.refused.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        reply = self.replies.pop(0) if self.replies else "250 OK"
        if reply in ("250 OK", "HANG", "DROP"):
            self.envelopes.append(envelope)
        if reply == "HANG":
            await asyncio.sleep(60)
        if reply == "DROP":
            assert server.transport is not None
            server.transport.close()
        return reply

    @property
    def mails(self) -> list[EmailMessage]:
        """What came in, whether it was answered or not."""
        mails = []
        for envelope in self.envelopes:
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=default)
            assert isinstance(mail, EmailMessage)
            mails.append(mail)
        return mails


@asynccontextmanager
async def mail_server(mailbox: Mailbox, **options: Any) -> AsyncIterator[Mailbox]:
    """Serves this mailbox on a free port while the block runs."""
    loop = asyncio.get_running_loop()
    connections: list[SMTP] = []

    def connect() -> SMTP:
        connections.append(SMTP(mailbox, hostname="mail.test", loop=loop, **options))
        return connections[-1]

    server = await loop.create_server(connect, HOST, 0)
    mailbox.port = server.sockets[0].getsockname()[1]
    try:
        yield mailbox
    finally:
        server.close()
        for connection in connections:
            if isinstance(connection.transport, asyncio.WriteTransport):
                connection.transport.abort()
        await asyncio.sleep(0.01)


def nobody_but(username: bytes, password: bytes) -> Callable[..., AuthResult]:
    """For `authenticator=`: takes these only."""

    def judge(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (username, password), handled=False)

    return judge


@dataclass
class Receiver:
    """A web server that remembers what was posted and answers with the next of `answers`, or 204.

    An answer is all bytes of a response; "HANG" and "DROP" as for mail.
    """

    answers: list[str | bytes] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    port: int = 0
    connections: int = 0

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/notices?office=17.71"

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            line, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (header.partition(": ") for header in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.posts.append(Post(line, headers, body))
            answer = self.answers.pop(0) if self.answers else status(204)
            if answer == "HANG":
                await reader.read()
            elif answer != "DROP":
                writer.write(answer if isinstance(answer, bytes) else answer.encode())
                await writer.drain()
                if answer == ENDLESS:
                    await _flood(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"


def status(code: int, **headers: str) -> str:
    """A response without a body, header names with `_` for `-`."""
    lines = [f"HTTP/1.1 {code} .", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "Content-Length: 0" if code != 204 else "X: y", "", ""])


async def _flood(writer: asyncio.StreamWriter) -> None:
    for _ in range(1_000):
        writer.write(b"x" * 1_000_000)
        await writer.drain()


@asynccontextmanager
async def web_server(receiver: Receiver, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    """Serves this receiver on a free port while the block runs."""
    async with serving(receiver, tls) as receiver.port:
        yield receiver


@asynccontextmanager
async def speaking(*lines: str) -> AsyncIterator[int]:
    """A server that says these lines, the first at once, the next each time it is spoken to; gives its port."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in lines:
            if line == "DROP":
                break
            if line == "HANG":
                await reader.read()
                break
            writer.write(line.encode())
            await reader.readline()
        writer.close()

    async with serving(speak) as port:
        yield port


Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


@asynccontextmanager
async def serving(converse: Conversation, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Has this conversation with everybody while the block runs; gives the port."""
    conversations: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations[asyncio.ensure_future(converse(reader, writer))] = writer

    server = await asyncio.start_server(begin, HOST, 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for conversation, writer in conversations.items():
            conversation.cancel()
            writer.transport.abort()
        await asyncio.gather(*conversations, return_exceptions=True)
        await asyncio.sleep(0.01)


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate for one name or address: what its server shows, and who trusts it."""

    file: Path

    @classmethod
    def of(cls, name: str, folder: Path) -> Self:
        key = generate_private_key(SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        try:
            names: x509.GeneralName = x509.IPAddress(ip_address(name))
        except ValueError:
            names = x509.DNSName(name)
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([names]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(key, SHA256())
        )
        file = folder / f"{name}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        return cls(file)

    @property
    def shown(self) -> ssl.SSLContext:
        """A server's context."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context
