"""Why there is an alert or none, in a few sentences: the decisive one first."""

from collections.abc import Callable, Iterator
from datetime import datetime

from services.notify.domain import Held, StockLevel
from services.notify.views.around import DeskNow, Vacancy
from services.notify.views.why import OLD, Because, Next, Why
from services.notify.wording.notice import proposed
from services.notify.wording.words import (
    ITEMS,
    LEVELS,
    STOCK,
    day,
    how_short,
    moment,
    name_of,
    needed_until_help,
    pieces,
    zone_of,
)

VACANCIES = {
    Vacancy.NEVER_KEPT: "belum pernah diisi di direktori; pemberitahuan hanya ada di kotak masuk",
    Vacancy.ON_LEAVE: "sedang cuti tanpa pengganti",
    Vacancy.NOT_APPOINTED: "tidak ada pejabatnya pada hari ini",
}


def why_in_words(answer: Why) -> list[str]:
    """A sentence for each reason, then what is known of the desks that are asked and of notices that were held."""
    return [
        *(SENTENCES[because](answer) for because in answer.because),
        *_then(answer),
        *_proposed(answer),
        *_desks(answer),
        *_held(answer),
    ]


def _open(answer: Why) -> str:
    open_now = f"Eskalasi terbuka: stok {_item(answer)} {_how_short(answer)} di {name_of(answer.office)}"
    figures = answer.stock.figures
    if figures is None or not figures.foreseen:
        return open_now
    return f"{open_now} (sekarang belum menipis; {needed_until_help(answer.item, figures)})"


def _answer_awaited(answer: Why) -> str:
    episode = answer.episode
    assert episode is not None and episode.awaited is not None and episode.answer_by is not None
    return f"{_open(answer)}; jawaban {LEVELS[episode.awaited]} ditunggu sampai {_at(answer, episode.answer_by)}."


def _promise_awaited(answer: Why) -> str:
    episode, ahead = answer.episode, _next(answer)
    assert episode is not None
    by = _at(answer, ahead.at)
    if episode.answer is not None and episode.answer.promised_by == ahead.at:
        who = LEVELS[episode.answer.level]
        return f"{_open(answer)}; sudah dijawab di tingkat {who}: {episode.answer.action}, paling lambat {by}."
    relief = episode.relief
    quantity = pieces(answer.item, relief.quantity) if relief is not None else "kiriman"
    return f"{_open(answer)}; {quantity} sudah dijanjikan dan ditunggu sampai {by}."


def _repeated(answer: Why) -> str:
    who = LEVELS[_next(answer).to]
    return f"{_open(answer)}; tidak ada tingkat di atas {who}, maka pemberitahuan diulang sampai stok pulih."


def _closed(answer: Why) -> str:
    assert answer.episode is not None
    return (
        f'Tidak ada eskalasi terbuka: ditutup oleh petugas dengan alasan "{answer.episode.closed}", walaupun stok'
        f" {_item(answer)} {_how_short(answer)}. Bila memburuk, eskalasi dibuka lagi."
    )


def _recovered(answer: Why) -> str:
    figures = answer.stock.figures
    left = f" ({pieces(answer.item, figures.available)} tersedia)" if figures is not None else ""
    since = f" pada {_at(answer, figures.as_of)}" if figures is not None else ""
    return f"Tidak ada eskalasi terbuka: stok {_item(answer)} sudah pulih{since}{left}."


def _nothing(answer: Why) -> str:
    return (
        f"Tidak ada eskalasi terbuka: kekurangan {_item(answer)} di {name_of(answer.office)} belum pernah dilaporkan."
    )


def _never_heard(answer: Why) -> str:
    return "Belum pernah ada kabar stok dari kantor ini; keadaannya tidak diketahui, bukan berarti cukup."


def _silent(answer: Why) -> str:
    last = f" sejak {day(answer.news.day)}" if answer.news.day is not None else ""
    return f"Kantor ini tidak memberi kabar{last}, sudah dua hari kerja; keadaannya tidak diketahui."


