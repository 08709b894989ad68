"""What is kept of a bundle, and the letter that goes with it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.channels import Message
from services.notify.delivery.bundles import carry_out_each, closing, kept_of, wants_letter
from services.notify.delivery.sending import unreached
from services.notify.delivery.writing import BYTES_AT_MOST, Letters, _size, written_of
from services.notify.domain import Desk, Level, NoticeKind, NoticeSent, Proposal, ReliefLine, StockLevel
from services.notify.domain.decisions.sending import message_id
from services.notify.letters.text import letter_text
from services.notify.views import outbox
from services.notify.views.outbox import Lying, ShortageNow
from services.notify.wording import Told, together
from shared.decider import Command
from shared.ledger import Ledger
from tests.notify.deliveries import CITIES, MINUTE, carry_out, caught_up, files_of, mail, on_duty, post_office, short
from tests.notify.receivers import Mailbox, mail_server
from tests.notify.situations import (
    BENGKULU,
    DAY,
    DIRJEN,
    HEAD,
    HOUR,
    NOON,
    PROVINCE,
    answer,
    critical,
    deadline,
    decline,
    notices,
    quiet,
)

pytestmark = pytest.mark.anyio


async def test_a_bundle_whose_letter_cannot_be_written_goes_without_it_after_five_minutes(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"))
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        async with engine.connect() as connection:
            key = ("province", "17", 1)
            lying = (await outbox.lying_in(connection, [key]))[key]
            holders = await outbox.holders_of(connection, [PROVINCE])
        office.now = NOON + 2 * MINUTE
        await carry_out_each(ledger, [closing(key, lying, holders, office.now)])
        assert await office.sender.look() == 0
        office.now += timedelta(minutes=5, seconds=1)
        assert await office.sender.look() == 1
        await office.sender.finish()
        assert len(mailbox.mails) == 1
        assert not files_of(mailbox.mails[0])


async def test_a_letter_that_is_not_the_one_that_was_issued_is_not_attached(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with post_office(ledger, engine) as office:
        await office.at(NOON + 2 * MINUTE)
        [row] = await office.rows("select letter from letters")
        assert len(await office.letters.attached(PROVINCE, row.letter)) == 2
        anew = Letters(ledger, engine)
        assert await anew.attached(PROVINCE, row.letter) == await office.letters.attached(PROVINCE, row.letter)
        async with engine.begin() as connection:
            # As it would be if another version of the typesetter made it.
            await connection.execute(text("update letters set pdf_sha256 = 'x'"))
        assert [each.media_type for each in await anew.attached(PROVINCE, row.letter)] == ["text/html"]
        assert await anew.attached(PROVINCE, "400.12/0009/BLANKO-17/2024") == ()


def lying(number: int, notice: NoticeSent, *, open: bool = True, flaps: int = 0) -> Lying:
    return Lying(number, f"n-{number}", notice, open, flaps)


[FOR_PROVINCE] = [n for n in notices(quiet.when(short(level=StockLevel.CRITICAL))) if n.recipient_role == "province"]


@pytest.mark.parametrize(
    ("role", "changes", "written"),
    [
        ("province", {}, True),
        ("province", {"kind": NoticeKind.CLIMBED, "level": Level.NATIONAL, "copy": True}, True),
        ("province", {"level": Level.CITY, "copy": True}, False),
        ("province", {"kind": NoticeKind.ANSWERED}, False),
        ("province", {"kind": NoticeKind.RESOLVED}, False),
        ("national", {"copy": True}, False),
        ("national", {"level": Level.NATIONAL}, True),
        ("head", {}, False),
        ("storekeeper", {}, False),
    ],
)
async def test_a_province_and_the_ministry_are_written_to_about_what_has_climbed_to_them(
    role: str, changes: dict[str, object], written: bool
) -> None:
    assert wants_letter(role, lying(1, replace(FOR_PROVINCE, **changes))) is written


async def test_the_latest_notice_of_each_shortage_is_kept_and_other_items_and_offices_apart() -> None:
    kia, elsewhere = replace(FOR_PROVINCE, item="KIA"), replace(FOR_PROVINCE, office="17.01")
    over = replace(FOR_PROVINCE, kind=NoticeKind.RESOLVED)
    kept = kept_of([lying(1, FOR_PROVINCE), lying(2, kia), lying(3, elsewhere), lying(4, over)])
    assert [(each.lying.number, each.passed) for each in kept] == [(2, False), (3, False), (4, True)]


async def test_what_only_reminds_is_in_the_mail_and_in_no_letter_unless_it_was_first_told_there_too() -> None:
    reminder = replace(FOR_PROVINCE, kind=NoticeKind.SHORTAGE, step=2, repeat=1, reminder=True)
    assert not wants_letter("province", lying(2, reminder))
    assert not closing(("province", "17", 1), [lying(2, reminder)], {}, NOON).letter
    both = [lying(1, FOR_PROVINCE), lying(2, reminder)]
    assert [(each.lying.number, wants_letter("province", each.lying)) for each in kept_of(both)] == [(2, True)]
    assert closing(("province", "17", 1), both, {}, NOON).letter
    other = [lying(1, replace(FOR_PROVINCE, item="KIA")), lying(2, reminder)]
    assert [wants_letter("province", each.lying) for each in kept_of(other)] == [True, False]


def told_to(desk: Desk, *commands: Command) -> list[Lying]:
    """What these commands lay in the desk's post, one after the other."""
    scenario, found = quiet, []
    for command in commands:
        found += [n for n in notices(scenario.when(command)) if (n.recipient_role, n.recipient_region) == desk_of(desk)]
        scenario = scenario.after(command)
    return [lying(number, notice) for number, notice in enumerate(found, 1)]


