"""Old cards have a book of their own: booked when they are withdrawn, destroyed before two witnesses."""

from datetime import date
from typing import Any

from services.stock.domain import BookOldCard, DestroyOldCards, OldCardBooked, OldCards
from tests.stock.bengkulu import BENGKULU, HERE, MONDAY, STORE, WHEN, book, holding

STREAM = f"withdrawn/{BENGKULU}/KTP_WNI"
TUESDAY = date(2024, 11, 5)


def withdrawn(job: str) -> BookOldCard:
    return BookOldCard(**HERE | {"job": job})


def burned(quantity: int, **but: Any) -> DestroyOldCards:
    said = {
        "minutes": "BAP-8/2024",
        "witnesses": ("p:satpol", "p:inspektorat"),
        "document_sha256": "cd" * 32,
        "recorded_by": "p:citra",
    }
    return DestroyOldCards(**WHEN | {"office": BENGKULU, "day": TUESDAY, "quantity": quantity} | said | but)


office = holding(5_000).after(*[withdrawn(f"job-{n}") for n in range(3)])


def test_a_withdrawn_card_waits_in_a_book_of_its_own() -> None:
    booked = OldCardBooked(
        office=BENGKULU, item="KTP_WNI", location=STORE, job="job-9", withdrawn_on=MONDAY, awaiting=4
    )
    assert office.when(withdrawn("job-9")) == [(STREAM, booked)]
    assert office.state(STREAM) == OldCards(awaiting=3, destroyed=0, since=MONDAY)
    assert book(office).on_hand == 5_000, "it was never a blank here"


def test_withdrawn_cards_are_destroyed_and_the_rest_waits_since_then() -> None:
    assert office.after(burned(2)).state(STREAM) == OldCards(awaiting=1, destroyed=2, since=TUESDAY)
    assert office.after(burned(3)).state(STREAM) == OldCards(awaiting=0, destroyed=3, since=None)


def test_no_more_is_destroyed_than_was_withdrawn() -> None:
    refusal = office.refused(burned(4))
    assert (refusal.code, refusal.figures) == ("more_than_awaits", {"asked": 4, "awaiting": 3})


def test_two_different_people_see_it_neither_of_whom_keeps_the_store() -> None:
    assert office.refused(burned(1, witnesses=("p:satpol", "p:satpol"))).code == "witnesses_are_one"
    assert office.refused(burned(1, witnesses=("p:satpol", "p:citra"))).code == "witness_is_storekeeper"
