"""The holders of one numbered blank, one after the other, and where the chain is broken."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from services.stock.domain.facts import CustodyChanged

Gap = Literal["never_heard_of", "not_handed_over", "claimed_by_another", "was_lost"]
"""Nobody said that it arrived; the one before did not send it here, still claims it, or had reported it lost."""


def first_gap(chain: Sequence[CustodyChanged]) -> tuple[int, Gap] | None:
    """The first link, from 0, that does not follow from the one before, and why; None in a chain without a gap."""
    if chain and chain[0].because != "BlanksReceived":
        return 0, "never_heard_of"
    for n, (before, link) in enumerate(pairwise(chain), start=1):
        if link.condition == "QUARANTINED":
            return n, "claimed_by_another"
        if before.condition == "LOST" and link.because != "DiscrepancyExplained":
            return n, "was_lost"
        if not _follows(before, link):
            return n, "not_handed_over"
    return None


def _follows(before: CustodyChanged, link: CustodyChanged) -> bool:
    if link.because == "DiscrepancyExplained":
        return True
    if before.condition == "IN_TRANSIT":
        return link.because == "BlanksReceived" or (link.office == before.office and link.because != "BlankUsed")
    if link.because == "BlanksReceived":
        return False
    moved = link.because in ("BlanksMoved", "BlanksDispatched")
    return link.office == before.office and (moved or link.place == before.place)
