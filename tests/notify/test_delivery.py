"""What gathers in a desk's post goes out, over real mail and web servers, and its outcome is recorded."""

import asyncio
import json
import time
from email.message import EmailMessage
from hashlib import sha256

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from standardwebhooks import Webhook

from services.notify.channels import ChannelSettings, RateLimit
from services.notify.delivery import delivering
from services.notify.delivery.bundles import carry_out_each, closing
from services.notify.domain import (
    Cause,
    Desk,
    Held,
    Level,
    NoticeSent,
    SetSilence,
    StockLevel,
)
from services.notify.service import NOTIFY
from services.notify.views import inbox, outbox
from shared.ledger import Context, Entry, Ledger
from shared.offices import offices
from shared.rebuild import rebuild
from tests.notify.deliveries import (
    CITIES,
    MINUTE,
    LargeMailbox,
    carry_out,
    caught_up,
    files_of,
    hook,
    mail,
    on_duty,
    post_office,
    recovered,
    short,
)
from tests.notify.receivers import HOST, Mailbox, Receiver, mail_server, web_server
from tests.notify.sends import SECRET
from tests.notify.situations import BENGKULU, DIRJEN, HEAD, HOUR, NOON, PROVINCE

pytestmark = pytest.mark.anyio

LONG = Context(subject="u", route="test")
PROVINCES = [office.id for office in offices().all() if office.type == "province"]
TRIES = "select person, attempt, kind, result, code, again from tries order by person, attempt"


async def came_in(mailbox: Mailbox) -> None:
    while not mailbox.envelopes:  # noqa: ASYNC110 (another party fills it)
        await asyncio.sleep(0.01)


