"""What a channel knows of a send: delivered, refused, failed, or nobody knows. Against real servers."""

import asyncio
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from deploy.local.process import free_port
from services.notify.channels import (
    Attachment,
    ChannelSettings,
    Destination,
    Kind,
    Message,
    Outcome,
    Result,
    Security,
)
from services.notify.channels.webhook import may_reach
from tests.notify.receivers import (
    ENDLESS,
    HOST,
    Certificate,
    Mailbox,
    Receiver,
    mail_server,
    nobody_but,
    speaking,
    status,
    web_server,
)
from tests.notify.sends import HEAD, NOTICE, PDF, SECRET, SUBJECT, channels, handed_on, mailed, posted

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", autouse=True)
def _few_are_trusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    # The authorities of the machine take 30 ms to read, at every send of these tests.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(Certificate.of("nobody.test", tmp_path_factory.mktemp("tls")).file))
        yield


async def test_a_mail_arrives_whole() -> None:
    async with mail_server(Mailbox()) as mailbox:
        assert await mailed(mailbox) == Outcome(Result.DELIVERED, "smtp_250")
    (mail,) = mailbox.mails
    assert mailbox.envelopes[0].rcpt_tos == ["kepala@bengkulu.test"]
    assert mail["Subject"] == SUBJECT
    assert mail["Message-ID"] == "<e-17-71-3_s2_r1@blanko.test>"
    assert mail["Date"].datetime == NOTICE.at
    assert (mail["From"], mail["To"], mail["Auto-Submitted"]) == ("n@blanko.test", HEAD.address, "auto-generated")
    plain, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None and plain.get_content().rstrip("\r\n").replace("\r\n", "\n") == NOTICE.text
    assert html is not None and html.get_content().strip() == NOTICE.html
    (attached,) = mail.iter_attachments()
    assert attached.get_content() == PDF.content
    assert (attached.get_filename(), attached.get_content_type()) == (PDF.name, PDF.media_type)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 no such user", Outcome(Result.REFUSED, "smtp_550")),
        ("451 try later", Outcome(Result.FAILED, "smtp_451")),
        ("421 closing", Outcome(Result.FAILED, "smtp_421")),
        ("299 quite so", Outcome(Result.DELIVERED, "smtp_299")),
        ("hello", Outcome(Result.UNKNOWN, "smtp_unclear")),
        ("DROP", Outcome(Result.UNKNOWN, "lost")),
        ("HANG", Outcome(Result.UNKNOWN, "timeout")),
    ],
)
async def test_what_the_server_says_to_the_message_decides(reply: str, expected: Outcome) -> None:
    async with mail_server(Mailbox(replies=[reply])) as mailbox:
        assert await mailed(mailbox, smtp_seconds=1) == expected


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("550 no such user", Outcome(Result.REFUSED, "smtp_550")),
        ("450 greylisted", Outcome(Result.FAILED, "smtp_450")),
    ],
)
async def test_what_the_server_says_to_the_recipient_decides(reply: str, expected: Outcome) -> None:
    async with mail_server(Mailbox(refused=[reply])) as mailbox:
        assert await mailed(mailbox) == expected
        assert mailbox.mails == []


async def test_a_greylisted_mail_is_taken_at_the_second_try_under_the_same_id() -> None:
    async with mail_server(Mailbox(refused=["450 greylisted"], replies=["HANG"])) as mailbox:
        tries = [await mailed(mailbox, smtp_seconds=1) for _ in range(3)]
    assert [t.result for t in tries] == [Result.FAILED, Result.UNKNOWN, Result.DELIVERED]
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1 and len(mailbox.mails) == 2


async def test_nobody_listens_nobody_speaks_or_somebody_hangs_up() -> None:
    assert await mailed(Mailbox(port=free_port())) == Outcome(Result.FAILED, "connect")
    for greeting, expected in [("HANG", "timeout"), ("DROP", "connect"), ("554 not you\r\n", "smtp_554")]:
        async with speaking(greeting) as port:
            assert await mailed(Mailbox(port=port), smtp_seconds=0.5) == Outcome(Result.FAILED, expected)


@pytest.mark.parametrize("reply", ["HANG", "DROP"])
async def test_before_the_message_is_handed_over_silence_is_a_failure(reply: str) -> None:
    polite = "220 mail.test\r\n", "250 mail.test\r\n", "250 OK\r\n", "250 OK\r\n"
    async with speaking(*polite, reply) as port:
        outcome = await mailed(Mailbox(port=port), smtp_seconds=0.5)
    assert outcome == Outcome(Result.FAILED, "timeout" if reply == "HANG" else "lost")