def desk_of(desk: Desk) -> tuple[str, str]:
    return desk.role, desk.region


async def test_a_request_to_the_dirjen_stands_and_has_its_letter_though_the_province_said_no_meanwhile() -> None:
    lie = told_to(DIRJEN, critical(), deadline(1, NOON + 2 * DAY), decline(NOON + 2 * DAY + MINUTE))
    assert [each.told.kind for each in lie] == [NoticeKind.CLIMBED, NoticeKind.ANSWERED]
    [kept] = kept_of(lie)
    assert kept.lying.id == "n-2" and wants_letter("national", kept.lying)
    assert closing(("national", "00", 1), lie, {}, NOON + 2 * DAY + 2 * MINUTE).letter
    read = together([kept.told], 1).text
    assert "Mohon dijawab paling lambat 20-11-2024 pukul 13.00 WIB." in read
    assert "Provinsi tidak dapat membantu: Gudang provinsi kosong" in read
    other = Told(replace(FOR_PROVINCE, office="17.01", item="KIA"))
    line = next(line for line in together([kept.told, other], 1).text.splitlines() if "Bengkulu: blanko KTP" in line)
    assert "provinsi tidak dapat membantu, jawaban Dirjen Dukcapil s.d. 20-11-2024 pukul 13.00 WIB" in line


async def test_what_the_ministry_has_answered_is_not_asked_of_it_again_by_a_no_that_comes_later() -> None:
    promise = NOON + 2 * DAY + 5 * HOUR
    climbs = (critical(), deadline(1, NOON + 2 * DAY))
    later = NOON + 2 * DAY + MINUTE
    lie = told_to(DIRJEN, *climbs, answer(DIRJEN, promise, later), decline(later + MINUTE))
    assert [each.told.kind for each in lie] == [NoticeKind.CLIMBED, NoticeKind.ANSWERED]
    [kept] = kept_of(lie)
    assert kept.lying == lie[1] and not wants_letter("national", kept.lying)
    answered = told_to(PROVINCE, *climbs, answer(DIRJEN, promise, later))
    assert [each.lying.told.kind for each in kept_of(answered)] == [NoticeKind.ANSWERED]


async def test_nobody_is_asked_to_answer_by_a_moment_that_was_over_when_the_bundle_went_out() -> None:
    assert FOR_PROVINCE.answer_by is not None
    at = FOR_PROVINCE.answer_by
    for late, said in ((-MINUTE, "Mohon dijawab paling lambat"), (timedelta(), "Mohon segera dijawab.")):
        assert said in together([Told(FOR_PROVINCE)], 0, at=at + late).text
    read = together([Told(FOR_PROVINCE), Told(replace(FOR_PROVINCE, item="KIA"))], 0, at=at).text
    assert "jawaban Dinas Dukcapil provinsi ditunggu segera" in read
    assert "Mohon setiap kekurangan dijawab dalam Sistem Blanko segera." in read
    number, due_later = "400.12/0001/BLANKO-17/2024", replace(FOR_PROVINCE, item="KIA", answer_by=at + DAY)
    assert written_of(PROVINCE, number, [FOR_PROVINCE, due_later], {}, at - MINUTE).answer_by == at
    letter = written_of(PROVINCE, number, [FOR_PROVINCE, due_later], {}, at)
    assert letter.answer_by is None
    assert "sesegera mungkin" in letter_text(letter).asked


