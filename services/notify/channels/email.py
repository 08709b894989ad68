"""E-mail: one message to one mailbox, over one SMTP connection."""

import asyncio
import re
import ssl
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from enum import Enum, auto

import aiosmtplib

from services.notify.channels.message import Message, Outcome, Result
from services.notify.channels.settings import MAILBOX, ChannelSettings, Security

# Not every server takes eight bits.
_POLICY = SMTP_POLICY.clone(cte_type="7bit")
_DOT = re.compile(rb"(?m)^\.")
_GOODBYE_SECONDS = 2


class _Step(Enum):
    GREETING = auto()
    ENVELOPE = auto()
    HANDED_OVER = auto()


class Mailer:
    """Sends by the one mail server of the settings."""

    def __init__(self, settings: ChannelSettings) -> None:
        self._settings = settings
        self._tls = ssl.create_default_context()

    async def send(self, address: str, message: Message) -> Outcome:
        """One try. A lost connection or silence after the first byte of the message is UNKNOWN, before it FAILED.

        What the server says before it hears of a recipient is about us, not about the recipient: never REFUSED.
        """
        settings = self._settings
        if settings.smtp_host is None or settings.smtp_from is None:
            return Outcome(Result.REFUSED, "not_configured")
        if not MAILBOX.fullmatch(address):
            return Outcome(Result.REFUSED, "address")
        mail = composed(message, settings.smtp_from, address)
        smtp = self._client(settings.smtp_host, settings.smtp_from)
        step = _Step.GREETING
        try:
            async with asyncio.timeout(settings.smtp_seconds):
                await smtp.connect()
                step = _Step.ENVELOPE
                await smtp.mail(settings.smtp_from)
                await smtp.rcpt(address)
                reply = await smtp.execute_command(b"DATA")
                if reply.code != aiosmtplib.SMTPStatus.start_input or smtp.protocol is None:
                    return _said(reply.code, step)
                step = _Step.HANDED_OVER
                smtp.protocol.write(_DOT.sub(b"..", mail) + b".\r\n")
                reply = await smtp.protocol.read_response(settings.smtp_seconds)
            outcome = _said(reply.code, step)
            await _goodbye(smtp)
            return outcome
        except aiosmtplib.SMTPResponseException as error:
            return _said(error.code, step)
        except TimeoutError:
            code = "timeout"
        except ssl.SSLError:
            code = "tls"
        except (aiosmtplib.SMTPException, OSError):
            code = "connect" if step is _Step.GREETING else "lost"
        finally:
            smtp.close()
        return Outcome(Result.UNKNOWN if step is _Step.HANDED_OVER else Result.FAILED, code)

    def _client(self, host: str, sender: str) -> aiosmtplib.SMTP:
        settings = self._settings
        password = settings.smtp_password
        return aiosmtplib.SMTP(
            hostname=host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=password.get_secret_value() if password is not None else None,
            # Its default asks the DNS for the name of this machine, which may take long and says too much.
            local_hostname=sender.partition("@")[2],
            timeout=settings.smtp_seconds,
            use_tls=settings.smtp_security is Security.TLS,
            start_tls=settings.smtp_security is Security.STARTTLS,
            tls_context=self._tls,
        )


def composed(message: Message, sender: str, recipient: str) -> bytes:
    """The mail as it is sent, lines ending in CR LF. Both addresses are plain mail addresses.

    A subject of several lines becomes one; what is invisible in it is left out.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = Address(addr_spec=sender)
    mail["To"] = Address(addr_spec=recipient)
    mail["Subject"] = "".join(letter for letter in " ".join(message.subject.split()) if letter.isprintable())
    mail["Date"] = message.at
    mail["Message-ID"] = f"<{message.id}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text)
    if message.html is not None:
        mail.add_alternative(message.html, subtype="html")
    for attachment in message.attachments:
        main, _, sub = attachment.media_type.partition("/")
        mail.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
    return mail.as_bytes()


def _said(code: int, step: _Step) -> Outcome:
    word = f"smtp_{code}"
    match code // 100:
        case 2 if step is _Step.HANDED_OVER:
            return Outcome(Result.DELIVERED, word)
        case 4:
            return Outcome(Result.FAILED, word)
        case 5:
            return Outcome(Result.FAILED if step is _Step.GREETING else Result.REFUSED, word)
        case _:
            return Outcome(Result.UNKNOWN if step is _Step.HANDED_OVER else Result.FAILED, "smtp_unclear")


async def _goodbye(smtp: aiosmtplib.SMTP) -> None:
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(_GOODBYE_SECONDS):
            await smtp.quit()
