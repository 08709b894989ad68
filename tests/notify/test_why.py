"""Why there is an alert now, or none, on the real PostgreSQL and written by the real ledger."""

import dataclasses
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.notify.domain import (
    Appoint,
    BeginTry,
    Capacity,
    Channel,
    ChannelKind,
    CloseBundle,
    DeclareDay,
    Desk,
    EndTry,
    HearOffice,
    Held,
    Level,
    LiftSilence,
    RecordLeave,
    Result,
    SetSilence,
    StockLevel,
    id_of,
)
from services.notify.views.around import Sent, Vacancy
from services.notify.views.why import Because, Why, why
from services.notify.wording.why import SENTENCES, why_in_words
from shared.decider import Command
from shared.ledger import Context, Ledger
from shared.offices import offices
from tests.hosting import Caller
from tests.notify.situations import (
    BENGKULU,
    DAY,
    HEAD,
    HOUR,
    NOON,
    PROVINCE,
    STREAM,
    answer,
    close,
    critical,
    deadline,
    empty,
    hand_back,
    low,
    notices,
    over,
    promised,
    quiet,
)
from tests.notify.web import LISTEN, RULES, happened, told

pytestmark = pytest.mark.anyio

HERE = offices().known(BENGKULU)
TOPIC = "blanko.17.stock"
WHO = Context(subject="u", route="test")
MINUTE = timedelta(minutes=1)
TODAY = date(2024, 11, 18)
MAIL = Channel("surel", ChannelKind.EMAIL)
Asked = Callable[..., Any]


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as connection:
        yield await connection.execution_options(isolation_level="AUTOCOMMIT")


@pytest.fixture
def asked(connection: AsyncConnection) -> Asked:
    """The answer at a moment, whose sentences were all found."""

    async def at(now: datetime = NOON, item: str = "KTP_WNI") -> Why:
        found = await why(connection, HERE, item, TOPIC, now)
        assert len(why_in_words(found)) >= len(found.because)
        return found

    return at


async def carry_out(ledger: Ledger, *commands: Command) -> None:
    for command in commands:
        await ledger.execute(command, WHO)


async def well_informed(connection: AsyncConnection, ledger: Ledger, at: datetime = NOON) -> None:
    """Everything that stock said until then was read, the office among it."""
    await carry_out(ledger, LISTEN, RULES, heard(at))
    await connection.execute(text("insert into news values (:topic, :at)"), {"topic": TOPIC, "at": at})


def heard(at: datetime) -> HearOffice:
    return HearOffice(now=at, occurred_at=at, office=BENGKULU, heard_on=HERE.day_at(at))


def appoint(desk: Desk, person: str, **changes: Any) -> Appoint:
    about: dict[str, Any] = {"role": desk.role, "region": desk.region, "person": person, "by": "admin"}
    appointed: dict[str, Any] = {"capacity": Capacity.DEFINITIVE, "since": date(2024, 1, 1), **changes}
    return Appoint(now=NOON, occurred_at=NOON, **about, **appointed)


def away(desk: Desk, person: str) -> RecordLeave:
    about = {"role": desk.role, "region": desk.region, "person": person, "by": "admin"}
    return RecordLeave(now=NOON, occurred_at=NOON, **about, since=TODAY, until=TODAY + DAY)


def silence(item: str | None = None, at_most: StockLevel = StockLevel.LOW) -> SetSilence:
    about: dict[str, Any] = {"office": BENGKULU, "silence": "s-1", "item": item, "at_most": at_most, "by": "u-80"}
    about["level"] = Level.NATIONAL
    return SetSilence(now=NOON, occurred_at=NOON, **about, until=NOON + 5 * DAY, reason="Kantor pindah gedung")


async def reached(connection: AsyncConnection, person: str, channels: str) -> None:
    about = {"person": person, "channels": channels, "at": NOON}
    await connection.execute(text("insert into people values (:person, 'Nama', :channels, :at, 'admin')"), about)


def gone(found: Why) -> dict[str, Any]:
    """The one line of what was sent, without the figures that are the same in every test."""
    [sent] = found.sent
    return {name: getattr(sent, name) for name in Sent.__struct_fields__ if name not in ("role", "region", "bundle")}


async def test_of_an_office_that_nobody_ever_heard_of_nothing_is_known(asked: Asked) -> None:
    found = await asked()
    assert found.because == (
        Because.NO_SHORTAGE_HEARD_OF,
        Because.OFFICE_NEVER_HEARD_OF,
        Because.NEWS_OLD,
        Because.NOT_CAUGHT_UP,
    )
    assert (found.alert, found.stock.level, found.episode, found.next) == (False, None, None, None)
    assert (found.news.status, found.news.up_to, found.rules.name) == ("NEVER", None, "default")
    assert found.silences == found.held == found.sent == ()


