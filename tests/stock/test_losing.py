"""Lost or stolen blanks leave the books at once, and their numbers are blocked."""

from datetime import timedelta
from typing import Any

from services.stock.domain import BlanksReportedLost, DiscrepancyFound, ReportLost, SerialRange
from services.stock.domain.facts import serials_of
from shared.testing import Scenario
from tests.stock.bengkulu import BENGKULU, HERE, MALL, NOON, STORE, book, card, facts, holding, move, names, receipt

BOX = SerialRange("A0000001", "A0000100")


def lost(quantity: int, **but: Any) -> ReportLost:
    said = {"quantity": quantity, "police_report": "LP/B/11/2024", "reported_by": "p:citra"}
    return ReportLost(**HERE | said | but)


def of(first: int, last: int) -> SerialRange:
    return SerialRange(f"A{first:07}", f"A{last:07}")


def conditions(scenario: Scenario) -> list[tuple[int, int, str]]:
    return [(run.first, run.last, run.condition) for run in scenario.state(serials_of("KTP_WNI", BOX, 0)).runs]


boxed = holding(0).after(receipt(100, serials=BOX))


def test_lost_blanks_are_a_variance_with_the_number_of_the_police_report() -> None:
    [reported] = facts(holding(5_000).when(lost(20)))
    assert isinstance(reported, BlanksReportedLost)
    assert (reported.on_hand, reported.location_on_hand, reported.police_report) == (4_980, 4_980, "LP/B/11/2024")
    assert book(holding(5_000).after(lost(20))).on_hand == 4_980


def test_a_loss_can_make_a_stock_low() -> None:
    assert names(holding(1_401).when(lost(1)))[-1] == "StockLow"


def test_more_may_be_lost_than_the_books_held_and_that_is_asked_about() -> None:
    reported, question = facts(holding(5_000).when(lost(3, location=MALL)))
    assert isinstance(reported, BlanksReportedLost) and reported.location_on_hand == -3
    assert isinstance(question, DiscrepancyFound) and question.kind == "BELOW_ZERO"


def test_lost_numbers_are_blocked() -> None:
    office = boxed.after(lost(10, serials=of(11, 20)))
    assert conditions(office) == [(1, 10, "HELD"), (11, 20, "LOST"), (21, 100, "HELD")]
    refusal = office.refused(move(1, serials=of(15, 15)))
    assert (refusal.code, refusal.figures["condition"]) == ("serials_not_held", "LOST")


def test_a_later_print_of_a_lost_number_is_an_alarm_wherever_it_is() -> None:
    office = boxed.after(lost(10, serials=of(11, 20)))
    for where in (BENGKULU, "17.01"):
        found = [
            f for f in facts(office.when(card(office=where, serial="A0000013"))) if isinstance(f, DiscrepancyFound)
        ]
        assert (found[0].kind, found[0].serials) == ("LOST_NUMBER_USED", of(13, 13)), where
        assert found[0].holders == (f"{BENGKULU}/{STORE}",)


def test_a_mistaken_report_blocks_nothing_of_another_office_nor_a_card_and_is_asked_about() -> None:
    printed = boxed.after(card(serial="A0000030"))
    decision = printed.when(lost(100, office="17.01", serials=BOX))
    kinds = [(f.kind, f.serials) for f in facts(decision) if isinstance(f, DiscrepancyFound)]
    assert kinds[:3] == [
        ("NUMBER_ELSEWHERE", of(1, 29)),
        ("NUMBER_ELSEWHERE", of(30, 30)),
        ("NUMBER_ELSEWHERE", of(31, 100)),
    ]
    assert conditions(printed.given(decision)) == [(1, 29, "HELD"), (30, 30, "USED"), (31, 100, "HELD")]
    partly = printed.after(lost(11, serials=of(25, 35)))
    assert conditions(partly) == [
        (1, 24, "HELD"),
        (25, 29, "LOST"),
        (30, 30, "USED"),
        (31, 35, "LOST"),
        (36, 100, "HELD"),
    ]


def test_the_same_numbers_lost_twice_are_asked_about() -> None:
    twice = facts(boxed.after(lost(10, serials=of(11, 20))).when(lost(10, serials=of(11, 20))))
    [question] = [fact for fact in twice if isinstance(fact, DiscrepancyFound)]
    assert question.holders == (f"{BENGKULU}/{STORE}", f"{BENGKULU}/{STORE} (LOST)")


def test_numbers_that_nobody_ever_heard_of_are_blocked_too() -> None:
    assert conditions(holding(500).after(lost(5, serials=of(11, 15)))) == [(11, 15, "LOST")]


def test_lost_numbers_do_not_lie_in_quarantine_any_more() -> None:
    claimed = holding(0).after(receipt(100, office="17.01", serials=BOX), receipt(20, serials=of(1, 20)))
    assert book(claimed).quarantined == 20
    gone = claimed.after(lost(20, serials=of(1, 20)))
    assert (book(gone).on_hand, book(gone).quarantined) == (0, 0)
    assert "SERIAL_OVERLAP" not in book(gone).shelf(STORE).questions
    assert conditions(gone)[0] == (1, 20, "LOST")


def test_a_loss_of_long_ago_is_the_heads_to_enter_with_a_reason() -> None:
    long_ago = {"occurred_at": NOON - timedelta(days=8)}
    assert holding(500).refused(lost(1, **long_ago)).code == "too_long_ago"


def test_what_was_lost_before_a_count_was_not_there_when_it_was_counted() -> None:
    late = lost(5, occurred_at=NOON - timedelta(hours=1))
    assert names(holding(5_000).when(late)) == ["BlanksReportedLost", "VarianceRecorded"]
    assert book(holding(5_000).after(late)).on_hand == 5_000