def text_of(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


def subject_of(message: EmailMessage) -> str:
    """A subject that was folded at once begins with the blank that it was folded at."""
    return str(message["Subject"]).strip()


async def test_a_nation_without_blanks_is_one_mail_and_one_letter_a_province_and_one_of_each_to_the_dirjen(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    for province in PROVINCES:
        await on_duty(ledger, Desk("province", province), f"p-{province}", mail(f"p{province}@blanko.test"))
    await on_duty(ledger, DIRJEN, "d-1", mail("dirjen@blanko.test"))
    entries = [Entry(short(city, StockLevel.EMPTY), LONG) for city in CITIES]
    await asyncio.gather(*(ledger.execute_all(entries[n : n + 50]) for n in range(0, len(entries), 50)))
    mailbox = LargeMailbox()
    async with mail_server(mailbox), post_office(ledger, engine, mailbox) as office:
        began = time.monotonic()
        await office.at(NOON + MINUTE)
        print(f"514 offices, 39 letters and mails: {time.monotonic() - began:.1f} s")
        mailbox.asked = True
        by_recipient = {
            envelope.rcpt_tos[0]: message for envelope, message in zip(mailbox.envelopes, mailbox.mails, strict=True)
        }
        assert len(mailbox.envelopes) == len(by_recipient) == 39
        assert subject_of(by_recipient["dirjen@blanko.test"]) == "Stok blanko: 514 kota/kabupaten kosong"
        assert "dan 484 lainnya" in text_of(by_recipient["dirjen@blanko.test"])
        letters = await office.rows("select role, region, letter, html_sha256, pdf_sha256 from letters")
        assert sorted((row.role, row.region) for row in letters) == [
            ("national", "00"),
            *(("province", province) for province in PROVINCES),
        ]
        for row in letters:
            to = "dirjen@blanko.test" if row.role == "national" else f"p{row.region}@blanko.test"
            page, pdf = files_of(by_recipient[to]).values()
            assert (sha256(page).hexdigest(), sha256(pdf).hexdigest()) == (row.html_sha256, row.pdf_sha256)
            assert pdf.startswith(b"%PDF")
            assert row.letter in text_of(by_recipient[to])
        mailbox.asked = False
        await office.at(NOON + 10 * MINUTE)
        assert len(mailbox.envelopes) == 39


async def test_a_shortage_that_comes_and_goes_is_one_mail_that_says_what_it_stands_for(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        for n in range(4):
            await carry_out(ledger, short(episode=n + 1, now=NOON + n * MINUTE))
            await office.at(NOON + n * MINUTE)
            if n < 3:
                await carry_out(ledger, recovered(episode=n + 1, now=NOON + n * MINUTE))
        await office.at(NOON + 10 * MINUTE)
        [message] = mailbox.mails
        assert subject_of(message) == "Stok blanko KTP-el WNI menipis di Kota Bengkulu"
        assert "mencakup juga 6 pemberitahuan" in text_of(message)
        await carry_out(ledger, recovered(episode=4, now=NOON + 20 * MINUTE), short(episode=5, now=NOON + 25 * MINUTE))
        await carry_out(ledger, recovered(episode=5, now=NOON + 30 * MINUTE))
        await office.at(NOON + 2 * HOUR)
        assert len(mailbox.mails) == 1
        await office.at(NOON + 7 * HOUR)
        _, last = mailbox.mails
        assert subject_of(last) == "Selesai: Stok blanko KTP-el WNI di Kota Bengkulu naik turun, kini pulih"
        assert len(text_of(last).strip().splitlines()) == 1


async def test_a_shortage_that_was_over_before_anybody_was_told_is_told_once_and_says_so(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    await carry_out(ledger, short(), recovered(now=NOON + MINUTE))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(NOON + 10 * MINUTE)
        [message] = mailbox.mails
        assert subject_of(message).startswith("Selesai:")
        assert text_of(message).startswith("Kekurangan ini terjadi dan sudah berakhir")
        assert not await office.rows("select 1 from bundles where letter is not null")


async def test_a_dead_mail_server_falls_over_to_a_webhook_whose_signature_holds(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    dead = Mailbox()
    async with mail_server(dead):
        pass
    async with web_server(Receiver()) as receiver, post_office(ledger, engine, dead) as office:
        await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"), hook(receiver))
        await carry_out(ledger, short(level=StockLevel.CRITICAL))
        await office.at(NOON + 2 * MINUTE)
        assert not receiver.posts
        await office.at(NOON + 3 * MINUTE)
        [post] = receiver.posts
        said = Webhook(SECRET).verify(post.body, post.headers)
        assert post.headers["webhook-id"] == "province_17_1_p-17_sistem"
        assert said["type"] == "blanko.notices"
        [notice] = said["data"]["notices"]
        assert (notice["id"], notice["office"]) == ("shortage/17.71/KTP_WNI/1/1/province/17", BENGKULU)
        assert said["data"]["letter"] == "400.12/0001/BLANKO-17/2024"
        assert [tuple(row)[1:] for row in await office.rows(TRIES)] == [
            (1, "EMAIL", "FAILED", "connect", False),
            (2, "EMAIL", "FAILED", "connect", False),
            (3, "WEBHOOK", "DELIVERED", "http_204", False),
        ]
        assert "@" not in json.dumps([tuple(map(str, row)) for row in await office.rows("select data from events")])


async def test_a_worker_killed_in_the_middle_of_a_try_is_followed_by_one_more_try_under_the_same_message_id(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    await carry_out(ledger, short())
    async with mail_server(Mailbox(replies=["HANG"])) as mailbox:
        async with post_office(ledger, engine, mailbox) as killed:
            killed.now = NOON + 10 * MINUTE
            assert await killed.sender.mark_interrupted(at_start=True) == 0
            async with asyncio.timeout(10):
                killing = asyncio.create_task(killed.at(NOON + 10 * MINUTE))
                await came_in(mailbox)
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
        async with post_office(ledger, engine, mailbox) as office:
            office.now = NOON + 11 * MINUTE
            assert await office.sender.mark_interrupted() == 0
            assert await office.sender.mark_interrupted(at_start=True) == 1
            await office.at(NOON + 11 * MINUTE)
            assert len(mailbox.mails) == 1
            await office.at(NOON + 12 * MINUTE)
            first, second = mailbox.mails
            assert first["Message-ID"] == second["Message-ID"] == "<head_17_71_1_u-80_surat@blanko.test>"
            assert first.as_bytes().split(b"\n\n", 1)[0].count(b"Date") == 1
            assert [tuple(row)[1:] for row in await office.rows(TRIES)] == [
                (1, "EMAIL", "UNKNOWN", "interrupted", False),
                (2, "EMAIL", "DELIVERED", "smtp_250", True),
            ]
            await office.at(NOON + 9 * HOUR)
            assert len(mailbox.mails) == 2


async def test_a_receiver_that_never_answers_is_tried_once_more_and_keeps_nobody_waiting(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, PROVINCE, "p-1", mail("p1@blanko.test"))
    async with (
        mail_server(Mailbox()) as mailbox,
        web_server(Receiver(answers=["HANG", "HANG"])) as silent,
        post_office(ledger, engine, mailbox, webhook_seconds=0.3) as office,
    ):
        await on_duty(ledger, HEAD, "u-80", hook(silent))
        await carry_out(ledger, short(level=StockLevel.CRITICAL))
        await office.at(NOON + 2 * MINUTE)
        assert len(mailbox.mails) == 1
        await office.at(NOON + 3 * MINUTE)
        await office.at(NOON + 9 * HOUR)
        assert len(silent.posts) == 2
        assert silent.posts[0].headers["webhook-id"] == silent.posts[1].headers["webhook-id"]
        assert [tuple(row) for row in await office.rows(TRIES)][1:] == [
            ("u-80", 1, "WEBHOOK", "UNKNOWN", "timeout", False),
            ("u-80", 2, "WEBHOOK", "UNKNOWN", "timeout", True),
        ]


async def test_a_head_who_is_reached_over_no_channel_is_passed_over_and_the_province_reads_why(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"))
    await carry_out(ledger, short())
    async with (
        mail_server(Mailbox(refused=["550 nobody here"])) as mailbox,
        post_office(ledger, engine, mailbox) as office,
    ):
        await office.at(NOON + 10 * MINUTE)
        [climbed] = await office.rows(
            "select data->>'cause' as cause, data->>'level' as level from events where type = 'EscalationClimbed'"
        )
        assert (climbed.cause, climbed.level) == (Cause.UNREACHED, Level.PROVINCE)
        assert [tuple(row) for row in await office.rows("select unreached, reported from sends")] == [(True, True)]
        await office.at(NOON + 21 * MINUTE)
        to_province = next(m for m in mailbox.mails if m["To"] == "p17@blanko.test")
        assert "Kepala dinas tidak dapat dihubungi melalui saluran mana pun." in text_of(to_province)
        await office.at(NOON + 22 * MINUTE)
        assert len(await office.rows("select 1 from events where type = 'EscalationClimbed'")) == 1


async def test_a_desk_of_which_one_person_is_reached_is_reached(ledger: Ledger, engine: AsyncEngine) -> None:
    await caught_up(ledger)
    await on_duty(ledger, PROVINCE, "p-1", mail("p1@blanko.test"))
    await on_duty(ledger, PROVINCE, "p-2", mail("p2@blanko.test"))
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with (
        mail_server(Mailbox(refused=["550 nobody here"])) as mailbox,
        post_office(ledger, engine, mailbox) as office,
    ):
        await office.at(NOON + 2 * MINUTE)
        assert sorted(row.state for row in await office.rows("select state from sends")) == ["DELIVERED", "OVER"]
        assert not await office.rows("select 1 from events where type in ('EscalationClimbed', 'UnreachedReported')")


async def test_what_is_silenced_is_sent_to_nobody_and_lies_in_the_inbox(ledger: Ledger, engine: AsyncEngine) -> None:
    await caught_up(ledger)
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    silence = SetSilence(
        now=NOON,
        occurred_at=NOON,
        office=BENGKULU,
        silence="s-1",
        item=None,
        at_most=StockLevel.CRITICAL,
        level=Level.NATIONAL,
        until=NOON + 9 * HOUR,
        reason="Kantor pindah gedung",
        by="u-1",
    )
    await carry_out(ledger, silence, short(now=NOON + MINUTE))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(NOON + HOUR)
        assert not mailbox.mails
        assert not await office.rows("select 1 from bundles")
    async with engine.connect() as connection:
        [(_, notice)] = await inbox(connection, "head", BENGKULU, None, 9)
    assert isinstance(notice, NoticeSent)
    assert notice.held is Held.SILENCED


async def test_read_tables_that_are_rebuilt_send_nothing(ledger: Ledger, engine: AsyncEngine) -> None:
    await caught_up(ledger)
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"))
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(NOON + 2 * MINUTE)
        assert len(mailbox.mails) == 2
        before = await office.rows("select * from sends order by role")
        await rebuild(NOTIFY, engine)
        assert await office.rows("select * from sends order by role") == before
        assert await office.rows("select 1 from people")
        assert await office.sender.mark_interrupted(at_start=True) == 0
        await office.at(NOON + HOUR)
        assert len(mailbox.mails) == 2


async def test_whoever_waits_for_a_crowded_address_keeps_nobody_else_waiting(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    async with (
        web_server(Receiver()) as crowded,
        web_server(Receiver()) as other,
        post_office(ledger, engine, limit=RateLimit(per_minute=1, burst=2)) as office,
    ):
        for city in CITIES[:20]:
            await on_duty(ledger, Desk("head", city), f"h-{city}", hook(crowded))
        await on_duty(ledger, HEAD, "u-80", hook(other))
        await carry_out(ledger, *(short(city) for city in CITIES[:20]), short(now=NOON + MINUTE))
        await office.at(NOON + 11 * MINUTE)
        assert (len(crowded.posts), len(other.posts)) == (2, 1)
        await office.at(NOON + 11 * MINUTE)
        assert len(crowded.posts) == 2
        for minute in range(12, 15):
            await office.at(NOON + minute * MINUTE)
        assert len(crowded.posts) == 5
        assert [row.state for row in await office.rows("select state from sends where state <> 'DELIVERED'")] == [
            "DUE"
        ] * 15


async def test_what_is_posted_while_a_bundle_is_being_closed_goes_out_with_it(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"))
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with engine.connect() as connection:
        key = ("province", "17", 1)
        seen = (await outbox.lying_in(connection, [key]))[key]
        holders = await outbox.holders_of(connection, [PROVINCE])
    await carry_out(ledger, short("17.01", StockLevel.CRITICAL, now=NOON + MINUTE))
    await carry_out_each(ledger, [closing(key, seen, holders, NOON + 2 * MINUTE)])
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(NOON + 2 * MINUTE)
        [message] = [m for m in mailbox.mails if m["To"] == "p17@blanko.test"]
        assert subject_of(message) == "Stok blanko: 2 kota/kabupaten kritis"


async def test_addresses_that_cannot_be_read_keep_nobody_else_waiting(ledger: Ledger, engine: AsyncEngine) -> None:
    await caught_up(ledger)
    await on_duty(ledger, PROVINCE, "p-1", mail("p1@blanko.test"))
    await on_duty(ledger, PROVINCE, "p-2", mail("p2@blanko.test"))
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with engine.begin() as connection:
        await connection.execute(text("update people set channels = '[{}]' where person = 'p-1'"))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(NOON + 2 * MINUTE)
        assert [mail["To"] for mail in mailbox.mails] == ["p2@blanko.test"]


async def test_somebody_without_channels_is_told_in_the_inbox_alone_and_that_is_recorded(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, HEAD, "u-80")
    await carry_out(ledger, short())
    async with post_office(ledger, engine) as office:
        await office.at(NOON + 10 * MINUTE)
        [send] = await office.rows("select state, result, unreached from sends")
        assert tuple(send) == ("OVER", "NO_CHANNEL", False)
        assert not await office.rows("select 1 from events where type = 'EscalationClimbed'")


async def test_the_part_of_the_worker_closes_writes_and_sends_by_itself(ledger: Ledger, engine: AsyncEngine) -> None:
    await caught_up(ledger)
    await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"))
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with mail_server(Mailbox()) as mailbox:
        settings = ChannelSettings(smtp_host=HOST, smtp_port=mailbox.port, smtp_security="none", smtp_from="n@b.test")
        part = asyncio.create_task(delivering(settings, lambda: NOON + 2 * MINUTE)(ledger, engine))
        async with asyncio.timeout(20):
            await came_in(mailbox)
        part.cancel()
        assert isinstance((await asyncio.gather(part, return_exceptions=True))[0], asyncio.CancelledError)
        assert list(files_of(mailbox.mails[0])) == [
            "surat-400.12-0001-BLANKO-17-2024.html",
            "surat-400.12-0001-BLANKO-17-2024.pdf",
        ]