async def test_after_a_long_stop_a_mail_and_its_letter_ask_for_an_answer_as_soon_as_possible(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"))
    await carry_out(ledger, short(level=StockLevel.CRITICAL))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(NOON + 3 * DAY)
        [message] = mailbox.mails
    body = message.get_body(("plain",))
    assert body is not None and "Mohon segera dijawab." in body.get_content()
    [page] = [content.decode() for name, content in files_of(message).items() if name.endswith(".html")]
    assert "sesegera mungkin" in page and "paling lambat" not in page


async def test_what_was_forwarded_since_the_notice_is_nobodys_that_is_known() -> None:
    by_city = replace(FOR_PROVINCE, forwarded="Di luar kemampuan kota", forwarded_at=Level.CITY)
    known: dict[str, Any] = {
        "episode": by_city.episode,
        "level": Level.NATIONAL,
        "stock_level": by_city.stock_level,
        "figures": by_city.figures,
    }
    known |= dict.fromkeys(("answer", "declined", "refused", "relief", "proposal"))
    for forwarded, at in (("Di luar kemampuan kota", Level.CITY), ("Gudang provinsi kosong", None)):
        present = ShortageNow(office=BENGKULU, item="KTP_WNI", opened_at=NOON, received=0, forwarded=forwarded, **known)
        content = written_of(DIRJEN, "400.12/0001/BLANKO-00/2024", [by_city], {(BENGKULU, "KTP_WNI"): present}, NOON)
        assert [each.forwarded_at for each in content.shortfalls] == [at]


async def test_only_shortages_that_await_just_this_desk_are_told_that_it_is_not_reached() -> None:
    copied = replace(FOR_PROVINCE, office="17.01", copy=True)
    below = replace(FOR_PROVINCE, office="17.02", level=Level.CITY)
    later = replace(FOR_PROVINCE, step=3)
    [command] = unreached(
        PROVINCE, [lying(n, each) for n, each in enumerate([FOR_PROVINCE, copied, below, later])], NOON
    )
    assert (command.office, command.step, command.level) == (BENGKULU, 3, Level.PROVINCE)
    assert unreached(Desk("storekeeper", BENGKULU), [lying(1, FOR_PROVINCE)], NOON) == []


async def test_a_letter_holds_the_worst_and_says_how_many_are_left_out() -> None:
    helped = Proposal(9_000, 800, tuple(ReliefLine(city, 400, 31) for city in CITIES[:5]))
    many = [
        replace(FOR_PROVINCE, office=city, item=item, proposal=helped, stock_level=level)
        for city in CITIES
        for item, level in (("KIA", StockLevel.EMPTY), ("KTP_WNI", StockLevel.CRITICAL))
    ]
    content = written_of(DIRJEN, "400.12/0001/BLANKO-00/2024", many, {}, NOON)
    assert len(content.shortfalls) + content.further == 1_028
    assert 514 <= len(content.shortfalls) <= 600
    assert all(each.stock_level is StockLevel.EMPTY for each in content.shortfalls[:514])
    assert _size(content) <= BYTES_AT_MOST
    assert f"Selain itu ada {content.further} kekurangan lain" in " ".join(letter_text(content).happened)


async def test_a_letter_about_which_much_was_said_is_cut_to_what_a_fact_may_be() -> None:
    many = [replace(FOR_PROVINCE, office=city, declined="Gudang kosong. " * 40) for city in CITIES]
    content = written_of(DIRJEN, "400.12/0001/BLANKO-00/2024", many, {}, NOON)
    assert _size(content) <= BYTES_AT_MOST
    assert (len(content.shortfalls) + content.further, content.further > 0) == (514, True)


async def test_a_message_id_is_plain_and_another_for_each_send() -> None:
    of = (("u-80", "surat"), ("u-80", "sms"), ("u_80", "surat"), ("u:80", "surat"), ("u.80", "surat"))
    ids = [message_id(HEAD, 3, person, channel) for person, channel in of]
    assert ids[0] == "head_17_71_3_u-80_surat" and len(set(ids)) == len(of)
    for id in ids:
        assert Message(id, "", "", None, (), {}, NOON).id == id
