"""What is kept of a bundle, and the letter that goes with it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.delivery.bundles import carry_out_each, closing, kept_of, wants_letter
from services.notify.delivery.sending import message_id, unreached
from services.notify.delivery.writing import BYTES_AT_MOST, Letters, _size, written_of
from services.notify.domain import Desk, Level, NoticeKind, NoticeSent, Proposal, ReliefLine, StockLevel
from services.notify.letters.text import letter_text
from services.notify.views import outbox
from services.notify.views.outbox import Lying
from shared.ledger import Ledger
from tests.notify.deliveries import CITIES, MINUTE, carry_out, caught_up, files_of, mail, on_duty, post_office, short
from tests.notify.receivers import Mailbox, mail_server
from tests.notify.situations import BENGKULU, DIRJEN, NOON, PROVINCE, notices, quiet

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
    names = ["head.17.71.3.u-80.surat", "head.17.71.3.u-80.sms", "head.17.71.3.u_80.surat", "head.17.71.3.u:80.surat"]
    assert message_id(names[0]) == "head_17_71_3_u-80_surat"
    assert len({message_id(name) for name in names}) == 4
