"""What a person reads in a notice: Bahasa Indonesia, `27-11-2024`, `10.000`, and the clock of the office."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.notify.domain import ROLES, Cause, Level, NoticeKind, NoticeSent, ReliefKind, StockLevel

ITEMS = {
    "KTP_WNI": "blanko KTP-el WNI",
    "KTP_WNA": "blanko KTP-el orang asing",
    "KIA": "blanko KIA",
    "RIBBON": "pita",
    "FILM": "film retransfer",
}
UNITS = {"RIBBON": "rol", "FILM": "rol"}
STOCK = {StockLevel.LOW: "menipis", StockLevel.CRITICAL: "kritis", StockLevel.EMPTY: "kosong"}
LEVELS = {Level.CITY: "kepala dinas", Level.PROVINCE: "Dinas Dukcapil provinsi", Level.NATIONAL: "Dirjen Dukcapil"}
ANSWERERS = {role: LEVELS[level] for level, role in ROLES.items()}
RELIEF = {ReliefKind.ALLOCATED: "Sudah dialokasikan", ReliefKind.ANNOUNCED: "Dalam perjalanan"}


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice in words."""

    subject: str
    text: str


def worded(notice: NoticeSent, office_name: str, zone: ZoneInfo) -> Wording:
    """The notice as its recipient reads it; `zone` is the office's."""
    lines = (
        _happened(notice),
        _figures(notice, zone),
        _done(notice),
        _answered(notice, zone),
        _declined(notice),
        _asked(notice, zone),
        "Angka-angka ini mungkin belum yang terbaru." if notice.figures_may_be_old else None,
    )
    return Wording(_subject(notice, office_name), "\n".join(line for line in lines if line))


def number(value: int) -> str:
    """`10.000`"""
    return f"{value:,}".replace(",", ".")


def day(value: date) -> str:
    """`27-11-2024`"""
    return value.strftime("%d-%m-%Y")


def moment(value: datetime, zone: ZoneInfo) -> str:
    """`27-11-2024 pukul 14.30 WIB`"""
    return value.astimezone(zone).strftime("%d-%m-%Y pukul %H.%M %Z")


def _subject(notice: NoticeSent, office_name: str) -> str:
    item = ITEMS.get(notice.item, notice.item)
    if notice.kind is NoticeKind.RESOLVED:
        return f"Selesai: Stok {item} di {office_name} sudah pulih"
    shortage = f"Stok {item} {STOCK[notice.stock_level]} di {office_name}"
    match notice.kind, notice.cause:
        case NoticeKind.SHORTAGE, _:
            return shortage
        case NoticeKind.CLIMBED, _:
            return f"Eskalasi ke {LEVELS[notice.level]}: {shortage}"
        case NoticeKind.ANSWERED, Cause.DECLINED:
            return f"Provinsi tidak dapat membantu: {shortage}"
        case _:
            return f"Sudah dijawab: {shortage}"


def _happened(notice: NoticeSent) -> str | None:
    below = {Level.PROVINCE: Level.CITY, Level.NATIONAL: Level.PROVINCE}
    awaited = below.get(notice.level, notice.level) if notice.kind is NoticeKind.CLIMBED else notice.level
    match notice.cause:
        case Cause.NO_ANSWER:
            return f"Belum ada jawaban dari {LEVELS[awaited]} sampai batas waktunya."
        case Cause.PROMISE_BROKEN:
            return "Yang dijanjikan tidak terpenuhi sampai batas waktunya."
        case Cause.WORSE:
            return "Keadaan stok memburuk."
        case Cause.DECLINED | None:
            return None


def _figures(notice: NoticeSent, zone: ZoneInfo) -> str:
    figures = notice.figures
    parts = [
        f"Stok per {moment(figures.as_of, zone)}: {_pieces(notice, figures.on_hand)}",
        f"tersedia {_pieces(notice, figures.available)}",
    ]
    if figures.days_of_cover is not None:
        parts.append(f"cukup untuk {_decimal(figures.days_of_cover)} hari")
    if figures.projected_empty_on is not None:
        parts.append(f"diperkirakan habis {day(figures.projected_empty_on)}")
    return ", ".join(parts) + "."


def _done(notice: NoticeSent) -> str | None:
    parts = []
    if notice.received:
        parts.append(f"Diterima sejak awal: {_pieces(notice, notice.received)}.")
    if notice.relief is not None and notice.kind is not NoticeKind.RESOLVED:
        quantity, promised_on = _pieces(notice, notice.relief.quantity), day(notice.relief.promised_on)
        parts.append(f"{RELIEF[notice.relief.kind]}: {quantity}, dijanjikan {promised_on}.")
    return " ".join(parts) or None


def _answered(notice: NoticeSent, zone: ZoneInfo) -> str | None:
    answer = notice.answer
    if answer is None:
        return None
    return f"Jawaban {ANSWERERS[answer.role]}: {answer.action}, paling lambat {moment(answer.promised_by, zone)}."


def _declined(notice: NoticeSent) -> str | None:
    return f"Provinsi tidak dapat membantu: {notice.declined}" if notice.declined is not None else None


def _asked(notice: NoticeSent, zone: ZoneInfo) -> str | None:
    if notice.kind not in (NoticeKind.SHORTAGE, NoticeKind.CLIMBED) or notice.answer_by is None:
        return None
    if notice.recipient_role != ROLES[notice.level]:
        return f"Jawaban ditunggu dari {LEVELS[notice.level]}."
    return f"Mohon dijawab paling lambat {moment(notice.answer_by, zone)}."


def _pieces(notice: NoticeSent, quantity: int) -> str:
    return f"{number(quantity)} {UNITS.get(notice.item, 'keping')}"


def _decimal(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
