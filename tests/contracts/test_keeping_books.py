"""Who keeps books from the topics alone (a province, our own witness) is told of every fact that changes them."""

import re
from typing import Any

import msgspec
import pytest

from examples.demo.witness import MOVES, PROMISED, Event, NotAsItShouldBe, check_sums
from services.stock.domain import Book, evolve
from shared.decider import Fact
from tests.contracts.golden import DOMAINS, OCCURRED
from tests.contracts.said import EXAMPLES
from tests.contracts.test_catalogue import BAHASA_INDONESIA, ENGLISH, LANGUAGES, section

BOOKED: list[Any] = [fact for fact in EXAMPLES["stock"].values() if hasattr(fact, "on_hand")]


def figures(book: Book) -> tuple[Any, ...]:
    """What a copy of the books keeps."""
    shelves = {name: shelf.on_hand for name, shelf in book.locations.items() if shelf.on_hand}
    return book.on_hand, book.available, shelves


def changes_the_books(fact: Any) -> bool:
    """Whether any figure of an empty book is another after this fact."""
    return figures(evolve(Book(), fact)) != figures(Book())


@LANGUAGES
def test_the_catalogue_tells_of_each_fact_that_changes_the_books_what_it_changes(page: Any) -> None:
    rows = re.findall(r"^\| (`\w+`.*?) \|(.*)\|$", section(page, "stock"), re.MULTILINE)
    told = {name for facts, cells in rows if cells.strip(" |") for name in re.findall(r"`([A-Z]\w+)`", facts)}
    # A consignment's variance is the example, and changes no shelf; one of a location does.
    assert told == {type(fact).__name__ for fact in BOOKED if changes_the_books(fact)} | {"VarianceRecorded"}


@pytest.mark.parametrize("page", [ENGLISH, BAHASA_INDONESIA], ids=["in English", "in Bahasa Indonesia"])
def test_what_provinces_write_programs_from_names_every_fact_of_stock(page: Any) -> None:
    guide = page.with_name(page.name.replace("events", "provincial-consumers")).read_text("utf-8")
    assert {type(fact).__name__ for fact in EXAMPLES["stock"].values()} <= set(re.findall(r"`(\w+)`", guide))


def test_the_witness_expects_all_that_is_promised_and_nothing_else() -> None:
    promised = {domain.service: {fact.__name__ for fact in domain.promised} for domain in DOMAINS}
    assert promised == PROMISED


def test_the_witness_adds_up_what_each_fact_changes() -> None:
    for fact in BOOKED:
        after = evolve(Book(), fact).on_hand
        check_sums([said(fact, after)])
        with pytest.raises(NotAsItShouldBe):
            check_sums([said(fact, after + 1)])
    assert MOVES.keys() <= PROMISED["stock"]


def said(fact: Fact, on_hand: int) -> Event:
    """The fact as the first message about a book."""
    body = msgspec.to_builtins(fact) | {"on_hand": on_hand}
    return Event("blanko.17.stock", "1-1", type(fact).__name__, "17.71", 1, 1, OCCURRED, body)


def test_the_witness_notices_a_reversal_that_changes_the_sum() -> None:
    reversed_ = next(fact for fact in BOOKED if type(fact).__name__ == "MovementReversed")
    body = msgspec.to_builtins(reversed_) | {"changes": [["gudang", "received", -100]], "on_hand": -100}
    check_sums([Event("blanko.17.stock", "1-1", "MovementReversed", "17.71", 1, 1, OCCURRED, body)])
    with pytest.raises(NotAsItShouldBe):
        check_sums(
            [Event("blanko.17.stock", "1-1", "MovementReversed", "17.71", 1, 1, OCCURRED, body | {"on_hand": 0})]
        )
