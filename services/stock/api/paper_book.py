"""The paper book of an office as CSV: how it is read, and every fault in it by line.

    item;location;kind;quantity;serial_first;serial_last;blank_version
    KTP_WNI;Gudang Disdukcapil;STORE;1.200;KT00010001;KT00011200;4.8

The last three columns may be left out. Semicolons or commas; a byte order mark and thousands written the Indonesian
way ("1.200") are taken as they are meant. A box is a line: several lines of a location and item are added up.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_core import PydanticCustomError

from services.stock.api.common import BlankVersion, Location, Pieces, Serial, Serials, fits, range_of
from services.stock.domain import Item, LocationKind, PaperLine
from shared.http import Body, Problem
from shared.http.problems import invalid

REQUIRED = ("item", "location", "kind", "quantity")
OPTIONAL = ("serial_first", "serial_last", "blank_version")
LINES_AT_MOST = 200
NUMBERS_AT_MOST = 2_000_000
"""Numbered pieces in one book: each 10,000 of them are a stream of their own."""

_PIECES = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(\.[0-9]{3}){1,2}")

Fault = Mapping[str, str]


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


def lines_of(text: str) -> tuple[PaperLine, ...]:
    """The lines of a paper book. Raises a 422 `Problem` with every fault, each at its line."""
    faults: list[Fault] = []
    lines = [line for line in _lines(text, faults) if line is not None]
    if not (lines or faults):
        faults.append(_fault("empty", "Should hold one line at least, below its header"))
    faults += _contradictions(lines)
    if faults:
        raise Problem(422, "invalid", "The paper book is not as it should be.", errors=faults)
    return tuple(lines)


def _lines(text: str, faults: list[Fault]) -> Iterator[PaperLine | None]:
    text = text.removeprefix("\ufeff")
    delimiter = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    read = 0
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not _is_a_header(header):
            faults.append(_fault("header", f"Should name {', '.join(REQUIRED)}, each column once", 1))
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            read += 1
            if read > LINES_AT_MOST:
                faults.append(_fault("too_many_lines", f"Should hold at most {LINES_AT_MOST} lines", reader.line_num))
                return
            yield _line(reader.line_num, header, [cell.strip() for cell in cells], faults)
    except csv.Error:
        faults.append(_fault("not_csv", "Is not CSV from here on", reader.line_num))


def _is_a_header(header: list[str]) -> bool:
    return len(set(header)) == len(header) and set(REQUIRED) <= set(header) <= {*REQUIRED, *OPTIONAL}


def _line(number: int, header: list[str], cells: list[str], faults: list[Fault]) -> PaperLine | None:
    if len(cells) != len(header):
        faults.append(_fault("cells", f"Should hold {len(header)} cells, as the header does", number))
        return None
    values: dict[str, Any] = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    written = values.get("quantity")
    unread = written is not None and not _PIECES.fullmatch(written)
    if unread:
        faults.append(_fault("not_a_number", "Should be pieces, written 1200 or 1.200", number, "quantity"))
    if written is not None:
        values["quantity"] = 0 if unread else int(written.replace(".", ""))
    try:
        row = _Row.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        if unread:
            found = [fault for fault in found if fault["type"] != "serials_do_not_fit"]
        faults += invalid(found, "body", "csv", str(number)).errors
        return None
    if unread:
        return None
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
            yield _fault("another_kind", f"Should be {first.kind}, as in line {first.number}", line.number, "kind")
    numbered = [(line, line.serials) for line in lines if line.serials is not None]
    if sum(len(serials) for _, serials in numbered) > NUMBERS_AT_MOST:
        yield _fault("too_many_numbers", f"Should hold at most {NUMBERS_AT_MOST} numbered pieces")
        return
    ends: dict[tuple[str, str, int], tuple[int, int]] = {}
    for line, serials in sorted(numbered, key=lambda pair: pair[1].numbers):
        series = (line.item, serials.letters, serials.digits)
        last, number = ends.get(series, (-1, 0))
        if serials.numbers[0] <= last:
            yield _fault("serials_overlap", f"Should hold no number of line {number}", line.number, "serial_first")
        ends[series] = max((last, number), (serials.numbers[1], line.number))


def _fault(code: str, detail: str, line: int | None = None, column: str | None = None) -> Fault:
    place = "".join(f"/{step}" for step in ("body", "csv", line, column) if step is not None)
    return {"at": place, "code": code, "detail": detail}
