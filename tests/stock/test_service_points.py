"""One location of several runs low: said to the office once, and to nobody else."""

from services.stock.domain import Book, ServicePointLow, SetServicePointThreshold
from services.stock.published import PROMISED
from shared.testing import Scenario
from tests.stock.bengkulu import BENGKULU, MALL, STORE, WHEN, book, card, count, facts, holding, move, names, receipt


def own(low: int | None, location: str = MALL) -> SetServicePointThreshold:
    said = {"office": BENGKULU, "location": location, "low": low, "set_by": "p:kadis"}
    return SetServicePointThreshold(**WHEN | said)


def at_the_mall(quantity: int) -> Scenario:
    """140 cards a day over two places: two days of the mall's even share are 140."""
    return holding(5_000).after(count(quantity, location=MALL))


def test_a_location_is_low_at_two_days_of_its_even_share_of_the_offices_use() -> None:
    assert names(at_the_mall(142).when(card(location=MALL))) == ["BlankUsed"]
    _, low = facts(at_the_mall(141).when(card(location=MALL)))
    assert isinstance(low, ServicePointLow)
    assert (low.location, low.location_on_hand, low.threshold, low.on_hand) == (MALL, 140, 140, 5_140)


def test_more_places_share_the_same_use() -> None:
    three = at_the_mall(96).after(count(500, location="van"))
    assert names(three.when(card(location=MALL)))[0] == "BlankUsed"
    assert [type(f).__name__ for f in facts(three.after(card(location=MALL)).when(card(location=MALL)))] == [
        "BlankUsed",
        "ServicePointLow",
    ], "93 and a third are 94"


def test_it_is_said_once_while_it_lasts() -> None:
    office = at_the_mall(141).after(card(location=MALL))
    assert names(office.when(card(location=MALL))) == ["BlankUsed"]


def test_a_location_that_hovers_around_its_threshold_is_not_said_to_be_low_again() -> None:
    low = at_the_mall(141).after(card(location=MALL))
    assert book(low.after(move(28))).shelf(MALL).low_until == 168, "a fifth above 140"
    assert names(low.after(move(28)).when(move(28, location=MALL, to=STORE))) == ["BlanksMoved"]
    filled = low.after(move(29))
    assert book(filled).shelf(MALL).low_until is None
    assert names(filled.when(move(28, location=MALL, to=STORE))) == ["BlanksMoved"]
    assert names(filled.when(move(29, location=MALL, to=STORE))) == ["BlanksMoved", "ServicePointLow"]


def test_a_receipt_ends_it_as_a_move_does() -> None:
    low = at_the_mall(141).after(card(location=MALL))
    assert book(low.after(receipt(28, location=MALL))).shelf(MALL).low_until == 168
    assert book(low.after(receipt(29, location=MALL))).shelf(MALL).low_until is None


def test_its_own_threshold_wins_and_can_be_given_up() -> None:
    office = at_the_mall(141).after(own(50))
    assert names(office.when(card(location=MALL))) == ["BlankUsed"]
    assert "ServicePointLow" in names(office.when(move(91, location=MALL, to=STORE)))
    assert names(office.after(own(None)).when(card(location=MALL))) == ["BlankUsed", "ServicePointLow"]
    assert office.when(own(50)) == []


def test_an_office_of_one_place_is_that_place() -> None:
    assert "ServicePointLow" not in names(holding(150).when(card()))


def test_a_place_that_was_never_counted_is_not_low_but_in_question() -> None:
    assert names(holding(5_000).when(card(location=MALL))) == ["BlankUsed", "DiscrepancyFound"]


def test_what_a_location_lacks_stays_in_the_office() -> None:
    assert ServicePointLow not in PROMISED


def test_the_offices_own_level_is_judged_on_its_sum() -> None:
    office: Book = book(at_the_mall(141).after(card(location=MALL)))
    assert office.level == "OK"


def test_a_threshold_that_is_set_above_what_is_there_is_crossed_at_once() -> None:
    office = at_the_mall(498)
    assert names(office.when(own(5_000)))[-1] == "ServicePointLow"
