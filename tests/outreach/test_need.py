"""Which days of use show what was needed, and what is heard of stock and debt."""

from datetime import date, datetime, timedelta
from typing import Any

from services.outreach.domain import DayNoted, DebtNoted, ImportDays, NoteDay, NoteDebt, NoteStock, StockNoted
from services.outreach.views import as_needed
from services.outreach.views.rows import project
from tests.outreach.bengkulu import BENGKULU, MORNING, at, outreach

MONDAY = date(2024, 11, 4)


def day(n: int) -> date:
    return MONDAY + timedelta(days=n)


def needed(item: dict[int, int | None], today: int, *, other: tuple[int, ...] = (), out: Any = ()) -> list[int | None]:
    """The item's days as needed; days are counted from a Monday, `other` are days told of another item."""
    days = {day(n): pieces for n, pieces in item.items()}
    spells = [(day(begun), day(until)) for begun, until in out]
    found = as_needed(days, [days.keys(), {day(n) for n in other}], spells, day(today))
    assert found.first == min(days)
    return list(found.pieces)


def test_a_day_without_a_word_between_told_ones_used_nothing() -> None:
    assert needed({0: 5, 2: 7, 4: 6, 7: 8}, 8) == [5, 0, 7, 0, 6, 0, 0, 8]


def test_a_day_on_which_stock_ran_out_does_not_count_as_low_demand() -> None:
    assert needed({0: 5, 1: None, 2: 7}, 3) == [5, None, 7]


def test_days_without_blanks_or_with_cards_owed_show_what_there_was() -> None:
    assert needed({0: 5, 1: 2, 4: 9, 5: 3}, 6, out=[(1, 3)]) == [5, None, None, None, 9, 3]


def test_an_office_that_told_nothing_for_more_than_five_working_days_is_unknown_on_them() -> None:
    assert needed({0: 5, 7: 5}, 8) == [5, 0, 0, 0, 0, 0, 0, 5], "Tuesday to Friday"
    assert needed({0: 5, 9: 5}, 10) == [5, *[None] * 8, 5], "six working days"


def test_an_item_that_is_asked_for_seldom_was_needed_by_nobody_while_others_were() -> None:
    assert needed({0: 1, 15: 1}, 16, other=tuple(range(16))) == [1, *[0] * 14, 1]


def test_working_days_that_are_not_told_yet_are_unknown_and_a_weekend_is_not() -> None:
    assert needed({3: 5}, 8) == [5, None, 0, 0, None]


def heard(used_on: date, used: int = 120, ran_out: bool = False, available: int = 800) -> NoteDay:
    as_of = datetime.combine(used_on, MORNING.time(), MORNING.tzinfo) + timedelta(days=1)
    figures: dict[str, Any] = {"level": None, "on_hand": available, "available": available, "as_of": as_of}
    return NoteDay(**at(as_of), item="KTP_WNI", used_on=used_on, used=used, ran_out=ran_out, **figures)


def test_a_day_that_stock_closed_is_noted_with_what_was_left() -> None:
    [(_, noted), (_, stock)] = outreach.when(heard(day(0)))
    assert noted == DayNoted(office=BENGKULU, item="KTP_WNI", day=day(0), used=120, ran_out=False, source="STOCK")
    assert isinstance(stock, StockNoted) and (stock.available, stock.level) == (800, "OK")
    assert outreach.after(heard(day(0))).when(heard(day(0))) == []


def level(level: Any, n: int, available: int = 0) -> NoteStock:
    now = MORNING + timedelta(days=n)
    figures: dict[str, Any] = {"on_hand": available, "available": available, "as_of": now}
    return NoteStock(**at(now), item="KTP_WNI", level=level, **figures)


def rows(scenario: Any, command: Any) -> list[tuple[Any, ...]]:
    """The spells that a command writes: (kind, since, until)."""
    found = []
    for stream, fact in scenario.when(command):
        state = outreach.given([(stream, fact)]).state(stream)
        for row in project(stream, fact, state):
            if row.table == "spells":
                assert row.values is not None
                found.append((row.values["kind"], row.values["since"], row.values["until"]))
    return found


def test_a_spell_without_blanks_lasts_from_empty_to_whatever_is_better() -> None:
    empty = outreach.after(level("EMPTY", 0))
    begun = MORNING.date()
    assert rows(outreach, level("EMPTY", 0)) == [("EMPTY", begun, None)]
    assert rows(empty, level(None, 1, 50)) == [("EMPTY", begun, None)], "a receipt alone says nothing of the level"
    assert rows(empty, level("LOW", 2, 500)) == [("EMPTY", begun, begun + timedelta(days=2))]
    assert rows(empty.after(level("LOW", 2, 500)), level("OK", 3, 900)) == []


def test_what_is_known_is_not_undone_by_older_news() -> None:
    assert outreach.after(level("LOW", 2, 500)).when(level("EMPTY", 1)) == []


def test_an_office_is_behind_from_its_first_owed_card_until_none_is() -> None:
    def owed(cards: int, n: int) -> NoteDebt:
        return NoteDebt(**at(MORNING + timedelta(days=n)), item="KTP_WNI", owed=cards)

    begun = MORNING.date()
    assert rows(outreach, owed(7, 0)) == [("BEHIND", begun, None)]
    assert rows(outreach.after(owed(7, 0)), owed(0, 4)) == [("BEHIND", begun, begun + timedelta(days=4))]
    [(_, fact)] = outreach.after(owed(7, 0)).when(owed(9, 1))
    assert isinstance(fact, DebtNoted) and fact.behind_since == begun


def test_days_from_paper_end_where_stock_begins_to_tell() -> None:
    def paper(*days: date) -> ImportDays:
        return ImportDays(**at(MORNING), item="KTP_WNI", days=tuple((each, 90, False) for each in days))

    on_board = outreach.after(heard(day(3)))
    assert len(on_board.when(paper(day(0), day(2)))) == 2
    assert on_board.refused(paper(day(2), day(3))).code == "day_told_by_stock"
    assert outreach.refused(paper(MORNING.date())).code == "day_told_by_stock"


def test_a_day_from_paper_moves_nothing_that_stock_said() -> None:
    days = ((day(0), 90, False),)
    state = outreach.after(ImportDays(**at(MORNING), item="KTP_WNI", days=days)).state("demand/17.71/KTP_WNI")
    assert (state.first_told, state.last_told) == (None, None)
