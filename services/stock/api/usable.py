"""What an office can really print on, of all that it holds."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import RowMapping

from services.stock.domain import SUPPLIES, UNITS, Item, usable_of


class Usable(NamedTuple):
    """So many pieces can be used; where a supply would run out first, `bound_by` names it."""

    pieces: int
    bound_by: Item | None = None


def printers_of(premises: Mapping[str, RowMapping]) -> dict[str, frozenset[str]]:
    """The blank versions that one of an office's printers takes, by office."""
    return {
        office: frozenset(version for takes in row["printers"].values() for version in takes)
        for office, row in premises.items()
    }


def usable_cards(rows: Sequence[RowMapping], takes: Collection[str]) -> dict[str, Usable]:
    """What is usable of each item of one office.

    A supply that is not on board bounds nothing: nobody has said how much of it there is. Items are not added up:
    a ribbon that yields 500 cards yields them for one kind of card or another.
    """
    pieces = {
        row["item"]: max(usable_of(row["available"], row["quarantined"], row["versions"], takes), 0) for row in rows
    }
    onboard = {row["item"] for row in rows if row["onboard"]}
    cards = {supply: pieces[supply] * UNITS[supply][1] for supply in SUPPLIES if supply in onboard}
    scarcest = min(cards, key=lambda supply: cards[supply], default=None)
    usable = {}
    for item, n in pieces.items():
        bound = item not in SUPPLIES and scarcest is not None and cards[scarcest] < n
        usable[item] = Usable(cards[scarcest], scarcest) if bound and scarcest is not None else Usable(n)
    return usable
