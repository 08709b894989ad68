"""Read tables of stock, and the questions they answer. A module for each table, or each question."""

from collections.abc import Callable, Iterable
from typing import Any

from services.stock.domain import Allocation, Book, Consignment, Count, Loan, OldCards, Premises, Request, StockFact
from services.stock.views.allocations import allocation_rows, answered_by, coming
from services.stock.views.balances import balance_rows, balances_of
from services.stock.views.consignments import consignment, consignment_rows, consignments_of
from services.stock.views.counts import count_of, count_rows, counts_of
from services.stock.views.custody import Link, custody_of, custody_reads_within, log_custody_read
from services.stock.views.days_of_use import use_rows, used_since
from services.stock.views.deadlines import deadline_rows
from services.stock.views.entries import entry_of
from services.stock.views.explaining import (
    BalanceExplained,
    CrossingExplained,
    EntryExplained,
    explain_balance,
    explain_crossings,
    explain_entry,
)
from services.stock.views.forecasts import forecast_rows, outlooks_of
from services.stock.views.history import Entry, balances_at, past, reversals
from services.stock.views.loans import loan_rows, loans_of
from services.stock.views.old_cards import old_card_rows, old_cards_of
from services.stock.views.overview import holdings, on_the_way, silent_offices
from services.stock.views.premises import premises_of, premises_rows
from services.stock.views.questions import discrepancy_of, open_questions
from services.stock.views.relief import newest_proposal, proposal_rows
from services.stock.views.requests import came_of, on_its_way, request, request_rows, requests_of, steps_of
from services.stock.views.sharing import simulated
from services.stock.views.spoilage import Spoilage, spoilage_in
from services.stock.views.tables import metadata, position
from services.stock.views.thresholds import threshold_rows, thresholds_of
from shared.decider import Row

ROWS: dict[type, tuple[Callable[[str, Any, Any], Iterable[Row]], ...]] = {
    Book: (balance_rows, use_rows, proposal_rows, threshold_rows, forecast_rows),
    Consignment: (consignment_rows,),
    Premises: (premises_rows,),
    Count: (count_rows,),
    Loan: (loan_rows,),
    Allocation: (allocation_rows,),
    Request: (request_rows,),
    OldCards: (old_card_rows,),
}


def project(stream: str, fact: StockFact, state: Any) -> Iterable[Row]:
    """The rows that a fact changes, given the state of its stream after it, and the deadlines it leaves."""
    for rows in ROWS.get(type(state), ()):
        yield from rows(stream, fact, state)
    yield from deadline_rows(stream, fact, state)


__all__ = [
    "BalanceExplained",
    "CrossingExplained",
    "Entry",
    "EntryExplained",
    "Link",
    "Spoilage",
    "answered_by",
    "balances_at",
    "balances_of",
    "came_of",
    "coming",
    "consignment",
    "consignments_of",
    "count_of",
    "counts_of",
    "custody_of",
    "custody_reads_within",
    "discrepancy_of",
    "entry_of",
    "explain_balance",
    "explain_crossings",
    "explain_entry",
    "holdings",
    "loans_of",
    "log_custody_read",
    "metadata",
    "newest_proposal",
    "old_cards_of",
    "on_its_way",
    "on_the_way",
    "open_questions",
    "outlooks_of",
    "past",
    "position",
    "premises_of",
    "project",
    "request",
    "requests_of",
    "reversals",
    "silent_offices",
    "simulated",
    "spoilage_in",
    "steps_of",
    "thresholds_of",
    "used_since",
]
