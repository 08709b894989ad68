"""A shortage that is only foreseen: it climbs like every other, and whoever reads of it is told that it is one."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from services.notify.delivery.writing import written_of
from services.notify.domain import (
    Desk,
    EscalationOpened,
    EscalationRepeated,
    Figures,
    Level,
    NoticeKind,
    ShortageRestated,
    StockLevel,
)
from services.notify.letters.text import LetterText, letter_text
from services.notify.wording import Told, together, worded
from shared.offices import offices
from tests.notify.situations import (
    DAY,
    HEAD,
    NOON,
    PROVINCE,
    STREAM,
    after,
    answer,
    close,
    critical,
    due,
    facts,
    figures,
    low,
    notices,
    over,
    quiet,
    told,
)

AHEAD = replace(
    figures(1_900),
    days_of_cover=9.5,
    cover_from="FORECAST",
    foreseen=True,
    reorder_point=2_000,
    projected_empty_on=date(2024, 11, 27),
)
COME = replace(AHEAD, on_hand=1_400, available=1_400, days_of_cover=7.0, foreseen=False)
WIB = offices().known("17.71").timezone


def ahead(**but: Any) -> Any:
    return low(figures=AHEAD, **but)


def come(**but: Any) -> Any:
    return low(figures=COME, **but)


def known(scenario: Any) -> Figures:
    found: Figures = scenario.state(STREAM).figures
    return found


def test_what_is_foreseen_opens_an_escalation_under_the_ordinary_policy() -> None:
    plain, foreseen = quiet.when(low()), quiet.when(ahead())
    [one], [other] = ([f for f in facts(d) if isinstance(f, EscalationOpened)] for d in (plain, foreseen))
    assert (other.level, other.answer_by, other.policy) == (one.level, one.answer_by, one.policy)
    assert told(foreseen) == told(plain)
    assert other.figures.foreseen and other.figures.reorder_point == 2_000


def test_when_it_has_come_nobody_is_asked_again_and_later_notices_say_so() -> None:
    waiting = after(ahead())
    assert [type(fact) for fact in facts(waiting.when(come()))] == [ShortageRestated]
    assert told(waiting.when(come())) == []
    arrived = waiting.after(come())
    assert known(arrived) == COME
    assert arrived.state(STREAM).due == waiting.state(STREAM).due
    [notice] = [n for n in notices(arrived.when(due(arrived))) if n.recipient_role == PROVINCE.role]
    assert "menipis di" in worded(notice, "Kota Bengkulu", WIB).subject
    assert "belum menipis" not in worded(notice, "Kota Bengkulu", WIB).text


def test_the_same_again_is_no_news() -> None:
    assert facts(after(ahead()).when(ahead())) == []
    assert facts(after(ahead(), come()).when(come())) == []
    assert facts(after(low()).when(low())) == []


def test_what_is_only_foreseen_again_after_help_came_is_noted_too() -> None:
    assert [type(fact) for fact in facts(after(low()).when(ahead()))] == [ShortageRestated]


def test_an_answer_given_while_it_was_foreseen_holds_when_it_has_come() -> None:
    answered = after(ahead(), answer())
    assert answered.after(come()).state(STREAM).due == NOON + 3 * DAY


def test_what_was_closed_by_hand_while_it_was_foreseen_is_opened_again_when_it_has_come() -> None:
    closed = after(ahead(), close())
    again = closed.when(come(now=NOON + DAY))
    assert [type(fact) for fact in facts(again)] == [EscalationRepeated]
    assert told(again) == [(NoticeKind.SHORTAGE, HEAD)]
    assert closed.given(again).state(STREAM).open
    real = after(low(), close())
    assert facts(real.when(low(figures=COME))) == [], "what was there already when it was closed stays closed"


def test_what_gets_worse_than_foreseen_climbs_as_ever() -> None:
    assert after(ahead()).after(critical()).state(STREAM).level is Level.PROVINCE


def read(decision: Any, desk: Desk = HEAD) -> Any:
    [notice] = [n for n in notices(decision) if Desk(n.recipient_role, n.recipient_region) == desk]
    return worded(notice, "Kota Bengkulu", WIB)


def test_the_head_reads_that_the_shelf_is_not_low_yet_and_by_when_it_will_be_empty() -> None:
    wording = read(quiet.when(ahead()))
    assert wording.subject == "Stok blanko KTP-el WNI diperkirakan menipis di Kota Bengkulu"
    assert wording.text.splitlines() == [
        "Stok sekarang belum menipis, tetapi menurut prakiraan, sampai pasokan tiba dapat diperlukan 2.000 keping.",
        "Stok per 18-11-2024 pukul 12.00 WIB: 1.900 keping, tersedia 1.900 keping, cukup untuk 9,5 hari menurut "
        "prakiraan kebutuhan, diperkirakan habis 27-11-2024.",
        "Mohon dijawab paling lambat 19-11-2024 pukul 12.00 WIB.",
    ]


def test_a_low_shelf_whose_days_follow_from_the_forecast_says_that_and_no_more() -> None:
    wording = read(quiet.when(come()))
    assert wording.subject == "Stok blanko KTP-el WNI menipis di Kota Bengkulu"
    assert (
        wording.text.startswith("Stok per 18-11-2024")
        and "cukup untuk 7,0 hari menurut prakiraan kebutuhan" in wording.text
    )


def test_the_end_of_what_was_foreseen_says_nothing_of_a_forecast() -> None:
    wording = read(after(ahead()).when(over(now=NOON + DAY)))
    assert wording.subject.startswith("Selesai") and "prakiraan" not in wording.text


def test_a_digest_counts_what_is_foreseen_apart_and_a_worse_item_of_the_office_instead() -> None:
    [one] = [n for n in notices(quiet.when(ahead())) if n.recipient_role == HEAD.role]
    others = [replace(one, office="17.01", figures=COME), replace(one, item="KIA", stock_level=StockLevel.CRITICAL)]
    two = together([Told(one), Told(others[0])], 0)
    assert two.subject == "Stok blanko: 1 kota/kabupaten diperkirakan menipis, 1 menipis"
    assert "- Kota Bengkulu: blanko KTP-el WNI diperkirakan menipis, tersedia 1.900 keping, cukup 9,5 hari" in two.text
    worse = together([Told(one), Told(others[1])], 0)
    assert worse.subject == "Stok blanko: 1 kota/kabupaten kritis"


def letter(*notices_: Any) -> LetterText:
    return letter_text(written_of(PROVINCE, "1/X/2024", notices_, {}, NOON))


@pytest.fixture
def foreseen() -> Any:
    waiting = after(ahead())
    [notice] = [n for n in notices(waiting.when(due(waiting))) if n.recipient_role == PROVINCE.role]
    return notice


def test_a_letter_says_what_is_foreseen_by_when_and_by_what(foreseen: Any) -> None:
    text = letter(foreseen)
    assert text.title == "Perkiraan kekurangan blanko KTP-el WNI di Kota Bengkulu"
    assert "diperkirakan akan terjadi kekurangan blanko KTP-el WNI" in text.happened[0]
    needed = "menurut prakiraan, sampai pasokan tiba dapat diperlukan 2.000 keping"
    assert f"Stoknya kini belum menipis, tetapi {needed}." in text.happened[0]
    assert ("Cukup untuk", "9,5 hari menurut prakiraan kebutuhan") in text.figures
    assert ("Diperkirakan habis", "27 November 2024") in text.figures
    assert ("Kebutuhan sampai pasokan tiba", "hingga 2.000 keping (prakiraan)") in text.figures


def test_a_letter_of_many_counts_what_is_foreseen_in_a_column_of_its_own(foreseen: Any) -> None:
    real = replace(foreseen, office="17.01", figures=COME)
    text = letter(foreseen, real)
    assert text.title.startswith("Kekurangan ")
    assert text.figures_head == ("Barang", "Kosong", "Kritis", "Menipis", "Diperkirakan menipis", "Jumlah kantor")
    assert text.figures[0][1:] == ("0", "0", "1", "1", "2")
    [group] = text.groups
    assert group.heading.endswith(": 1 menipis, 1 diperkirakan menipis")
    assert [row.cells[2].partition(",")[0] for row in group.rows] == ["menipis", "diperkirakan menipis"]


def test_a_letter_without_a_forecast_is_the_very_same_as_before() -> None:
    waiting = after(low())
    [notice] = [n for n in notices(waiting.when(due(waiting))) if n.recipient_role == PROVINCE.role]
    text = letter(notice)
    assert text.title.startswith("Kekurangan") and len(text.figures) == 5
    assert not any("prakiraan" in cell for row in text.figures for cell in row)
