"""What a person reads."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from services.notify.domain import Desk, NoticeSent
from services.notify.wording import Wording, number, worded
from shared.decider import Decision
from tests.notify.situations import (
    DAY,
    DIRJEN,
    HEAD,
    NOON,
    PROVINCE,
    after,
    answer,
    critical,
    decline,
    due,
    empty,
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
