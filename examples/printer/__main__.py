"""`python -m examples.printer`: a workstation with a simulated card printer, until nothing waits any more."""

import argparse
import asyncio
import os
import sys
from collections import Counter
from pathlib import Path

import httpx2

from examples.printer.machine import Journal, Machine, Stop
from examples.printer.program import Away, Program, Wire, Workstation

DESCRIPTION = """Claims cards from an office's queue and prints them on a simulated printer: 5 to 10 minutes a card, one
blank in a hundred spoiled, a new ribbon after 500. It may be killed at any moment and started again with the same
journal: no card is lost, none is printed twice. Its token is read from the environment variable TOKEN, and is an
operator's: export TOKEN=$(make -s token ROLE=operator REGION=17.71)"""


def main() -> None:
    """Exits with 1 and a sentence when a person has to look, or the service stays away."""
    parser = argparse.ArgumentParser(prog="python -m examples.printer", description=DESCRIPTION)
    parser.add_argument("--address", default="http://127.0.0.1:8002", help="where printing answers")
    parser.add_argument("--office", default="17.71", help="its region code")
    parser.add_argument("--workstation", default="printer-1", help="the printer's name in the office")
    parser.add_argument("--location", default="gudang", help="the place that its blanks are booked under")
    parser.add_argument("--item", default="KTP_WNI", choices=("KTP_WNI", "KTP_WNA", "KIA"), help="what it prints")
    parser.add_argument("--jobs", type=int, default=10, help="jobs to claim at once, at most 20")
    parser.add_argument("--box", help="the name on the box of blanks")
    parser.add_argument("--first", default="KT0024010001", help="the number on the first blank of the box")
    parser.add_argument("--blanks", type=int, default=500, help="blanks in the box")
    parser.add_argument("--ribbon", type=int, default=500, help="cards that a ribbon is good for")
    parser.add_argument("--spoiled", type=float, default=0.01, help="the share of blanks that are spoiled")
    parser.add_argument("--seed", type=int, default=0, help="the same seed and box: the same cards are spoiled")
    parser.add_argument("--speed", type=float, default=600, help="times faster than life; 0: cards take no time")
    parser.add_argument("--journal", type=Path, default=Path("printer.journal"), help="the file of what it did")
    wish = parser.parse_args()
    token = os.environ.get("TOKEN")
    if not token:
        parser.error("TOKEN is not set")
    try:
        asyncio.run(work(wish, token))
    except (Stop, Away) as reason:
        sys.exit(f"Stopped. {reason}")
    except KeyboardInterrupt:
        pass


async def work(wish: argparse.Namespace, token: str) -> None:
    """The day of this workstation, and what came of it."""
    journal = Journal(wish.journal)
    machine = Machine(
        journal,
        first_serial=wish.first,
        blanks=wish.blanks,
        batch=wish.box,
        seed=wish.seed,
        speed=wish.speed,
        spoiled=wish.spoiled,
        ribbon=wish.ribbon,
    )
    workstation = Workstation(wish.office, wish.workstation, wish.location, wish.item, wish.jobs)
    async with httpx2.AsyncClient(
        base_url=wish.address, headers={"Authorization": f"Bearer {token}"}, timeout=10.0
    ) as http:
        await Program(Wire(http), machine, journal, workstation).day()
    done = Counter(line["kind"] for line in journal.lines)
    print(
        f"{done['CARD']} cards, {done['SPOILED']} spoiled, {done['HANDED_OVER']} handed over, {done['RIBBON']} ribbons"
    )


if __name__ == "__main__":
    main()
