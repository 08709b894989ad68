"""The journal: what was done and answered, never what was hoped for. A line of JSON for each thing, in order, kept.

Each line has `kind` and `at` (virtual, ISO 8601, UTC), and what that kind has; quantities are pieces:

    BEGAN      format, seed, first, days, offices, scale, versions
    OPENED     office, item, quantity                         what was counted when the books were opened
    PROCURED   office, item, quantity                         by the centre
    ASKED      office, item, jobs: {job: outcome}             one bulk request; outcome as the service answered
    PRINTED    office, item, job
    SPOILED    office, item, job, cause                       at a printer
    RIBBON     office, ribbon                                 one roll was put in
    HANDED_OVER  office, item, job, old_card
    DROPPED    office, item, cause, quantity                  spoiled by hand
    LOST       office, item, quantity
    COUNTED    office, item, counted                          the book says this from now on
    DESTROYED  office, item, by_cause: {cause: quantity}
    OLD_CARDS_DESTROYED  office, item, quantity
    REQUESTED  office, item, request, quantity                then VERIFIED, FORWARDED, CLOSED with the same `request`
    FILLED, APPROVED     office, item, request, allocation, quantity     by the province, by the centre
    DECLINED   office, item, request
    DISPATCHED sender, receiver, item, consignment, quantity, request
    RECEIVED   office, item, consignment, quantity, rejected, missing
    RETURNED   office, item, consignment, quantity            rejected ones are back with their sender
    VISIT      office, visit, step       PLANNED, CONFIRMED, ASKED_FOR_BLANKS, STARTED, SYNCED, RECONCILED, CLOSED;
                                         CANCELLED, NO_SHOW
    RECORDED   office, item, visit, recordings: {recording: outcome}     one packet, as it was answered
    REFUSED    where, code                                    a request that was answered with no
    DAY        day                                            it is over, and every service has heard of it
    ENDED      lines                                          how many lines were before this one
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FORMAT = 1

Line = dict[str, Any]


class Journal:
    """Appends lines to a new file. A context manager; raises FileExistsError rather than to mix two plays."""

    def __init__(self, file: Path, now: Callable[[], datetime]) -> None:
        self._file = file.open("x", encoding="utf-8", buffering=1)
        self._now = now
        self.lines = 0

    def write(self, kind: str, **what: Any) -> None:
        """Keeps what has happened, at the end."""
        line = {"kind": kind, "at": self._now().isoformat(), **what}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self.lines += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


def read(file: Path) -> Iterator[Line]:
    """The lines in order. A last one without its end was being written when the power failed, and is left out."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)
