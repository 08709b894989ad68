"""The formal letter, as a page and as a PDF."""

import re
import zlib
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.notify.domain.letter import LetterContent, Shortfall, Urgency
from services.notify.domain.words import (
    ROLES,
    Answer,
    Cause,
    Desk,
    Figures,
    Level,
    Proposal,
    Relief,
    ReliefKind,
    ReliefLine,
    StockLevel,
)
from services.notify.letters import html, pdf
from services.notify.letters.render import NOT_DRAWN
from services.notify.letters.text import ANSWERERS, CAUSES, RELIEF, TITLES, URGENCIES, letter_text
from shared.offices import offices

NOON = datetime(2024, 11, 18, 5, 0, tzinfo=UTC)
DAY = timedelta(days=1)
DIRJEN, PROVINCE, HEAD = Desk("national", "00"), Desk("province", "17"), Desk("head", "17.71")
# A string of a PDF may hold brackets as long as they are balanced, or is hexadecimal.
STRING = r"\((?:\\.|[^\\()])*\)"
for _ in range(3):
    STRING = rf"\((?:\\.|[^\\()]|{STRING})*\)"
STRING = f"(?s:{STRING}|<[0-9A-F]*>)"
CHOSEN_OR_SHOWN = rf"(?s)/(f\d+) [\d.]+ Tf|(\[(?:{STRING}|[^\[\]()])*\]TJ|{STRING}Tj)"
CITIES = [office for office in offices().all() if office.type in ("kota", "kabupaten")]

figures = Figures(
    on_hand=12_345,
    available=11_234,
    as_of=NOON,
    daily_use=1_543.5,
    days_of_cover=7.3,
    projected_empty_on=date(2024, 11, 26),
)
bengkulu = Shortfall("17.71", "KTP_WNI", 4, StockLevel.CRITICAL, figures, NOON - DAY)
tried = replace(
    bengkulu,
    received=50,
    cause=Cause.DECLINED,
    answer=Answer(Level.CITY, "head", "u-80", "Ambil 2.000 keping di provinsi", NOON + 3 * DAY),
    declined="Gudang provinsi kosong",
    relief=Relief(ReliefKind.ANNOUNCED, 2_100, date(2024, 11, 25), NOON + 7 * DAY),
    proposal=Proposal(8_800, 2_800, (ReliefLine("17", 2_000, 31), ReliefLine("17.05", 800, 1_056))),
)
letter = LetterContent(
    number="BLANKO/2024/11/0042",
    day=date(2024, 11, 24),
    urgency=Urgency.SANGAT_SEGERA,
    to=DIRJEN,
    copies=(PROVINCE, HEAD),
    shortfalls=(tried,),
    answer_by=NOON + 7 * DAY,
)


def about(*shortfalls: Shortfall, **changes: Any) -> LetterContent:
    return replace(letter, shortfalls=shortfalls, **changes)


def nation(cities: int = 514) -> LetterContent:
    """Cities that are all short, each with its own figures."""
    levels = list(StockLevel)
    return about(
        *(
            replace(tried, office=city.id, stock_level=levels[n % 3], figures=replace(figures, on_hand=10_000 + n))
            for n, city in enumerate(CITIES[:cities])
        )
    )


