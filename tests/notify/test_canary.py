"""The canary: heard by a fixed time of each night, or ops are told of the nights on which it was not."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.notify.domain import CANARY, OPS, AlarmKind, AlarmSent, HearCanary, MissCanary, NoticePosted, post_of
from services.notify.service import NOTIFY
from services.notify.wording import worded_alarm
from shared.decider import Decision
from shared.testing import Scenario
from tests.notify.situations import quiet

WIB = ZoneInfo("Asia/Jakarta")
NIGHT = timedelta(days=1)
MINUTE = timedelta(minutes=1)
TONIGHT = date(2024, 11, 18)


def at(night: date, hour: int, minute: int = 0) -> datetime:
    """That hour of the night's day at the centre."""
    return datetime(night.year, night.month, night.day, hour, minute, tzinfo=WIB).astimezone(UTC)


def song(night: date, sung_at: datetime | None = None, heard_at: datetime | None = None) -> HearCanary:
    sung_at = sung_at or at(night, 1)
    return HearCanary(now=heard_at or sung_at, occurred_at=sung_at, night=night, sung_at=sung_at, zone=WIB)


def silence(scenario: Scenario, now: datetime | None = None) -> MissCanary:
    """The clock at the moment until which the next song is awaited, or later."""
    canary = scenario.state(CANARY)
    return MissCanary(now=now or canary.next_by, occurred_at=canary.next_by, wait=canary.waits, zone=WIB)


def alarms(decision: Decision) -> list[str]:
    return [worded_alarm(fact).subject for _, fact in decision if isinstance(fact, AlarmSent)]


def heard(day: str) -> str:
    return f"Uji jalur pemberitahuan malam {day} sampai"


def missed(days: str) -> str:
    return f"Uji jalur pemberitahuan malam {days} TIDAK sampai"


def test_each_song_is_told_and_the_next_one_awaited_until_half_past_one_at_the_centre() -> None:
    assert alarms(quiet.when(song(TONIGHT))) == [heard("18-11-2024")]
    assert quiet.after(song(TONIGHT)).state(CANARY).next_by == at(TONIGHT + NIGHT, 1, 30)


def test_a_song_that_was_late_moves_nothing() -> None:
    late = quiet.after(song(TONIGHT, sung_at=at(TONIGHT, 16)))
    assert late.state(CANARY).next_by == at(TONIGHT + NIGHT, 1, 30)


def test_the_night_that_was_missed_is_named_as_it_is_at_the_centre() -> None:
    sung = quiet.after(song(TONIGHT))
    assert alarms(sung.when(silence(sung))) == [missed("19-11-2024")]
    after = sung.after(silence(sung))
    assert after.state(CANARY).next_by == at(TONIGHT + 2 * NIGHT, 1, 30)
    assert alarms(after.when(silence(after))) == [missed("20-11-2024")]
    assert after.when(silence(sung)) == []


def test_a_song_that_comes_after_its_alarm_is_told_and_the_next_night_is_awaited() -> None:
    sung = quiet.after(song(TONIGHT))
    after = sung.after(silence(sung), song(TONIGHT + NIGHT, at(TONIGHT + NIGHT, 9)))
    assert alarms(sung.after(silence(sung)).when(song(TONIGHT + NIGHT, at(TONIGHT + NIGHT, 9)))) == [
        heard("19-11-2024")
    ]
    assert alarms(after.when(silence(after))) == [missed("20-11-2024")]


def test_after_many_nights_one_alarm_names_those_that_were_missed_and_the_latest_is_heard() -> None:
    sung, back = quiet.after(song(TONIGHT)), TONIGHT + 19 * NIGHT
    decision = sung.when(song(back, at(back, 9)))
    assert alarms(decision) == [missed("19-11-2024 s.d. 06-12-2024 (18 malam)"), heard("07-12-2024")]
    posted = [fact.number for stream, fact in decision if isinstance(fact, NoticePosted) and stream == post_of(OPS)]
    assert posted == [2, 3]
    assert sung.after(song(back, at(back, 9))).state(CANARY).next_by == at(back + NIGHT, 1, 30)


def test_a_clock_that_stood_still_for_many_nights_tells_them_once() -> None:
    sung, back = quiet.after(song(TONIGHT)), TONIGHT + 5 * NIGHT
    assert alarms(sung.when(silence(sung, at(back, 9)))) == [missed("19-11-2024 s.d. 23-11-2024 (5 malam)")]
    assert alarms(sung.when(silence(sung, at(back, 1, 29)))) == [missed("19-11-2024 s.d. 22-11-2024 (4 malam)")]
    assert sung.after(silence(sung, at(back, 9))).state(CANARY).next_by == at(back + NIGHT, 1, 30)


def test_a_song_that_is_read_when_its_night_is_long_over_is_not_told() -> None:
    decision = quiet.when(song(TONIGHT, heard_at=at(TONIGHT + NIGHT, 1, 30)))
    assert alarms(decision) == []
    assert quiet.after(song(TONIGHT, heard_at=at(TONIGHT + NIGHT, 1, 30))).state(CANARY).night == TONIGHT
    told_missed = quiet.after(song(TONIGHT))
    told_missed = told_missed.after(silence(told_missed, at(TONIGHT + 2 * NIGHT, 2)))
    old = song(TONIGHT + NIGHT, heard_at=at(TONIGHT + 2 * NIGHT, 3))
    assert alarms(told_missed.when(old)) == []
    assert told_missed.after(old).state(CANARY).next_by == at(TONIGHT + 3 * NIGHT, 1, 30)


def test_nights_of_the_past_are_no_alarm_while_this_log_catches_up() -> None:
    mute = Scenario(NOTIFY).after(song(TONIGHT))
    assert alarms(mute.when(silence(mute))) == []
    assert alarms(mute.when(song(TONIGHT + 4 * NIGHT))) == []
    assert mute.after(silence(mute)).state(CANARY).next_by == at(TONIGHT + 2 * NIGHT, 1, 30)


def test_an_alarm_of_before_there_were_several_nights_names_its_own() -> None:
    alarm = AlarmSent(role="ops", region="00", id="x", kind=AlarmKind.CANARY_MISSED, at=at(TONIGHT, 2), day=TONIGHT)
    assert worded_alarm(alarm).subject == missed("18-11-2024")
