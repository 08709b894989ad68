"""Kota Bengkulu's printers: simulated ones, each with a program and a journal of its own."""

import asyncio
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from examples.printer.machine import Journal, Line, Machine
from examples.printer.program import Heard, Program, Wire, Workstation

COME_THE_SAME_DAY = 0.1
"""The share of cards that are handed over; the others wait at the counter."""


class Printers:
    """So many printers on one address; each has a box of the consignment that begins with `first_serial`.

    `heard` is given each fact that the service answered with. What is asked for lies in their journals.
    """

    def __init__(self, folder: Path, number: int, office: str, location: str, first_serial: str, boxes_of: int) -> None:
        self._journals = [Journal(folder / f"printer-{n}.journal", durable=False) for n in range(1, number + 1)]
        letters = first_serial.rstrip("0123456789")
        digits = first_serial.removeprefix(letters)
        self._machines = [
            Machine(
                journal,
                first_serial=f"{letters}{int(digits) + n * boxes_of:0{len(digits)}d}",
                blanks=boxes_of,
                batch=f"KOTAK-{n + 1}",
                collected=COME_THE_SAME_DAY,
            )
            for n, journal in enumerate(self._journals)
        ]
        self._places = [Workstation(office, f"printer-{n}", location) for n in range(1, number + 1)]
        self._programs: list[Program] = []

    def connect(self, address: str, token: str, heard: Heard) -> Self:
        """Lets them speak to the service, until the block ends."""
        self._http = httpx2.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=httpx2.Timeout(30.0)
        )
        wire = Wire(self._http, heard)
        printers = zip(self._machines, self._journals, self._places, strict=True)
        self._programs = [Program(wire, machine, journal, place) for machine, journal, place in printers]
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()
        for journal in self._journals:
            journal.close()

    async def day(self, begins: datetime) -> None:
        """Everything that waits is printed, by all of them at once. Raises `Stop`, `Away`."""
        for machine in self._machines:
            machine.starts(begins)
        await asyncio.gather(*(program.day() for program in self._programs))

    def did(self, kind: str) -> list[Line]:
        """What lies beside them, of a kind: CARD, SPOILED, RIBBON, HANDED_OVER."""
        return [line for journal in self._journals for line in journal.of(kind)]

    def cards(self) -> list[str]:
        """The job of each card that came out."""
        return [line["job"] for line in self.did("CARD")]

    def spoiled(self) -> list[str]:
        """The job of each blank that was spoiled."""
        return [line["job"] for line in self.did("SPOILED")]
