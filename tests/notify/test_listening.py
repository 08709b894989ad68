"""Mute until all is read that lay on Kafka, then one digest a desk; and what the watchman sees."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.local.kafka import Kafka
from services.notify.delivery.listening import digest, heads_on, listen, take_up
from services.notify.delivery.watching import STANDING_STILL, Watchman
from services.notify.domain import AlarmKind, AlarmSent, DeclareDay, Desk, HearOffice, StockLevel
from services.notify.views import escalation, inbox, watching
from shared.envelope import message
from shared.ledger import Context, Entry, Ledger, Read
from shared.offices import offices
from shared.topics import create_topics
from tests.notify.deliveries import MINUTE, carry_out, caught_up, mail, on_duty, post_office, recovered, short
from tests.notify.receivers import Mailbox, mail_server
from tests.notify.situations import BENGKULU, DAY, DIRJEN, HEAD, HOUR, NOON, PROVINCE

pytestmark = pytest.mark.anyio

WHO = Context(subject="u", route="test")
CITIES = [office.id for office in offices().all() if office.type in ("kabupaten", "kota")]
OPS = Desk("ops", "00")


async def on_kafka() -> Mapping[str, int]:
    """Two topics had messages when this log was empty."""
    return {"blanko.17.stock": 2, "blanko.18.stock": 1}


async def nothing_on_kafka() -> Mapping[str, int]:
    return {}


async def read(ledger: Ledger, topic: str, expected: int, sequence: int, *entries: Entry) -> None:
    """The reader has applied a message, and moved on to it."""
    place = Read(topic=topic, epoch=1, expected=expected, offset=sequence, sequence=sequence)
    await ledger.execute_all(list(entries), place)


async def listening(engine: AsyncEngine) -> bool:
    async with engine.connect() as connection:
        state = await watching.listening(connection)
    return state is not None and state.caught_up


async def test_an_empty_log_keeps_quiet_until_what_lay_on_kafka_is_read(ledger: Ledger, engine: AsyncEngine) -> None:
    assert not await take_up(ledger, engine, on_kafka, NOON)
    await read(ledger, "blanko.17.stock", 0, 1)
    await read(ledger, "blanko.18.stock", 0, 1)
    assert not await take_up(ledger, engine, nothing_on_kafka, NOON)
    await read(ledger, "blanko.17.stock", 1, 2)
    assert await take_up(ledger, engine, nothing_on_kafka, NOON)
    assert await listening(engine)


async def test_a_reader_and_an_administrator_who_were_first_make_an_empty_log_speak_no_earlier(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    await read(ledger, "blanko.17.stock", 0, 1, Entry(short(), WHO))
    assert not await take_up(ledger, engine, on_kafka, NOON)
    assert not await listening(engine)


async def test_a_log_that_has_told_people_goes_on_telling(ledger: Ledger, engine: AsyncEngine) -> None:
    """As after an upgrade: it has notices, and was never asked what it had heard."""

    async def never_asked() -> Mapping[str, int]:
        raise AssertionError("nobody needs to know")

    await caught_up(ledger)
    await carry_out(ledger, short())
    async with engine.begin() as connection:
        await connection.execute(text("delete from watch"))
    assert await take_up(ledger, engine, never_asked, NOON)


async def test_a_thousand_old_shortages_are_mute_and_then_one_digest_a_desk(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await on_duty(ledger, DIRJEN, "d-1", mail("dirjen@blanko.test"))
    await on_duty(ledger, PROVINCE, "p-17", mail("p17@blanko.test"))
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    of_bengkulu = [city for city in CITIES if city.startswith("17.")]
    assert not await take_up(ledger, engine, on_kafka, NOON)
    old = [short(city, StockLevel.CRITICAL, item=item) for city in CITIES for item in ("KTP_WNI", "KIA")][:1_000]
    over = [recovered(city) for city in CITIES[:400]]
    entries = [Entry(command, WHO) for command in (*old, *over)]
    for start in range(0, len(entries), 100):
        await ledger.execute_all(entries[start : start + 100])
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(NOON + DAY)
        assert not mailbox.mails
        assert not await office.rows("select 1 from bundles")
        await read(ledger, "blanko.17.stock", 0, 2)
        await read(ledger, "blanko.18.stock", 0, 1)
        await carry_out(ledger, short("17.01", StockLevel.CRITICAL, item="KTP_WNA", now=NOON + DAY))
        assert not mailbox.mails
        assert await take_up(ledger, engine, on_kafka, NOON + DAY)
        await carry_out(ledger, short("17.01", StockLevel.CRITICAL, item="FILM", now=NOON + DAY))
        digested = await digest(ledger, engine, NOON + DAY)
        assert digested > 100
        assert await digest(ledger, engine, NOON + DAY) == 0
        await office.at(NOON + DAY)
        told = {mail["To"]: str(mail["Subject"]).strip() for mail in mailbox.mails}
        still_open = {*of_bengkulu}
        assert told["p17@blanko.test"] == f"Ringkasan awal: {len(still_open)} kota/kabupaten kritis"
        assert told["kepala@bengkulu.test"] == "Ringkasan awal: 1 kota/kabupaten kritis"
        assert "dirjen@blanko.test" not in told
        await office.at(NOON + DAY + HOUR)
        assert len(mailbox.mails) == 2


async def test_what_began_and_ended_before_is_in_no_digest(ledger: Ledger, engine: AsyncEngine) -> None:
    await on_duty(ledger, HEAD, "u-80", mail("kepala@bengkulu.test"))
    assert not await take_up(ledger, engine, on_kafka, NOON)
    await carry_out(ledger, short(), recovered(now=NOON + MINUTE))
    await read(ledger, "blanko.17.stock", 0, 2)
    await read(ledger, "blanko.18.stock", 0, 1)
    await asyncio.wait_for(listen(ledger, engine, on_kafka, lambda: NOON + HOUR), 10)
    async with post_office(ledger, engine) as office:
        assert not await office.rows("select 1 from bundles")
        await carry_out(ledger, short(episode=2, now=NOON + DAY))
        await office.at(NOON + DAY + HOUR)
        [bundle] = await office.rows("select digest from bundles")
        assert not bundle.digest


async def test_kafka_says_what_its_last_messages_are(kafka: Kafka) -> None:
    topic = "blanko.17.stock"
    await create_topics(kafka.bootstrap_servers, [topic])
    event = {
        "position": 9,
        "type": "StockLow",
        "schema": 1,
        "data": f'{{"type":"StockLow","office":"{BENGKULU}"}}',
        "metadata": "{}",
        "occurred_at": NOON,
        "recorded_at": NOON,
        "topic": topic,
        "sequence": 7,
        "hash": uuid4().bytes,
    }
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
    await producer.start()
    key, value, headers = message("stock", 1, event)
    await producer.send_and_wait(topic, value, key=key, partition=0, headers=headers)
    await producer.stop()
    heads = await heads_on(kafka.bootstrap_servers)()
    assert heads[topic] == 7
    assert "blanko.18.stock" not in heads


async def alarms_of(engine: AsyncEngine, desk: Desk) -> list[AlarmSent]:
    async with engine.connect() as connection:
        found = await inbox(connection, desk.role, desk.region, None, 50)
    return [each for _, each in found if isinstance(each, AlarmSent)]


async def test_an_open_escalation_without_a_next_moment_is_an_alarm_and_one_with_a_late_moment_too(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    await carry_out(ledger, short(), short("17.01"))
    await Watchman(ledger, engine, lambda: NOON + 2 * MINUTE).look()
    assert await alarms_of(engine, OPS) == []
    async with engine.begin() as connection:
        # As the owner of a broken clock might leave it: no fact says so.
        await connection.execute(text("delete from deadlines where office = '17.01'"))
    await Watchman(ledger, engine, lambda: NOON + 3 * MINUTE).look()
    [alarm] = await alarms_of(engine, OPS)
    assert (alarm.kind, alarm.figures) == (AlarmKind.STANDS_STILL, {"shortages": 1})
    assert STANDING_STILL._value.get() == 1
    async with engine.connect() as connection:
        row = await escalation(connection, BENGKULU, "KTP_WNI")
        assert row is not None
        late = await watching.standing_still(connection, row["due"] + timedelta(seconds=1), 9)
    assert late == ("shortage/17.01/KTP_WNI", "shortage/17.71/KTP_WNI")


def declared(day: date, works: bool) -> DeclareDay:
    about: dict[str, Any] = {"by": "u-1", "today": date(2024, 11, 1), "note": "x"}
    return DeclareDay(now=NOON, occurred_at=NOON, day=day, works=works, **about)


def heard(office: str, day: date) -> HearOffice:
    moment = datetime(day.year, day.month, day.day, 3, tzinfo=UTC)
    return HearOffice(now=moment, occurred_at=moment, office=office, heard_on=day)


async def test_offices_silent_for_two_working_days_are_reported_once_a_working_day_after_eight(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    # Thursday, Friday; asked on Monday the 18th: Thursday and Friday are the two working days that are over.
    wednesday, thursday = date(2024, 11, 13), date(2024, 11, 14)
    await carry_out(ledger, heard("17.01", wednesday), heard("17.02", thursday), heard("18.01", wednesday))
    now = datetime(2024, 11, 18, 0, 59, tzinfo=UTC)
    clock = [now]
    watchman = Watchman(ledger, engine, lambda: clock[0])
    await watchman.look()
    assert await alarms_of(engine, PROVINCE) == []
    clock[0] = now + 2 * MINUTE
    await watchman.look()
    [alarm] = await alarms_of(engine, PROVINCE)
    assert (alarm.kind, alarm.offices) == (AlarmKind.SILENT_OFFICES, ("17.01",))
    await carry_out(ledger, heard("17.01", date(2024, 11, 18)))
    clock[0] = now + 3 * HOUR
    await watchman.look()
    assert len(await alarms_of(engine, PROVINCE)) == 1
    clock[0] = now + DAY + HOUR
    await watchman.look()
    [later, _] = await alarms_of(engine, PROVINCE)
    assert later.offices == ("17.02",)


async def test_silence_is_counted_in_the_days_that_an_administrator_declared(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await caught_up(ledger)
    friday, monday, sunday = date(2024, 11, 15), date(2024, 11, 18), date(2024, 11, 17)
    for day, works in ((friday, False), (monday, False), (sunday, True)):
        await carry_out(ledger, declared(day, works))
    await carry_out(ledger, heard("17.01", date(2024, 11, 13)), heard("17.02", date(2024, 11, 14)))
    await Watchman(ledger, engine, lambda: datetime(2024, 11, 18, 3, tzinfo=UTC)).look()
    assert await alarms_of(engine, PROVINCE) == [], "Monday is free"
    await Watchman(ledger, engine, lambda: datetime(2024, 11, 17, 3, tzinfo=UTC)).look()
    assert await alarms_of(engine, PROVINCE) == [], "Wednesday and Thursday are the two days that are over on Sunday"
    await Watchman(ledger, engine, lambda: datetime(2024, 11, 19, 3, tzinfo=UTC)).look()
    [alarm] = await alarms_of(engine, PROVINCE)
    assert alarm.offices == ("17.01",), "Thursday and Sunday are the two days that are over on Tuesday"


async def test_nobody_is_called_silent_on_a_day_off_or_while_this_log_catches_up(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await carry_out(ledger, heard("17.01", date(2024, 11, 1)))
    monday, sunday = datetime(2024, 11, 18, 3, tzinfo=UTC), datetime(2024, 11, 17, 3, tzinfo=UTC)
    await Watchman(ledger, engine, lambda: monday).look()
    assert await alarms_of(engine, PROVINCE) == []
    await caught_up(ledger)
    await Watchman(ledger, engine, lambda: sunday).look()
    assert await alarms_of(engine, PROVINCE) == []
    await Watchman(ledger, engine, lambda: monday).look()
    assert len(await alarms_of(engine, PROVINCE)) == 1
