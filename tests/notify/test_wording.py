"""What a person reads."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from services.notify.domain import (
    AlarmKind,
    AlarmSent,
    Cause,
    Desk,
    Held,
    Level,
    NoticeKind,
    NoticeSent,
    Proposal,
    ReliefLine,
    StockLevel,
)
from services.notify.wording import Told, Wording, number, together, worded, worded_alarm
from shared.decider import Decision
from shared.offices import offices
from tests.notify.situations import (
    DAY,
    DIRJEN,
    HEAD,
    NOON,
    PROVINCE,
    after,
    answer,
    close,
    critical,
    decline,
    due,
    empty,
    forward,
    hand_back,
    low,
    notices,
    over,
    promised,
    quiet,
    received,
)

WIB = ZoneInfo("Asia/Jakarta")


def read(decision: Decision, desk: Desk) -> Wording:
    [notice] = [n for n in notices(decision) if Desk(n.recipient_role, n.recipient_region) == desk]
    return worded(notice, "Kota Bengkulu", WIB)


def test_the_head_reads_the_figures_and_by_when_to_answer() -> None:
    assert read(quiet.when(low()), HEAD) == Wording(
        "Stok blanko KTP-el WNI menipis di Kota Bengkulu",
        "Stok per 18-11-2024 pukul 12.00 WIB: 1.200 keping, tersedia 1.200 keping, cukup untuk 8,0 hari, "
        "diperkirakan habis 26-11-2024.\n"
        "Mohon dijawab paling lambat 19-11-2024 pukul 12.00 WIB.",
    )


def test_the_dirjen_reads_what_the_province_did() -> None:
    wording = read(after(critical(), answer(PROVINCE), received(50)).when(decline()), DIRJEN)
    assert wording.subject == "Eskalasi ke Dirjen Dukcapil: Stok blanko KTP-el WNI kritis di Kota Bengkulu"
    assert wording.text.splitlines()[1:4] == [
        "Diterima sejak awal: 50 keping.",
        "Jawaban Dinas Dukcapil provinsi: Ambil 2.000 keping di provinsi, paling lambat 21-11-2024 pukul 12.00 WIB.",
        "Provinsi tidak dapat membantu: Gudang provinsi kosong",
    ]


def test_who_is_not_waited_for_reads_who_is() -> None:
    wording = read(after(low()).when(due(after(low()))), HEAD)
    assert wording.text.startswith("Belum ada jawaban dari kepala dinas sampai batas waktunya.")
    assert wording.text.endswith("Jawaban ditunggu dari Dinas Dukcapil provinsi.")


def test_blanks_on_their_way_are_named_with_their_day() -> None:
    coming = after(low(), promised(date(2024, 11, 25)))
    wording = read(coming.when(due(coming)), PROVINCE)
    assert "Yang dijanjikan tidak terpenuhi sampai batas waktunya." in wording.text
    assert "Dalam perjalanan: 2.000 keping, dijanjikan 25-11-2024." in wording.text


def test_old_figures_say_so() -> None:
    wording = read(after(low()).when(due(after(low()), stale=True)), PROVINCE)
    assert wording.text.endswith("Angka-angka ini mungkin belum yang terbaru.")


def test_the_end_is_told_with_the_stock_of_that_moment() -> None:
    wording = read(after(low()).when(over(now=NOON + DAY)), HEAD)
    assert wording.subject == "Selesai: Stok blanko KTP-el WNI di Kota Bengkulu sudah pulih"
    assert "9.000 keping" in wording.text
    assert "Mohon dijawab" not in wording.text


def test_an_item_that_is_new_here_is_called_by_its_code() -> None:
    [notice] = notices(quiet.when(low()))
    renamed = NoticeSent(**{name: getattr(notice, name) for name in notice.__struct_fields__} | {"item": "KTP_X"})
    assert worded(renamed, "Kota Bengkulu", WIB).subject == "Stok KTP_X menipis di Kota Bengkulu"


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-5, "-5"), (999, "999"), (10_000, "10.000"), (10**6, "1.000.000")]
)
def test_thousands_have_a_dot(value: int, text: str) -> None:
    assert number(value) == text


def test_every_notice_can_be_read() -> None:
    declined = after(empty()).when(decline())
    answered = after(empty()).when(answer(DIRJEN))
    assert read(declined, HEAD).subject.startswith("Provinsi tidak dapat membantu")
    assert read(answered, HEAD).subject.startswith("Sudah dijawab")


[TO_HEAD] = notices(quiet.when(low()))
[TO_PROVINCE] = [each for each in notices(quiet.when(critical())) if each.recipient_role == "province"]
CITIES = [office.id for office in offices().all() if office.type in ("kabupaten", "kota")]


def words(notice: NoticeSent, **changes: Any) -> Wording:
    return worded(replace(notice, **changes), "Kota Bengkulu", WIB)


def test_what_is_forwarded_says_why() -> None:
    wording = read(after(low()).when(forward()), PROVINCE)
    assert wording.subject.startswith("Eskalasi ke Dinas Dukcapil provinsi: ")
    assert "Diteruskan ke atas dengan alasan: Di luar kemampuan kota" in wording.text


def test_what_is_handed_back_says_to_whom_and_why() -> None:
    wording = read(after(critical()).when(hand_back()), HEAD)
    assert wording.subject == "Dikembalikan ke kepala dinas: Stok blanko KTP-el WNI kritis di Kota Bengkulu"
    assert wording.text.startswith("Dikembalikan ke kepala dinas dengan alasan: Kota masih bisa meminjam")
    assert "Mohon dijawab paling lambat" in wording.text


def test_what_is_closed_by_hand_says_that_stock_is_short_still() -> None:
    wording = read(after(critical()).when(close(desk=PROVINCE)), HEAD)
    assert wording.subject == "Ditutup: Stok blanko KTP-el WNI kritis di Kota Bengkulu"
    assert wording.text.startswith("Ditutup dengan alasan: Printer rusak, tidak perlu blanko. Stok belum pulih")


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (Cause.NOBODY_THERE, "Tidak ada pejabat yang bertugas pada kepala dinas."),
        (Cause.UNREACHED, "Kepala dinas tidak dapat dihubungi melalui saluran mana pun."),
        (Cause.WORSE, "Keadaan stok memburuk."),
    ],
)
def test_a_climb_says_what_made_it(cause: Cause, said: str) -> None:
    assert said in words(TO_PROVINCE, kind=NoticeKind.CLIMBED, cause=cause).text.splitlines()


def test_a_copy_and_a_repetition_are_called_so() -> None:
    assert words(TO_HEAD, copy=True).subject == "Tembusan: Stok blanko KTP-el WNI menipis di Kota Bengkulu"
    again = words(TO_HEAD, repeat=2, cause=Cause.NO_ANSWER)
    assert again.subject == "Pengingat ke-2: Stok blanko KTP-el WNI menipis di Kota Bengkulu"


def test_what_is_held_says_that_it_was_sent_to_nobody() -> None:
    assert "tidak dikirim" in words(TO_HEAD, held=Held.SILENCED).text
    assert "hanya ada di kotak masuk" in words(TO_HEAD, held=Held.CATCHING_UP).text


def test_who_could_help_is_named_with_the_distance() -> None:
    lines = (ReliefLine("17", 2_000, 4), *(ReliefLine(f"17.0{n}", 100, None) for n in range(1, 7)))
    text = words(TO_PROVINCE, proposal=Proposal(8_800, 2_600, lines)).text
    assert "Yang dapat membantu, 2.600 dari 8.800 keping: Provinsi Bengkulu 2.000 (4 km), Kabupaten" in text
    assert "dan 2 lainnya." in text
    nobody = words(TO_PROVINCE, proposal=Proposal(8_800, 0)).text
    assert "Dibutuhkan 8.800 keping; belum ditemukan kantor yang dapat membantu." in nobody


def test_the_dirjen_reads_that_the_province_has_said_nothing() -> None:
    assert "Dinas Dukcapil provinsi belum menjawab." in read(quiet.when(empty()), DIRJEN).text
    assert "belum menjawab" not in read(after(critical()).when(decline()), DIRJEN).text


def test_that_the_city_forwarded_it_hides_no_silence_of_the_province() -> None:
    asked = after(low(), forward())
    [said_before] = [each for each in notices(quiet.when(empty())) if each.recipient_role == DIRJEN.role]
    text = read(asked.when(due(asked)), DIRJEN).text
    assert "Diteruskan ke atas dengan alasan: Di luar kemampuan kota" in text
    assert "Dinas Dukcapil provinsi belum menjawab." in text
    by_both = read(asked.when(forward(desk=PROVINCE)), DIRJEN).text
    assert "Diteruskan ke atas" in by_both and "belum menjawab" not in by_both
    assert "belum menjawab" not in words(said_before, forwarded="Gudang kosong").text, "of whom it is not known"


def test_one_notice_alone_reads_as_itself_and_says_what_goes_with_it() -> None:
    wording = together([Told(TO_HEAD)], 2, letter="400.12/0001/BLANKO-17/2024")
    assert wording.subject == words(TO_HEAD).subject
    assert wording.text.splitlines()[-2:] == [
        "Pesan ini mencakup juga 2 pemberitahuan sebelumnya.",
        "Surat nomor 400.12/0001/BLANKO-17/2024 menyertai pesan ini.",
    ]


def test_many_are_counted_once_an_office_the_worst_first_and_at_most_thirty_are_listed() -> None:
    told = [Told(replace(TO_HEAD, office=city)) for city in CITIES[:35]]
    told += [Told(replace(TO_HEAD, office=CITIES[0], item="KIA", stock_level=StockLevel.EMPTY))]
    told += [Told(replace(TO_HEAD, office=CITIES[40], kind=NoticeKind.RESOLVED))]
    wording = together(told, 0)
    assert wording.subject == "Stok blanko: 34 kota/kabupaten menipis, 1 kosong, 1 pulih"
    listed = [line for line in wording.text.splitlines() if line.startswith("- ")]
    assert len(listed) == 31
    assert "blanko KIA kosong" in listed[0]
    assert listed[-1] == "- dan 7 lainnya"


def test_alarms_among_notices_are_counted_and_listed() -> None:
    alarm = AlarmSent(role="province", region="17", id="a", kind=AlarmKind.NUMBERS_LOST, at=NOON, office="17.71")
    wording = together([Told(TO_PROVINCE), Told(alarm)], 0)
    assert wording.subject == "Stok blanko: 1 kota/kabupaten kritis, 1 peringatan"
    assert "- Dilaporkan hilang: 0 keping blanko di Kota Bengkulu" in wording.text


def test_the_first_digest_says_that_it_is_the_first() -> None:
    wording = together([Told(TO_PROVINCE)], 0, digest=True)
    assert wording.subject == "Ringkasan awal: 1 kota/kabupaten kritis"
    assert "berikut semua kekurangan yang masih terbuka" in wording.text


@pytest.mark.parametrize("kind", AlarmKind)
@pytest.mark.parametrize("complete", [True, False])
def test_every_alarm_can_be_read_whatever_it_leaves_out(kind: AlarmKind, complete: bool) -> None:
    said: dict[str, Any] = {}
    if complete:
        said = {"office": "17.71", "item": "KTP_WNI", "figures": {"quantity": 1_200, "shortages": 3}}
        said |= {"offices": tuple(CITIES[:40]), "day": date(2024, 11, 18)}
    wording = worded_alarm(AlarmSent(role="ops", region="00", id="a", kind=kind, at=NOON, **said))
    assert 0 < len(wording.subject) <= 120
    assert wording.text
    assert "None" not in wording.subject + wording.text


def test_no_subject_is_longer_than_120_characters() -> None:
    long = worded(replace(TO_HEAD, copy=True, kind=NoticeKind.CLIMBED, level=Level.PROVINCE), "Kabupaten " * 12, WIB)
    assert len(long.subject) == 120
    assert long.subject.endswith("…")


def test_the_page_says_the_same_and_takes_nothing_for_markup() -> None:
    wording = words(TO_HEAD, declined="<script>alert(1)</script> & semua")
    assert "<script>" not in wording.html
    assert "&lt;script&gt;" in wording.html
    listed = together([Told(TO_HEAD), Told(replace(TO_HEAD, item="KIA"))], 0).html
    assert listed.count("<li>") == 2
    assert "http" not in listed
