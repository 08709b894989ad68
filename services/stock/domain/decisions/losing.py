"""Blanks that were lost or stolen: off the books at once, and their numbers blocked."""

from dataclasses import dataclass

from services.stock.domain.commands import DatedCommand, book_of, numbers_of
from services.stock.domain.custody import changed, known
from services.stock.domain.facts import BlanksReportedLost, DiscrepancyExplained, SerialRange
from services.stock.domain.open_book import OpenBook, check_date
from services.stock.domain.state import Run
from shared.decider import Decision, States


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportLost(DatedCommand):
    """A fact: so many are gone from `location`, as reported to the police."""

    location: str
    quantity: int
    police_report: str
    reported_by: str
    serials: SerialRange | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.office, self.item), *numbers_of(self.item, self.serials))


def report_lost(command: ReportLost, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    check_date(command, entry.book)
    entry.write(
        BlanksReportedLost(
            office=command.office,
            item=command.item,
            location=command.location,
            quantity=command.quantity,
            police_report=command.police_report,
            serials=command.serials,
            reported_by=command.reported_by,
            late_reason=command.late_reason,
            location_on_hand=entry.book.shelf(command.location).on_hand - command.quantity,
            on_hand=entry.book.on_hand - command.quantity,
            available=entry.book.available - command.quantity,
        )
    )
    entry.was_counted_since(command, command.location, -command.quantity)
    if command.serials is not None:
        block(command, command.serials, entry, states)
    entry.question_below_zero(command.location)
    entry.question_earlier(command, command.location, states)
    return entry.close()


def block(command: ReportLost, serials: SerialRange, entry: OpenBook, states: States) -> None:
    """These numbers are lost, except those that are somebody else's, or not blanks any more: of them it is asked.

    A mistaken report must not block what lies in another office's store.
    """
    elsewhere: list[tuple[SerialRange, Run]] = []
    expected, last = serials.numbers
    lost: list[tuple[int, int]] = []
    for part, run in known(states, command.item, serials):
        first, end = part.numbers
        if run.office == command.office and run.condition in ("HELD", "QUARANTINED"):
            if run.condition == "QUARANTINED":
                settle_claim(command, part, run, entry)
            continue
        elsewhere.append((part, run))
        lost.append((expected, first - 1))
        expected = end + 1
    lost.append((expected, last))
    for first, end in lost:
        if first <= end:
            entry.facts += changed(
                command.item,
                serials.part(first, end),
                "LOST",
                command.office,
                command.location,
                because="BlanksReportedLost",
                reference=command.police_report,
            )
    for part, run in elsewhere:
        holders = (f"{command.office}/{command.location}", f"{run.holder} ({run.condition})")
        entry.question(command.location, "NUMBER_ELSEWHERE", serials=part, holders=holders, pieces=len(part))


def settle_claim(command: ReportLost, part: SerialRange, run: Run, entry: OpenBook) -> None:
    """Whoever claims these numbers too: they do not lie in quarantine here any more."""
    entry.write(
        DiscrepancyExplained(
            office=command.office,
            item=command.item,
            location=run.place,
            kind="SERIAL_OVERLAP",
            serials=part,
            quantity=len(part),
            rightful=command.office,
            reason=command.police_report,
            explained_by=command.reported_by,
            on_hand=entry.book.on_hand,
            available=entry.book.available,
        )
    )
