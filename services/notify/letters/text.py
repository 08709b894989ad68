"""The text of a letter, part by part: both renderings only lay it out, so they cannot say different things."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby
from unicodedata import normalize
from zoneinfo import ZoneInfo

import msgspec

from services.notify.domain.letter import LetterContent, Shortfall, Urgency
from services.notify.domain.words import (
    ROLES,
    SEVERITY,
    Answer,
    Cause,
    Desk,
    Level,
    Proposal,
    ReliefKind,
    ReliefLine,
)
from services.notify.wording import FORESEEN, ITEMS, STOCK, UNITS, day, how_short, moment, needed_until_help, number
from shared.offices import CENTRE, Office, offices

ISSUER = ("Direktorat Jenderal Kependudukan dan Pencatatan Sipil", "Sistem Blanko")
AUTOMATIC = "Surat ini dibuat secara otomatis oleh Sistem Blanko dan sah tanpa tanda tangan."
UNKNOWN = "belum diketahui"
SWAPPED = str.maketrans(",.", ".,")
MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
URGENCIES = {Urgency.BIASA: "Biasa", Urgency.SEGERA: "Segera", Urgency.SANGAT_SEGERA: "Sangat Segera"}
DINAS = "Kepala Dinas Kependudukan dan Pencatatan Sipil"
TITLES = {
    ROLES[Level.CITY]: DINAS,
    ROLES[Level.PROVINCE]: DINAS,
    ROLES[Level.NATIONAL]: "Direktur Jenderal Kependudukan dan Pencatatan Sipil",
}
ANSWERERS = {
    ROLES[Level.CITY]: "Kepala dinas",
    ROLES[Level.PROVINCE]: "Dinas Dukcapil provinsi",
    ROLES[Level.NATIONAL]: "Dirjen Dukcapil",
}
CAUSES = {
    Cause.NO_ANSWER: "Sampai batas waktu yang ditetapkan belum ada jawaban.",
    Cause.PROMISE_BROKEN: "Yang dijanjikan tidak terpenuhi sampai batas waktunya.",
    Cause.DECLINED: "Provinsi menyatakan tidak dapat membantu.",
    Cause.FORWARDED: "Provinsi meneruskan permintaan ini ke pusat.",
    Cause.WORSE: "Keadaan stok memburuk sejak pemberitahuan sebelumnya.",
    Cause.NOBODY_THERE: "Pada jenjang sebelumnya tidak ada pejabat yang bertugas.",
    Cause.UNREACHED: "Pejabat pada jenjang sebelumnya tidak dapat dihubungi melalui saluran mana pun.",
}
RELIEF = {
    ReliefKind.ALLOCATED: "Telah dialokasikan",
    ReliefKind.ANNOUNCED: "Dalam perjalanan",
    ReliefKind.RECEIVED: "Telah diterima",
}
ASKED = {
    ROLES[Level.PROVINCE]: "menetapkan tindak lanjut (memenuhinya dari stok penyangga provinsi, mengatur pinjaman "
    "antardaerah, atau meneruskannya ke pusat) serta menyampaikan jawaban dan waktu penyelesaiannya",
    ROLES[Level.NATIONAL]: "menetapkan alokasi atau tindak lanjut lainnya serta menyampaikan jawaban dan waktu "
    "penyelesaiannya",
}
TO_ASK = "menyampaikan langkah yang akan diambil dan waktu penyelesaiannya"
COLUMNS = (
    "No.",
    "Kantor dan barang",
    "Keadaan, kurang sejak",
    "Sisa stok",
    "Tersedia",
    "Pakai per hari",
    "Cukup (hari)",
    "Perkiraan habis",
    "Angka per",
    "Upaya dan jawaban",
)


class Row(msgspec.Struct, frozen=True):
    """A line of the appendix: a cell for each column but the last, which lists what has been tried."""

    cells: tuple[str, ...]
    tried: tuple[str, ...]


class Group(msgspec.Struct, frozen=True):
    """The lines of one province."""

    heading: str
    rows: tuple[Row, ...]


class LetterText(msgspec.Struct, frozen=True):
    """All that stands in a letter, from top to bottom. `figures` are lines of a table under `figures_head`.

    `tried` is empty where the appendix (`columns` and `groups`) says it of each office; a single shortfall has none.
    """

    issuer: tuple[str, ...]
    title: str
    dated: str
    number: str
    particulars: tuple[tuple[str, str], ...]
    to: tuple[str, ...]
    happened: tuple[str, ...]
    figures_head: tuple[str, ...]
    figures: tuple[tuple[str, ...], ...]
    tried: tuple[str, ...]
    asked: str
    closing: str
    automatic: str
    copies: tuple[str, ...]
    columns: tuple[str, ...]
    groups: tuple[Group, ...]


def letter_text(content: LetterContent) -> LetterText:
    """The letter in words. Raises `KeyError` for an office that the reference data does not know."""
    alone = len(content.shortfalls) == 1
    of_the_province = () if alone else _by_province(content)
    title = _title_of_one(content.shortfalls[0]) if alone else _title_of_many(content)
    figures_head, figures = _figures_of_one(content.shortfalls[0]) if alone else _figures_of_many(content)
    thanks = "Bapak/Ibu" if content.to.role == ROLES[Level.NATIONAL] else "Saudara"
    dated = f"Jakarta, {long_day(content.day)}"
    return LetterText(
        issuer=ISSUER,
        title=title,
        dated=dated,
        number=clean(content.number),
        particulars=(
            ("Nomor", clean(content.number)),
            ("Sifat", URGENCIES[content.urgency]),
            ("Lampiran", "-" if alone else "1 (satu) berkas"),
            ("Hal", title),
        ),
        to=(*_desk(content.to), "di Jakarta" if content.to.region == CENTRE else "di tempat"),
        happened=_happened_to_one(content) if alone else _happened_to_many(content),
        figures_head=figures_head,
        figures=figures,
        tried=_tried(content.shortfalls[0], content.to) if alone else (),
        asked=_asked(content, thanks),
        closing=f"Demikian kami sampaikan. Atas perhatian dan kerja sama {thanks}, kami ucapkan terima kasih.",
        automatic=AUTOMATIC,
        copies=tuple(" ".join(_desk(copy)) for copy in content.copies),
        columns=() if alone else COLUMNS,
        groups=of_the_province,
    )


def clean(text: str) -> str:
    """What somebody wrote, on one line: without control characters, and without those that turn the direction."""
    composed = normalize("NFC", text)
    return " ".join("".join(c if c.isprintable() else " " for c in composed).split())


def long_day(value: date) -> str:
    """`27 November 2024`"""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def long_moment(value: datetime, zone: ZoneInfo) -> str:
    """`27 November 2024 pukul 14.30 WIB`"""
    local = value.astimezone(zone)
    return f"{long_day(local)} pukul {local:%H.%M %Z}"


def _short_moment(value: datetime, zone: ZoneInfo) -> str:
    return value.astimezone(zone).strftime("%d-%m-%Y %H.%M %Z")


def _decimal(value: float) -> str:
    return f"{value:,.1f}".translate(SWAPPED)


def _pieces(item: str, quantity: int) -> str:
    return f"{number(quantity)} {UNITS.get(item, 'keping')}"


def _item(item: str) -> str:
    return ITEMS.get(item, clean(item))


def _desk(desk: Desk) -> tuple[str, str]:
    """The title of whoever sits there, and the body they sit in: never a person's name."""
    body = "Kementerian Dalam Negeri" if desk.region == CENTRE else _name(offices().known(desk.region))
    return TITLES.get(desk.role, clean(desk.role)), body


