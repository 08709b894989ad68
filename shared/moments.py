"""The one way to ask for the time of the business: when something happened, what is due, which day it is.

What measures this program instead (a latency, a log line's stamp, a token's end, a pause before another try) asks the
system itself. A simulation moves the time of the business by a clock file that `BLANKO_CLOCK` names; PostgreSQL's
part in it, `recorded_at`, is the simulation's to move (docs/simulator.md). Nowhere else is that variable set.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import Struct
from time import time_ns
from urllib.parse import urlsplit

import structlog

VARIABLE = "BLANKO_CLOCK"

LAYOUT = Struct("<qqqdq")
"""A clock file: its turn, nanoseconds since 1970 on the real and on the virtual clock when it was last set, virtual
seconds that pass in a real one, and the turn again. Whoever sets it writes the last field first and the first one
last; a reader, who goes the other way and sees two turns, met a writer and looks once more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


class VirtualTimeRefused(Exception):
    """A clock file was named where the time is real."""


class ClockFile:
    """Reads the time that a simulation keeps. Raises OSError or ValueError when there is no such file, or not yet."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._kept = mmap(file.fileno(), LAYOUT.size, access=ACCESS_READ)

    def __call__(self) -> datetime:
        while True:
            turn, real, virtual, speed, again = LAYOUT.unpack(self._kept)
            if turn == again:
                break
        # A real clock that is set back must not take the virtual one along.
        return _EPOCH + timedelta(microseconds=(virtual + max(0, time_ns() - real) * speed) // 1000)


def utcnow() -> datetime:
    """The time of the business, in UTC."""
    return datetime.now(UTC) if _virtual is None else _virtual()


def begin(issuer: str, environment: Mapping[str, str] = os.environ) -> None:
    """Follows the clock file if one is named, for as long as this process lives. To be called once, at its start.

    Raises `VirtualTimeRefused` unless this program believes a development issuer only: one on this very machine.
    """
    global _virtual
    path = environment.get(VARIABLE)
    if not path:
        return
    if not (urlsplit(issuer).hostname or "").endswith(".localhost"):
        raise VirtualTimeRefused(f"{VARIABLE} is set, and the tokens' issuer is not a development one on localhost")
    _virtual = ClockFile(Path(path))
    log.warning("time_is_virtual", now=utcnow().isoformat())


_virtual: Callable[[], datetime] | None = None
