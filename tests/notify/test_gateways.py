"""Gateways by apprise URL: who may be one, and what is known of a send over it. Against a real server."""

import asyncio
import json
import time

import pytest

from deploy.local.process import free_port
from services.notify.channels import Destination, Kind, Outcome, Result
from tests.notify.receivers import HOST, Receiver, status, web_server
from tests.notify.sends import NOTICE, SECRET, channels, handed_on

pytestmark = pytest.mark.anyio


async def test_a_gateway_is_handed_subject_and_text() -> None:
    async with web_server(Receiver()) as receiver:
        assert await handed_on(f"json://{HOST}:{receiver.port}/x") == Outcome(Result.DELIVERED, "gateway_taken")
        receiver.answers.append(status(200))
        assert await handed_on(f"ntfy://{HOST}:{receiver.port}/stok") == Outcome(Result.DELIVERED, "gateway_taken")
    body = json.loads(receiver.posts[0].body)
    assert (body["title"], body["message"]) == (NOTICE.subject, NOTICE.text)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (status(401), Outcome(Result.REFUSED, "http_401")),
        (status(429), Outcome(Result.FAILED, "http_429")),
        (status(503), Outcome(Result.FAILED, "http_503")),
        ("DROP", Outcome(Result.UNKNOWN, "lost")),
        ("HANG", Outcome(Result.UNKNOWN, "timeout")),
    ],
)
async def test_what_a_gateway_answers_decides(answer: str, expected: Outcome) -> None:
    async with web_server(Receiver(answers=[answer])) as receiver:
        assert await handed_on(f"json://{HOST}:{receiver.port}/", gateway_seconds=1) == expected
        assert receiver.connections == 1, "tried once"


async def test_a_gateway_that_cannot_be_reached_was_not_told() -> None:
    assert await handed_on(f"json://{HOST}:{free_port()}/") == Outcome(Result.FAILED, "connect")


async def test_a_gateway_s_redirect_is_not_followed() -> None:
    async with web_server(Receiver()) as elsewhere, web_server(Receiver()) as receiver:
        receiver.answers.append(status(307, Location=elsewhere.address))
        assert await handed_on(f"json://{HOST}:{receiver.port}/") == Outcome(Result.REFUSED, "http_307")
        assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "address",
    [
        *(
            "dbus://",
            "exec://a",
            "file:///etc/passwd",
            "syslog://",
            "mailto://u:p@a.test",
            "xml://127.0.0.1/",
            "tgram",
            "",
        ),
        *("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "json://", "tgram://x/1"),
        *("tgram://123456789:abcdefg_hijklmnop/1/2", "tgram://123456789:abcdefg_hijklmnop/1?template=/etc/passwd"),
        *(
            f"json://127.0.0.1/?{sly}"
            for sly in ("verify=no", "redirect=yes", "retry=5", "optional=yes", "+Host=a.test")
        ),
        *(
            "json://a/?method=GET",
            "ntfy://127.0.0.1/a?attach=http://a.test/",
            "ntfy://127.0.0.1/a?ATTACH=http://a.test/",
        ),
    ],
)
async def test_a_gateway_outside_of_the_list_and_a_parameter_that_does_more_are_refused(address: str) -> None:
    assert await handed_on(address) == Outcome(Result.REFUSED, "address")


async def test_a_hanging_gateway_keeps_neither_name_resolution_nor_other_channels_waiting() -> None:
    async with web_server(Receiver(answers=["HANG"] * 12)) as receiver, channels(gateway_seconds=2) as ways:
        gateway = Destination(Kind.GATEWAY, f"json://{HOST}:{receiver.port}/")
        hanging = [asyncio.ensure_future(ways.send(gateway, NOTICE)) for _ in range(12)]
        await asyncio.sleep(0.2)
        began = time.monotonic()
        hook = Destination(Kind.WEBHOOK, f"http://localhost:{receiver.port}/", SECRET)
        receiver.answers.clear()
        assert (await ways.send(hook, NOTICE)).result is Result.DELIVERED
        assert time.monotonic() - began < 1
        outcomes = await asyncio.gather(*hanging)
    assert outcomes.count(Outcome(Result.UNKNOWN, "timeout")) >= 8, "as many as have a thread"
    never_begun = outcomes.count(Outcome(Result.FAILED, "busy"))
    assert receiver.connections == 1 + len(outcomes) - never_begun
