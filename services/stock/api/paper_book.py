"""The paper book of an office as CSV: what its lines hold, and what is wrong between them.

    item;location;kind;quantity;serial_first;serial_last;blank_version
    KTP_WNI;Gudang Disdukcapil;STORE;1.200;KT00010001;KT00011200;4.8

The last three columns may be left out. A box is a line: several lines of a location and item are added up.
"""

from collections.abc import Iterator
from typing import Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from services.stock.api.common import BlankVersion, Location, Pieces, Serial, Serials, fits, range_of
from services.stock.domain import Item, LocationKind, PaperLine
from shared.http import Body, Problem
from shared.http.csv_body import Fault, Numbered, Table, fault_in

NUMBERS_AT_MOST = 2_000_000
"""Numbered pieces in one book: each 10,000 of them are a stream of their own."""


class _Row(Body):
    """A line as it should be."""

    item: Item
    location: Location
    kind: LocationKind
    quantity: Pieces
    serial_first: Serial | None = None
    serial_last: Serial | None = None
    blank_version: BlankVersion | None = None

    @property
    def serials(self) -> Serials | None:
        if self.serial_first is None or self.serial_last is None:
            return None
        return Serials(first=self.serial_first, last=self.serial_last)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (self.serial_first is None) != (self.serial_last is None):
            raise PydanticCustomError("serials_incomplete", "A range has a first and a last number")
        fits(self.quantity, self.serials)
        return self


TABLE = Table(
    _Row,
    required=("item", "location", "kind", "quantity"),
    optional=("serial_first", "serial_last", "blank_version"),
    numbers=("quantity",),
    lines_at_most=200,
    needs=("serials_do_not_fit",),
)


def lines_of(text: str) -> tuple[PaperLine, ...]:
    """The lines of a paper book. Raises a 422 `Problem` with every fault, each at its line."""
    rows, faults = TABLE.read(text)
    lines = [_line(row) for row in rows]
    faults += _contradictions(lines)
    if faults:
        raise Problem(422, "invalid", "The paper book is not as it should be.", errors=faults)
    return tuple(lines)


def _line(numbered: Numbered[_Row]) -> PaperLine:
    number, row = numbered
    return PaperLine(
        number=number,
        item=row.item,
        location=row.location,
        kind=row.kind,
        counted=row.quantity,
        serials=range_of(row.serials),
        blank_version=row.blank_version,
    )


def _contradictions(lines: list[PaperLine]) -> Iterator[Fault]:
    """What is wrong between lines: a location of two kinds, a number in two boxes."""
    first_of: dict[str, PaperLine] = {}
    for line in lines:
        first = first_of.setdefault(line.location, line)
        if first.kind != line.kind:
            yield fault_in("another_kind", f"Should be {first.kind}, as in line {first.number}", line.number, "kind")
    numbered = [(line, line.serials) for line in lines if line.serials is not None]
    if sum(len(serials) for _, serials in numbered) > NUMBERS_AT_MOST:
        yield fault_in("too_many_numbers", f"Should hold at most {NUMBERS_AT_MOST} numbered pieces")
        return
    ends: dict[tuple[str, str, int], tuple[int, int]] = {}
    for line, serials in sorted(numbered, key=lambda pair: pair[1].numbers):
        series = (line.item, serials.letters, serials.digits)
        last, number = ends.get(series, (-1, 0))
        if serials.numbers[0] <= last:
            yield fault_in("serials_overlap", f"Should hold no number of line {number}", line.number, "serial_first")
        ends[series] = max((last, number), (serials.numbers[1], line.number))
