"""What people read on paper: the letter with which an office fetches blanks, in Bahasa Indonesia.

It names offices, figures and numbers of papers, never a person: who signs it writes the name by hand.
"""

from collections.abc import Sequence
from datetime import date, datetime

from services.stock.domain import (
    CENTRE,
    Item,
    PickUpLetterIssued,
    ReplenishmentApproved,
    ReplenishmentFilled,
    ReplenishmentRequested,
    RequestFact,
)
from shared.offices import Office, Offices

ITEMS: dict[Item, str] = {
    "KTP_WNI": "blangko KTP-el WNI",
    "KTP_WNA": "blangko KTP-el orang asing",
    "KIA": "blangko KIA",
    "RIBBON": "pita cetak (ribbon)",
    "FILM": "film retransfer",
}
UNITS: dict[Item, str] = {"KTP_WNI": "keping", "KTP_WNA": "keping", "KIA": "keping", "RIBBON": "rol", "FILM": "rol"}


def pick_up_letter(steps: Sequence[tuple[datetime, RequestFact]], here: Office, offices: Offices) -> str | None:
    """The latest letter of a request with these steps; None as long as none was issued.

    It speaks of what was promised since the letter before, and stays as it was issued.
    """
    issues = [n for n, (_, fact) in enumerate(steps) if isinstance(fact, PickUpLetterIssued)]
    if not issues:
        return None
    at, letter = steps[issues[-1]]
    assert isinstance(letter, PickUpLetterIssued)
    since = issues[-2] if len(issues) > 1 else 0
    unit = UNITS[letter.item]
    asked = next((fact for _, fact in steps if isinstance(fact, ReplenishmentRequested)), None)
    of_this = [fact for _, fact in steps[since : issues[-1]]]
    promised = [fact for fact in of_this if isinstance(fact, ReplenishmentFilled | ReplenishmentApproved)]
    total = sum(_quantity(fact) for fact in promised)
    lines = [
        "SURAT PENGANTAR PENGAMBILAN BLANGKO",
        f"Nomor   : {letter.letter}",
        f"Tanggal : {_day(at.astimezone(here.timezone))}",
        "",
        f"Kepada  : {_name(here)}",
        f"Barang  : {ITEMS[letter.item]}",
        f"Jumlah  : {_number(total)} {unit}",
        f"Diambil di : {letter.collect_at}",
        "",
        f"Permohonan : {letter.request}",
    ]
    if asked is not None:
        lines.append(f"Diminta    : {_number(asked.asked)} {unit}")
    lines += ["Disetujui  :", *(f"- {_promise(fact, unit, offices)}" for fact in promised)]
    lines += [
        "",
        "Blangko dihitung bersama saat serah terima dan dicatat dalam berita acara (BAST).",
        "",
        "Yang menyerahkan                  Yang mengambil",
        "",
        "",
        "(..........................)      (..........................)",
    ]
    return "\n".join(lines) + "\n"


def _promise(fact: ReplenishmentFilled | ReplenishmentApproved, unit: str, offices: Offices) -> str:
    if isinstance(fact, ReplenishmentApproved):
        return f"{_number(fact.approved)} {unit} dari {_giver(CENTRE, offices)}, alokasi {fact.allocation}"
    how = "pinjaman" if fact.how == "LOAN" else "alokasi"
    giver = _giver(fact.from_office, offices)
    day = _day(fact.promised_on)
    return f"{_number(fact.quantity)} {unit} dari {giver}, {how} {fact.reference}, paling lambat {day}"


def _quantity(fact: ReplenishmentFilled | ReplenishmentApproved) -> int:
    return fact.approved if isinstance(fact, ReplenishmentApproved) else fact.quantity


def _giver(id: str, offices: Offices) -> str:
    office = offices.get(id)
    return id if office is None else _name(office)


def _name(office: Office) -> str:
    if office.type == "centre":
        return office.name
    return f"Disdukcapil Provinsi {office.name}" if office.type == "province" else f"Disdukcapil {office.name}"


def _number(pieces: int) -> str:
    return f"{pieces:,}".replace(",", ".")


def _day(day: date) -> str:
    return day.strftime("%d-%m-%Y")
