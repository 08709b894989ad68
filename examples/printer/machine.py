"""A card printer that is not really there, and the journal of what it did.

Each blank has its fate from the seed and its number, so that a day goes the same way each time.
"""

import asyncio
import fcntl
import hashlib
import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

Line = dict[str, Any]
"""What happened, as it stands in the journal: `id`, `kind`, `at`, and what that kind has."""

CARD_MINUTES = (5.0, 10.0)
CAUSES = {"ENCODE_FAILURE": 45, "MISPRINT": 25, "DAMAGED": 20, "DEAD_CHIP": 10}
"""Of a hundred spoiled blanks: our assumption, for nobody has published it. DAMAGED are those in a jam."""
JAM_MINUTES = 15.0
ABOUT = ("job", "claim", "item", "reason", "box", "batch", "number", "blank")
"""What the journal says of a blank, from the tray to the end."""


class Stop(Exception):
    """A person has to look before anything more is printed."""


class Journal:
    """A line for each thing that happened, in a file: whatever has its line is done, and nothing else is.

    Without `durable` a power cut may take the last lines, the end of the program does not. Raises `Stop` if
    another program has it open.
    """

    def __init__(self, file: Path, durable: bool = True) -> None:
        self._durable = durable
        self._file = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise Stop(f"Another program keeps {file}: each printer has a journal of its own.") from None
        whole = file.read_bytes()
        # A line that has no end was being written when the power failed.
        whole = whole[: whole.rfind(b"\n") + 1]
        os.ftruncate(self._file, len(whole))
        self.lines: list[Line] = []
        self.untold: dict[str, Line] = {}
        """What the service has not answered yet, in order."""
        for line in whole.splitlines():
            self._add(json.loads(line))

    def write(self, kind: str, at: datetime, **what: Any) -> Line:
        """Puts a line on the disk, and returns it."""
        line = self._write({"id": str(uuid4()), "kind": kind, "at": at.isoformat(), **what})
        if self._durable:
            os.fdatasync(self._file)
        return line

    def told(self, line: Line) -> None:
        """The service has heard of this line. Were this lost, it would be told again."""
        self._write({"kind": "TOLD", "of": line["id"]})

    def of(self, kind: str) -> Iterator[Line]:
        """The lines of this kind, in order."""
        return (line for line in self.lines if line["kind"] == kind)

    def close(self) -> None:
        """Leaves the file to the next program."""
        os.close(self._file)

    def _write(self, line: Line) -> Line:
        os.write(self._file, json.dumps(line).encode() + b"\n")
        self._add(line)
        return line

    def _add(self, line: Line) -> None:
        if line["kind"] == "TOLD":
            self.untold.pop(line["of"], None)
            return
        self.lines.append(line)
        if line["kind"] != "BLANK":
            self.untold[line["id"]] = line


class Machine:
    """A printer with a box of blanks. `speed` is how many times faster than life it is; 0: a card takes no time.

    The box has `blanks` with consecutive numbers from `first_serial` on, and may have a name, its `batch`. With
    `start`, the clock of what happened begins there and goes by the minutes that cards take; without, it
    is the clock on the wall.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        first_serial: str,
        blanks: int,
        batch: str | None = None,
        seed: int = 0,
        speed: float = 0.0,
        spoiled: float = 0.01,
        ribbon: int = 500,
        collected: float = 0.9,
        start: datetime | None = None,
    ) -> None:
        self._journal = journal
        self._box, self.batch, self._blanks = first_serial, batch, blanks
        self._seed, self._speed, self._spoiled, self._ribbon = seed, speed, spoiled, ribbon
        self._collected = collected
        lines, self._on_ribbon = journal.lines, 0
        self._at = datetime.fromisoformat(lines[-1]["at"]) if start and lines else start
        self._fed = len([line for line in journal.of("BLANK") if line["box"] == first_serial])
        for line in lines:
            self._on_ribbon = 0 if line["kind"] == "RIBBON" else self._on_ribbon + int(line["kind"] == "BLANK")
        if lines and lines[-1]["kind"] == "BLANK":
            # It stopped with a blank inside: no card comes out of that.
            self._ends("SPOILED", lines[-1], cause="DAMAGED")

    @property
    def blanks_left(self) -> int:
        """Blanks in the box."""
        return self._blanks - self._fed

    def now(self) -> datetime:
        """The time on the printer's clock."""
        return datetime.now(UTC) if self._at is None else self._at

    def starts(self, day: datetime) -> None:
        """The printer's clock goes on from here."""
        self._at = day

    async def make(self, job: Line) -> Line:
        """Feeds a blank and returns what came out, CARD or SPOILED. Raises `Stop` without blanks."""
        if self.blanks_left < 1:
            raise Stop("The box is empty: name the next one with --first, --blanks and --box.")
        if self._on_ribbon >= self._ribbon:
            self._journal.write("RIBBON", self.now())
            self._on_ribbon = 0
        number = self._fed
        of_box = {"box": self._box, "batch": self.batch, "number": number, "blank": self._serial(number)}
        blank = {name: job[name] for name in ("job", "claim", "item", "reason")} | of_box
        self._journal.write("BLANK", self.now(), **blank)
        self._fed, self._on_ribbon = number + 1, self._on_ribbon + 1
        chance, cause = self._chance(self._box, number), None
        minutes = chance.uniform(*CARD_MINUTES)
        if chance.random() < self._spoiled:
            (cause,) = chance.choices(list(CAUSES), list(CAUSES.values()))
        await self._pass(minutes + (JAM_MINUTES if cause == "DAMAGED" else 0))
        if cause is not None:
            return self._ends("SPOILED", blank, cause=cause)
        # The chip came with the blank.
        return self._ends("CARD", blank, chip="04" + hashlib.sha256(blank["blank"].encode()).hexdigest()[:12].upper())

    def collected(self, card: Line) -> bool:
        """Whether its citizen has come for a card: the share of `collected` does so the same day."""
        return self._chance("counter", card["box"], card["number"]).random() < self._collected

    def _ends(self, kind: str, blank: Line, **how: str) -> Line:
        return self._journal.write(kind, self.now(), **{name: blank[name] for name in ABOUT}, **how)

    def _serial(self, number: int) -> str:
        letters = self._box.rstrip("0123456789")
        digits = self._box.removeprefix(letters)
        return f"{letters}{int(digits) + number:0{len(digits)}d}"

    def _chance(self, *of: str | int) -> random.Random:
        return random.Random(f"{self._seed}/{of}")

    async def _pass(self, minutes: float) -> None:
        if self._speed:
            await asyncio.sleep(minutes * 60 / self._speed)
        if self._at is not None:
            self._at = min(self._at + timedelta(minutes=minutes), datetime.now(UTC))
