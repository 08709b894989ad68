"""What a person reads in an alarm: of something that is no shortage."""

from datetime import timedelta
from typing import assert_never

from services.notify.domain import AlarmKind, AlarmSent
from services.notify.wording.words import ITEMS, Wording, day, name_of, number, pieces, shortened

OFFICES_NAMED = 30


def worded_alarm(alarm: AlarmSent) -> Wording:
    """The alarm as its recipient reads it."""
    subject, text = _said(alarm)
    return Wording(shortened(subject), text)


def _said(alarm: AlarmSent) -> tuple[str, str]:
    item = ITEMS.get(alarm.item, alarm.item) if alarm.item is not None else "blanko"
    where = name_of(alarm.office) if alarm.office is not None else "kantor yang tidak disebut"
    on = day(alarm.day) if alarm.day is not None else "hari yang tidak disebut"
    quantity = pieces(alarm.item or "", alarm.figures.get("quantity", 0))
    match alarm.kind:
        case AlarmKind.CANARY:
            return (
                f"Uji jalur pemberitahuan malam {on} sampai",
                "Kabar percobaan dari stok telah melewati seluruh jalur sampai ke sini. Tidak perlu tindakan.",
            )
        case AlarmKind.CANARY_MISSED:
            return (
                f"Uji jalur pemberitahuan malam {_nights(alarm, on)} TIDAK sampai",
                "Kabar percobaan dari stok tidak diterima pada waktunya: kabar kekurangan mungkin juga tidak sampai.\n"
                "Mohon segera periksa proses stok, Kafka, dan proses notify.",
            )
        case AlarmKind.SILENT_OFFICES:
            return _silent(alarm, on)
        case AlarmKind.STANDS_STILL:
            count = number(alarm.figures.get("shortages", 0))
            return (
                f"{count} eskalasi berhenti tanpa langkah berikutnya",
                f"Ada {count} eskalasi terbuka yang tidak mempunyai tenggat, atau tenggatnya terlewat tanpa tindakan.\n"
                "Mohon segera periksa jam (clock) pada proses notify.",
            )
        case AlarmKind.NUMBERS_LOST:
            return (
                f"Dilaporkan hilang: {quantity} {item} di {where}",
                f"{where} melaporkan kehilangan {quantity} {item}. Nomor serinya dipantau: pemakaiannya dilaporkan.",
            )
        case AlarmKind.LOST_NUMBER_USED:
            return (
                f"Nomor {item} yang dilaporkan hilang terpakai di {where}",
                f"Di {where} dipakai nomor {item} yang sebelumnya dilaporkan hilang. Selisihnya tercatat pada stok "
                "dan menunggu penjelasan.",
            )
        case AlarmKind.CONSIGNMENT_OVERDUE:
            return (
                f"Kiriman {item} terlambat: {where}",
                f"Kiriman yang dijanjikan {on} belum diterima seluruhnya; {quantity} {item} masih dalam perjalanan.",
            )
        case AlarmKind.LOAN_OVERDUE:
            return (
                f"Pinjaman {item} melewati batas waktu: {where}",
                f"Pinjaman yang harus kembali {on} belum lunas; sisanya {quantity} {item}.",
            )
        case AlarmKind.DESTRUCTION_OVERDUE:
            return (
                f"Pemusnahan {item} tertunda: {where}",
                f"{quantity} {item} yang rusak menunggu dimusnahkan sejak {on}.",
            )
    assert_never(alarm.kind)


def _nights(alarm: AlarmSent, on: str) -> str:
    """`19-11-2024 s.d. 21-11-2024 (3 malam)`, or the one night."""
    nights = alarm.figures.get("nights", 1)
    if alarm.day is None or nights == 1:
        return on
    return f"{day(alarm.day - timedelta(days=nights - 1))} s.d. {on} ({number(nights)} malam)"


def _silent(alarm: AlarmSent, on: str) -> tuple[str, str]:
    named = [f"- {name_of(office)}" for office in alarm.offices[:OFFICES_NAMED]]
    more = len(alarm.offices) - OFFICES_NAMED
    others = [f"- dan {number(more)} lainnya"] if more > 0 else []
    return (
        f"{number(len(alarm.offices))} kantor tanpa kabar selama dua hari kerja",
        "\n".join(
            [
                f"Per {on} tidak ada kabar apa pun dari kantor berikut selama dua hari kerja. Keadaan stoknya tidak "
                "diketahui: bukan berarti aman.",
                *named,
                *others,
            ]
        ),
    )