async def test_stock_that_is_not_short_is_no_alert_and_nothing_else(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await well_informed(connection, ledger)
    found = await asked(NOON + 14 * MINUTE)
    assert found.because == (Because.NO_SHORTAGE_HEARD_OF,)
    assert (found.news.status, found.news.age_seconds, found.caught_up) == ("HEARD", 14 * 60, True)
    assert why_in_words(found) == [
        "Tidak ada eskalasi terbuka: kekurangan blanko KTP-el WNI di Kota Bengkulu belum pernah dilaporkan."
    ]


async def test_an_open_shortage_names_whose_answer_is_awaited_by_which_rule_and_what_happens_then(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await well_informed(connection, ledger)
    await carry_out(ledger, low())
    found = await asked()
    assert found.because == (Because.ANSWER_AWAITED, Because.GATHERING, Because.NEVER_KEPT)
    assert (found.stock.level, found.stock.figures.available, found.stock.figures.as_of) == ("LOW", 1_200, NOON)
    assert (found.episode.awaited, found.episode.answer_by, found.episode.episode) == ("CITY", NOON + DAY, 4)
    assert (found.rules.name, found.rules.within, found.rules.counted) == ("00/1", 86_400, "ABSOLUTE")
    assert (found.next.at, found.next.waiting_for, found.next.then) == (NOON + DAY, "ANSWER", "CLIMB")
    assert (found.next.to, found.next.passed_over, found.next.nobody_above) == ("PROVINCE", (), False)
    assert [desk.nobody for desk in found.desks] == [Vacancy.NEVER_KEPT] * 3
    assert why_in_words(found)[:1] == [
        "Eskalasi terbuka: stok blanko KTP-el WNI menipis di Kota Bengkulu; jawaban kepala dinas ditunggu sampai"
        " 19-11-2024 pukul 12.00 WIB."
    ]
    assert "Berikutnya, pada 19-11-2024 pukul 12.00 WIB, naik ke Dinas Dukcapil provinsi." in why_in_words(found)


async def test_a_shortage_keeps_the_rules_it_was_opened_with_and_the_next_one_gets_those_of_the_day(
    asked: Asked, ledger: Ledger
) -> None:
    await carry_out(ledger, LISTEN, low(), RULES)
    found = await asked()
    assert (found.rules.name, found.rules.within, found.rules.counted, found.rules.repeats) == (
        "default",
        8 * 3_600,
        "WORKING",
        1,
    )
    assert (found.next.waiting_for, found.next.then, found.next.to) == ("REPEAT", "REPEAT", "CITY")
    assert (await asked(item="KIA")).rules.name == "00/1"


async def test_what_was_undertaken_is_awaited_and_said_in_the_words_of_who_did(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, RULES, low(), answer())
    found = await asked()
    assert found.because[0] is Because.PROMISE_AWAITED
    assert (found.next.at, found.next.waiting_for, found.next.to) == (NOON + 3 * DAY, "PROMISE", "PROVINCE")
    assert found.episode.answer.by == "u-80"
    assert "sudah dijawab di tingkat kepala dinas: Ambil 2.000 keping di provinsi" in why_in_words(found)[0]


async def test_of_several_promises_the_one_that_is_waited_for_is_named(asked: Asked, ledger: Ledger) -> None:
    soon = dataclasses.replace(promised(date(2024, 11, 22)), quantity=160, promise="a-1")
    late = dataclasses.replace(promised(date(2024, 12, 28)), quantity=500, promise="a-2")
    await carry_out(ledger, LISTEN, RULES, low(), soon, late)
    found = await asked()
    assert (found.because[0], found.next.at) == (Because.PROMISE_AWAITED, soon.until)
    assert found.episode.relief.quantity == 160
    assert "160 keping sudah dijanjikan dan ditunggu sampai 23-11-2024" in why_in_words(found)[0]
    both = quiet.after(low(), soon, late)
    assert both.state(STREAM).relief.quantity == 160
    [notice, *_] = notices(both.when(critical(NOON + HOUR)))
    assert notice.relief is not None and notice.relief.quantity == 160


async def test_blanks_that_are_promised_in_time_are_awaited(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, RULES, low(), promised(date(2024, 11, 22)))
    found = await asked()
    assert (found.because[0], found.next.at) == (Because.PROMISE_AWAITED, found.episode.relief.until)
    assert "2.000 keping sudah dijanjikan dan ditunggu sampai 23-11-2024 pukul 00.00 WIB" in why_in_words(found)[0]


async def test_where_nobody_is_above_it_is_said_again_until_it_is_over(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, RULES, empty(), low(item="RIBBON"))
    found = await asked()
    assert found.because[0] is Because.REPEATED_UNTIL_OVER
    assert (found.next.at, found.next.then, found.next.to, found.next.nobody_above) == (
        NOON + HOUR,
        "REPEAT",
        "NATIONAL",
        True,
    )
    ribbon = await asked(item="RIBBON")
    assert (ribbon.because[0], ribbon.next.to) == (Because.REPEATED_UNTIL_OVER, "CITY")
    assert [(desk.level, desk.asked) for desk in ribbon.desks] == [("CITY", True), ("PROVINCE", False)]


async def test_what_was_handed_back_awaits_the_level_below_again(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, RULES, critical(), hand_back())
    found = await asked()
    assert (found.episode.level, found.episode.awaited, found.next.to) == ("PROVINCE", "CITY", "PROVINCE")
    assert found.episode.handed_back == "Kota masih bisa meminjam dari tetangga"


async def test_what_somebody_closed_is_no_alert_though_stock_is_short(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, RULES, low(), close())
    found = await asked()
    assert (found.alert, found.because[0], found.stock.level) == (False, Because.CLOSED_BY_HAND, "LOW")
    assert (found.episode.closed, found.episode.ended_at, found.next) == (
        "Printer rusak, tidak perlu blanko",
        None,
        None,
    )
    assert 'dengan alasan "Printer rusak, tidak perlu blanko"' in why_in_words(found)[0]


async def test_stock_that_recovered_is_no_alert(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, RULES, low(), over(now=NOON + HOUR))
    found = await asked(NOON + DAY)
    assert (found.alert, found.because[0], found.stock.level) == (False, Because.RECOVERED, "OK")
    assert (found.stock.figures.available, found.episode.ended_at) == (9_000, NOON + HOUR)
    assert "sudah pulih" in why_in_words(found)[0] and "9.000 keping tersedia" in why_in_words(found)[0]


async def test_an_office_that_said_nothing_for_two_working_days_is_unknown_and_not_well(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await well_informed(connection, ledger)
    thursday = NOON + 3 * DAY
    assert Because.OFFICE_SILENT not in (await asked(thursday - DAY)).because
    found = await asked(thursday)
    assert (found.news.status, found.news.day) == ("SILENT", TODAY)
    assert found.because == (Because.NO_SHORTAGE_HEARD_OF, Because.OFFICE_SILENT, Because.NEWS_OLD)
    assert "Kantor ini tidak memberi kabar sejak 18-11-2024" in why_in_words(found)[1]
    about: dict[str, Any] = {"note": "Banjir", "by": "admin", "today": TODAY}
    free = DeclareDay(now=NOON, occurred_at=NOON, day=date(2024, 11, 20), works=False, **about)
    await carry_out(ledger, free)
    assert Because.OFFICE_SILENT not in (await asked(thursday)).because


async def test_a_message_that_is_parked_holds_up_all_news_of_its_office(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await well_informed(connection, ledger)
    parked = "insert into dead_letters values (:topic, 1, 7, :office, 7, 'DecodeError', '[]', '', :at, false)"
    for office in (BENGKULU, "17.01"):
        await connection.execute(text(parked), {"topic": f"{TOPIC}.{office}", "office": office, "at": NOON})
    found = await asked()
    assert (found.because[1:], found.news.parked, found.news.parked_since) == ((Because.NEWS_PARKED,), 1, NOON)


async def test_until_it_is_caught_up_notices_stay_in_the_inbox_and_that_is_said(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, RULES, low())
    found = await asked()
    assert Because.NOT_CAUGHT_UP in found.because and Because.GATHERING not in found.because
    [held] = found.held
    assert (held.held, held.notices, held.latest_at) == (Held.CATCHING_UP, 1, NOON)
    assert "1 pemberitahuan hanya masuk ke kotak masuk karena kabar lama masih dibaca." in why_in_words(found)


async def test_a_digest_is_among_what_was_sent_of_the_shortage(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, RULES, low(), LISTEN)
    [notice] = notices(quiet.when(low()))
    await carry_out(ledger, bundle(id_of(notice), people=(), digest=True))
    found = await asked()
    assert gone(found) | {"closed_at": NOON, "digest": True, "person": None, "closes_at": None} == gone(found)


async def test_an_escalation_without_a_timer_stands_still_and_so_does_one_whose_moment_is_long_over(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await carry_out(ledger, LISTEN, RULES, low())
    assert Because.STANDS_STILL not in (await asked(NOON + DAY + 30 * MINUTE)).because
    assert Because.STANDS_STILL in (await asked(NOON + DAY + 31 * MINUTE)).because
    await connection.execute(text("delete from deadlines"))
    found = await asked()
    assert found.next.stands_still and Because.STANDS_STILL in found.because


async def test_a_deadline_that_has_passed_waits_for_news_of_that_moment(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await well_informed(connection, ledger, NOON + DAY - MINUTE)
    await carry_out(ledger, low())
    assert Because.DEADLINE_AWAITS_NEWS not in (await asked(NOON + DAY - MINUTE)).because
    assert Because.DEADLINE_AWAITS_NEWS in (await asked(NOON + DAY + MINUTE)).because
    await connection.execute(text("update news set at = :at"), {"at": NOON + DAY})
    assert Because.DEADLINE_AWAITS_NEWS not in (await asked(NOON + DAY + MINUTE)).because


async def test_a_silence_holds_notices_of_what_is_no_worse_than_it_says_until_it_is_lifted(
    asked: Asked, ledger: Ledger
) -> None:
    await carry_out(ledger, LISTEN, RULES, silence(), low())
    found = await asked()
    assert Because.SILENCED in found.because and Because.GATHERING not in found.because
    [held], [held_by] = found.held, found.silences
    assert (held.held, held_by.covers, held_by.by, held_by.reason) == (
        Held.SILENCED,
        True,
        "u-80",
        "Kantor pindah gedung",
    )
    assert any(line.startswith("Pemberitahuan untuk semua barang dibisukan sampai") for line in why_in_words(found))
    await carry_out(ledger, critical(NOON + HOUR))
    worse = await asked(NOON + HOUR)
    assert not worse.silences[0].covers and Because.SILENCED not in worse.because
    lift = LiftSilence(now=NOON + HOUR, occurred_at=NOON + HOUR, office=BENGKULU, silence="s-1", by="u-80")
    await carry_out(ledger, lift)
    assert (await asked(NOON + HOUR)).silences == ()


async def test_a_silence_of_another_item_is_no_matter_and_one_that_is_over_neither(
    asked: Asked, ledger: Ledger
) -> None:
    await carry_out(ledger, LISTEN, RULES, silence("KIA"), low())
    assert (await asked()).silences == ()
    assert [each.covers for each in (await asked(item="KIA")).silences] == [False]
    assert Because.SILENCED in (await asked(item="KIA")).because
    assert (await asked(NOON + 5 * DAY, "KIA")).silences == ()


async def test_stock_that_comes_and_goes_is_said_to(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, low(), over(now=NOON + MINUTE), low(episode=5, now=NOON + HOUR))
    found = await asked(NOON + HOUR)
    assert found.episode.flaps == 1 and Because.FLAPPING in found.because
    await carry_out(ledger, empty(NOON + 2 * HOUR, episode=5))
    assert Because.FLAPPING not in (await asked(NOON + 2 * HOUR)).because


async def test_who_is_on_duty_is_told_by_reference_and_why_nobody_is(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    ended = {"since": date(2023, 1, 1), "until": date(2024, 11, 17)}
    await carry_out(ledger, LISTEN, RULES, appoint(HEAD, "p-head"), appoint(PROVINCE, "p-17", **ended), low())
    found = await asked()
    assert [(person.person, person.channels) for person in found.desks[0].on_duty] == [("p-head", 0)]
    assert [desk.nobody for desk in found.desks] == [None, Vacancy.NOT_APPOINTED, Vacancy.NEVER_KEPT]
    assert Because.INBOX_ONLY in found.because and Because.NOBODY_ON_DUTY not in found.because
    assert (found.next.to, found.next.passed_over) == ("NATIONAL", ("PROVINCE",))
    assert any("naik ke Dirjen Dukcapil, melewati Dinas Dukcapil provinsi." in line for line in why_in_words(found))
    assert "Meja Dinas Dukcapil provinsi: tidak ada pejabatnya pada hari ini." in why_in_words(found)
    await reached(connection, "p-head", '[{"name": "surel", "kind": "EMAIL", "address": "kadis@dukcapil.test"}]')
    found = await asked()
    assert [person.channels for person in found.desks[0].on_duty] == [1]
    assert Because.INBOX_ONLY not in found.because
    assert "kadis" not in str(found) and "Nama" not in str(found)
    await carry_out(ledger, away(HEAD, "p-head"))
    found = await asked()
    assert found.desks[0].nobody is Vacancy.ON_LEAVE and Because.NOBODY_ON_DUTY in found.because


async def test_what_is_foretold_of_a_desk_without_anybody_is_what_the_clock_does(asked: Asked, ledger: Ledger) -> None:
    ended = {"since": date(2023, 1, 1), "until": date(2024, 11, 17)}
    await carry_out(ledger, LISTEN, RULES, appoint(PROVINCE, "p-17", **ended), low())
    foretold = (await asked()).next
    await carry_out(ledger, deadline(1, foretold.at))
    assert (await asked(foretold.at)).episode.awaited == foretold.to == "NATIONAL"


async def test_what_was_sent_to_whom_is_told_from_gathering_to_the_last_outcome(asked: Asked, ledger: Ledger) -> None:
    await carry_out(ledger, LISTEN, RULES, appoint(HEAD, "p-head"), low())
    found = await asked()
    assert gone(found) | {"closes_at": NOON, "closed_at": None, "person": None, "state": None} == gone(found)
    await carry_out(ledger, bundle(id_of(notices(quiet.when(low()))[0])))
    found = await asked()
    assert gone(found) | {"closes_at": None, "closed_at": NOON, "person": "p-head", "state": "DUE"} == gone(found)
    assert Because.GATHERING not in found.because
    now = NOON
    for attempt in (1, 2):
        await carry_out(ledger, begin(now), end(now, attempt, Result.FAILED, "connect"))
        now += 10 * MINUTE
    found = await asked()
    assert gone(found) | {"channel": "surel", "result": "FAILED", "code": "connect", "attempts": 2} == gone(found)
    assert Because.NOT_REACHED in found.because
    await carry_out(ledger, begin(now), end(now, 3, Result.DELIVERED, "smtp_250"))
    found = await asked()
    assert gone(found) | {"state": "DELIVERED", "result": "DELIVERED", "next_try_at": None} == gone(found)
    assert Because.NOT_REACHED not in found.because


async def test_a_state_of_another_version_is_folded_again(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await carry_out(ledger, LISTEN, RULES, low(), answer())
    before = await asked()
    old = "update streams set state_schema = 1, state = '{}' where stream = :stream"
    await connection.execute(text(old), {"stream": STREAM})
    assert await asked() == before


async def test_each_reason_has_its_sentence() -> None:
    assert SENTENCES.keys() == set(Because)


async def test_whoever_may_see_the_office_may_ask_and_nobody_else(app: FastAPI, caller: Caller) -> None:
    await happened(app, low())
    path = f"/offices/{BENGKULU}/why/KTP_WNI"
    for role, region in [("head", BENGKULU), ("operator", BENGKULU), ("province", "17"), ("auditor", "00")]:
        found = await told(caller(role, region), path)
        assert (found["alert"], found["because"][0], found["stock"]["level"]) == (True, "ANSWER_AWAITED", "LOW")
        assert found["sentences"][0].startswith("Eskalasi terbuka: stok blanko KTP-el WNI menipis di Kota Bengkulu")
    assert (await caller("province", "18").get(path)).status_code == 404
    assert (await caller("ops", "00").get(path)).status_code == 403
    assert (await caller("head", BENGKULU).get(f"/offices/{BENGKULU}/why/SIM")).status_code == 422


def bundle(notice: str, people: tuple[str, ...] = ("p-head",), digest: bool = False) -> CloseBundle:
    about: dict[str, Any] = {"desk": HEAD, "bundle": 1, "people": people, "notices": (notice,), "digest": digest}
    return CloseBundle(now=NOON, occurred_at=NOON, **about, absorbed=0, letter=False, day=TODAY)


def begin(now: datetime) -> BeginTry:
    return BeginTry(now=now, occurred_at=now, desk=HEAD, bundle=1, person="p-head", channels=(MAIL,))


def end(now: datetime, attempt: int, result: Result, code: str) -> EndTry:
    about: dict[str, Any] = {"desk": HEAD, "bundle": 1, "person": "p-head"}
    return EndTry(now=now, occurred_at=now, **about, attempt=attempt, result=result, code=code)


async def test_of_what_is_foreseen_it_says_that_the_shelf_is_not_low_yet(
    asked: Asked, connection: AsyncConnection, ledger: Ledger
) -> None:
    await well_informed(connection, ledger)
    ahead = replace(low().figures, cover_from="FORECAST", foreseen=True, reorder_point=2_000)
    await carry_out(ledger, low(figures=ahead))
    found = await asked()
    assert why_in_words(found)[0].startswith(
        "Eskalasi terbuka: stok blanko KTP-el WNI diperkirakan menipis di Kota Bengkulu (sekarang belum menipis; "
        "menurut prakiraan, sampai pasokan tiba dapat diperlukan 2.000 keping); jawaban kepala dinas ditunggu sampai"
    )