def _name(office: Office) -> str:
    return f"Provinsi {office.name}" if office.type == "province" else office.name


def _title_of_one(shortfall: Shortfall) -> str:
    return f"{_shortage([shortfall])} {_item(shortfall.item)} di {_name(offices().known(shortfall.office))}"


def _title_of_many(content: LetterContent) -> str:
    items = {shortfall.item for shortfall in content.shortfalls}
    short = _item(*items) if len(items) == 1 else "blanko dan barang cetak"
    return f"{_shortage(content.shortfalls)} {short} di {_where(content)}"


def _shortage(shortfalls: Iterable[Shortfall]) -> str:
    """What it is called as long as all of it is only foreseen, and else."""
    return "Perkiraan kekurangan" if all(_foreseen(shortfall) for shortfall in shortfalls) else "Kekurangan"


def _foreseen(shortfall: Shortfall) -> bool:
    return how_short(shortfall.stock_level, shortfall.figures) == FORESEEN


def _where(content: LetterContent) -> str:
    """`3 kantor di Provinsi Bengkulu`, `514 kantor di 38 provinsi`"""
    cities = {shortfall.office for shortfall in content.shortfalls}
    provinces = {offices().province_of(office, content.day) for office in cities}
    there = f"{len(provinces)} provinsi" if len(provinces) > 1 else _name(offices().known(*provinces))
    return f"{number(len(cities))} kantor di {there}"


