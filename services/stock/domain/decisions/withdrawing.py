"""Old cards that were withdrawn at a replacement: a book of their own, for they were never blanks here."""

from dataclasses import dataclass

from services.stock.domain.commands import StockCommand, withdrawn_at
from services.stock.domain.decisions.destroying import require_witnesses
from services.stock.domain.facts import OldCardBooked, OldCardsDestroyed
from services.stock.domain.state import OldCards
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class OldCardsCommand(StockCommand):
    """A command about the office's withdrawn cards."""

    @property
    def streams(self) -> tuple[str, ...]:
        return (withdrawn_at(self.office, self.item),)


@dataclass(frozen=True, kw_only=True, slots=True)
class BookOldCard(OldCardsCommand):
    """A fact: printing withdrew an old card when it handed over the new one."""

    location: str
    job: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DestroyOldCards(OldCardsCommand):
    """A request: so many withdrawn cards were destroyed before two witnesses."""

    quantity: int
    minutes: str
    witnesses: tuple[str, str]
    document_sha256: str
    recorded_by: str


def book_old_card(command: BookOldCard, states: States) -> Decision:
    stream = withdrawn_at(command.office, command.item)
    cards: OldCards = states[stream]
    booked = OldCardBooked(
        office=command.office,
        item=command.item,
        location=command.location,
        job=command.job,
        withdrawn_on=command.day,
        awaiting=cards.awaiting + 1,
    )
    return [(stream, booked)]


def destroy_old_cards(command: DestroyOldCards, states: States) -> Decision:
    require_witnesses(command.witnesses, command.recorded_by)
    stream = withdrawn_at(command.office, command.item)
    cards: OldCards = states[stream]
    if command.quantity > cards.awaiting:
        raise Refused("more_than_awaits", "Fewer wait.", asked=command.quantity, awaiting=cards.awaiting)
    destroyed = OldCardsDestroyed(
        office=command.office,
        item=command.item,
        quantity=command.quantity,
        minutes=command.minutes,
        witnesses=command.witnesses,
        document_sha256=command.document_sha256,
        destroyed_on=command.day,
        awaiting=cards.awaiting - command.quantity,
    )
    return [(stream, destroyed)]
