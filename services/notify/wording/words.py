"""How things, numbers and moments are written: `10.000`, `27-11-2024 pukul 14.30 WIB`."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined, Template

from services.notify.domain import MINISTRY, ROLES, Figures, Level, StockLevel
from shared.offices import Office, offices

ITEMS = {
    "KTP_WNI": "blanko KTP-el WNI",
    "KTP_WNA": "blanko KTP-el orang asing",
    "KIA": "blanko KIA",
    "RIBBON": "pita",
    "FILM": "film retransfer",
}
UNITS = {"RIBBON": "rol", "FILM": "rol"}
STOCK = {StockLevel.LOW: "menipis", StockLevel.CRITICAL: "kritis", StockLevel.EMPTY: "kosong"}
FORESEEN = "diperkirakan menipis"
HOW_SHORT = (FORESEEN, *STOCK.values())
"""From the mildest to the worst."""
LEVELS = {Level.CITY: "kepala dinas", Level.PROVINCE: "Dinas Dukcapil provinsi", Level.NATIONAL: "Dirjen Dukcapil"}
ANSWERERS = {role: LEVELS[level] for level, role in ROLES.items()}
SUBJECT_AT_MOST = 120

_PAGE = """<!doctype html>
<html lang="id"><head><meta charset="utf-8"><title>{{ subject }}</title></head>
<body style="font-family: sans-serif; line-height: 1.5; max-width: 40rem">
<h1 style="font-size: 1.1rem">{{ subject }}</h1>
{% for listed, lines in blocks %}
{% if listed %}
<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>
{% else %}
{% for line in lines %}<p>{{ line }}</p>{% endfor %}
{% endif %}
{% endfor %}
<p style="color: #555">Sistem Blanko. Pesan ini dikirim secara otomatis.</p>
</body></html>
"""
_BULLET = "- "


@dataclass(frozen=True, slots=True)
class Wording:
    """What a person reads: a subject, and plain text whose lines that begin with `- ` are a list."""

    subject: str
    text: str

    @property
    def html(self) -> str:
        """The same as a page that refers to nothing outside itself."""
        blocks: list[tuple[bool, list[str]]] = []
        for line in self.text.splitlines():
            listed = line.startswith(_BULLET)
            if not blocks or blocks[-1][0] is not listed:
                blocks.append((listed, []))
            blocks[-1][1].append(line.removeprefix(_BULLET))
        return _page().render(subject=self.subject, blocks=blocks)


def shortened(subject: str) -> str:
    """A subject of at most 120 characters."""
    return subject if len(subject) <= SUBJECT_AT_MOST else subject[: SUBJECT_AT_MOST - 1].rstrip() + "…"


def number(value: int) -> str:
    """`10.000`"""
    return f"{value:,}".replace(",", ".")


def decimal(value: float) -> str:
    """`8,0`"""
    return f"{value:.1f}".replace(".", ",")


def pieces(item: str, quantity: int) -> str:
    """`1.200 keping`"""
    return f"{number(quantity)} {UNITS.get(item, 'keping')}"


def how_short(level: StockLevel, figures: Figures | None) -> str:
    """`menipis`; of what is only foreseen, that it is."""
    foreseen = level is StockLevel.LOW and figures is not None and figures.foreseen
    return FORESEEN if foreseen else STOCK[level]


def needed_until_help(item: str, figures: Figures) -> str:
    """What the forecast says may be needed before help can come, as the end of a sentence."""
    if figures.reorder_point is None:
        return "menurut prakiraan, yang diperlukan sampai pasokan tiba dapat melebihi yang tersedia"
    return f"menurut prakiraan, sampai pasokan tiba dapat diperlukan {pieces(item, figures.reorder_point)}"


def day(value: date) -> str:
    """`27-11-2024`"""
    return value.strftime("%d-%m-%Y")


def moment(value: datetime, zone: ZoneInfo) -> str:
    """`27-11-2024 pukul 14.30 WIB`"""
    return value.astimezone(zone).strftime("%d-%m-%Y pukul %H.%M %Z")


def name_of(office: str) -> str:
    """What an office is called; one that is unknown here, by its id."""
    known = offices().get(office)
    if known is None:
        return office
    return f"Provinsi {known.name}" if known.type == "province" else known.name


def zone_of(office: str) -> ZoneInfo:
    """The office's zone; of one that is unknown here, that of the ministry."""
    known: Office = offices().get(office) or offices().known(MINISTRY)
    return known.timezone


@cache
def _page() -> Template:
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_PAGE)