def _happened_to_one(content: LetterContent) -> tuple[str, ...]:
    [shortfall] = content.shortfalls
    office = offices().known(shortfall.office)
    province = _name(offices().known(office.province(content.day)))
    where = f"{_name(office)} (kode {office.code(content.day)}), {province},"
    since = f"sejak {long_moment(shortfall.since, office.timezone)} (kejadian ke-{shortfall.episode})"
    happened = (
        f"Dengan ini kami sampaikan bahwa di {where} terjadi kekurangan {_item(shortfall.item)} {since}. "
        f"Stoknya kini {STOCK[shortfall.stock_level]}."
    )
    if _foreseen(shortfall):
        needed = needed_until_help(shortfall.item, shortfall.figures)
        happened = (
            f"Dengan ini kami sampaikan bahwa di {where} diperkirakan akan terjadi kekurangan {_item(shortfall.item)}, "
            f"sebagaimana diketahui {since}. Stoknya kini belum menipis, tetapi {needed}."
        )
    cause = f" {CAUSES[shortfall.cause]}" if shortfall.cause is not None else ""
    as_of = long_moment(shortfall.figures.as_of, office.timezone)
    return f"{happened}{cause}", f"Angka stok per {as_of} adalah sebagai berikut."


def _happened_to_many(content: LetterContent) -> tuple[str, ...]:
    first = min(content.shortfalls, key=lambda shortfall: shortfall.since)
    since = long_moment(first.since, offices().known(first.office).timezone)
    return (
        f"Dengan ini kami sampaikan bahwa di {_where(content)} terjadi kekurangan, yang paling awal sejak {since}. "
        f"Ringkasannya sebagai berikut; angka, upaya, dan jawaban setiap kantor ada dalam lampiran.{_further(content)}",
    )


def _further(content: LetterContent) -> str:
    if not content.further:
        return ""
    return (
        f" Selain itu ada {number(content.further)} kekurangan lain yang lebih ringan dan tidak dimuat di sini; "
        "semuanya dapat dilihat dalam Sistem Blanko."
    )


def _figures_of_one(shortfall: Shortfall) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    figures, item = shortfall.figures, shortfall.item
    use, cover, empty = figures.daily_use, figures.days_of_cover, figures.projected_empty_on
    unit = UNITS.get(item, "keping")
    by = " menurut prakiraan kebutuhan" if figures.cover_from == "FORECAST" else ""
    rows = [
        ("Sisa stok", _pieces(item, figures.on_hand)),
        ("Tersedia (di luar yang sudah dipesan)", _pieces(item, figures.available)),
        ("Pemakaian rata-rata", f"{_decimal(use)} {unit} per hari" if use is not None else UNKNOWN),
        ("Cukup untuk", f"{_decimal(cover)} hari{by}" if cover is not None else UNKNOWN),
        ("Diperkirakan habis", long_day(empty) if empty is not None else UNKNOWN),
    ]
    if figures.reorder_point is not None:
        rows.append(("Kebutuhan sampai pasokan tiba", f"hingga {_pieces(item, figures.reorder_point)} (prakiraan)"))
    return ("Uraian", "Keterangan"), tuple(rows)


def _figures_of_many(content: LetterContent) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """How many offices are short of each item, from the worst level to what is only foreseen, if anything is."""
    words = [STOCK[level] for level in reversed(SEVERITY)]
    if any(_foreseen(shortfall) for shortfall in content.shortfalls):
        words.append(FORESEEN)
    counted: dict[str, dict[str, int]] = {}
    for shortfall in content.shortfalls:
        of_item = counted.setdefault(shortfall.item, dict.fromkeys(words, 0))
        of_item[how_short(shortfall.stock_level, shortfall.figures)] += 1
    rows = (
        (_item(item), *(number(count) for count in counts.values()), number(sum(counts.values())))
        for item, counts in sorted(counted.items())
    )
    return ("Barang", *(word.capitalize() for word in words), "Jumlah kantor"), tuple(rows)


def _tried(shortfall: Shortfall, to: Desk) -> tuple[str, ...]:
    item, zone = shortfall.item, offices().known(shortfall.office).timezone
    tried = []
    if shortfall.proposal is not None:
        tried.append(_proposed(item, shortfall.proposal, zone))
    if shortfall.answer is not None:
        answer = shortfall.answer
        who = ANSWERERS.get(answer.role, clean(answer.role))
        by = moment(answer.promised_by, zone)
        tried.append(f"{who} menjawab: “{clean(answer.action)}”, paling lambat {by}.")
    if shortfall.forwarded is not None:
        tried.append(f"Diteruskan ke atas: “{clean(shortfall.forwarded)}”.")
    if shortfall.declined is not None:
        tried.append(f"Provinsi tidak dapat membantu: “{clean(shortfall.declined)}”.")
    if shortfall.refused is not None:
        tried.append(f"Pusat tidak dapat membantu: “{clean(shortfall.refused)}”.")
    if shortfall.relief is not None:
        relief = shortfall.relief
        quantity = _pieces(item, relief.quantity)
        tried.append(f"{RELIEF[relief.kind]} {quantity}, dijanjikan tiba {day(relief.promised_on)}.")
    if shortfall.received:
        tried.append(f"Diterima sejak awal kekurangan: {_pieces(item, shortfall.received)}.")
    silent = _silent(shortfall, to)
    return (*tried, silent) if silent else tuple(tried)