def _news_old(answer: Why) -> str:
    if answer.news.up_to is None:
        return "Belum diketahui sampai kapan kabar stok provinsi ini sudah dibaca."
    minutes = int(OLD.total_seconds() // 60)
    return f"Kabar stok baru dibaca sampai {_at(answer, answer.news.up_to)}, lebih dari {minutes} menit yang lalu."


def _parked(answer: Why) -> str:
    return f"{answer.news.parked} kabar dari kantor ini tidak dapat dibaca dan menunggu petugas sistem."


def _not_caught_up(answer: Why) -> str:
    return "Notify masih membaca kabar lama; sampai selesai, pemberitahuan hanya masuk ke kotak masuk."


def _stands_still(answer: Why) -> str:
    return "Eskalasi ini tidak bergerak pada waktunya: beri tahu petugas sistem."


def _awaits_news(answer: Why) -> str:
    return "Batas waktu sudah lewat; eskalasi menunggu kabar stok terbaru, paling lama sepuluh menit."


def _silenced(answer: Why) -> str:
    silence = next((each for each in answer.silences if each.covers), answer.silences[0])
    what = _item(answer) if silence.item is not None else "semua barang"
    return (
        f"Pemberitahuan untuk {what} dibisukan sampai {_at(answer, silence.until)}, untuk stok"
        f' {STOCK[silence.at_most]} atau lebih baik, dengan alasan "{silence.reason}".'
    )


def _flapping(answer: Why) -> str:
    return "Stok ini naik turun dalam waktu singkat; pemberitahuan dikumpulkan dulu sampai tenang."


def _gathering(answer: Why) -> str:
    closes_at = min(sent.closes_at for sent in answer.sent if sent.closes_at is not None)
    return f"Pemberitahuan dikumpulkan dan dikirim pada {_at(answer, closes_at)}."


def _nobody(answer: Why) -> str:
    return "Di meja yang ditunggu jawabannya tidak ada petugas menurut direktori."


def _never_kept(answer: Why) -> str:
    return "Meja yang ditunggu jawabannya belum pernah diisi di direktori; siapa yang bertugas di sana tidak diketahui."


def _inbox_only(answer: Why) -> str:
    return "Petugas yang ditunggu jawabannya tidak punya saluran; ia hanya diberi tahu di kotak masuk."


def _unreached(answer: Why) -> str:
    return "Semua saluran kepada petugas gagal; pemberitahuan hanya ada di kotak masuk."


SENTENCES: dict[Because, Callable[[Why], str]] = {
    Because.ANSWER_AWAITED: _answer_awaited,
    Because.PROMISE_AWAITED: _promise_awaited,
    Because.REPEATED_UNTIL_OVER: _repeated,
    Because.CLOSED_BY_HAND: _closed,
    Because.RECOVERED: _recovered,
    Because.NO_SHORTAGE_HEARD_OF: _nothing,
    Because.OFFICE_NEVER_HEARD_OF: _never_heard,
    Because.OFFICE_SILENT: _silent,
    Because.NEWS_OLD: _news_old,
    Because.NEWS_PARKED: _parked,
    Because.NOT_CAUGHT_UP: _not_caught_up,
    Because.STANDS_STILL: _stands_still,
    Because.DEADLINE_AWAITS_NEWS: _awaits_news,
    Because.SILENCED: _silenced,
    Because.FLAPPING: _flapping,
    Because.GATHERING: _gathering,
    Because.NOBODY_ON_DUTY: _nobody,
    Because.NEVER_KEPT: _never_kept,
    Because.INBOX_ONLY: _inbox_only,
    Because.NOT_REACHED: _unreached,
}


def _then(answer: Why) -> Iterator[str]:
    ahead = answer.next
    if ahead is None:
        return
    at = _at(answer, ahead.at)
    if ahead.then == "REPEAT":
        yield f"Berikutnya, pada {at}, {LEVELS[ahead.to]} diberi tahu lagi."
        return
    over = f", melewati {' dan '.join(LEVELS[level] for level in ahead.passed_over)}" if ahead.passed_over else ""
    yield f"Berikutnya, pada {at}, naik ke {LEVELS[ahead.to]}{over}."


def _proposed(answer: Why) -> Iterator[str]:
    if answer.episode is not None and answer.episode.proposal is not None:
        yield proposed(answer.item, answer.episode.proposal, zone_of(answer.office))


def _desks(answer: Why) -> Iterator[str]:
    if answer.alert:
        yield from (_vacant(desk) for desk in answer.desks if desk.asked and desk.nobody is not None)


def _vacant(desk: DeskNow) -> str:
    assert desk.nobody is not None
    return f"Meja {LEVELS[desk.level]}: {VACANCIES[desk.nobody]}."


def _held(answer: Why) -> Iterator[str]:
    because = {Held.SILENCED: "karena dibisukan", Held.CATCHING_UP: "karena kabar lama masih dibaca"}
    for held in answer.held:
        yield f"{held.notices} pemberitahuan hanya masuk ke kotak masuk {because[held.held]}."


def _next(answer: Why) -> Next:
    assert answer.next is not None
    return answer.next


def _how_short(answer: Why) -> str:
    return how_short(StockLevel(str(answer.stock.level)), answer.stock.figures)


def _item(answer: Why) -> str:
    return ITEMS.get(answer.item, answer.item)


def _at(answer: Why, when: datetime) -> str:
    return moment(when, zone_of(answer.office))
