"""What a person reads in a notice of a shortage."""

from zoneinfo import ZoneInfo

from services.notify.domain import ROLES, Cause, Held, Level, NoticeKind, NoticeSent, Proposal, ReliefKind
from services.notify.wording.words import (
    ANSWERERS,
    ITEMS,
    LEVELS,
    Wording,
    day,
    decimal,
    how_short,
    moment,
    name_of,
    needed_until_help,
    number,
    pieces,
    shortened,
)

RELIEF = {
    ReliefKind.ALLOCATED: "Sudah dialokasikan",
    ReliefKind.ANNOUNCED: "Dalam perjalanan",
    ReliefKind.RECEIVED: "Sudah diterima",
}
HELPERS_NAMED = 5
ASKING = (NoticeKind.SHORTAGE, NoticeKind.CLIMBED)
BELOW = {Level.PROVINCE: Level.CITY, Level.NATIONAL: Level.PROVINCE}
HELD = {
    Held.SILENCED: "Pemberitahuan ini sedang diredam: hanya ada di kotak masuk, tidak dikirim.",
    Held.CATCHING_UP: "Pemberitahuan ini dari masa sebelum sistem mulai memberi tahu: hanya ada di kotak masuk.",
}


def worded(notice: NoticeSent, office_name: str, zone: ZoneInfo) -> Wording:
    """The notice as its recipient reads it; `zone` is the office's."""
    lines = (
        _happened(notice),
        _foreseen(notice),
        _figures(notice, zone),
        _done(notice),
        _answered(notice, zone),
        _declined(notice),
        _refused(notice),
        _forwarded(notice),
        _silent_province(notice),
        _proposed(notice, zone),
        _asked(notice, zone),
        "Angka-angka ini mungkin belum yang terbaru." if notice.figures_may_be_old else None,
        HELD[notice.held] if notice.held is not None else None,
    )
    return Wording(subject_of(notice, office_name), "\n".join(line for line in lines if line))


def subject_of(notice: NoticeSent, office_name: str) -> str:
    """The notice in a line of at most 120 characters."""
    item = ITEMS.get(notice.item, notice.item)
    if notice.kind is NoticeKind.RESOLVED:
        return shortened(f"Selesai: Stok {item} di {office_name} sudah pulih")
    shortage = f"Stok {item} {how_short(notice.stock_level, notice.figures)} di {office_name}"
    copied = "Tembusan: " if notice.copy and notice.kind in ASKING else ""
    return shortened(copied + _about(notice, shortage))


def _about(notice: NoticeSent, shortage: str) -> str:
    match notice.kind, notice.cause:
        case NoticeKind.CLOSED, _:
            return f"Ditutup: {shortage}"
        case NoticeKind.CLIMBED, _:
            return f"Eskalasi ke {LEVELS[notice.level]}: {shortage}"
        case NoticeKind.ANSWERED, Cause.DECLINED:
            who = "Provinsi" if notice.refused is None else "Pusat"
            return f"{who} tidak dapat membantu: {shortage}"
        case NoticeKind.ANSWERED, _:
            return f"Sudah dijawab: {shortage}"
    if _given_back(notice):
        return f"Dikembalikan ke {LEVELS[notice.level]}: {shortage}"
    return f"Pengingat ke-{number(notice.repeat)}: {shortage}" if notice.repeat else shortage


def _given_back(notice: NoticeSent) -> bool:
    """Of those who are asked without a cause, only the first ones are not asked again."""
    return notice.kind is NoticeKind.SHORTAGE and notice.cause is None and notice.handed_back is not None


def _happened(notice: NoticeSent) -> str | None:
    if notice.kind is NoticeKind.CLOSED:
        return f"Ditutup dengan alasan: {notice.closed}. Stok belum pulih; bila memburuk, dibuka kembali."
    if _given_back(notice):
        return f"Dikembalikan ke {LEVELS[notice.level]} dengan alasan: {notice.handed_back}"
    awaited = BELOW.get(notice.level, notice.level) if notice.kind is NoticeKind.CLIMBED else notice.level
    match notice.cause:
        case Cause.NO_ANSWER:
            return f"Belum ada jawaban dari {LEVELS[awaited]} sampai batas waktunya."
        case Cause.PROMISE_BROKEN:
            return "Yang dijanjikan tidak terpenuhi sampai batas waktunya."
        case Cause.WORSE:
            return "Keadaan stok memburuk."
        case Cause.NOBODY_THERE:
            return f"Tidak ada pejabat yang bertugas pada {LEVELS[awaited]}."
        case Cause.UNREACHED:
            who = LEVELS[awaited]
            return f"{who[0].upper()}{who[1:]} tidak dapat dihubungi melalui saluran mana pun."
        case Cause.FORWARDED | Cause.DECLINED | None:
            return None


