"""A book as it stood at an earlier entry is what it was then, and the chain of a number's holders shows its gap."""

from datetime import timedelta
from typing import Any

import pytest

from services.stock.domain import (
    Book,
    CustodyChanged,
    DailyUseEstimated,
    DiscrepancyExplained,
    DiscrepancyFound,
    SerialRange,
    Stood,
    ThresholdsSet,
    evolve,
    first_gap,
    stood,
    thresholds_then,
)
from services.stock.domain.facts import BlanksReserved, ReservationReleased
from shared.decider import fold
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    CENTRES_BOOK,
    MALL,
    NOON,
    STORE,
    allocation,
    card,
    centre_holding,
    consignment,
    count,
    holding,
    nothing,
    receipt,
    spoiled,
    thresholds,
)

BOOKED: dict[str, Any] = {"office": BENGKULU, "item": "KTP_WNI", "on_hand": 0, "available": 0}
NUMBERS = SerialRange("A0001", "A0005")


def as_it_is(book: Book) -> Stood:
    locations = {name: (shelf.on_hand, shelf.quarantined) for name, shelf in book.locations.items()}
    return Stood(book.on_hand, book.reserved, book.available, book.set_aside, locations)


def retraced(facts: list[Any]) -> None:
    """At each entry it stood as it was, but for locations that nobody had heard of then."""
    now: Book = fold(evolve, Book(), facts)
    for entry in range(len(facts) + 1):
        was = as_it_is(fold(evolve, Book(), facts[:entry]))
        found = stood(now, facts[entry:])
        known = {name: held for name, held in found.locations.items() if held != (0, 0) or name in was.locations}
        assert (found.on_hand, found.reserved, found.available, found.set_aside) == (
            was.on_hand,
            was.reserved,
            was.available,
            was.set_aside,
        )
        assert known == was.locations


def test_a_book_as_it_stood_at_each_of_its_entries() -> None:
    later = {"now": NOON + timedelta(days=1), "occurred_at": NOON + timedelta(days=1)}
    here = holding(100).after(receipt(50, location=MALL), card(), spoiled(location=MALL), thresholds(40, 20))
    here = here.given(
        [
            (BOOK, BlanksReserved(**BOOKED, visit="v-1", quantity=7, until=NOON)),
            (BOOK, BlanksReserved(**BOOKED, visit="v-2", quantity=2, until=NOON)),
            (BOOK, ReservationReleased(**BOOKED, visit="v-1", quantity=7, reason="EXPIRED")),
            (BOOK, DiscrepancyFound(**BOOKED, location=MALL, kind="SERIAL_OVERLAP", figures={"pieces": 5})),
            (
                BOOK,
                DiscrepancyExplained(
                    **BOOKED,
                    location=MALL,
                    kind="SERIAL_OVERLAP",
                    serials=NUMBERS,
                    quantity=3,
                    rightful="17.71/mall",
                    reason="salah tulis",
                    explained_by="p:ani",
                ),
            ),
        ]
    )
    here = here.after(count(30, location="van", **later))
    retraced([r.fact for r in here.past[BOOK]])


def test_what_was_set_aside_is_retraced_in_the_senders_book() -> None:
    centre = centre_holding(900).after(
        allocation(300), consignment(200, allocation="a-1"), allocation(50, allocation="a-2")
    )
    retraced([r.fact for r in centre.past[CENTRES_BOOK]])


def test_thresholds_then_are_those_last_set_with_the_daily_use_last_believed() -> None:
    own = ThresholdsSet(
        office=BENGKULU, item="KTP_WNI", version=1, low=50, critical=20, recovery=60, low_days=3, critical_days=1
    )
    use = DailyUseEstimated(office=BENGKULU, item="KTP_WNI", thousandths=100_000)
    assert thresholds_then(own, None).low == 50
    assert thresholds_then(own, use).low == 300
    assert thresholds_then(None, use).low == 1_000


def link(condition: Any, place: str, because: str, office: str = BENGKULU) -> CustodyChanged:
    return CustodyChanged(
        office=office,
        item="KTP_WNI",
        serials=NUMBERS,
        condition=condition,
        place=place,
        because=because,
        reference="r",
    )


AT_CENTRE = link("HELD", STORE, "BlanksReceived", "00")
SENT = link("IN_TRANSIT", "c-1", "BlanksDispatched", "00")
ARRIVED = link("HELD", STORE, "BlanksReceived")
AT_THE_MALL = link("HELD", MALL, "BlanksMoved")
USED = link("USED", MALL, "BlankUsed")


def test_a_number_that_was_received_sent_moved_and_used_has_no_gap() -> None:
    assert first_gap([AT_CENTRE, SENT, ARRIVED, AT_THE_MALL, USED]) is None
    back = link("HELD", STORE, "MovementReversed", "00")
    assert first_gap([AT_CENTRE, SENT, back]) is None, "the sender has it again"
    explained = link("HELD", "van", "DiscrepancyExplained", "17.01")
    assert first_gap([AT_CENTRE, explained]) is None


@pytest.mark.parametrize(
    ("chain", "gap"),
    [
        ([USED], (0, "never_heard_of")),
        ([AT_CENTRE, ARRIVED], (1, "not_handed_over")),
        ([AT_CENTRE, SENT, AT_THE_MALL], (2, "not_handed_over")),
        ([AT_CENTRE, SENT, link("USED", STORE, "BlankUsed", "00")], (2, "not_handed_over")),
        ([ARRIVED, USED], (1, "not_handed_over")),
        ([ARRIVED, link("HELD", STORE, "BlanksMoved", "17.01")], (1, "not_handed_over")),
        ([AT_CENTRE, SENT, ARRIVED, link("QUARANTINED", STORE, "BlanksReceived")], (3, "claimed_by_another")),
        ([ARRIVED, link("LOST", STORE, "BlanksReportedLost"), link("USED", STORE, "BlankUsed")], (2, "was_lost")),
    ],
)
def test_the_first_gap_in_a_chain_is_named(chain: list[CustodyChanged], gap: tuple[int, str]) -> None:
    assert first_gap(chain) == gap


def test_nothing_is_said_of_a_number_nobody_held() -> None:
    assert first_gap([]) is None
    assert nothing.state("serials/KTP_WNI/A4/0").runs == ()