class Page(HTMLParser):
    """What a browser makes of a page: elements, attributes, and the text outside of the style sheet."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._said: list[str] = []
        self.feed(source)
        self.close()

    @property
    def text(self) -> str:
        return " ".join("".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"] or not data.strip():
            self._said.append(data)


def read(content: LetterContent) -> str:
    return Page(html(content)).text


class Printed:
    """What a reader finds in a PDF: its objects, and the text of each page without white space."""

    def __init__(self, data: bytes) -> None:
        found = re.findall(rb"(?s)\n(\d+) 0 obj\s(.*?)\sendobj", data)
        self.objects = {int(number): body for number, body in found}
        self.pages = [body for body in self.objects.values() if b"/Type/Page/" in body]

    @property
    def text(self) -> list[str]:
        return [squeezed("".join(self.lines(page))) for page in self.pages]

    def lines(self, page: bytes) -> list[str]:
        """What is shown in one go, which is at most a line."""
        [resources] = self._refers(rb"/Resources (\d+)", page)
        names = re.findall(rb"/(f\d+) (\d+) 0 R", self.objects[resources])
        fonts = {name.decode(): self._characters(self.objects[int(number)]) for name, number in names}
        [contents] = self._refers(rb"/Contents (\d+)", page)
        lines: list[str] = []
        font: dict[str, str] = {}
        for name, strings in re.findall(CHOSEN_OR_SHOWN, self._stream(contents).decode("latin-1")):
            font = fonts[name] if name else font
            codes = "".join(_unescaped(string) for string in re.findall(STRING, strings))
            lines.append("".join(font[codes[i : i + 2]] for i in range(0, len(codes), 2)))
        return lines

    def _characters(self, font: bytes) -> dict[str, str]:
        [mapping] = self._refers(rb"/ToUnicode (\d+)", font)
        pairs = re.findall(rb"<(\w{4})> <(\w+)>\n", self._stream(mapping))
        return {
            bytes.fromhex(code.decode()).decode("latin-1"): bytes.fromhex(text.decode()).decode("utf-16-be")
            for code, text in pairs
        }

    def _refers(self, pattern: bytes, body: bytes) -> list[int]:
        return [int(number) for number in re.findall(pattern, body)]

    def _stream(self, number: int) -> bytes:
        _, _, stream = self.objects[number].partition(b"stream\n")
        return zlib.decompressobj().decompress(stream)


def _unescaped(string: str) -> str:
    """The bytes of a string of a PDF, which may be written as `\\051` or `\\)`."""
    if string.startswith("<"):
        return bytes.fromhex(string[1:-1]).decode("latin-1")
    named = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}

    def byte(match: re.Match[str]) -> str:
        octal, other = match.groups()
        return chr(int(octal, 8)) if octal else named.get(other, other)

    return re.sub(r"(?s)\\(?:([0-7]{1,3})|(.))", byte, string[1:-1])


def printed(content: LetterContent) -> str:
    """The text of all pages, without white space."""
    return "".join(Printed(pdf(content)).text)


def squeezed(text: str) -> str:
    return "".join(text.split())


def said(content: LetterContent) -> list[str]:
    """Every piece of text of a letter."""

    def pieces(value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        parts = value.values() if isinstance(value, dict) else value
        return [piece for part in parts for piece in pieces(part)]

    return pieces(msgspec.to_builtins(letter_text(content)))


def pairs(rows: tuple[tuple[str, ...], ...]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in rows]


def test_the_dirjen_reads_what_happened_what_was_tried_and_what_is_asked() -> None:
    text = letter_text(letter)
    assert text.dated == "Jakarta, 24 November 2024"
    assert dict(text.particulars) == {
        "Nomor": "BLANKO/2024/11/0042",
        "Sifat": "Sangat Segera",
        "Lampiran": "-",
        "Hal": "Kekurangan blanko KTP-el WNI di Kota Bengkulu",
    }
    assert text.to == (
        "Direktur Jenderal Kependudukan dan Pencatatan Sipil",
        "Kementerian Dalam Negeri",
        "di Jakarta",
    )
    assert text.happened == (
        "Dengan ini kami sampaikan bahwa di Kota Bengkulu (kode 17.71), Provinsi Bengkulu, terjadi kekurangan blanko "
        "KTP-el WNI sejak 17 November 2024 pukul 12.00 WIB (kejadian ke-4). Stoknya kini kritis. Provinsi menyatakan "
        "tidak dapat membantu.",
        "Angka stok per 18 November 2024 pukul 12.00 WIB adalah sebagai berikut.",
    )
    assert dict(pairs(text.figures)) == {
        "Sisa stok": "12.345 keping",
        "Tersedia (di luar yang sudah dipesan)": "11.234 keping",
        "Pemakaian rata-rata": "1.543,5 keping per hari",
        "Cukup untuk": "7,3 hari",
        "Diperkirakan habis": "26 November 2024",
    }
    assert text.tried == (
        "Usulan sistem: 2.800 dari 8.800 keping yang dibutuhkan, yaitu dari stok penyangga Provinsi Bengkulu 2.000 "
        "(31\u00a0km), Kabupaten Seluma 800 (1.056\u00a0km).",
        "Kepala dinas menjawab: “Ambil 2.000 keping di provinsi”, paling lambat 21-11-2024 pukul 12.00 WIB.",
        "Provinsi tidak dapat membantu: “Gudang provinsi kosong”.",
        "Dalam perjalanan 2.100 keping, dijanjikan tiba 25-11-2024.",
        "Diterima sejak awal kekurangan: 50 keping.",
    )
    assert text.asked.startswith("Sehubungan dengan hal tersebut, kami mohon Bapak/Ibu menetapkan alokasi")
    assert text.asked.endswith("paling lambat 25 November 2024 pukul 12.00 WIB.")
    assert text.copies == (
        "Kepala Dinas Kependudukan dan Pencatatan Sipil Provinsi Bengkulu",
        "Kepala Dinas Kependudukan dan Pencatatan Sipil Kota Bengkulu",
    )


def test_a_province_is_asked_on_its_own_clock_and_reads_that_the_city_is_silent() -> None:
    jayapura = replace(bengkulu, office="91.71", item="RIBBON")
    text = letter_text(about(jayapura, to=Desk("province", "91"), urgency=Urgency.SEGERA, copies=()))
    assert text.to[1] == "Provinsi Papua"
    assert "pita sejak 17 November 2024 pukul 14.00 WIT" in text.happened[0]
    assert dict(pairs(text.figures))["Sisa stok"] == "12.345 rol"
    assert text.tried == ("Kepala dinas belum menjawab.",)
    assert "mohon Saudara menetapkan tindak lanjut" in text.asked
    assert text.asked.endswith("25 November 2024 pukul 14.00 WIT.")


def test_the_dirjen_reads_that_the_province_is_silent_unless_it_said_anything() -> None:
    silent = "Provinsi belum menjawab."
    of_the_city = replace(bengkulu, answer=tried.answer)
    of_the_province = replace(bengkulu, answer=Answer(Level.PROVINCE, "province", "u-17", "Kirim besok", NOON + DAY))
    forwarded = replace(bengkulu, forwarded="Stok penyangga habis")
    assert silent in letter_text(about(of_the_city)).tried
    assert silent not in letter_text(about(of_the_province)).tried
    assert letter_text(about(forwarded)).tried == ("Diteruskan ke atas: “Stok penyangga habis”.",)
    assert silent not in letter_text(letter).tried
    by_the_city = replace(forwarded, forwarded_at=Level.CITY)
    assert letter_text(about(by_the_city)).tried == ("Diteruskan ke atas: “Stok penyangga habis”.", silent)
    by_the_province = replace(forwarded, forwarded_at=Level.PROVINCE)
    assert silent not in letter_text(about(by_the_province)).tried


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    bare = replace(bengkulu, figures=Figures(-3, -3, NOON), proposal=Proposal(5_000, 0))
    text = letter_text(about(bare, answer_by=None))
    assert dict(pairs(text.figures))["Sisa stok"] == "-3 keping"
    assert dict(pairs(text.figures))["Cukup untuk"] == "belum diketahui"
    assert "Dibutuhkan 5.000 keping; sistem tidak menemukan kantor yang dapat membantu." in text.tried
    assert text.asked.endswith("sesegera mungkin.")
    assert "–" in letter_text(about(bare, replace(bare, office="17.01"))).groups[0].rows[0].cells


def test_many_offices_stand_in_an_appendix_by_province_the_worst_first() -> None:
    aceh = replace(bengkulu, office="11.71", stock_level=StockLevel.LOW)
    empty = replace(bengkulu, office="17.09", stock_level=StockLevel.EMPTY)
    text = letter_text(about(tried, empty, aceh))
    assert dict(text.particulars)["Lampiran"] == "1 (satu) berkas"
    assert text.title == "Kekurangan blanko KTP-el WNI di 3 kantor di 2 provinsi"
    assert text.figures_head == ("Barang", "Kosong", "Kritis", "Menipis", "Jumlah kantor")
    assert text.figures == (("blanko KTP-el WNI", "1", "1", "1", "3"),)
    assert [(group.heading, [row.cells[0] for row in group.rows]) for group in text.groups] == [
        ("Provinsi Aceh: 1 menipis", ["1"]),
        ("Provinsi Bengkulu: 1 kosong, 1 kritis", ["2", "3"]),
    ]
    assert text.groups[1].rows[0].cells[1] == "Kabupaten Bengkulu Tengah (17.09): blanko KTP-el WNI"
    assert text.groups[1].rows[1].cells[2] == "kritis, 17-11-2024 12.00 WIB"


def test_the_order_of_the_shortfalls_does_not_change_the_letter() -> None:
    other = replace(bengkulu, office="17.09", item="FILM")
    assert pdf(about(tried, other)) == pdf(about(other, tried))
    assert html(about(tried, other)) == html(about(other, tried))


@pytest.mark.parametrize("content", [letter, about(tried, replace(bengkulu, office="11.71"))], ids=["one", "many"])
def test_page_and_pdf_say_all_of_the_text(content: LetterContent) -> None:
    page, on_paper = squeezed(read(content)), printed(content).casefold()
    for piece in said(content):
        assert squeezed(piece) in page
        assert squeezed(piece).casefold() in on_paper


@pytest.mark.parametrize("many", [False, True])
def test_every_figure_is_on_the_page(many: bool) -> None:
    page = read(about(tried, replace(bengkulu, office="11.71")) if many else letter)
    dates = ("26-11-2024",) if many else ("26 November 2024",)
    for figure in ("12.345", "11.234", "1.543,5", "7,3", "8.800", "2.800", "2.000", "1.056", "2.100", "50", *dates):
        assert figure in page


@pytest.mark.parametrize(
    "odd",
    [
        "#set page(width: 1cm)",
        '#panic("x") $x^2$ *tebal* _miring_ `kode` <label> @rujukan',
        "<script>alert(1)</script> & &amp; <b>",
        "{{ letter.number }} {% raw %} {# x #}",
        "\"kutip\" 'tunggal' \\ // /* = - + ~ --- \\u{41}",
        "satu\nduda\ttiga\x00\x07\u202eterbalik",
        "x" * 120,
        "]]> </style></html>",
    ],
)
def test_what_somebody_wrote_is_never_markup(odd: str) -> None:
    answer = Answer(Level.CITY, "head", "u-80", odd, NOON + DAY)
    wrote = replace(tried, declined=odd, forwarded=odd, answer=answer, item=odd)
    plain = Page(html(about(replace(tried, item="X", forwarded="X"))))
    expected = squeezed("".join(c if c.isprintable() else " " for c in odd))
    for content in (about(wrote), about(wrote, replace(wrote, office="11.71"))):
        page = Page(html(content))
        assert "script" not in page.tags and "b" not in page.tags
        assert squeezed(page.text).count(f"“{expected}”") == len(content.shortfalls) * 3
        assert printed(content).count(f"“{expected}”") == len(content.shortfalls) * 3
    assert Page(html(about(wrote))).tags == plain.tags


def test_a_long_word_stays_on_the_paper() -> None:
    endless = replace(tried, declined="x" * 400)
    for content in (about(endless), about(endless, replace(endless, office="11.71"))):
        paper = Printed(pdf(content))
        assert max(len(line) for page in paper.pages for line in paper.lines(page)) < 130


def test_what_no_font_can_draw_is_marked_in_the_pdf_and_kept_on_the_page() -> None:
    content = about(replace(tried, declined="Habis 😀 中 \ue000 e\u0301"))
    assert "Habis 😀 中 é" in read(content)
    assert "Habis��é" in printed(content)


def test_every_character_that_is_let_through_can_be_drawn() -> None:
    drawn = "".join(chr(code) + " " for code in range(0x20, 0x2FFF) if not NOT_DRAWN.match(chr(code)))
    content = about(replace(tried, declined=drawn, item=drawn))
    shown = printed(content)
    assert all(character in shown for character in "€Șя→≤“")
    assert "\ufffd" not in shown


def test_equal_content_gives_equal_bytes_also_after_a_fact_carried_it() -> None:
    carried = msgspec.json.decode(msgspec.json.encode(letter), type=LetterContent)
    assert carried == letter
    assert pdf(carried) == pdf(letter)
    assert html(carried) == html(letter)


@pytest.mark.parametrize(
    "other",
    [
        replace(letter, number="BLANKO/2024/11/0043"),
        replace(letter, day=date(2024, 11, 25)),
        replace(letter, urgency=Urgency.BIASA),
        replace(letter, to=PROVINCE),
        replace(letter, copies=()),
        replace(letter, answer_by=NOON),
        about(replace(tried, received=51)),
        about(replace(tried, episode=5)),
        about(replace(tried, figures=replace(figures, on_hand=1))),
    ],
)
def test_different_content_gives_different_bytes(other: LetterContent) -> None:
    assert pdf(other) != pdf(letter)
    assert html(other) != html(letter)


def test_the_pdf_is_tagged_archivable_indonesian_and_has_a_title() -> None:
    data = pdf(letter)
    assert b"/Title(Kekurangan blanko KTP-el WNI di Kota Bengkulu (BLANKO/2024/11/0042))" in data
    assert b"/Lang(id-ID)" in data and b"/MarkInfo<</Marked true" in data
    assert b"<pdfaid:part>2</pdfaid:part>" in data and b"<pdfuaid:part>1</pdfuaid:part>" in data
    assert b"/CreationDate(D:20241124" in data


def test_a_letter_about_one_office_is_one_page_of_a4() -> None:
    [page] = Printed(pdf(letter)).pages
    assert b"/MediaBox[0 0 595.2756 841.8898]" in page


def test_the_nation_is_one_letter_with_its_heading_on_every_page() -> None:
    content = nation()
    paper = Printed(pdf(content))
    first, *appendix = paper.text
    assert all(b"841.8898" in page and b"595.2756" in page for page in paper.pages)
    assert "514kantordi38provinsi" in first
    assert all("Kantordanbarang" in page and "Upayadanjawaban" in page for page in appendix)
    assert f"Halaman{len(paper.pages)}dari{len(paper.pages)}" in appendix[-1]
    page, on_paper = read(content), "".join(appendix)
    for n, city in enumerate(CITIES):
        assert f"{city.name} ({city.code(content.day)})" in page
        assert squeezed(f"{city.name} ({city.code(content.day)})") in on_paper
        assert f"{10_000 + n:,}".replace(",", ".") in on_paper


def test_letters_about_many_offices_do_not_fill_the_memory() -> None:
    def memory() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096

    letters = [replace(nation(200), number=str(n), day=date(2024, 1, 1 + n)) for n in range(5)]
    pdf(letters[0])
    before = memory()
    for content in letters[1:]:
        pdf(replace(content, shortfalls=tuple(replace(s, received=content.day.day) for s in content.shortfalls)))
    assert memory() - before < 60_000_000


@pytest.mark.parametrize("content", [letter, about(tried, replace(bengkulu, office="11.71"))], ids=["one", "many"])
def test_the_page_needs_nothing_from_elsewhere(content: LetterContent) -> None:
    source = html(content)
    page = Page(source)
    assert not {"link", "script", "img", "iframe", "object", "base", "form"} & set(page.tags)
    assert not {"src", "href", "srcset", "style", "action"} & {name for name, _ in page.attributes}
    assert not re.search(r"url\(|@import|https?:|//", source)
    assert ("lang", "id") in page.attributes
    assert {"main", "article", "header", "h1", "dl", "address", "table", "thead", "tbody", "th"} <= set(page.tags)
    assert page.tags.count("h1") == 1


def test_no_person_is_in_a_letter() -> None:
    assert "u-80" not in html(letter)
    assert "u-80" not in printed(letter)


def test_whatever_may_be_said_has_words() -> None:
    assert set(CAUSES) == set(Cause)
    assert set(RELIEF) == set(ReliefKind)
    assert set(URGENCIES) == set(Urgency)
    assert set(TITLES) == set(ANSWERERS) == set(ROLES.values())


def test_a_role_that_is_new_here_is_called_by_its_code() -> None:
    assert letter_text(replace(letter, copies=(Desk("auditor", "17"),))).copies == ("auditor Provinsi Bengkulu",)


def test_an_office_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(KeyError):
        html(about(replace(bengkulu, office="99.99")))
