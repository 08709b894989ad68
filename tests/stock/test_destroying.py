"""Spoiled blanks are burned before two witnesses, no more than wait; who waits too long is told of it, once."""

from datetime import date, timedelta
from typing import Any

from services.stock.domain import (
    BlanksDestroyed,
    CheckDestruction,
    DestroyBlanks,
    DestructionOverdue,
    ReverseMovement,
    SerialRange,
)
from services.stock.domain.facts import serials_of
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    HERE,
    MALL,
    MONDAY,
    NOON,
    STORE,
    WHEN,
    book,
    facts,
    names,
    quiet,
    spoiled,
)

DOCUMENT = "ab" * 32


def burned(by_cause: dict[str, int], **but: Any) -> DestroyBlanks:
    said = {
        "minutes": "BAP-7/2024",
        "witnesses": ("p:satpol", "p:inspektorat"),
        "document_sha256": DOCUMENT,
        "recorded_by": "p:citra",
    }
    return DestroyBlanks(**HERE | said | {"by_cause": by_cause} | but)


def by_hand(quantity: int, **but: Any) -> Any:
    return spoiled(**{"job": None, "cause": "DAMAGED", "quantity": quantity} | but)


def check(day: date) -> CheckDestruction:
    return CheckDestruction(**WHEN | {"office": BENGKULU, "day": day})


waiting = quiet(500).after(by_hand(5), spoiled(), spoiled(location=MALL))
"""Five damaged and one misprinted wait in the store, another misprinted in the mall."""


def test_a_few_spoiled_by_hand_leave_the_shelf_together() -> None:
    office = quiet(500).after(by_hand(5))
    assert (book(office).on_hand, book(office).shelf(STORE).spoiled) == (495, 5)
    assert book(office).awaiting == {"DAMAGED": 5}


def test_destroyed_blanks_wait_no_more_and_the_minutes_are_kept() -> None:
    destroyed = BlanksDestroyed(
        office=BENGKULU,
        item="KTP_WNI",
        location=STORE,
        quantity=4,
        by_cause={"DAMAGED": 3, "MISPRINT": 1},
        minutes="BAP-7/2024",
        witnesses=("p:satpol", "p:inspektorat"),
        document_sha256=DOCUMENT,
        awaiting=3,
        destroyed_on=MONDAY,
        on_hand=493,
        available=493,
    )
    command = burned({"DAMAGED": 3, "MISPRINT": 1})
    assert waiting.when(command) == [(BOOK, destroyed)]
    after = book(waiting.after(command))
    assert (after.spoiled, after.destroyed, after.shelf(STORE).spoiled) == (3, 4, 2)


def test_no_more_of_a_cause_is_destroyed_than_waits() -> None:
    refusal = waiting.refused(burned({"MISPRINT": 3}))
    assert (refusal.code, refusal.figures) == ("more_than_awaits", {"cause": "MISPRINT", "asked": 3, "awaiting": 2})


def test_no_more_is_destroyed_at_a_location_than_waits_there() -> None:
    refusal = waiting.refused(burned({"DAMAGED": 5, "MISPRINT": 2}))
    assert (refusal.code, refusal.figures) == ("more_than_awaits", {"asked": 7, "awaiting": 6})


def test_two_different_people_see_it_neither_of_whom_keeps_the_store() -> None:
    one = waiting.refused(burned({"DAMAGED": 1}, witnesses=("p:satpol", "p:satpol")))
    assert one.code == "witnesses_are_one"
    for witnesses in (("p:citra", "p:satpol"), ("p:satpol", "p:citra")):
        assert waiting.refused(burned({"DAMAGED": 1}, witnesses=witnesses)).code == "witness_is_storekeeper"


def test_a_destruction_of_long_ago_is_the_heads_to_enter_with_a_reason() -> None:
    long_ago = {"occurred_at": NOON - timedelta(days=8)}
    assert waiting.refused(burned({"DAMAGED": 1}, **long_ago)).code == "too_long_ago"
    told = facts(waiting.when(burned({"DAMAGED": 1}, **long_ago, by_head=True, late_reason="Cuti")))
    assert [fact.late_reason for fact in told if isinstance(fact, BlanksDestroyed)] == ["Cuti"]


