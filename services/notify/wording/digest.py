"""What a person reads when several notices go out together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from services.notify.domain import SEVERITY, AlarmSent, Cause, NoticeKind, NoticeSent
from services.notify.wording.alarm import worded_alarm
from services.notify.wording.notice import ASKING, worded
from services.notify.wording.words import (
    HOW_SHORT,
    ITEMS,
    LEVELS,
    Wording,
    decimal,
    how_short,
    moment,
    name_of,
    number,
    pieces,
    shortened,
    zone_of,
)

LINES_AT_MOST = 30
OPEN = (NoticeKind.SHORTAGE, NoticeKind.CLIMBED, NoticeKind.ANSWERED)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one shortage, or by one alarm: the latest of it.

    `passed`: it began and ended in what is sent here; `flaps`: it had come and gone just before, too.
    """

    said: NoticeSent | AlarmSent
    passed: bool = False
    flaps: bool = False


def together(
    told: Sequence[Told],
    absorbed: int,
    *,
    at: datetime | None = None,
    digest: bool = False,
    letter: str | None = None,
) -> Wording:
    """One message about all of these, at least one.

    `absorbed` are earlier notices that these stand for besides, `letter` is the number of the letter that goes
    along; a `digest` says that it is the first after the system began to tell people. Nobody is asked to answer by a
    moment that was over `at` the time of sending.
    """
    told = told if at is None else [_in_time(each, at) for each in told]
    alone = told[0] if len(told) == 1 and not digest else None
    if alone is not None and alone.passed and alone.flaps:
        return _in_a_line(alone.said)
    wording = _of_one(alone) if alone is not None else _of_many(told, digest)
    lines = [wording.text]
    if absorbed:
        lines.append(f"Pesan ini mencakup juga {number(absorbed)} pemberitahuan sebelumnya.")
    if letter is not None:
        lines.append(f"Surat nomor {letter} menyertai pesan ini.")
    return Wording(wording.subject, "\n".join(lines))


def _in_time(told: Told, at: datetime) -> Told:
    said = told.said
    if not isinstance(said, NoticeSent) or said.answer_by is None or said.answer_by > at:
        return told
    return replace(told, said=msgspec.structs.replace(said, answer_by=None))


def _of_one(told: Told) -> Wording:
    said = told.said
    if isinstance(said, AlarmSent):
        return worded_alarm(said)
    wording = worded(said, name_of(said.office), zone_of(said.office))
    if not told.passed:
        return wording
    passed = "Kekurangan ini terjadi dan sudah berakhir sebelum pesan ini dikirim; tidak ada yang perlu dijawab."
    return Wording(wording.subject, f"{passed}\n{wording.text}")


def _in_a_line(said: NoticeSent | AlarmSent) -> Wording:
    assert isinstance(said, NoticeSent)
    item, where = ITEMS.get(said.item, said.item), name_of(said.office)
    subject = shortened(f"Selesai: Stok {item} di {where} naik turun, kini pulih")
    available = pieces(said.item, said.figures.available)
    return Wording(subject, f"Stok {item} di {where} sempat kurang lagi dan kini pulih: tersedia {available}.")


def _of_many(told: Sequence[Told], digest: bool) -> Wording:
    notices = [each.said for each in told if isinstance(each.said, NoticeSent)]
    alarms = [each.said for each in told if isinstance(each.said, AlarmSent)]
    counted = _counted(notices, len(alarms))
    begins = "Ringkasan awal" if digest else "Stok blanko" if notices else "Blanko"
    lines = [f"{begins}: {counted}."]
    if digest:
        lines.append("Sistem mulai memberi tahu sejak pesan ini; berikut semua kekurangan yang masih terbuka.")
    listed = [_line(notice) for notice in sorted(notices, key=_worst_first)]
    listed += [f"- {worded_alarm(alarm).subject}" for alarm in alarms]
    lines += listed[:LINES_AT_MOST]
    if len(listed) > LINES_AT_MOST:
        lines.append(f"- dan {number(len(listed) - LINES_AT_MOST)} lainnya")
    asking = [notice for notice in notices if notice.kind in ASKING and not notice.copy]
    if asking:
        when = "sebelum batas waktunya" if any(notice.answer_by is not None for notice in asking) else "segera"
        lines.append(f"Mohon setiap kekurangan dijawab dalam Sistem Blanko {when}.")
    return Wording(shortened(f"{begins}: {counted}"), "\n".join(lines))


def _counted(notices: Iterable[NoticeSent], alarms: int) -> str:
    """`12 kota/kabupaten menipis, 3 kritis, 1 kosong, 2 pulih`: each office once, by the worst of its items."""
    worst: dict[str, str] = {}
    over: dict[NoticeKind, set[str]] = {NoticeKind.RESOLVED: set(), NoticeKind.CLOSED: set()}
    for notice in notices:
        if notice.kind in OPEN:
            word = how_short(notice.stock_level, notice.figures)
            worst[notice.office] = max(worst.get(notice.office, word), word, key=HOW_SHORT.index)
        else:
            over[notice.kind].add(notice.office)
    found = [(list(worst.values()).count(word), word) for word in HOW_SHORT]
    found += [(len(over[NoticeKind.RESOLVED] - worst.keys()), "pulih")]
    found += [(len(over[NoticeKind.CLOSED] - worst.keys()), "ditutup")]
    parts = [f"{number(count)} {word}" for count, word in found if count]
    if parts:
        first, _, word = parts[0].partition(" ")
        parts[0] = f"{first} kota/kabupaten {word}"
    if alarms:
        parts.append(f"{number(alarms)} peringatan")
    return ", ".join(parts)


def _worst_first(notice: NoticeSent) -> tuple[bool, int, float, str, str]:
    cover = notice.figures.days_of_cover
    worst = -SEVERITY.index(notice.stock_level)
    return notice.kind not in OPEN, worst, cover if cover is not None else float("inf"), notice.office, notice.item


def _line(notice: NoticeSent) -> str:
    item, figures = ITEMS.get(notice.item, notice.item), notice.figures
    state = f"{item} {how_short(notice.stock_level, figures)}"
    if notice.kind is NoticeKind.RESOLVED:
        state = f"{item} sudah pulih"
    elif notice.kind is NoticeKind.CLOSED:
        state = f"{item} ditutup"
    parts = [f"- {name_of(notice.office)}: {state}, tersedia {pieces(notice.item, figures.available)}"]
    if figures.days_of_cover is not None and notice.kind in OPEN:
        parts.append(f"cukup {decimal(figures.days_of_cover)} hari")
    if notice.kind is NoticeKind.ANSWERED and notice.cause is not Cause.DECLINED:
        parts.append("sudah dijawab")
    elif notice.kind in OPEN and notice.refused is not None:
        parts.append("pusat tidak dapat membantu")
    elif notice.kind in OPEN and notice.declined is not None:
        parts.append("provinsi tidak dapat membantu")
    if notice.kind in ASKING:
        until = f"s.d. {moment(notice.answer_by, zone_of(notice.office))}" if notice.answer_by else "ditunggu segera"
        parts.append(f"jawaban {LEVELS[notice.level]} {until}")
    return ", ".join(parts)