async def test_nothing_is_said_to_a_mail_server_without_tls_when_tls_is_asked_for() -> None:
    async with mail_server(Mailbox()) as mailbox:
        assert (await mailed(mailbox, smtp_security="starttls")).result is Result.FAILED
        assert (await mailed(mailbox, smtp_security="tls", smtp_seconds=2)).result is Result.FAILED
        assert mailbox.mails == []


async def test_mail_goes_over_tls_with_a_password_to_the_server_of_that_name_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = Certificate.of("localhost", tmp_path)
    login: dict[str, Any] = {"smtp_username": "notify", "smtp_password": "rahasia", "smtp_security": "starttls"}
    options = {"tls_context": certificate.shown, "require_starttls": True, "auth_required": True}
    async with mail_server(Mailbox(), authenticator=nobody_but(b"notify", b"rahasia"), **options) as mailbox:
        assert await mailed(mailbox, smtp_host="localhost", **login) == Outcome(Result.FAILED, "tls"), "not trusted"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        assert await mailed(mailbox, **login) == Outcome(Result.FAILED, "tls"), "another name"
        assert await mailed(mailbox, smtp_host="localhost", **login) == Outcome(Result.DELIVERED, "smtp_250")
        wrong = login | {"smtp_password": "salah"}
        assert await mailed(mailbox, smtp_host="localhost", **wrong) == Outcome(Result.FAILED, "smtp_535")
    assert len(mailbox.mails) == 1


async def test_no_subject_and_no_address_makes_a_header_or_a_recipient_of_its_own() -> None:
    sly = Message("id-1", "Stok\r\nBcc: x@evil.test\r\n\r\nisi\x00\u202e", "t", None, (), {}, NOTICE.at)
    async with mail_server(Mailbox()) as mailbox:
        assert (await mailed(mailbox, message=sly)).result is Result.DELIVERED
        for address in (
            "a@b.test\r\nBcc: x@evil.test",
            "a@b.test, x@evil.test",
            "a@b.test> SIZE=1",
            "Kepala <a@b.test>",
            "a@b.test\n",
            '"a b"@b.test',
            "kepala",
            "a@b@c.test",
            "a..b@c.test",
            f"{'a' * 65}@b.test",
            "képala@b.test",
        ):
            assert await mailed(mailbox, to=address) == Outcome(Result.REFUSED, "address"), address
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None and mail["Subject"] == "Stok Bcc: x@evil.test isi"
    assert mailbox.envelopes[0].rcpt_tos == [HEAD.address]


@pytest.mark.parametrize(("name", "media_type"), [("a\r\nb.pdf", "application/pdf"), ("../a", "a/b"), ("a", "a/b\r\n")])
def test_an_attachment_has_a_plain_name_and_type(name: str, media_type: str) -> None:
    with pytest.raises(ValueError, match="plain file name"):
        Attachment(name, media_type, b"")


@pytest.mark.parametrize("id", ["", "a.b", "a b", "a\r\nX: y", "17.71:KTP_WNI", "a" * 201])
def test_an_id_stands_in_headers_as_it_is(id: str) -> None:
    with pytest.raises(ValueError, match="id is"):
        Message(id, "s", "t", None, (), {}, NOTICE.at)


async def test_the_receiver_of_a_webhook_verifies_it_and_knows_it_again() -> None:
    async with web_server(Receiver(answers=["HANG"])) as receiver:
        assert await posted(receiver, webhook_seconds=0.5) == Outcome(Result.UNKNOWN, "timeout")
        assert await posted(receiver) == Outcome(Result.DELIVERED, "http_204")
    first, second = receiver.posts
    for post in receiver.posts:
        assert Webhook(SECRET).verify(post.body, post.headers) == NOTICE.data
    assert first.line == "POST /notices?office=17.71 HTTP/1.1"
    assert first.headers["host"] == f"{HOST}:{receiver.port}"
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == NOTICE.id
    assert first.body == second.body


@pytest.mark.parametrize(
    ("code", "result"),
    [
        *((code, "DELIVERED") for code in (200, 202)),
        *((code, "REFUSED") for code in (301, 307, 400, 401, 403, 404, 410, 422)),
        *((code, "FAILED") for code in (408, 425, 429, 500, 502, 503, 599)),
    ],
)
async def test_the_status_of_a_webhook_decides(code: int, result: str) -> None:
    async with web_server(Receiver()) as elsewhere, web_server(Receiver()) as receiver:
        receiver.answers.append(status(code, Location=elsewhere.address))
        assert await posted(receiver) == Outcome(Result(result), f"http_{code}")
        assert elsewhere.posts == [], "no redirect is followed"


