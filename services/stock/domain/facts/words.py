"""The words of the books: items, sources, causes, levels, kinds of discrepancy, and serial numbers."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, get_args

import msgspec

Item = Literal["KTP_WNI", "KTP_WNA", "KIA", "RIBBON", "FILM"]
Source = Literal["PROCUREMENT", "CENTRE", "PROVINCE", "LOAN", "GRANT", "OPENING", "RETURN"]
Cause = Literal["ENCODE_FAILURE", "MISPRINT", "DAMAGED", "DEAD_CHIP"]
Level = Literal["OK", "LOW", "CRITICAL", "EMPTY"]
Kind = Literal[
    "BELOW_ZERO",
    "SURPLUS",
    "MISSING_OVERSTATED",
    "WRONG_OFFICE",
    "WRONG_ITEM",
    "SERIAL_OVERLAP",
    "LOST_NUMBER_USED",
    "NUMBER_ELSEWHERE",
    "CLOSED_LOCATION",
]
LocationKind = Literal["STORE", "DISTRICT", "BRANCH", "MALL", "VAN", "BUFFER", "CENTRE"]
"""An office's store, kecamatan, UPT, counter in a public service mall, or van; a province's buffer; the centre."""
CoverFrom = Literal["FORECAST", "USE"]
"""What says how long stock lasts: the forecast of what will be needed, or what was used."""
Condition = Literal["HELD", "IN_TRANSIT", "USED", "SPOILED", "DESTROYED", "LOST", "QUARANTINED"]
"""What became of a numbered blank; QUARANTINED while two holders claim the number."""

ITEMS: tuple[Item, ...] = get_args(Item)

UNITS: dict[Item, tuple[str, int]] = {
    "KTP_WNI": ("card", 1),
    "KTP_WNA": ("card", 1),
    "KIA": ("card", 1),
    "RIBBON": ("roll", 500),
    "FILM": ("roll", 500),
}
"""Each item's unit, and the cards that one of it yields."""

SUPPLIES: tuple[Item, ...] = ("RIBBON", "FILM")
"""What every card needs besides its blank: a printer uses up a roll of it over days."""

BLOCK = 10_000
"""So many consecutive numbers share one stream: a box of blanks touches one or two."""


@lru_cache(maxsize=10_000)
def _parsed(first: str, last: str) -> tuple[str, int, tuple[int, int]]:
    # Each rule of a receipt asks anew.
    letters = first.rstrip("0123456789")
    start = len(letters)
    return letters, len(first) - start, (int(first[start:]), int(last[start:]))


class SerialRange(msgspec.Struct, frozen=True):
    """The numbers on a box, both ends included: the same letters before as many digits."""

    first: str
    last: str

    @property
    def letters(self) -> str:
        return _parsed(self.first, self.last)[0]

    @property
    def digits(self) -> int:
        return _parsed(self.first, self.last)[1]

    @property
    def numbers(self) -> tuple[int, int]:
        """Both ends as numbers."""
        return _parsed(self.first, self.last)[2]

    def __len__(self) -> int:
        first, last = self.numbers
        return max(last - first + 1, 0)

    def part(self, first: int, last: int) -> "SerialRange":
        """These numbers, written as this range's are."""
        letters, digits, numbers = _parsed(self.first, self.last)
        if (first, last) == numbers:
            return self
        return SerialRange(f"{letters}{first:0{digits}}", f"{letters}{last:0{digits}}")

    def blocks(self) -> Iterator[tuple[int, "SerialRange"]]:
        """The range cut where blocks of numbers end, each part with its block."""
        first, last = self.numbers
        for block in range(first // BLOCK, last // BLOCK + 1):
            yield block, self.part(max(first, block * BLOCK), min(last, (block + 1) * BLOCK - 1))


def serials_of(item: str, serials: SerialRange, block: int) -> str:
    """The stream of a block of an item's numbers."""
    return f"serials/{item}/{serials.letters}{serials.digits}/{block}"
