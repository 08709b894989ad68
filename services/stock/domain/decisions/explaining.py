"""Whose numbers they are that two holders claim.

An explanation changes who holds the numbers, and nothing of what is on hand. The pieces that came are on the shelf
whatever is printed on their box: with a variance the books would deny blanks that lie there, and the next count
would find them again. Pieces whose numbers turn out to be another's stay here without known numbers, usable once
more. Had no box come at all, it is the receipt that was wrong: a reversal or a count says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from services.stock.domain.commands import StockCommand, book_of, numbers_of
from services.stock.domain.custody import changed, known
from services.stock.domain.facts import Condition, DiscrepancyExplained, DiscrepancyFound, SerialRange
from services.stock.domain.open_book import OpenBook
from services.stock.domain.state import Run
from shared.decider import Decision, Recall, Recalled, Refused, States

HELD: Condition = "HELD"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExplainDiscrepancy(StockCommand):
    """A request of the head: the numbers in question in this entry of the book are ours (`HERE`), or the other's.

    The entry was recorded at `found_at`, about the numbers `serials`.
    """

    entry: int
    found_at: datetime
    serials: SerialRange
    rightful: Literal["HERE", "ELSEWHERE"]
    reason: str
    explained_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.office, self.item), *numbers_of(self.item, self.serials))

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return (self.since_found,)

    @property
    def since_found(self) -> Recall:
        """The book's facts since the discrepancy."""
        return Recall(book_of(self.office, self.item), self.found_at)


def explain_discrepancy(command: ExplainDiscrepancy, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    past: Sequence[Recalled] = states[command.since_found]
    found = discrepancy(command, past)
    lifted = min(left_of(command, found, past), entry.book.shelf(found.location).quarantined)
    if lifted <= 0:
        raise Refused("not_in_quarantine", "Nothing of this discrepancy is in quarantine any more.")
    here, (_, rival) = f"{command.office}/{found.location}", found.holders
    rightful = here if command.rightful == "HERE" else holder_of(rival)[0]
    for part, run in known(states, command.item, command.serials):
        if f"{here} (QUARANTINED)" in run.rivals and command.rightful == "HERE":
            raise Refused("claimed_since", "Somebody else claims the numbers since: explain it there.", by=run.holder)
        in_quarantine = (run.condition, run.office, run.place) == ("QUARANTINED", command.office, found.location)
        if in_quarantine and run.rivals[-1] == rival:
            entry.facts += settled(command, part, run, found.location)
        elif f"{here} (QUARANTINED)" in run.rivals:
            rightful = run.holder
    entry.write(
        DiscrepancyExplained(
            office=command.office,
            item=command.item,
            location=found.location,
            kind="SERIAL_OVERLAP",
            serials=command.serials,
            quantity=lifted,
            rightful=rightful,
            reason=command.reason,
            explained_by=command.explained_by,
            entry=command.entry,
            on_hand=entry.book.on_hand,
            available=entry.book.available,
        )
    )
    return entry.close()


def discrepancy(command: ExplainDiscrepancy, past: Sequence[Recalled]) -> DiscrepancyFound:
    """The fact of the entry. Raises `Refused` unless it put numbers into quarantine."""
    fact = next((r.fact for r in past if r.version == command.entry), None)
    if not isinstance(fact, DiscrepancyFound) or fact.kind != "SERIAL_OVERLAP" or fact.serials != command.serials:
        raise Refused(
            "not_an_overlap", "That entry is of no numbers which two holders claim: a count answers the rest."
        )
    return fact


def left_of(command: ExplainDiscrepancy, found: DiscrepancyFound, past: Sequence[Recalled]) -> int:
    """How many of these numbers no explanation since has taken out of their quarantine."""
    left = found.figures["pieces"]
    first, last = command.serials.numbers
    for r in past:
        match r.fact:
            case DiscrepancyExplained(entry=int(explained)) if explained == command.entry:
                return 0
            case DiscrepancyExplained(entry=None, location=found.location, serials=serials) if (
                r.version > command.entry
            ):
                of_them = first <= serials.numbers[0] and serials.numbers[1] <= last
                left -= r.fact.quantity if of_them else 0
    return left


def settled(command: ExplainDiscrepancy, part: SerialRange, run: Run, location: str) -> Decision:
    """These numbers leave their quarantine for who holds them rightfully. Who claimed them is kept."""
    if command.rightful == "HERE":
        office, place, condition, rivals = command.office, location, HELD, run.rivals
    else:
        _, office, place, condition = holder_of(run.rivals[-1])
        rivals = run.rivals[:-1]
    because, reference = "DiscrepancyExplained", command.reason
    return changed(command.item, part, condition, office, place, because=because, reference=reference, rivals=rivals)


def holder_of(rival: str) -> tuple[str, str, str, Condition]:
    """A holder as `Run.rivals` name it: the office and place, each of both, and the condition of the numbers there."""
    holder, _, condition = rival.removesuffix(")").rpartition(" (")
    office, _, place = holder.partition("/")
    return holder, office, place, cast("Condition", condition)