async def test_a_webhook_may_ask_for_time_but_not_for_more_than_an_hour() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    asked = ["120", "999999", later, "-5", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "9" * 400]
    async with web_server(Receiver(answers=[status(503, Retry_After=value) for value in asked])) as receiver:
        waits = [(await posted(receiver)).retry_after for _ in asked]
    minute = timedelta(minutes=1)
    assert waits[:2] == [2 * minute, 60 * minute] and waits[3:] == [None, 0 * minute, None, None]
    assert waits[2] is not None and 9 * minute < waits[2] <= 10 * minute


async def test_a_webhook_that_is_not_answered_may_have_been_taken() -> None:
    async with web_server(Receiver(answers=["DROP", "nonsense\r\n\r\n", "HTTP/1.1 2"])) as receiver:
        outcomes = [await posted(receiver, webhook_seconds=2) for _ in range(3)]
    assert outcomes == [Outcome(Result.UNKNOWN, "lost")] * 3 and len(receiver.posts) == 3


async def test_a_webhook_that_cannot_be_reached_was_not_taken() -> None:
    assert await posted(f"http://{HOST}:{free_port()}/") == Outcome(Result.FAILED, "connect")
    assert await posted("https://no-such-host.invalid/") == Outcome(Result.FAILED, "dns")


async def test_the_body_of_an_answer_is_not_read() -> None:
    async with web_server(Receiver(answers=[ENDLESS])) as receiver:
        began = time.monotonic()
        assert await posted(receiver) == Outcome(Result.DELIVERED, "http_200")
        assert time.monotonic() - began < 5


async def test_a_webhook_without_a_good_secret_is_not_sent() -> None:
    async with web_server(Receiver()) as receiver:
        for secret in (
            None,
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            SECRET + "A",
            "not base64, but a sentence of forty letters",
            "é" * 40,
        ):
            assert await posted(receiver, secret=secret) == Outcome(Result.REFUSED, "secret")
        assert receiver.connections == 0


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::]"),
        *("10.0.0.1", "172.16.9.9", "192.168.1.1", "[fd12::1]", "[fe80::1]", "224.0.0.1", "[2002:a9fe:a9fe::1]"),
        *("169.254.169.254", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "[fd00:ec2::254]"),
        *("100.100.100.200", "192.0.0.192"),
    ],
)
async def test_a_webhook_goes_to_no_address_of_ours(host: str) -> None:
    for scheme in ("http", "https"):
        outcome = await posted(f"{scheme}://{host}:{free_port()}/", webhook_loopback=False)
        assert outcome == Outcome(Result.REFUSED, "forbidden_address")


def test_private_networks_are_reached_when_allowed_by_https_and_what_is_dangerous_never() -> None:
    closed, opened = ChannelSettings(), ChannelSettings(webhook_private=True)
    for address in ("10.1.2.3", "172.31.0.1", "192.168.0.9", "fd12:3456::1"):
        assert may_reach(opened, "https", ip_address(address)) and not may_reach(opened, "http", ip_address(address))
        assert not may_reach(closed, "https", ip_address(address))
    for address in (
        "169.254.169.254",
        "100.100.100.200",
        "fd00:ec2::254",
        "fe80::1",
        "::",
        "0.0.0.0",
        "255.255.255.255",
    ):
        assert not may_reach(opened, "https", ip_address(address))
    for address in ("103.28.14.7", "2404:6800:4003::200e"):
        assert may_reach(closed, "https", ip_address(address)) and not may_reach(closed, "http", ip_address(address))
    assert not may_reach(opened, "https", ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    "address",
    ["ftp://a.test/", "a.test", "", "https://", "https://u:p@a.test/", "https://a" + "b" * 2_000, "http://[::"],
)
async def test_what_is_no_web_address_is_refused(address: str) -> None:
    assert await posted(address) == Outcome(Result.REFUSED, "address")