def test_the_hand_that_spoils_keeps_to_open_days_and_the_printer_need_not() -> None:
    long_ago = {"occurred_at": NOON - timedelta(days=8)}
    assert quiet(500).refused(by_hand(1, **long_ago)).code == "too_long_ago"
    assert names(quiet(500).when(spoiled(**long_ago)))[0] == "BlankSpoiled"


def test_numbers_that_are_destroyed_were_spoiled_here() -> None:
    number = SerialRange("A0000007", "A0000007")
    spoilt = quiet(500).after(spoiled(serial="A0000007"))
    assert spoilt.refused(burned({"MISPRINT": 1}, serials=(SerialRange("A0000008", "A0000008"),))).figures == {
        "serial": "A0000008"
    }
    after = spoilt.after(burned({"MISPRINT": 1}, serials=(number,)))
    [run] = after.state(serials_of("KTP_WNI", number, 0)).runs
    assert (run.condition, run.first) == ("DESTROYED", 7)
    elsewhere = spoilt.after(spoiled(office="17.01", serial="A0000009"))
    assert elsewhere.refused(burned({"MISPRINT": 1}, serials=(SerialRange("A0000009", "A0000009"),))).code == (
        "serials_not_spoiled"
    )


def test_spoiled_blanks_that_wait_longer_than_two_weeks_are_said_to_once() -> None:
    assert waiting.when(check(MONDAY + timedelta(days=14))) == []
    [overdue] = facts(waiting.when(check(MONDAY + timedelta(days=15))))
    assert isinstance(overdue, DestructionOverdue) and (overdue.awaiting, overdue.since) == (7, MONDAY)
    told = waiting.after(check(MONDAY + timedelta(days=15)))
    assert told.when(check(MONDAY + timedelta(days=16))) == []


def test_destroying_a_part_begins_another_wait() -> None:
    later = MONDAY + timedelta(days=10)
    part = waiting.after(burned({"DAMAGED": 5}, day=later))
    assert part.when(check(MONDAY + timedelta(days=15))) == []
    [overdue] = facts(part.when(check(later + timedelta(days=15))))
    assert isinstance(overdue, DestructionOverdue) and (overdue.awaiting, overdue.since) == (2, later)
    told = part.after(check(later + timedelta(days=15)), burned({"MISPRINT": 1}, day=later + timedelta(days=16)))
    assert names(told.when(check(later + timedelta(days=31)))) == ["DestructionOverdue"], "another wait, told again"


def test_nothing_is_overdue_where_nothing_waits() -> None:
    month = MONDAY + timedelta(days=30)
    assert quiet(500).when(check(month)) == []
    all_burned = waiting.after(burned({"DAMAGED": 5, "MISPRINT": 1}), burned({"MISPRINT": 1}, location=MALL))
    assert all_burned.when(check(month)) == []


def undone(entry: int) -> ReverseMovement:
    said = {"office": BENGKULU, "reverses": entry, "reason": "salah catat", "reversed_by": "p:citra"}
    return ReverseMovement(**WHEN | said)


def test_what_was_destroyed_is_not_unsaid() -> None:
    office = quiet(500).after(by_hand(5))
    entry = book(office).entry
    assert office.after(burned({"DAMAGED": 1})).refused(undone(entry)).figures == {"quantity": 5, "awaiting": 4}
    assert names(office.when(undone(entry))) == ["MovementReversed"]


def test_a_wait_that_never_was_is_not_overdue_and_the_next_one_begins_anew() -> None:
    office = quiet(500).after(by_hand(5))
    unsaid = office.after(undone(book(office).entry))
    assert (book(unsaid).spoiled, book(unsaid).awaiting_since) == (0, None)
    again = unsaid.after(by_hand(1, day=MONDAY + timedelta(days=9)))
    assert book(again).awaiting_since == MONDAY + timedelta(days=9)


def test_nothing_is_destroyed_before_it_was_spoiled() -> None:
    early = burned({"MISPRINT": 1}, day=MONDAY - timedelta(days=1), occurred_at=NOON - timedelta(days=1))
    assert waiting.refused(early).code == "not_spoiled_yet"
