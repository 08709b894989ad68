"""Who could help an office whose stock is low: said once for each change of its level, as the books stand then."""

from dataclasses import dataclass
from datetime import date

from services.stock.domain.commands import StockCommand, book_of
from services.stock.domain.decisions.sharing import need
from services.stock.domain.facts import Level, ReliefLine, ReliefProposed
from services.stock.domain.open_book import OpenBook
from services.stock.domain.relief import Lender, propose, wanted_to_recover
from services.stock.domain.state import Book
from shared.decider import Decision, States


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposeRelief(StockCommand):
    """`office` fell to this level. `province` keeps the buffer; `neighbours` are nearest first; both with their km."""

    episode: int
    level: Level
    province: tuple[str, float]
    neighbours: tuple[tuple[str, float], ...]

    @property
    def streams(self) -> tuple[str, ...]:
        able = (self.province, *self.neighbours)
        return (book_of(self.office, self.item), *(book_of(office, self.item) for office, _ in able))


def propose_relief(command: ProposeRelief, states: States) -> Decision:
    """Proposes also that nobody can help: the province must see that. Nothing once the level has changed again."""
    entry = OpenBook(command.office, command.item, command.day, states)
    book = entry.book
    if (book.episode, book.level) != (command.episode, command.level):
        return []
    # Blanks in transit are not there yet.
    low = need(command.office, book, 0)
    of_the_province = states[book_of(command.province[0], command.item)]
    buffer = lender(*command.province, of_the_province, entry.today) if of_the_province.onboard else None
    neighbours = [
        lender(office, km, states[book_of(office, command.item)], entry.today) for office, km in command.neighbours
    ]
    proposal = propose(low, wanted_to_recover(low, book.thresholds_on(entry.today).recovery), buffer, neighbours)
    entry.write(
        ReliefProposed(
            office=command.office,
            item=command.item,
            episode=command.episode,
            level=command.level,
            wanted=proposal.wanted,
            lines=tuple(
                ReliefLine(
                    office=offer.office,
                    quantity=offer.quantity,
                    available=offer.available,
                    stays_with=offer.stays_with,
                    threshold=offer.threshold,
                    distance_km=round(offer.distance_km),
                )
                for offer in proposal.offers
            ),
            covered=proposal.wanted - proposal.short,
            on_hand=book.on_hand,
            available=book.available,
        )
    )
    return entry.close()


def lender(office: str, distance_km: float, book: Book, today: date) -> Lender:
    """An office that was never counted may have less than its book says, like one whose book is in question."""
    return Lender(
        office=office,
        available=book.available,
        set_aside=book.set_aside,
        low=book.thresholds_on(today).low,
        in_question=book.in_question or not book.onboard,
        distance_km=distance_km,
    )
