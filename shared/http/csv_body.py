"""A table that somebody typed or exported, sent as CSV in a body: how it is read, and every fault in it by line.

Semicolons or commas; a byte order mark, empty lines, and thousands written the Indonesian way ("1.200") are taken
as they are meant. All of it is read before anything is said, so that it is mended in one go.
"""

import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import StringIO
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from shared.http.bodies import Body
from shared.http.problems import Problem, invalid

_NUMBER = re.compile(r"[0-9]{1,9}|[0-9]{1,3}(\.[0-9]{3}){1,2}")

Fault = Mapping[str, str]
AnyRow = TypeVar("AnyRow", bound=Body)


class Numbered(NamedTuple, Generic[AnyRow]):
    """A row, and the line of the file on which it ends."""

    line: int
    row: AnyRow


class Table(Generic[AnyRow]):
    """What a CSV should be: its rows, the columns that must be there, which of them hold numbers, how many lines.

    Of a `key` no two lines have the same. `needs` are types of pydantic's faults that say nothing true when a number
    could not be read.
    """

    def __init__(
        self,
        row: type[AnyRow],
        *,
        required: Collection[str],
        optional: Collection[str] = (),
        numbers: Collection[str] = (),
        lines_at_most: int,
        key: str | None = None,
        needs: Collection[str] = (),
    ) -> None:
        self._row = row
        self._required = tuple(required)
        self._optional = tuple(optional)
        self._numbers = tuple(numbers)
        self._lines_at_most = lines_at_most
        self._key = key
        self._needs = frozenset(needs)

    def read(self, text: str) -> tuple[list[Numbered[AnyRow]], list[Fault]]:
        """Its rows as far as they can be read, and every fault, each at its line."""
        faults: list[Fault] = []
        rows = [row for row in self._rows(text, faults) if row is not None]
        faults += self._named_twice(rows)
        if not (rows or faults):
            faults.append(fault_in("empty", "Should hold one line at least, below its header"))
        return rows, faults

    def rows(self, text: str) -> list[Numbered[AnyRow]]:
        """Its rows. Raises a 422 `Problem` with every fault."""
        rows, faults = self.read(text)
        if faults:
            raise Problem(422, "invalid", "The table is not as it should be.", errors=faults)
        return rows

    def _named_twice(self, rows: Sequence[Numbered[AnyRow]]) -> Iterator[Fault]:
        named: set[Any] = set()
        for line, row in rows:
            if self._key is None:
                return
            if (name := getattr(row, self._key)) in named:
                yield fault_in("twice", "Should be named once", line, self._key)
            named.add(name)

    def _rows(self, text: str, faults: list[Fault]) -> Iterator[Numbered[AnyRow] | None]:
        text = text.removeprefix("\ufeff")
        delimiter = ";" if ";" in text.partition("\n")[0] else ","
        reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
        read = 0
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            if not self._is_a_header(header):
                faults.append(fault_in("header", f"Should name {', '.join(self._required)}, each column once", 1))
                return
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                read += 1
                if read > self._lines_at_most:
                    detail = f"Should hold at most {self._lines_at_most} lines"
                    faults.append(fault_in("too_many_lines", detail, reader.line_num))
                    return
                yield self._line(reader.line_num, header, [cell.strip() for cell in cells], faults)
        except csv.Error:
            faults.append(fault_in("not_csv", "Is not CSV from here on", reader.line_num))

    def _is_a_header(self, header: list[str]) -> bool:
        named = set(header)
        return len(named) == len(header) and set(self._required) <= named <= {*self._required, *self._optional}

    def _line(self, line: int, header: list[str], cells: list[str], faults: list[Fault]) -> Numbered[AnyRow] | None:
        if len(cells) != len(header):
            faults.append(fault_in("cells", f"Should hold {len(header)} cells, as the header does", line))
            return None
        values: dict[str, Any] = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
        unread = False
        for column in self._numbers:
            written = values.get(column)
            if written is None:
                continue
            if not _NUMBER.fullmatch(written):
                faults.append(fault_in("not_a_number", "Should be a number, written 1200 or 1.200", line, column))
                unread, values[column] = True, 0
            else:
                values[column] = int(written.replace(".", ""))
        try:
            row = self._row.model_validate(values, strict=False)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            if unread:
                found = [fault for fault in found if fault["type"] not in self._needs]
            faults += invalid(found, "body", "csv", str(line)).errors
            return None
        return None if unread else Numbered(line, row)


def fault_in(code: str, detail: str, line: int | None = None, column: str | None = None) -> Fault:
    """What is wrong with a CSV, on one of its lines, or with the whole."""
    place = "".join(f"/{step}" for step in ("body", "csv", line, column) if step is not None)
    return {"at": place, "code": code, "detail": detail}
