"""Whatever comes, in whatever order: the equations of the books hold after every command."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.stock.domain import (
    Allocation,
    BlanksDispatched,
    BlankSpoiled,
    BlanksReceived,
    BlankUsed,
    Book,
    Consignment,
    ConsignmentReceived,
    DiscrepancyFound,
    ReceiveBlanks,
    SetThresholds,
    SpoilBlank,
    StockFact,
    StockLow,
    StockRecovered,
    UseBlank,
    VarianceRecorded,
    book_of,
)
from services.stock.domain.facts import Booked, Movement
from shared.decider import Decision, Refused, fold
from tests.stock.bengkulu import (
    HERE,
    MONDAY,
    STORE,
    WHEN,
    allocation,
    card,
    consignment,
    count,
    nothing,
    receipt,
    spoiled,
)

OFFICES, LOCATIONS, CONSIGNMENTS, ALLOCATIONS = (
    ("00", "17.71", "17.01"),
    (STORE, "mall"),
    ("c-1", "c-2"),
    ("a-1", "a-2"),
)
FACTS_REPORTED = (ReceiveBlanks, UseBlank, SpoilBlank)

where = st.fixed_dictionaries({"office": st.sampled_from(OFFICES), "location": st.sampled_from(LOCATIONS)})
few = st.integers(0, 12)
some = st.integers(1, 12)
days = st.integers(0, 9).map(lambda day: MONDAY + timedelta(days=day))


def but(*parts: Any) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


openings = st.builds(
    lambda at, n, use: count(n, daily_use_default=use, **at), where, st.integers(0, 40), st.integers(0, 900)
)
cards = st.builds(lambda at, day: card(day=day, **at), where, days)
spoilings = st.builds(lambda at: spoiled(**at), where)
receipts = st.builds(
    lambda at, name, n, rejected, missing, item: receipt(
        n, **but(at, {"consignment": name, "item": item}, {"rejected": rejected, "missing": missing} if name else {})
    ),
    where,
    st.sampled_from((None, *CONSIGNMENTS)),
    few,
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(("KTP_WNI",) * 9 + ("KIA",)),
)
dispatches = st.builds(
    lambda at, to, name, under, n: consignment(n, **but(at, {"to": to, "consignment": name, "allocation": under})),
    where,
    st.sampled_from(OFFICES),
    st.sampled_from(CONSIGNMENTS),
    st.sampled_from((None, None, *ALLOCATIONS)),
    some,
)
allocations = st.builds(
    lambda office, name, n: allocation(n, office=office, allocation=name),
    st.sampled_from(OFFICES),
    st.sampled_from(ALLOCATIONS),
    some,
)


@st.composite
def new_thresholds(draw: st.DrawFn) -> Any:
    critical, to_low, to_recovery = draw(few), draw(few), draw(few)
    low = critical + to_low
    own = draw(st.sampled_from([(None, None, None), (low, critical, None), (low, critical, low + to_recovery)]))
    return SetThresholds(**WHEN, office=draw(st.sampled_from(OFFICES)), low=own[0], critical=own[1], recovery=own[2])


commands = st.lists(
    st.one_of(
        openings, cards, cards, spoilings, receipts, receipts, dispatches, dispatches, allocations, new_thresholds()
    ),
    min_size=1,
    max_size=40,
)


class Tally:
    """The naive book-keeper: adds up facts as they come, and knows nothing of the domain's state."""

    def __init__(self) -> None:
        self.on_hand: Counter[tuple[str, str, str]] = Counter()
        self.spoiled: Counter[tuple[str, str, str]] = Counter()
        self.of_consignments: Counter[str] = Counter()
        self.questions: set[tuple[str, str, str]] = set()
        self.levels: dict[tuple[str, str], tuple[str, int]] = {}

    def add(self, fact: Any) -> None:
        self._move(fact)
        if isinstance(fact, Booked):
            assert fact.on_hand == self.of_office(fact.office, fact.item), "a fact carries the sum after it"
        if isinstance(fact, Movement):
            assert fact.location_on_hand == self.on_hand[fact.office, fact.item, fact.location]
        self._change_level(fact)

    def _move(self, fact: Any) -> None:
        place = (getattr(fact, "office", ""), getattr(fact, "item", ""), getattr(fact, "location", ""))
        match fact:
            case BlanksReceived(quantity=quantity, source=source):
                self.on_hand[place] += quantity
                if source == "OPENING":
                    self.questions.discard(place)
            case BlanksDispatched(quantity=quantity):
                self.on_hand[place] -= quantity
            case BlankUsed(quantity=quantity):
                self.on_hand[place] -= quantity
            case BlankSpoiled(quantity=quantity):
                self.on_hand[place] -= quantity
                self.spoiled[place] += quantity
            case VarianceRecorded(location=None, quantity=quantity, consignment=str(name)):
                self.of_consignments[name] += quantity
            case VarianceRecorded(quantity=quantity):
                self.on_hand[place] += quantity
            case DiscrepancyFound(kind="BELOW_ZERO"):
                assert place not in self.questions, "asked once while the question is open"
                self.questions.add(place)

    def _change_level(self, fact: Any) -> None:
        match fact:
            case StockLow():
                level, episode = self.levels.get((fact.office, fact.item), ("OK", 0))
                assert fact.previous_level == level != fact.level
                assert fact.episode == (episode + 1 if level == "OK" else episode)
                self.levels[fact.office, fact.item] = (fact.level, fact.episode)
            case StockRecovered():
                level, episode = self.levels[fact.office, fact.item]
                assert fact.previous_level == level != "OK" and fact.episode == episode
                self.levels[fact.office, fact.item] = ("OK", episode)

    def of_office(self, office: str, item: str) -> int:
        return sum(n for (of, what, _), n in self.on_hand.items() if (of, what) == (office, item))


