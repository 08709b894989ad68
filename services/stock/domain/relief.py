"""Who could help an office whose stock is low: its province's buffer first, then its neighbours.

The buffer is there to be used up, but for what is set aside in it for others. A neighbour has its own
citizens to serve: it lends what leaves its available stock, without what it set aside, above its own low
threshold, so that no loan makes another office low; and nothing while its book is in question, since it
may have less than it believes.

This only proposes. The officers decide, and a dispatch is refused if the blanks are not there by then.
"""

from collections.abc import Sequence

import msgspec

from services.stock.domain.fair_share import Need


class Lender(msgspec.Struct, frozen=True):
    """An office that might help: the province with its buffer, or a neighbour. Quantities are pieces."""

    office: str
    available: int
    set_aside: int
    low: int
    in_question: bool
    distance_km: float

    @property
    def spare(self) -> int:
        """What it can lend as a neighbour and stay above its low threshold."""
        return 0 if self.in_question else max(self.unpromised - self.low - 1, 0)

    @property
    def unpromised(self) -> int:
        return max(self.available - self.set_aside, 0)


class Offer(msgspec.Struct, frozen=True):
    """What one office could give, in pieces. `available` is before it, `stays_with` after."""

    office: str
    quantity: int
    available: int
    stays_with: int
    threshold: int | None
    """The low threshold above which it stays; None for the buffer, which may be used up."""
    distance_km: float


class Proposal(msgspec.Struct, frozen=True):
    """Offers in the order in which to ask; together they are `wanted` less `short`."""

    office: str
    available: int
    in_transit: int
    wanted: int
    offers: tuple[Offer, ...]
    short: int


def wanted_to_recover(low: Need, recovery: int) -> int:
    """Pieces that bring an office above its recovery level, which ends its shortage, besides those in transit."""
    return max(recovery + 1 - low.available - low.in_transit, 0)


def propose(low: Need, wanted: int, buffer: Lender | None, neighbours: Sequence[Lender]) -> Proposal:
    """Covers `wanted` pieces from the buffer and then from the neighbours in their order, nearest first."""
    able: list[tuple[Lender, int, int | None]] = []
    if buffer is not None:
        able.append((buffer, buffer.unpromised, None))
    able += [(lender, lender.spare, lender.low) for lender in neighbours if lender.office != low.office]
    offers: list[Offer] = []
    short = max(wanted, 0)
    for lender, most, threshold in able:
        quantity = min(most, short)
        if quantity:
            offers.append(offer(lender, quantity, threshold))
            short -= quantity
    return Proposal(low.office, low.available, low.in_transit, max(wanted, 0), tuple(offers), short)


def offer(lender: Lender, quantity: int, threshold: int | None) -> Offer:
    return Offer(
        office=lender.office,
        quantity=quantity,
        available=lender.available,
        stays_with=lender.available - quantity,
        threshold=threshold,
        distance_km=lender.distance_km,
    )
