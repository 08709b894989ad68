"""Whatever happens in the offices, in whichever order it is told: the books balance, now and at every moment before."""

import os
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant

from services.stock.domain import Book, Consignment
from services.stock.domain.history import on_hand_at
from services.stock.domain.state import SerialBlock
from services.stock.service import STOCK
from shared.decider import fold
from tests.stock.happenings import Happenings
from tests.stock.naive import name


class Offices(Happenings):
    """What holds at every instant."""

    @invariant()
    def every_place_balances(self) -> None:
        held, spoiled, asked = self.naive.on_hand(), self.naive.spoiled(), self.naive.questions()
        for stream, book in self.books():
            _, office, item = stream.split("/")
            for location, shelf in book.locations.items():
                place = (office, item, location)
                assert (shelf.on_hand, shelf.spoiled) == (held[place], spoiled[place])
                assert set(shelf.questions) == asked.get(place, set())
                assert shelf.on_hand >= 0 or "BELOW_ZERO" in shelf.questions
            assert book.on_hand == sum(shelf.on_hand for shelf in book.locations.values())
            assert book.on_hand == sum(n for (of, _, _), n in held.items() if of == office)
            assert sum(book.awaiting.values()) == sum(shelf.spoiled for shelf in book.locations.values())
            assert book.reserved == self.naive.reserved(stream) == sum(book.reservations.values())
            assert book.available == book.on_hand - book.reserved
            assert book.entry == sum(told.stream == stream for told in self.naive.log)

    @invariant()
    def nothing_was_ever_below_zero_unasked(self) -> None:
        asked = {
            (told.fact.office, told.fact.item, told.fact.location)
            for told in self.naive.log
            if name(told.fact) == "DiscrepancyFound" and told.fact.kind == "BELOW_ZERO"
        }
        for place in self.naive.on_hand():
            # What one command says happened at one instant.
            instants = {moment: left for moment, _, left in self.naive.timeline(place)}
            assert place in asked or min(instants.values()) >= 0, place

    @invariant()
    def every_level_is_told(self) -> None:
        for stream, book in self.books():
            assert (book.level, book.episode) == self.levels.get(stream, ("OK", 0))
            if book.onboard:
                assert (book.level == "EMPTY") == (book.available <= 0)
                assert book.level != "OK" or book.available > book.thresholds.low
                assert book.level == "OK" or book.available <= book.thresholds.recovery

    @invariant()
    def every_consignment_adds_up(self) -> None:
        for stream, sent in self.stock.states.items():
            if isinstance(sent, Consignment):
                parts = (sent.accepted, sent.rejected, sent.missing, sent.in_transit)
                assert min(parts) >= 0 and sum(parts) == sent.sent, sent
                assert self.naive.of_consignment(stream.removeprefix("consignment/")) == -sent.missing

    @invariant()
    def nothing_of_the_nation_is_lost(self) -> None:
        """What came in from outside is on hand, in transit, used, spoiled or explained; nothing else."""
        outside = sum(told.fact.quantity for told in self.naive.log if name(told.fact) == "BlanksReceived")
        outside -= sum(told.fact.accepted for told in self.naive.log if name(told.fact) == "ConsignmentReceived")
        outside -= sum(told.fact.quantity for told in self.naive.log if name(told.fact) == "RejectedReturned")
        undone = [told.fact for told in self.naive.log if name(told.fact) == "MovementReversed"]
        outside -= sum(
            -c.quantity for f in undone if f.kind == "BlanksReceived" and not f.consignment for c in f.changes
        )
        columns = {c: sum(self.naive.column(c).values()) for c in ("used", "spoiled", "variance")}
        missing = sum(s.missing for s in self.stock.states.values() if isinstance(s, Consignment))
        on_the_way = sum(s.in_transit + s.rejected for s in self.stock.states.values() if isinstance(s, Consignment))
        unsent = sum(
            s.arrived + s.returned - s.accepted for s in self.stock.states.values() if isinstance(s, Consignment)
        )
        on_hand = sum(book.on_hand for _, book in self.books())
        assert outside + unsent == on_hand + on_the_way + missing - sum(columns.values())

    @invariant()
    def every_moment_before_is_as_the_facts_say(self) -> None:
        """As of two moments, as known at two: folding the tail gives what adding everything up gives."""
        moments = (self.now - timedelta(days=2), self.now)
        for stream, book in self.books():
            office = stream.split("/")[1]
            for as_of in moments:
                for known_at in (*moments, None):
                    tail = self.stock.past[stream]
                    told = on_hand_at(book, tail, as_of, known_at)
                    naive = self.naive.on_hand(as_of, known_at)
                    assert {k: n for k, n in told.items() if n} == {
                        k: n for (of, _, k), n in naive.items() if of == office and n
                    }

    @invariant()
    def no_number_is_in_two_places(self) -> None:
        for state in self.stock.states.values():
            if isinstance(state, SerialBlock):
                ends = [end for run in state.runs for end in (run.first, run.last)]
                assert ends == sorted(ends) and len({run.first for run in state.runs}) == len(state.runs)

    def teardown(self) -> None:
        for stream, state in self.stock.states.items():
            facts = [recalled.fact for recalled in self.stock.past[stream]]
            assert fold(STOCK.evolve, STOCK.start(stream), facts) == state, "a replay gives the same books"

    def books(self) -> list[tuple[str, Book]]:
        return [(stream, state) for stream, state in self.stock.states.items() if isinstance(state, Book)]


LONG = "BLANKO_LONG" in os.environ
TestOffices = Offices.TestCase
TestOffices.settings = settings(
    max_examples=2_000 if LONG else 300,
    stateful_step_count=50,
    deadline=None,
    derandomize=not LONG,
    suppress_health_check=list(HealthCheck),
)