@settings(max_examples=300, deadline=None)
@given(commands)
def test_the_books_balance_after_any_sequence(commands: list[Any]) -> None:
    stock, tally = nothing, Tally()
    history: Decision = []
    for command in commands:
        try:
            decision = stock.when(command)
        except Refused:
            assert not isinstance(command, FACTS_REPORTED), "facts are never refused"
            continue
        assert (
            sum(
                isinstance(fact, StockLow | StockRecovered) for stream, fact in decision if stream == command.streams[0]
            )
            <= 1
        )
        stock = stock.given(decision)
        history += decision
        for _, fact in decision:
            tally.add(fact)
        for stream, state in stock.states.items():
            match state:
                case Book():
                    balances(stream, state, tally)
                    judged(stream, state, tally)
                case Consignment():
                    conserves(stream, state, tally)
        set_aside = sum(a.quantity - a.dispatched for a in stock.states.values() if isinstance(a, Allocation))
        assert stock.state(book_of("00", "KTP_WNI")).set_aside == set_aside
        nothing_is_lost(stock.states, [fact for _, fact in history])
    replayed(stock.states, history)


def balances(stream: str, book: Book, tally: Tally) -> None:
    _, office, item = stream.split("/")
    assert book.on_hand == sum(shelf.on_hand for shelf in book.locations.values()) == tally.of_office(office, item)
    for location, shelf in book.locations.items():
        place = (office, item, location)
        assert (shelf.on_hand, shelf.spoiled) == (tally.on_hand[place], tally.spoiled[place])
        assert shelf.on_hand >= 0 or place in tally.questions, "below zero only together with an open discrepancy"
        assert ("BELOW_ZERO" in shelf.questions) == (place in tally.questions)


def judged(stream: str, book: Book, tally: Tally) -> None:
    _, office, item = stream.split("/")
    level, episode = tally.levels.get((office, item), ("OK", 0))
    assert (book.level, book.episode) == (level, episode)
    if not book.onboard:
        assert (level, episode) == ("OK", 0), "nobody is alarmed about an office that is not on board"
        return
    assert (level == "EMPTY") == (book.available <= 0)
    if book.available <= book.thresholds.critical:
        assert level in ("CRITICAL", "EMPTY")
    if book.available <= book.thresholds.low:
        assert level != "OK"
    if book.available > book.thresholds.recovery:
        assert level == "OK"


def conserves(stream: str, sent: Consignment, tally: Tally) -> None:
    parts = (sent.accepted, sent.rejected, sent.missing, sent.in_transit)
    assert min(parts) >= 0 and sum(parts) == sent.sent
    assert tally.of_consignments[stream.removeprefix("consignment/")] == -sent.missing


def nothing_is_lost(states: Any, facts: Iterable[Any]) -> None:
    """What came in from outside, or arrived unsent, is on hand, in transit, used, spoiled or explained."""
    outside = explained = 0
    for fact in facts:
        match fact:
            case BlanksReceived():
                outside += fact.quantity
            case ConsignmentReceived():
                outside -= fact.accepted
            case BlankUsed() | BlankSpoiled():
                explained += fact.quantity
            case VarianceRecorded():
                explained -= fact.quantity
    books = [state for state in states.values() if isinstance(state, Book)]
    sent = [state for state in states.values() if isinstance(state, Consignment)]
    unsent = sum(c.arrived - c.accepted for c in sent)
    on_the_way = sum(c.in_transit + c.rejected for c in sent)
    assert outside + unsent == sum(book.on_hand for book in books) + on_the_way + explained


def replayed(states: Any, history: Decision) -> None:
    """The facts, read back from their JSON, add up to the same states; none of which is too large to store."""
    decode = msgspec.json.Decoder(StockFact).decode
    for stream, state in states.items():
        stored = [decode(msgspec.json.encode(fact)) for of, fact in history if of == stream]
        assert fold(nothing.domain.evolve, nothing.domain.start(stream), stored) == state
        assert msgspec.json.decode(msgspec.json.encode(state), type=type(state)) == state
        assert len(msgspec.json.encode(state)) <= 4_096


def test_the_largest_office_fits_into_a_state() -> None:
    office = nothing.after(*[count(60_000, location=f"kecamatan-{n:02}-nama-yang-panjang") for n in range(50)])
    office = office.after(*[card(location=f"kecamatan-{n:02}-nama-yang-panjang") for n in range(50)])
    assert len(msgspec.json.encode(office.state(book_of(HERE["office"], "KTP_WNI")))) <= 4_096