def _foreseen(notice: NoticeSent) -> str | None:
    """That the shelf is not low yet: whoever looks at it would wonder."""
    over = notice.kind in (NoticeKind.RESOLVED, NoticeKind.CLOSED)
    if over or not notice.figures.foreseen:
        return None
    return f"Stok sekarang belum menipis, tetapi {needed_until_help(notice.item, notice.figures)}."


def _figures(notice: NoticeSent, zone: ZoneInfo) -> str:
    figures = notice.figures
    parts = [
        f"Stok per {moment(figures.as_of, zone)}: {pieces(notice.item, figures.on_hand)}",
        f"tersedia {pieces(notice.item, figures.available)}",
    ]
    if figures.days_of_cover is not None:
        by = " menurut prakiraan kebutuhan" if figures.cover_from == "FORECAST" else ""
        parts.append(f"cukup untuk {decimal(figures.days_of_cover)} hari{by}")
    if figures.projected_empty_on is not None:
        parts.append(f"diperkirakan habis {day(figures.projected_empty_on)}")
    return ", ".join(parts) + "."


def _done(notice: NoticeSent) -> str | None:
    parts = []
    if notice.received:
        parts.append(f"Diterima sejak awal: {pieces(notice.item, notice.received)}.")
    if notice.relief is not None and notice.kind is not NoticeKind.RESOLVED:
        quantity, promised_on = pieces(notice.item, notice.relief.quantity), day(notice.relief.promised_on)
        parts.append(f"{RELIEF[notice.relief.kind]}: {quantity}, dijanjikan {promised_on}.")
    return " ".join(parts) or None


def _answered(notice: NoticeSent, zone: ZoneInfo) -> str | None:
    answer = notice.answer
    if answer is None:
        return None
    who = ANSWERERS.get(answer.role, answer.role)
    return f"Jawaban {who}: {answer.action}, paling lambat {moment(answer.promised_by, zone)}."


def _declined(notice: NoticeSent) -> str | None:
    return f"Provinsi tidak dapat membantu: {notice.declined}" if notice.declined is not None else None


def _refused(notice: NoticeSent) -> str | None:
    return f"Pusat tidak dapat membantu: {notice.refused}" if notice.refused is not None else None


def _forwarded(notice: NoticeSent) -> str | None:
    return f"Diteruskan ke atas dengan alasan: {notice.forwarded}" if notice.forwarded is not None else None


def _silent_province(notice: NoticeSent) -> str | None:
    """Towards the Dirjen: that the province has done nothing, as far as is known."""
    if notice.recipient_role != ROLES[Level.NATIONAL] or notice.kind not in ASKING:
        return None
    if notice.declined is not None or (notice.forwarded is not None and notice.forwarded_at is not Level.CITY):
        return None
    answered = notice.relief is not None or (notice.answer is not None and notice.answer.role != ROLES[Level.CITY])
    return None if answered else "Dinas Dukcapil provinsi belum menjawab."


def _proposed(notice: NoticeSent, zone: ZoneInfo) -> str | None:
    if notice.proposal is None or notice.kind in (NoticeKind.RESOLVED, NoticeKind.CLOSED):
        return None
    return proposed(notice.item, notice.proposal, zone)


def proposed(item: str, proposal: Proposal, zone: ZoneInfo) -> str:
    """Who could help, as of when; `zone` is the office's."""
    wanted = pieces(item, proposal.wanted)
    as_of = f" per {moment(proposal.as_of, zone)}" if proposal.as_of is not None else ""
    if not proposal.lines:
        return f"Dibutuhkan {wanted}; belum ditemukan kantor yang dapat membantu."
    offers = []
    for line in proposal.lines[:HELPERS_NAMED]:
        far = f" ({number(line.distance_km)} km)" if line.distance_km is not None else ""
        offers.append(f"{name_of(line.office)} {number(line.quantity)}{far}")
    more = len(proposal.lines) - HELPERS_NAMED
    others = f", dan {number(more)} lainnya" if more > 0 else ""
    return f"Yang dapat membantu{as_of}, {number(proposal.covered)} dari {wanted}: {', '.join(offers)}{others}."


def _asked(notice: NoticeSent, zone: ZoneInfo) -> str | None:
    if notice.kind not in ASKING:
        return None
    if notice.recipient_role != ROLES[notice.level]:
        return f"Jawaban ditunggu dari {LEVELS[notice.level]}."
    if notice.answer_by is None:
        return "Mohon segera dijawab."
    return f"Mohon dijawab paling lambat {moment(notice.answer_by, zone)}."