async def test_the_address_that_was_looked_at_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def resolver(_: object, host: str, port: int, **__: object) -> list[tuple[Any, ...]]:
        """Answers with a loopback address and with one nobody may reach, and with that alone if asked again."""
        asked.append(host)
        answers = ["169.254.169.254", "127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]
        return [(2, 1, 6, "", (address, port)) for address in answers]

    async with web_server(Receiver()) as receiver:
        monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", resolver)
        assert (await posted(f"http://hook.test:{receiver.port}/")).result is Result.DELIVERED
    assert asked == ["hook.test"] and receiver.posts[0].headers["host"] == f"hook.test:{receiver.port}"


async def test_a_webhook_takes_no_way_round_by_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with web_server(Receiver()) as proxy, web_server(Receiver()) as receiver:
        monkeypatch.setenv("HTTP_PROXY", f"http://{HOST}:{proxy.port}")
        assert (await posted(receiver)).result is Result.DELIVERED
    assert proxy.connections == 0


async def test_a_webhook_goes_to_the_holder_of_the_name_s_certificate_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, wrong = Certificate.of("localhost", tmp_path), Certificate.of("elsewhere.test", tmp_path)
    async with web_server(Receiver(), right.shown) as receiver, web_server(Receiver(), wrong.shown) as stranger:
        assert await posted(f"https://localhost:{receiver.port}/") == Outcome(Result.FAILED, "connect"), "not trusted"
        monkeypatch.setenv("SSL_CERT_FILE", str(right.file))
        assert await posted(f"https://localhost:{receiver.port}/") == Outcome(Result.DELIVERED, "http_204")
        monkeypatch.setenv("SSL_CERT_FILE", str(wrong.file))
        assert await posted(f"https://localhost:{stranger.port}/") == Outcome(Result.FAILED, "connect")
    assert len(receiver.posts) == 1 and stranger.posts == []


async def test_a_channel_that_is_not_set_up_is_refused_and_a_surprise_is_no_exception() -> None:
    assert await mailed(Mailbox(port=free_port()), smtp_host=None) == Outcome(Result.REFUSED, "not_configured")
    unsendable = Message("id-1", "s", "t", None, (), {"data": object()}, NOTICE.at)
    async with web_server(Receiver()) as receiver, channels() as ways:
        outcome = await ways.send(Destination(Kind.WEBHOOK, receiver.address, SECRET), unsendable)
    assert outcome == Outcome(Result.UNKNOWN, "error")


async def test_a_cancelled_send_is_cancelled() -> None:
    async with web_server(Receiver(answers=["HANG"])) as receiver:
        sending = asyncio.ensure_future(posted(receiver))
        await asyncio.sleep(0.2)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_no_log_line_and_no_repr_holds_an_address_a_subject_a_text_or_a_secret(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[logging.LogRecord] = []
    root, handler = logging.getLogger(), logging.Handler()
    monkeypatch.setattr(handler, "emit", lines.append)
    monkeypatch.setattr(root, "level", 1)
    monkeypatch.setattr(root, "handlers", [*root.handlers, handler])
    async with mail_server(Mailbox(replies=["550 kepala"])) as mailbox, web_server(Receiver()) as receiver:
        receiver.answers += [status(500), status(500), "DROP"]
        assert (await mailed(mailbox)).result is Result.REFUSED
        assert (await posted(receiver)).result is Result.FAILED
        assert (await handed_on(f"json://{HOST}:{receiver.port}/kanal-rahasia")).result is Result.FAILED
        assert (await handed_on(f"json://{HOST}:{receiver.port}/kanal-rahasia")).result is Result.UNKNOWN
    said = "\n".join(r.getMessage() for r in lines if not r.name.startswith("mail."))
    said += "".join(capfd.readouterr()) + repr(Destination(Kind.WEBHOOK, receiver.address, SECRET)) + repr(NOTICE)
    for private in ("kepala", str(receiver.port), "kanal-rahasia", SECRET, "blanko KTP-el", "120", "Mohon"):
        assert private not in said
    assert any(line.name == "mail.log" for line in lines), "the mail server of this test is heard"


def test_settings_that_would_be_unsafe_are_not_taken() -> None:
    for unsafe in (
        {"gateway_schemes": "tgram,dbus"},
        {"smtp_host": "mail.test"},
        {"smtp_host": "mail.test", "smtp_from": "Blanko <n@blanko.test>"},
        {"smtp_host": "mail.test", "smtp_from": "n@b.test", "smtp_username": "rahasia", "smtp_security": "none"},
    ):
        with pytest.raises(ValidationError) as raised:
            ChannelSettings(**unsafe)  # type: ignore[arg-type]
        assert "rahasia" not in str(raised.value) and "dbus" not in str(raised.value)
    assert "rahasia" not in repr(ChannelSettings(smtp_password="rahasia"))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SMTP_HOST": "m.test", "SMTP_FROM": "n@b.test", "SMTP_SECURITY": "tls"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GATEWAY_SCHEMES", "tgram, ntfys")
    settings = ChannelSettings()
    assert (settings.smtp_host, settings.smtp_security) == ("m.test", Security.TLS)
    assert settings.gateway_schemes == {"tgram", "ntfys"}