def _proposed(item: str, proposal: Proposal, zone: ZoneInfo) -> str:
    wanted = _pieces(item, proposal.wanted)
    if not proposal.lines:
        return f"Dibutuhkan {wanted}; sistem tidak menemukan kantor yang dapat membantu."
    offers = ", ".join(_offered(line) for line in proposal.lines)
    as_of = f" per {moment(proposal.as_of, zone)}" if proposal.as_of is not None else ""
    return f"Usulan sistem{as_of}: {number(proposal.covered)} dari {wanted} yang dibutuhkan, yaitu dari {offers}."


def _offered(line: ReliefLine) -> str:
    office = offices().known(line.office)
    buffer = "stok penyangga " if office.type == "province" else ""
    far = f" ({number(line.distance_km)}\u00a0km)" if line.distance_km is not None else ""
    return f"{buffer}{_name(office)} {number(line.quantity)}{far}"


def _silent(shortfall: Shortfall, to: Desk) -> str | None:
    """Who below the recipient has said nothing, as far as is known: only the latest answer is."""
    answer: Answer | None = shortfall.answer
    if to.role == ROLES[Level.PROVINCE]:
        return "Kepala dinas belum menjawab." if answer is None else None
    if to.role != ROLES[Level.NATIONAL] or shortfall.declined is not None:
        return None
    if shortfall.forwarded is not None and shortfall.forwarded_at is not Level.CITY:
        return None
    if shortfall.relief is not None or shortfall.refused is not None:
        return None
    return "Provinsi belum menjawab." if answer is None or answer.role == ROLES[Level.CITY] else None


def _asked(content: LetterContent, whom: str) -> str:
    asked = ASKED.get(content.to.role, TO_ASK)
    if content.answer_by is None:
        return f"Sehubungan dengan hal tersebut, kami mohon {whom} {asked} dalam Sistem Blanko sesegera mungkin."
    until = long_moment(content.answer_by, offices().known(content.to.region).timezone)
    return f"Sehubungan dengan hal tersebut, kami mohon {whom} {asked} dalam Sistem Blanko paling lambat {until}."


def _by_province(content: LetterContent) -> tuple[Group, ...]:
    """Provinces in order of their code; in each the worst first, then in order of the offices."""

    def province(shortfall: Shortfall) -> str:
        return offices().province_of(shortfall.office, content.day)

    def place(shortfall: Shortfall) -> tuple[str, int, bool, str, str]:
        worst_first = -SEVERITY.index(shortfall.stock_level)
        return province(shortfall), worst_first, _foreseen(shortfall), shortfall.office, shortfall.item

    groups, seen = [], 0
    for code, short in groupby(sorted(content.shortfalls, key=place), key=province):
        of_province = list(short)
        rows = tuple(_row(number(seen + i), shortfall, content) for i, shortfall in enumerate(of_province, 1))
        groups.append(Group(f"{_name(offices().known(code))}: {_counts(of_province)}", rows))
        seen += len(rows)
    return tuple(groups)


def _counts(shortfalls: Iterable[Shortfall]) -> str:
    """`1 kosong, 2 menipis`"""
    levels = [how_short(shortfall.stock_level, shortfall.figures) for shortfall in shortfalls]
    found = ((word, levels.count(word)) for word in (*(STOCK[level] for level in reversed(SEVERITY)), FORESEEN))
    return ", ".join(f"{number(count)} {word}" for word, count in found if count)


def _row(place: str, shortfall: Shortfall, content: LetterContent) -> Row:
    office, figures = offices().known(shortfall.office), shortfall.figures
    use, cover, empty = figures.daily_use, figures.days_of_cover, figures.projected_empty_on
    cells = (
        place,
        f"{_name(office)} ({office.code(content.day)}): {_item(shortfall.item)}",
        f"{how_short(shortfall.stock_level, figures)}, {_short_moment(shortfall.since, office.timezone)}",
        number(figures.on_hand),
        number(figures.available),
        _decimal(use) if use is not None else "–",
        _decimal(cover) if cover is not None else "–",
        empty.strftime("%d-%m-%Y") if empty is not None else "–",
        _short_moment(figures.as_of, office.timezone),
    )
    cause = (CAUSES[shortfall.cause],) if shortfall.cause is not None else ()
    return Row(cells, (*cause, *_tried(shortfall, content.to)))
